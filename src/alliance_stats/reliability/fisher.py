"""Fisher's z: the interval of a correlation."""

from __future__ import annotations

import math

from scipy.special import ndtri


def fisher_interval(r: float, n: int, conf_level: float) -> tuple[float, float]:
    """Interval of a Pearson correlation of n rows; NaN below 4 rows.

    Examples
    --------
    >>> [round(end, 3) for end in fisher_interval(0.5, 103, 0.95)]
    [0.339, 0.632]
    """
    if n < 4 or math.isnan(r):
        return math.nan, math.nan
    if abs(r) >= 1.0:
        return r, r
    half = float(ndtri((1.0 + conf_level) / 2.0)) / math.sqrt(n - 3.0)
    z = math.atanh(r)
    return math.tanh(z - half), math.tanh(z + half)
