"""Tables of mean effects of many subsets: estimates with intervals, heterogeneity, as read."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc, stdtrit

from alliance_stats.meta.diagnostics.answers import Answer, components_of
from alliance_stats.meta.diagnostics.multilevel_refits import MultilevelRefits
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.univariate.forest import with_shown
from alliance_stats.numeric.least_squares import t_tests

#: Columns of the frames that figures draw, after those that name the row.
DRAWN = (
    "estimate", "ci_low", "ci_high", "shown", "shown_low", "shown_high", "tau2", "i2", "k",
)  # fmt: skip


def pooled_table(
    names: pd.DataFrame, refits: Refits, result: Answer, conf_level: float
) -> pd.DataFrame:
    """One row a subset: ``names``, the mean with test and intervals, and the heterogeneity."""
    estimate, se = refits.beta[:, 0], refits.se[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        tests = t_tests(estimate, se, refits.df, conf_level)
        low, high = _prediction(refits, result, conf_level)
    columns = {
        "estimate": estimate,
        "se": se,
        "statistic": tests["statistic"],
        "df": refits.df,
        "p_value": tests["p_value"],
        "ci_low": tests["ci_low"],
        "ci_high": tests["ci_high"],
        "pi_low": low,
        "pi_high": high,
        "tau2": refits.tau2,
        "i2": refits.i2,
        "h2": refits.h2,
        "q": refits.q,
        "q_df": refits.k - result.studies.p,
        "q_p": chdtrc(refits.k - result.studies.p, refits.q),
        "k": refits.k.astype(int),
    }
    if isinstance(refits, MultilevelRefits):
        columns.update(zip(components_of(result), refits.components.T, strict=True))
    return pd.concat([names, pd.DataFrame(columns)], axis=1)


def drawn(table: pd.DataFrame, result: Answer) -> pd.DataFrame:
    """The frame a figure draws, with estimates and intervals also as they are read."""
    named = [name for name in ("study", "label", "order") if name in table]
    return with_shown(table.copy(), result.scale.back)[[*named, *DRAWN]]


def _prediction(refits: Refits, result: Answer, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Prediction intervals of random effects; NaN of equal effects and of one effect size.

    t has k − p degrees of freedom, in a multilevel model those of the mean.
    """
    df = refits.df if isinstance(refits, MultilevelRefits) else refits.k - result.studies.p
    estimate, upper = refits.beta[:, 0], (1.0 + conf_level) / 2.0
    if result.method == "EE":
        return np.full(len(df), np.nan), np.full(len(df), np.nan)
    wide = np.where(df > 0, stdtrit(np.clip(df, 1e-9, 1e12), upper), np.nan)
    half = wide * np.sqrt(refits.se[:, 0] ** 2 + refits.tau2)
    return estimate - half, estimate + half
