"""Expected information of one level, and the guess of the Hessian made of it."""

from __future__ import annotations

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
