"""Splits of a scale into halves: every one where they are few, drawn or searched otherwise.

A split is a row of signs s (±1). With C the covariances and T = 1'C1, s'Cs = T − 4 σ_ab, so the
covariance of the halves and their variances follow from C s and T alone.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Most items of which every split is looked at.
MOST_EXACT = 20


def every_split(k: int) -> Floats:
    """Signs (m, k) of every split into ⌊k/2⌋ and the other items, each split once.

    Examples
    --------
    >>> every_split(4).astype(int).tolist()
    [[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]
    """
    half = k // 2
    if k % 2:
        chosen = np.array(list(combinations(range(k), half)))
    else:  # the half with the first item
        chosen = np.array([(0, *rest) for rest in combinations(range(1, k), half - 1)])
    signs = -np.ones((len(chosen), k))
    np.put_along_axis(signs, chosen, 1.0, axis=1)
    return signs


def drawn_splits(k: int, n: int, rng: np.random.Generator) -> Floats:
    """Signs (n, k) of random splits into ⌊k/2⌋ and the other items."""
    signs = -np.ones((n, k))
    signs[:, : k // 2] = 1.0
    return np.asarray(rng.permuted(signs, axis=1))


def half_moments(covariance: Floats, signs: Floats) -> tuple[Floats, Floats, Floats]:
    """Variances of both halves and their covariance (m,) for splits (m, k).

    Examples
    --------
    >>> [m.tolist() for m in half_moments(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1., -1]]))]
    [[2.0], [3.0], [1.0]]
    """
    total = covariance.sum()
    across = np.einsum("mk,mk->m", signs @ covariance, signs)
    with_total = signs @ covariance.sum(axis=0)
    between = (total - across) / 4.0
    first = (total + with_total) / 2.0 - between
    second = (total - with_total) / 2.0 - between
    return first, second, between


def guttman_of(first: Floats, second: Floats, between: Floats) -> Floats:
    """Guttman's λ4 (Flanagan, Rulon): halves may have different variances."""
    return np.asarray(4.0 * between / (first + second + 2.0 * between))


def correlation_of(first: Floats, second: Floats, between: Floats) -> Floats:
    """Correlation of the halves."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(first * second > 0, between / np.sqrt(first * second), np.nan))


def best_split(covariance: Floats) -> tuple[Floats, bool]:
    """Signs (k,) with the largest λ4 among halves of ⌊k/2⌋ items, and whether all were tried.

    Beyond `MOST_EXACT` items pairs of items are exchanged until none helps, from the split into
    odd and even items and from those that the eigenvectors suggest.
    """
    k = len(covariance)
    if k <= MOST_EXACT:
        signs = every_split(k)
        return signs[int(np.argmin(np.einsum("mk,mk->m", signs @ covariance, signs)))], True
    starts = [_halves(v) for v in np.linalg.eigh(covariance)[1].T]
    starts.append(_halves(-(np.arange(k) % 2).astype(float)))
    found = [_exchanged(covariance, start) for start in starts]
    return min(found, key=lambda s: float(s @ covariance @ s)), False


def _halves(order: Floats) -> Floats:
    """The ⌊k/2⌋ largest against the rest."""
    signs = -np.ones(len(order))
    signs[np.argsort(-order, kind="stable")[: len(order) // 2]] = 1.0
    return signs


def _exchanged(covariance: Floats, signs: Floats) -> Floats:
    """Exchange the pair of items that lowers s'Cs most, as long as one does."""
    signs = signs.copy()
    own = np.diag(covariance)
    while True:
        up, down = np.flatnonzero(signs > 0), np.flatnonzero(signs < 0)
        pull = covariance @ signs
        change = -4.0 * pull[up, None] + 4.0 * pull[None, down]
        change += 4.0 * (own[up, None] + own[None, down]) - 8.0 * covariance[np.ix_(up, down)]
        i, j = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[i, j] >= -1e-12 * covariance.sum():
            return signs
        signs[up[i]], signs[down[j]] = -1.0, 1.0
