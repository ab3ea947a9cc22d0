"""Where a run of low sessions begins."""

from __future__ import annotations

import numpy as np

from alliance_stats.models.ruptures.series import Flags


def onsets(low: Flags, seen: Flags) -> Flags:
    """Low sessions whose last rated session before was not low.

    Parameters
    ----------
    low : array of bool (n_sessions, n_patients, n_studies)
        False where not rated.
    seen : array of bool (n_sessions, n_patients)
    """
    before = np.zeros_like(low)
    if seen.all():
        before[1:] = low[:-1]
        return low & ~before
    for t in range(1, len(low)):
        before[t] = np.where(seen[t - 1][:, None], low[t - 1], before[t - 1])
    return low & ~before
