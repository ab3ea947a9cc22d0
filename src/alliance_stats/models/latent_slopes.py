"""Tidy rows of the slopes of latent means at every level, and of their differences."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.bivariate.fit import BivariateFit
from alliance_stats.lmm.bivariate.profile import ProfileInterval, profile_interval
from alliance_stats.lmm.tables import test_table
from alliance_stats.models.effects import UNITS


def slope_weights(fit: BivariateFit) -> np.ndarray:
    """Rows: every level's slope, then the difference of each from the one below."""
    k = len(fit.covariances)
    return np.vstack([np.eye(k), np.eye(k)[1:] - np.eye(k)[:-1]])


def slope_profiles(fit: BivariateFit, conf_level: float) -> list[ProfileInterval]:
    """Profile intervals of the slopes and their differences, in the order of `slope_weights`."""
    return [profile_interval(fit, w, conf_level=conf_level) for w in slope_weights(fit)]


def slopes_table(
    fit: BivariateFit,
    effects: tuple[tuple[str, str], ...],
    conf_level: float,
    profiles: Sequence[ProfileInterval] | None,
) -> pd.DataFrame:
    """Slopes with tests and intervals, of profiles or (None) by the delta method.

    Columns ``effect unit`` and those of every tidy table; the test is undefined (NaN) where an
    interval of a profile has no ends.
    """
    weights, kinds = slope_weights(fit), _kinds(effects)
    estimate = np.array([_combined(w, fit.slopes) for w in weights])
    se = np.array([_standard_error(w, fit.slope_covariance) for w in weights])
    terms = tuple(term for _, _, term in kinds)
    table = test_table(terms, estimate, se, np.full(len(se), inf), conf_level)
    if profiles is not None:
        table["ci_low"] = [profile.low for profile in profiles]
        table["ci_high"] = [profile.high for profile in profiles]
        unbounded = np.isinf(table["ci_low"].to_numpy())
        table.loc[unbounded, ["statistic", "p_value"]] = np.nan
    table.insert(0, "effect", [effect for effect, _, _ in kinds])
    table.insert(1, "unit", [unit for _, unit, _ in kinds])
    return table[["effect", "unit", *TIDY_COLUMNS]]


def _kinds(effects: tuple[tuple[str, str], ...]) -> list[tuple[str, str, str]]:
    """Effect, unit and term of every row."""
    rows = [(effect, UNITS[effect], column) for effect, column in effects]
    for (_, lower), (effect, upper) in zip(effects, effects[1:], strict=False):
        rows.append(("contextual", UNITS[effect], f"{upper} - {lower}"))
    return rows


def _combined(weights: np.ndarray, slopes: np.ndarray) -> float:
    """A weighted sum of the slopes that have a weight."""
    used = np.flatnonzero(weights)
    return float(weights[used] @ slopes[used])


def _standard_error(weights: np.ndarray, covariance: np.ndarray) -> float:
    used = np.flatnonzero(weights)
    variance = float(weights[used] @ covariance[np.ix_(used, used)] @ weights[used])
    return float(np.sqrt(variance)) if variance >= 0 else float("nan")
