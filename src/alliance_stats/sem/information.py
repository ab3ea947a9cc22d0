"""Information of the free parameters, expected and observed.

Derivatives dΣ = l r' + r l' have rank two, so traces such as tr(Σ⁻¹dΣ Σ⁻¹dΣ) come from products of
k × p arrays; with many patterns of missing values from one kernel of p² × p² entries instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.density import Expansion
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Sides

Floats = NDArray[np.float64]


def contract(blocks: Blocks, layout: Layout, at: Sides, first: Floats, second: Floats) -> Floats:
    """Σ_b n_b tr(dΣ_k X_b dΣ_m Y_b) for every pair of entries (k, k), X and Y symmetric."""
    if layout.n_parts == 1:
        weight = blocks.n * blocks.share[:, 0] ** 2
        return contract_pair(at.left, at.right, at.left, at.right, first, second, weight)
    total = np.zeros((len(layout.part), len(layout.part)))
    for one, rows in enumerate(layout.owners):
        for other, columns in enumerate(layout.owners[: one + 1]):
            weight = blocks.n * blocks.share[:, one] * blocks.share[:, other]
            used = weight != 0.0
            if not used.any() or not len(rows) or not len(columns):
                continue
            pair = (at.left[rows], at.right[rows], at.left[columns], at.right[columns])
            x = first[used]
            y = x if first is second else second[used]
            found = contract_pair(*pair, x, y, weight[used])
            total[np.ix_(rows, columns)] = found
            total[np.ix_(columns, rows)] = found.T
    return total


def contract_pair(
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


def observed_of_moments(layout: Layout, at: Sides, expansion: Expansion) -> Floats:
    """Second derivatives of −log L by entries (k, k), but for those of the model itself."""
    blocks, weight, sandwiched = expansion.blocks, expansion.weight, expansion.sandwiched
    total = contract(blocks, layout, at, weight, sandwiched - 0.5 * weight)
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
            used = weight != 0.0
            pair = (at.mean[rows], at.left[columns], at.right[columns])
            found = cross_pair(*pair, expansion.weight[used], pulled[used], weight[used])
            out[np.ix_(rows, columns)] = found
    return out


def cross_pair(
    mean: Floats, left: Floats, right: Floats, inverse: Floats, pulled: Floats, weight: Floats
) -> Floats:
    """The same of two sets of entries: block by block, or through one kernel if that is less."""
    if len(weight) <= mean.shape[1]:
        out = np.zeros((len(mean), len(left)))
        for one, u, w in zip(inverse, pulled, weight, strict=True):
            moved = w * mean @ one
            out += (moved @ left.T) * (right @ u) + (moved @ right.T) * (left @ u)
        return out
    kernel = np.einsum("b,bij,bk->ijk", weight, inverse, pulled)
    moved = np.einsum("ki,ijl->kjl", mean, kernel).reshape(len(mean), -1)
    return moved @ _flat(left, right).reshape(len(left), -1).T
