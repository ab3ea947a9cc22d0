"""Kendall's rank correlation with its exact or normal p value (Kendall, 1970)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RankCorrelation:
    """Kendall's τ_b.

    Attributes
    ----------
    tau : float
        NaN where one variable is constant.
    statistic : float
        z of the normal approximation; NaN where p is exact.
    p_value : float
        Two-sided.
    exact : bool
        Whether p counts permutations: so without ties.
    """

    tau: float
    statistic: float
    p_value: float
    exact: bool


def rank_correlation(x: Floats, y: Floats) -> RankCorrelation:
    """Correlate the ranks of x (k,) and y (k,).

    Examples
    --------
    >>> found = rank_correlation(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3]))
    >>> round(found.tau, 4), round(found.p_value, 4), found.exact
    (0.6667, 0.3333, True)
    """
    k, ties_x, ties_y = len(x), _tie_sizes(x), _tie_sizes(y)
    pairs = k * (k - 1) / 2.0
    score = _concordance(x, y)
    free = (pairs - _pairs(ties_x)) * (pairs - _pairs(ties_y))
    if free <= 0:
        nan = float("nan")
        return RankCorrelation(nan, nan, nan, False)
    tau = score / np.sqrt(free)
    if len(ties_x) == len(ties_y) == k:
        p = exact_p_value(round((pairs - abs(score)) / 2.0), k)
        return RankCorrelation(float(tau), float("nan"), p, True)
    z = score / np.sqrt(_variance(k, ties_x, ties_y))
    return RankCorrelation(float(tau), float(z), float(2.0 * ndtr(-abs(z))), False)


def exact_p_value(discordant: int, k: int) -> float:
    """Twice the chance that a random order of k has so few (or, by symmetry, many) inversions.

    The number of inversions is a sum of independent uniform variables on 0 … j − 1, j = 2 … k.

    Examples
    --------
    >>> exact_p_value(0, 3)  # one order of six, twice
    0.3333333333333333
    """
    chance = np.ones(1)
    for j in range(2, k + 1):
        sums = np.cumsum(np.concatenate([chance, np.zeros(j - 1)]))
        sums[j:] -= sums[: len(sums) - j].copy()
        chance = sums[: discordant + 1] / j
    return float(min(1.0, 2.0 * chance[: discordant + 1].sum()))


def _tie_sizes(values: Floats) -> Floats:
    """How often every different value occurs."""
    return np.unique(values, return_counts=True)[1].astype(float)


def _pairs(sizes: Floats) -> float:
    return float((sizes * (sizes - 1.0)).sum() / 2.0)


def _concordance(x: Floats, y: Floats) -> float:
    """Concordant minus discordant pairs."""
    first, second = (np.unique(v, return_inverse=True)[1].astype(np.int32) for v in (x, y))
    agreement = np.sign(np.subtract.outer(first, first)) * np.sign(
        np.subtract.outer(second, second)
    )
    return float(agreement.sum(dtype=np.int64)) / 2.0


def _variance(k: int, ties_x: Floats, ties_y: Floats) -> float:
    """Variance of the score under independence, with ties."""

    def one(n: Floats | float) -> float:
        return float(np.sum(n * (n - 1.0) * (2.0 * n + 5.0)))

    triples_x, triples_y = (np.sum(t * (t - 1.0) * (t - 2.0)) for t in (ties_x, ties_y))
    variance = (one(float(k)) - one(ties_x) - one(ties_y)) / 18.0
    variance += 2.0 * _pairs(ties_x) * _pairs(ties_y) / (k * (k - 1.0))
    if k > 2:
        variance += float(triples_x * triples_y) / (9.0 * k * (k - 1.0) * (k - 2.0))
    return variance
