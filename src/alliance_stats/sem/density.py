"""The normal density of blocks: −log L, and its derivatives by the parts' moments.

−log L = ½ Σ_b n_b [log|Σ_b| + tr(Σ_b⁻¹ T_b)] + constant, with T_b the block's mean squares about
the implied mean. With missing values Σ_b holds the observed variables only: rows and columns of
the others are set to those of the identity and their inverse to zero, so that all blocks are
inverted together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Expansion:
    """The likelihood at given moments, block by block.

    Attributes
    ----------
    blocks : Blocks
    value : float
        ½ Σ n (log|Σ| + tr(Σ⁻¹T)), without the constant.
    weight : array (blocks, p, p)
        Σ_b⁻¹; zero where missing.
    distance : array (blocks, p)
        Mean minus implied mean; zero where missing.
    about : array (blocks, p, p)
        T_b.
    """

    blocks: Blocks
    value: float
    weight: Floats
    distance: Floats
    about: Floats

    @property
    def sandwiched(self) -> Floats:
        """Σ⁻¹ T Σ⁻¹ of every block."""
        return self.weight @ self.about @ self.weight

    @property
    def pulled(self) -> Floats:
        """Σ⁻¹ (ȳ − μ) of every block."""
        return (self.weight @ self.distance[:, :, None])[:, :, 0]


def expand_moments(blocks: Blocks, sigma: Floats, mu: Floats) -> Expansion:
    """The likelihood at covariances (parts, p, p) and means (parts, p).

    Raises
    ------
    LinAlgError
        If the covariance of a block is not positive definite.
    """
    covariance = sigma if blocks.is_plain else np.tensordot(blocks.share, sigma, axes=1)
    distance = blocks.mean - blocks.mean_share @ mu
    if not blocks.is_complete:
        there = blocks.observed
        both = there[:, :, None] & there[:, None, :]
        covariance = np.where(both, covariance, np.eye(sigma.shape[-1]))
        distance = np.where(there, distance, 0.0)
    roots = np.linalg.cholesky(covariance)
    logdet = 2.0 * np.log(np.einsum("bii->bi", roots)).sum(axis=1)
    weight = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    if not blocks.is_complete:
        weight = np.where(both, weight, 0.0)
    about = blocks.scatter + distance[:, :, None] * distance[:, None, :]
    trace = (weight * about).sum(axis=(1, 2))
    value = 0.5 * float(blocks.n @ (logdet + trace))
    return Expansion(blocks, value, weight, distance, about)


def moment_gradient(blocks: Blocks, at: Expansion) -> tuple[Floats, Floats]:
    """Derivatives of −log L by Σ (parts, p, p) and μ (parts, p)."""
    by_block = 0.5 * blocks.n[:, None, None] * (at.weight - at.sandwiched)
    by_sigma = by_block if blocks.is_plain else np.tensordot(blocks.share.T, by_block, axes=1)
    by_mu = -(blocks.mean_share * blocks.n[:, None]).T @ at.pulled
    return by_sigma, by_mu


def times_inverse(weight: Floats, away: Floats, block: NDArray[np.intp]) -> Floats:
    """Σ_b⁻¹ (y − μ) of every row (n, p), from the block of each."""
    if len(weight) == 1:
        return away @ weight[0]
    order = np.argsort(block, kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=len(weight)))
    out = np.empty_like(away)
    for w, own in zip(weight, np.split(order, ends[:-1]), strict=True):
        out[own] = away[own] @ w
    return out
