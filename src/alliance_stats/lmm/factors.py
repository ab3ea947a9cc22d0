"""θ and the relative covariance factors Λ_l: packing, canonical form, gradients.

θ stacks the lower triangles of all Λ_l, innermost level first, each column by column: the order
of lme4. It is free: the deviance does not change when a column of Λ changes sign, so no bounds
are needed and signs are folded afterwards.

The search itself moves in symmetric roots R_l with Σ_l = R_l². They have as many entries as a
triangular factor, but no first column: a triangular factor has long curved valleys where the
first variance is small beside the others, because the direction of a nearly singular Σ can then
turn only through that small entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


def n_theta(sizes: Sequence[int]) -> int:
    """Number of parameters for blocks of the given sizes."""
    return sum(q * (q + 1) // 2 for q in sizes)


@lru_cache
def triangle(q: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a lower triangle, column by column."""
    columns, rows = np.triu_indices(q)
    return rows, columns


def unpack(theta: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """The factors Λ_l (…, q_l, q_l) from θ (…, k)."""
    factors = []
    first = 0
    for q in sizes:
        rows, columns = triangle(q)
        factor = np.zeros((*theta.shape[:-1], q, q))
        factor[..., rows, columns] = theta[..., first : first + len(rows)]
        factors.append(factor)
        first += len(rows)
    return factors


def pack(factors: Sequence[np.ndarray]) -> np.ndarray:
    """θ from the factors Λ_l."""
    return np.concatenate([np.empty(0), *(f[triangle(len(f))] for f in factors)])


def roots(factors: Sequence[np.ndarray]) -> np.ndarray:
    """Lower triangles of the symmetric roots R_l of Σ_l = Λ_lΛ_l', one after the other."""
    found = []
    for factor in factors:
        left, values, _ = np.linalg.svd(factor)
        found.append((left * values) @ left.T)
    return pack(found)


def unpack_roots(entries: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """Symmetric roots R_l (q_l, q_l) from their lower triangles."""
    found = []
    first = 0
    for q in sizes:
        basis = symmetric_basis(q)
        last = first + basis.shape[1]
        found.append((basis @ entries[first:last]).reshape(q, q))
        first = last
    return found


@lru_cache
def symmetric_basis(q: int) -> np.ndarray:
    """Matrix (q², q(q + 1)/2): lower triangle of a symmetric matrix to all its entries."""
    rows, columns = triangle(q)
    basis = np.zeros((q, q, len(rows)))
    each = np.arange(len(rows))
    basis[rows, columns, each] = basis[columns, rows, each] = 1.0
    return basis.reshape(q * q, len(rows))


def gradient_in_theta(gradients: Sequence[np.ndarray], factors: Sequence[np.ndarray]) -> np.ndarray:
    """Chain rule from ∂/∂Σ_l (symmetric) to ∂/∂θ: the lower triangle of 2GΛ."""
    return pack([2.0 * g @ f for g, f in zip(gradients, factors, strict=True)])


def canonical(covariance: np.ndarray, *, tolerance: float) -> np.ndarray:
    """Lower factor with a non-negative diagonal; columns of vanished pivots are exactly zero.

    Parameters
    ----------
    covariance : ndarray (q, q)
        Symmetric and positive semi-definite up to rounding.
    tolerance : float
        A pivot whose square root is below it counts as zero.
    """
    q = len(covariance)
    factor = np.zeros((q, q))
    left = covariance.copy()
    for i in range(q):
        pivot = left[i, i]
        if pivot > tolerance**2:
            factor[i:, i] = left[i:, i] / np.sqrt(pivot)
            left[i:, i:] -= np.outer(factor[i:, i], factor[i:, i])
    return factor


def is_singular(factors: Sequence[np.ndarray], *, tolerance: float) -> bool:
    """True if a covariance matrix has (nearly) lost rank: smallest singular value of Λ."""
    return any(np.linalg.svd(f, compute_uv=False)[-1] < tolerance for f in factors)
