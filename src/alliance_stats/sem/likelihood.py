"""The normal likelihood of blocks: value, and derivatives by the parts' moments.

−log L = ½ Σ_b n_b [log|Σ_b| + tr(Σ_b⁻¹ T_b)] + constant, with T_b the block's mean squares about
the implied mean. With missing values Σ_b holds the observed variables only: rows and columns of
the others are set to those of the identity and their inverse to zero, so that all blocks are
inverted together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.numeric.optimise import Values
from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied, Sides, gradient, implied, sides

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Expansion:
    """The likelihood at given moments, block by block.

    Attributes
    ----------
    value : float
        ½ Σ n (log|Σ| + tr(Σ⁻¹T)), without the constant.
    weight : array (blocks, p, p)
        Σ_b⁻¹; zero where missing.
    distance : array (blocks, p)
        Mean minus implied mean; zero where missing.
    about : array (blocks, p, p)
        T_b.
    """

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
    return Expansion(value, weight, distance, about)


def moment_gradient(blocks: Blocks, at: Expansion) -> tuple[Floats, Floats]:
    """Derivatives of −log L by Σ (parts, p, p) and μ (parts, p)."""
    by_block = 0.5 * blocks.n[:, None, None] * (at.weight - at.sandwiched)
    by_sigma = by_block if blocks.is_plain else np.tensordot(blocks.share.T, by_block, axes=1)
    by_mu = -(blocks.mean_share * blocks.n[:, None]).T @ at.pulled
    return by_sigma, by_mu


def contract(blocks: Blocks, layout: Layout, at: Sides, first: Floats, second: Floats) -> Floats:
    """Σ_b n_b tr(dΣ_k X_b dΣ_m Y_b) for every pair of entries (k, k), X and Y symmetric."""
    if layout.n_parts == 1:
        weight = blocks.n * blocks.share[:, 0] ** 2
        return _contract_pair(at.left, at.right, at.left, at.right, first, second, weight)
    total = np.zeros((len(layout.part), len(layout.part)))
    for one, rows in enumerate(layout.owners):
        for other, columns in enumerate(layout.owners[: one + 1]):
            weight = blocks.n * blocks.share[:, one] * blocks.share[:, other]
            used = weight != 0.0
            if not used.any() or not len(rows) or not len(columns):
                continue
            pair = (at.left[rows], at.right[rows], at.left[columns], at.right[columns])
            found = _contract_pair(*pair, first[used], second[used], weight[used])
            total[np.ix_(rows, columns)] = found
            total[np.ix_(columns, rows)] = found.T
    return total


def _contract_pair(
    l1: Floats, r1: Floats, l2: Floats, r2: Floats, x: Floats, y: Floats, weight: Floats
) -> Floats:
    """The same of two sets of entries: block by block by rank two, or stacked if that is less."""
    blocks, p = x.shape[:2]
    stacked = blocks * p**4 + (len(l1) + len(l2)) * p**4 * 0.5
    paired = blocks * (4 * len(l1) * p * (p + len(l2)) + 8 * len(l1) * len(l2))
    if stacked < paired:
        kernel = (x.reshape(blocks, -1).T * weight) @ y.reshape(blocks, -1)
        kernel = kernel.reshape(p, p, p, p).transpose(0, 3, 1, 2).reshape(p * p, p * p)
        return _flat(l1, r1).reshape(len(l1), -1) @ kernel @ _flat(l2, r2).reshape(len(l2), -1).T
    out = np.zeros((len(l1), len(l2)))
    for xb, yb, wb in zip(x, y, weight, strict=True):
        lx, rx = l1 @ xb, r1 @ xb
        ly, ry = (lx, rx) if x is y else (l1 @ yb, r1 @ yb)
        if x is y:
            out += 2.0 * wb * ((rx @ l2.T) * (lx @ r2.T) + (rx @ r2.T) * (lx @ l2.T))
            continue
        out += wb * ((rx @ l2.T) * (ly @ r2.T) + (rx @ r2.T) * (ly @ l2.T))
        out += wb * ((lx @ l2.T) * (ry @ r2.T) + (lx @ r2.T) * (ry @ l2.T))
    return out


def _flat(left: Floats, right: Floats) -> Floats:
    """dΣ of every entry (k, p, p)."""
    half = left[:, :, None] * right[:, None, :]
    return half + half.transpose(0, 2, 1)


def expected_information(blocks: Blocks, layout: Layout, at: Sides, weight: Floats) -> Floats:
    """Fisher information of the entries (k, k): ½ Σ n tr(Σ⁻¹dΣ Σ⁻¹dΣ) + Σ n dμ'Σ⁻¹dμ."""
    total = 0.5 * contract(blocks, layout, at, weight, weight)
    return total + _mean_information(blocks, layout, at, weight)


def _mean_information(blocks: Blocks, layout: Layout, at: Sides, weight: Floats) -> Floats:
    out = np.zeros((len(at.mean), len(at.mean)))
    if not at.mean.any():
        return out
    for one, rows in enumerate(layout.owners):
        for other, columns in enumerate(layout.owners):
            share = blocks.n * blocks.mean_share[:, one] * blocks.mean_share[:, other]
            if share.any():
                summed = np.tensordot(share, weight, axes=1)
                out[np.ix_(rows, columns)] = at.mean[rows] @ summed @ at.mean[columns].T
    return out


def observed_information(blocks: Blocks, layout: Layout, at: Sides, expansion: Expansion) -> Floats:
    """Second derivatives of −log L by entries (k, k), but for those of the model itself."""
    weight, sandwiched = expansion.weight, expansion.sandwiched
    total = contract(blocks, layout, at, weight, sandwiched)
    total -= 0.5 * contract(blocks, layout, at, weight, weight)
    total += _mean_information(blocks, layout, at, weight)
    if at.mean.any():
        cross = _cross_information(blocks, layout, at, expansion)
        total += cross + cross.T
    return total


def _cross_information(blocks: Blocks, layout: Layout, at: Sides, expansion: Expansion) -> Floats:
    """Σ_b n dμ_k'Σ⁻¹ dΣ_m Σ⁻¹(ȳ − μ) for entries k (rows) and m (columns)."""
    out = np.zeros((len(at.mean), len(at.mean)))
    pulled = expansion.pulled
    for one, rows in enumerate(layout.owners):
        for other, columns in enumerate(layout.owners):
            weight = blocks.n * blocks.mean_share[:, one] * blocks.share[:, other]
            if not weight.any():
                continue
            kernel = np.einsum("b,bij,bk->ijk", weight, expansion.weight, pulled)
            moved = np.einsum("ki,ijl->kjl", at.mean[rows], kernel)
            left, right = at.left[columns], at.right[columns]
            found = np.einsum("kjl,mj,ml->km", moved, left, right, optimize=True)
            found += np.einsum("kjl,mj,ml->km", moved, right, left, optimize=True)
            out[np.ix_(rows, columns)] = found
    return out


@dataclass(frozen=True, eq=False)
class Likelihood:
    """−log L of a model given blocks, as a function of its free parameters.

    Attributes
    ----------
    layout : Layout
    blocks : Blocks
    reference : float
        Subtracted from the value: the saturated model's, so that values keep their digits.
    """

    layout: Layout
    blocks: Blocks
    reference: float = 0.0

    def at(self, theta: Floats) -> tuple[Implied, Expansion]:
        """Implied moments and the likelihood there; LinAlgError where it is not defined."""
        moments = implied(self.layout, theta)
        return moments, expand_moments(self.blocks, moments.sigma, moments.mu)

    def value(self, theta: Floats) -> float:
        """−log L without its constant and the reference; inf where it is not defined."""
        try:
            return self.at(theta)[1].value - self.reference
        except np.linalg.LinAlgError:
            return float("inf")

    def expand(self, theta: Floats) -> Values:
        """Value, gradient and expected information (see `numeric.optimise`)."""
        try:
            moments, expansion = self.at(theta)
        except np.linalg.LinAlgError:
            k = len(theta)
            return float("inf"), np.zeros(k), np.eye(k)
        slope = gradient(self.layout, moments, *moment_gradient(self.blocks, expansion))
        first = sides(self.layout, moments).observed(self.layout.n_observed)
        by_entry = expected_information(self.blocks, self.layout, first, expansion.weight)
        return expansion.value - self.reference, slope, self.layout.collect_square(by_entry)
