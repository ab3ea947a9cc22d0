"""Control chart of individual ratings and moving ranges (XmR), with the correction for AR(1).

Limits are mean ± k·MR/d₂, where MR is the mean moving range |y_t − y_{t−1}| and d₂ = 2/√π the
mean range of two independent standard normal numbers: with k = 3 the factor is 2.66. For
neighbours that correlate ρ the mean moving range is 2σ√((1 − ρ)/π) = d₂σ√(1 − ρ), so that the
limits are too narrow by √(1 − ρ); they are divided by it.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.models.ruptures.onsets import onsets
from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Floats, Series

#: Mean range of two independent standard normal numbers.
D2 = 2.0 / np.sqrt(np.pi)


def control_chart_signals(series: Series, rule: Rule, rho: Floats) -> Signals:
    """Sessions below the lower limit; the level to regain is the mean.

    `rho` is the correlation of neighbouring sessions in each study (n_studies,).
    """
    sigma = moving_range(series) / D2 / np.sqrt(1.0 - rho)
    limit = series.mean - rule.drop * sigma
    with np.errstate(invalid="ignore"):
        low = series.y < limit
    return Signals(series.y, onsets(low, series.seen), series.mean[None], sigma)


def moving_range(series: Series) -> Floats:
    """Mean |y_t − y_{t−1}| over neighbouring session numbers that are both rated; else NaN."""
    ranges = np.abs(np.diff(series.y, axis=0))
    if not series.complete:
        ranges = np.where(series.pairs[:, :, None], ranges, 0.0)
    n = series.pairs.sum(axis=0).astype(float)[:, None]
    return np.asarray(ranges.sum(axis=0) / np.where(n > 0, n, np.nan))
