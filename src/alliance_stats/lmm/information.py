"""Expected information of one level, the guess of the Hessian made of it, covariances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats.lmm.factors import symmetric_basis

#: Added to the guess of the Hessian, relative to its mean diagonal.
RIDGE = 1e-4


def scoring_step(n: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Change of Σ (q, q) by one Fisher scoring step, from N (q, q, G) and ∂deviance/∂Σ."""
    basis = symmetric_basis(len(gradient))
    information = basis.T @ squares(n) @ basis
    information[np.diag_indices(len(information))] *= 1.0 + 1e-6
    step = np.linalg.solve(information, basis.T @ gradient.ravel())
    return -(basis @ step).reshape(gradient.shape)


def level_hessian(squared: np.ndarray, root: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Second derivatives (…, k, k) in the entries of one block's symmetric root R (…, q, q).

    With dΣ = dR R + R dR, the expected information Σ_g tr(N_g dΣ N_g dΣ) from Σ_g N_g ⊗ N_g, and
    2 tr(G₊ dR dR) where G₊ is the positive part of ∂deviance/∂Σ; and a small ridge.
    """
    q = root.shape[-1]
    if q == 1:
        block = 4.0 * root**2 * squared + 2.0 * np.maximum(gradient, 0.0)
    else:
        basis, unit = symmetric_basis(q), np.eye(q)
        change = (kronecker(unit, root) + kronecker(root, unit)) @ basis
        values, vectors = np.linalg.eigh(gradient)
        positive = (vectors * np.maximum(values, 0.0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        block = np.swapaxes(change, -1, -2) @ squared @ change
        block += 2.0 * basis.T @ kronecker(positive, unit) @ basis
    each = np.arange(block.shape[-1])
    mean = block[..., each, each].mean(axis=-1)
    block[..., each, each] += (RIDGE * mean + 1e-8)[..., None]
    return np.asarray(block)


def root_expansion(
    information: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (k,) and guess of the Hessian (k, k) at the entries of all blocks' symmetric roots.

    From N (q, q, G), the root (q, q) and ∂deviance/∂Σ (q, q) of every block.
    """
    k = sum(len(root) * (len(root) + 1) // 2 for root in factors)
    slope, hessian = np.empty(k), np.zeros((k, k))
    first = 0
    for n, root, gradient in zip(information, factors, gradients, strict=True):
        block = level_hessian(squares(n), root, gradient)
        last = first + len(block)
        slope[first:last] = 2.0 * (gradient @ root).ravel() @ symmetric_basis(len(root))
        hessian[first:last, first:last] = block
        first = last
    return slope, hessian


def twice_inverse(hessian: np.ndarray, *, flat: float) -> np.ndarray:
    """2H⁻¹ (k, k), the covariance of estimates at which the deviance has the Hessian H.

    NaN unless all eigenvalues of H, scaled to a unit diagonal, are above `flat`.
    """
    if not len(hessian):
        return hessian
    scale = np.sqrt(np.abs(np.diag(hessian)))
    with np.errstate(divide="ignore", invalid="ignore"):
        values, vectors = np.linalg.eigh(np.nan_to_num(hessian / scale / scale[:, None]))
        if not values[0] > flat:
            return np.full(hessian.shape, np.nan)
        inner = (vectors / values) @ vectors.T
        return np.asarray(2.0 * inner / scale / scale[:, None])


def squares(n: np.ndarray) -> np.ndarray:
    """Σ_g N_g ⊗ N_g (q², q²) of N (q, q, G)."""
    q = len(n)
    flat = n.reshape(q * q, -1)
    return (flat @ flat.T).reshape(q, q, q, q).transpose(0, 2, 1, 3).reshape(q * q, q * q)


def kronecker(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``np.kron`` of small square matrices (…, q, q), without its overhead."""
    q = a.shape[-1]
    product = a[..., :, None, :, None] * b[..., None, :, None, :]
    return np.asarray(product.reshape(*product.shape[:-4], q * q, q * q))
