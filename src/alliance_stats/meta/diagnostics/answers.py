"""Results that can be looked at here: of fit_meta and of fit_meta_multilevel, in one shape."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.diagnostics.multilevel_refits import refit_multilevel
from alliance_stats.meta.diagnostics.refits import Refits, refit
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.multilevel import forest, views
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from alliance_stats.meta.univariate import forest as univariate_forest
from alliance_stats.meta.univariate import views as univariate_views
from alliance_stats.meta.univariate.result import MetaResult

Answer = MetaResult | MultilevelMetaResult


def checked(result: object, name: str) -> None:
    """Raise unless `result` is a meta-analysis."""
    if not isinstance(result, Answer):
        raise UnsupportedError(
            f"{name} takes a result of fit_meta or fit_meta_multilevel; this is a "
            f"{type(result).__name__}. Fit the effect sizes first."
        )


def mean_only(result: Answer, name: str) -> None:
    """Raise where there are moderators: one mean is followed."""
    if not result.mean_only:
        raise UnsupportedError(
            f"{name} follows one mean effect, and this model has moderators "
            f"({result.studies.moderators.fixed}). influence(result).changes() has every "
            "coefficient without each effect."
        )


def refits_of(result: Answer, subsets: Subsets) -> Refits:
    """The model fitted to every subset."""
    if isinstance(result, MetaResult):
        return refit(result, subsets)
    return refit_multilevel(result, subsets)


def effects_of(result: Answer) -> list[str]:
    """What tells the effects of one study apart; empty where it has one."""
    study = result.studies.study
    if len(set(study.tolist())) == len(study):
        return [""] * len(study)
    if isinstance(result, MetaResult):
        return univariate_forest.effect_labels(study)
    return forest.effect_labels(result)


def components_of(result: Answer) -> list[str]:
    """Names of the variances of a multilevel model, as columns; none for a single τ²."""
    if isinstance(result, MetaResult):
        return []
    rows = zip(result.tau2["unit"], result.tau2["term"], strict=True)
    return [f"tau2[{unit}{': ' if term else ''}{term}]" for unit, term in rows]


def title_of(result: Answer) -> str:
    """``Random-effects meta-analysis of Fisher's z``."""
    if isinstance(result, MetaResult):
        return univariate_views.title_of(result)
    return views.title_of(result)


def call_of(result: Answer) -> str:
    """The call that fits the model again."""
    if isinstance(result, MetaResult):
        return univariate_views.call_of(result)
    return views.call_of(result)


def levels_of(result: Answer) -> pd.DataFrame:
    """Numbers of effect sizes and of studies."""
    if isinstance(result, MetaResult):
        return univariate_views.levels_of(result)
    return views.levels_of(result)


def total_tau2(result: Answer) -> float:
    """The variance of true effects over all units."""
    return float(result.glance()["tau2"].iloc[0])


def weights_of(result: Answer) -> np.ndarray:
    """Shares (k,) of the effect sizes in a mean."""
    if isinstance(result, MetaResult):
        return np.asarray(result.weights / result.weights.sum())
    return forest.weights(result)
