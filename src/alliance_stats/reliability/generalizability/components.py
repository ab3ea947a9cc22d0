"""Variance components of a design, however they were estimated, and what is printed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtri

from alliance_stats._base.checks import name_list
from alliance_stats.reliability.generalizability.design import Effect

Intervals = Literal["ting", "profile", "satterthwaite"]
#: Satterthwaite's interval is wrong below about so many degrees of freedom (coverage .8 for .95).
FEWEST_DF = 2.0


@dataclass(frozen=True, eq=False)
class Components:
    """Estimated variance components of a design's effects.

    Attributes
    ----------
    effects : tuple of frozenset of str
        The effects; the last is confounded with error.
    variance : ndarray (k,)
        Estimates; from mean squares they may be negative.
    covariance : ndarray (k, k)
        Sampling covariances of the estimates; NaN where unknown.
    low, high : ndarray (k,)
        Ends of the intervals.
    intervals : {"ting", "profile", "satterthwaite"}
        Where these come from.
    mean_square, mean_square_df : ndarray (k,) or None
    """

    effects: tuple[Effect, ...]
    variance: np.ndarray
    covariance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    intervals: Intervals
    mean_square: np.ndarray | None = None
    mean_square_df: np.ndarray | None = None

    @property
    def kept(self) -> np.ndarray:
        """The estimates with negative ones set to zero."""
        return np.maximum(self.variance, 0.0)

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the estimates."""
        return np.sqrt(np.diag(self.covariance))


def satterthwaite_intervals(
    variance: np.ndarray, covariance: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """νs² over quantiles of χ² with ν = 2s⁴/Var(s²); NaN below `FEWEST_DF` degrees of freedom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        df = 2.0 * variance**2 / np.diag(covariance)
        known = np.where(df >= FEWEST_DF, df, np.nan)
    low = known * variance / chdtri(known, (1.0 - level) / 2.0)
    high = known * variance / chdtri(known, (1.0 + level) / 2.0)
    return low, high


def component_table(
    names: Sequence[str], variance: np.ndarray, se: np.ndarray, low: np.ndarray, high: np.ndarray
) -> pd.DataFrame:
    """``effect variance share se ci_low ci_high``; shares with negative estimates at zero."""
    kept = np.maximum(variance, 0.0)
    return pd.DataFrame(
        {
            "effect": list(names),
            "variance": variance,
            "share": kept / kept.sum(),
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }
    )


def about_estimates(names: Sequence[str], variance: np.ndarray) -> list[str]:
    """Say which estimates are negative, or zero."""
    named = [(name, float(value)) for name, value in zip(names, variance, strict=True)]
    below = [f"{name} ({value:.3g})" for name, value in named if value < 0]
    zero = [name for name, value in named if value == 0]
    messages = []
    if below:
        messages.append(
            f"Estimated below zero, and set to zero in the coefficients: {name_list(below)}."
        )
    if zero:
        messages.append(
            f"Estimated at zero: {name_list(zero)}. Intervals of the coefficients take that as "
            "known."
        )
    return messages
