"""What regressions of a funnel share: which model, and what limits them."""

from __future__ import annotations

from typing import Literal

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.bias.source import Source
from alliance_stats.meta.studies import Studies
from alliance_stats.meta.univariate.between import METHODS, Method
from alliance_stats.meta.univariate.fits import TESTS, Test

Model = Literal["lm", "rma"]
MODELS: tuple[Model, ...] = ("lm", "rma")
MODEL_WORDS: dict[Model, str] = {
    "lm": "weighted least squares (weights 1/v, estimated dispersion)",
    "rma": "mixed-effects meta-regression",
}
#: Fewer studies than this, and tests for asymmetry find little (Sterne et al., 2011, BMJ 343).
FEW = 10


def model_of(
    source: Source, model: Model, method: Method | None, test: Test | None
) -> tuple[Method, Test]:
    """Method and test of a regression; weighted least squares is EE with an estimated scale."""
    if model == "lm":
        if method is not None or test is not None:
            raise ArgumentError(
                "method= and test= belong to model='rma'; weighted least squares has no τ². "
                "Leave them out, or use model='rma'."
            )
        return "EE", "knha"
    method = method or source.fitted_with("method") or "REML"
    one_of(method, METHODS, name="method")
    test = test or source.fitted_with("test") or ("z" if method == "EE" else "knha")
    one_of(test, TESTS, name="test")
    return method, test


def few_studies(studies: Studies) -> list[str]:
    """A warning where studies are few; nothing where they are not."""
    if studies.n_studies >= FEW:
        return []
    return [
        f"Only {studies.n_studies} studies: with fewer than {FEW} regressions of a funnel find "
        "little, and an inconclusive result says nothing."
    ]
