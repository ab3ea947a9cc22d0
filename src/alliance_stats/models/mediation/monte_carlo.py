"""Draws of the parameters from their joint normal distribution, and intervals of effects.

The distribution of a product is not normal, so the interval of an indirect effect is taken from
the percentiles of products of draws (MacKinnon, Lockwood & Williams, 2004; Preacher & Selig, 2012).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.factors import canonical
from alliance_stats.models.mediation.estimates import LevelEstimates
from alliance_stats.numeric.resample import spawn_generators


def monte_carlo_draws(
    levels: Sequence[LevelEstimates], n: int, rng: RandomSource
) -> dict[str, np.ndarray]:
    """Draws (n, 4) of a, b, direct and cov of every level; NaN where something is undefined."""
    found = {}
    for estimates, generator in zip(levels, spawn_generators(rng, len(levels)), strict=True):
        draws = np.full((n, len(estimates.values)), np.nan)
        if estimates.defined:
            root = canonical(estimates.vcov, tolerance=0.0)
            draws = estimates.values + generator.standard_normal(draws.shape) @ root.T
        draws.setflags(write=False)
        found[estimates.level] = draws
    return found


def percentile_interval(draws: np.ndarray, conf_level: float) -> tuple[float, float]:
    """Percentiles of the draws that are defined."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1.0 - conf_level) / 2.0, (1.0 + conf_level) / 2.0])
    return float(low), float(high)


def percentile_p(draws: np.ndarray) -> float:
    """Two-sided p: one minus the level of the widest interval that leaves out zero; never zero.

    >>> percentile_p(np.array([-1.0, 1.0, 2.0, 3.0]))
    0.8
    """
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan")
    below = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2.0 * (below + 1) / (len(known) + 1))
