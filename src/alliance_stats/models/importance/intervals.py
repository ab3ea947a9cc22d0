"""Percentile intervals of few clusters, and the p value that goes with them.

Draws of n clusters vary too little, by √((n − 1)/n), and percentiles take normal tails where t has
n − 1 degrees of freedom. Hesterberg (2015, Am. Stat. 69, 371–386) takes percentiles further out,
at Φ(−√(n/(n − 1)) t). Here n is the number of clusters of equal size that are worth as much.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit


def expanded_tail(conf_level: float, n: float) -> float:
    """Share of draws beyond each end of the interval.

    >>> round(expanded_tail(0.95, 1e9), 4), round(expanded_tail(0.95, 20), 4)
    (0.025, 0.0159)
    """
    t = -stdtrit(n - 1.0, (1.0 - conf_level) / 2.0)
    return float(ndtr(-np.sqrt(n / (n - 1.0)) * t))


def expanded_interval(draws: np.ndarray, conf_level: float, n: float) -> np.ndarray:
    """Ends (2, q) of the intervals of draws (n_draws, q) of n clusters."""
    tail = expanded_tail(conf_level, n)
    return np.asarray(np.quantile(draws, [tail, 1.0 - tail], axis=0))


def expanded_p(draws: np.ndarray, n: float) -> np.ndarray:
    """Two-sided p (q,) of zero: the level at which the expanded interval ends there."""
    below, above = (draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0)
    tail = np.minimum(0.5, (np.minimum(below, above) + 1) / (len(draws) + 1))
    return np.asarray(2.0 * stdtr(n - 1.0, ndtri(tail) * np.sqrt((n - 1.0) / n)))
