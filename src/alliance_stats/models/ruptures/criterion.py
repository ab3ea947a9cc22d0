"""Criterion rule: a fall of at least k standard deviations below the sessions just before.

With reference R_t = max(y_s : t − lookback ≤ s < t, rated) a rupture starts at session t where
R_t − y_t ≥ k · SD. With a lookback of 1 the reference is the session before; where that session
was not rated there is nothing to fall from.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Floats, Series


def criterion_signals(series: Series, rule: Rule) -> Signals:
    """Falls from the reference; the level to regain is the reference."""
    if rule.sd == "own":
        sd = series.sd
    elif rule.sd == "pooled":
        sd = series.pooled_sd
    else:
        sd = np.full((1, 1), rule.sd)
    level = reference(series.y, rule.lookback)
    with np.errstate(invalid="ignore"):
        onset = level - series.y >= rule.drop * sd * (1.0 - 1e-12)
    return Signals(series.y, onset, level, sd)


def reference(y: Floats, lookback: int | None) -> Floats:
    """Highest rating of the `lookback` session numbers before each one; of all if None."""
    level = np.full_like(y, np.nan)
    if lookback is None:
        level[1:] = np.fmax.accumulate(y, axis=0)[:-1]
        return level
    for lag in range(1, min(lookback, len(y) - 1) + 1):
        np.fmax(level[lag:], y[:-lag], out=level[lag:])
    return level
