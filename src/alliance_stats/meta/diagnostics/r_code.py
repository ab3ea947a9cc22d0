"""R code of metafor that leaves out, or adds, the same studies."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.diagnostics.answers import Answer
from alliance_stats.meta.diagnostics.labels import By
from alliance_stats.meta.univariate.r_code import r_numbers, r_texts
from alliance_stats.meta.univariate.result import MetaResult


def influence_code(result: Answer, by: By) -> str:
    """`influence` of rma, or the measures that metafor has of rma.mv."""
    if isinstance(result, MetaResult):
        _one_effect_each(result, by, "influence")
        return _with_lines(result, "found <- influence(fit)", "print(found, digits = 8)")
    cluster = "" if by == "effect" else ", cluster = study"
    named = [] if by == "effect" else [f"study <- {r_texts(result.studies.study.tolist())}"]
    measures = [f"found <- cooks.distance(fit{cluster})", "found", f"dfbetas(fit{cluster})"]
    return _with_lines(result, *named, *measures)


def leave_one_out_code(result: Answer, by: By) -> str:
    """`leave1out` of rma."""
    _univariate(result, "leave1out")
    _one_effect_each(result, by, "leave1out")
    return _with_lines(result, "found <- leave1out(fit)", "print(found, digits = 8)")


def cumulative_code(result: Answer, by: By, place: np.ndarray) -> str:
    """`cumul` of rma, in the order of `place` (k,)."""
    _univariate(result, "cumul")
    _one_effect_each(result, by, "cumul")
    order = f"place <- {r_numbers(place)}"
    return _with_lines(
        result, order, "found <- cumul(fit, order = place)", "print(found, digits = 8)"
    )


def baujat_code(result: MetaResult) -> str:
    """`baujat` of rma."""
    return _with_lines(result, "found <- baujat(fit)", "print(found, digits = 8)")


def _with_lines(result: Answer, *lines: str) -> str:
    return "\n".join([result.to_r(), *lines])


def _univariate(result: Answer, name: str) -> None:
    if not isinstance(result, MetaResult):
        raise UnsupportedError(
            f"metafor's {name} takes no multilevel models. result.to_r() has the model; fit it "
            "again to the other studies."
        )


def _one_effect_each(result: MetaResult | Answer, by: By, name: str) -> None:
    if by == "study" and result.studies.k > result.studies.n_studies:
        raise UnsupportedError(
            f"metafor's {name} leaves out or adds single effects, and some studies have several. "
            'Ask for by="effect", or fit again in R.'
        )
