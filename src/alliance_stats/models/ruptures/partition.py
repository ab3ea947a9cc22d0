"""Partition rule: each series is cut into segments of a high and a low level.

The two levels are the means of the split of a patient's ratings into two groups that leaves the
least sum of squares (ordered ratings, all cuts tried). Given them, the path of high and low over
sessions minimises Σ (y_t − level)² + λ·v·(changes of level) exactly, by dynamic programming
(Viterbi); v is the mean square within the two groups and λ is log n unless given, the penalty of
the Bayesian information criterion. A rupture starts where the path falls from high to low and the
two levels are at least k own SDs apart; it is repaired where the path is high again.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.models.ruptures.onsets import onsets
from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Flags, Floats, Series


def partition_signals(series: Series, rule: Rule) -> Signals:
    """Falls of the path; compared with the upper level is the level of the path."""
    high, low, within = two_levels(series)
    penalty = np.log(series.n) if rule.penalty is None else rule.penalty
    is_low = low_path(series, high, low, penalty * within)
    y = np.where(is_low, low, high)
    if not series.complete:
        y[~series.seen] = np.nan
        is_low &= series.seen[:, :, None]
    onset = onsets(is_low, series.seen) & (high - low >= rule.drop * series.sd * (1.0 - 1e-12))
    first = np.argmax(series.seen, axis=0)
    onset[first, np.arange(len(first))] = False  # no level before the first rating
    return Signals(y, onset, high[None], series.sd)


def two_levels(series: Series) -> tuple[Floats, Floats, Floats]:
    """Upper and lower mean of the best split of each patient's ratings, and the mean square left.

    Arrays (n_patients, n_studies). Missing ratings are sorted last.
    """
    ordered = np.sort(np.where(series.seen[:, :, None], series.y - series.mean, np.inf), axis=0)
    sums = np.cumsum(np.where(np.isfinite(ordered), ordered, 0.0), axis=0)[:-1]
    k = np.arange(1.0, len(ordered))[:, None, None]
    rest = series.n - k  # deviations sum to 0: the other group's sum is minus this one's
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(rest > 0, sums**2 * (1.0 / k + 1.0 / rest), -np.inf)
    best = np.argmax(gain, axis=0)[None]
    size = best[0] + 1.0
    total = np.take_along_axis(sums, best, axis=0)[0]
    squares = np.einsum("tpm,tpm->pm", series.deviations, series.deviations)
    left = np.maximum(squares - np.take_along_axis(gain, best, axis=0)[0], 0.0)
    return (
        series.mean - total / (series.n - size),
        series.mean + total / size,
        np.asarray(left / series.n),
    )


def low_path(series: Series, high: Floats, low: Floats, cost: Floats) -> Flags:
    """The cheapest path of the two levels; True where low (also at sessions not rated)."""
    n_sessions = len(series.y)
    from_other = np.zeros((2, *series.y.shape), dtype=bool)
    up, down = (series.filled((series.y - level) ** 2) for level in (high, low))
    best_up, best_down = up[0], down[0]
    for t in range(1, n_sessions):
        from_other[0, t] = best_down + cost < best_up
        from_other[1, t] = best_up + cost < best_down
        best_up, best_down = (
            np.minimum(best_up, best_down + cost) + up[t],
            np.minimum(best_down, best_up + cost) + down[t],
        )
    path = np.empty(series.y.shape, dtype=bool)
    path[-1] = best_down < best_up
    for t in range(n_sessions - 1, 0, -1):
        changed = np.where(path[t], from_other[1, t], from_other[0, t])
        path[t - 1] = path[t] ^ changed
    return path
