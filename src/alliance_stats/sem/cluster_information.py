"""Information of the entries of a two-level model from clusters with values missing.

For directions of V, second derivatives of −log L are −½tr(V⁻¹dV V⁻¹dV) + r'V⁻¹dV V⁻¹dV V⁻¹r, the
expected ones ½tr(V⁻¹dV V⁻¹dV). A direction dW of Σ_W changes M and q of a cluster by −Q and −v (at
its mean): Q = Σ W dW W and v = Σ W dW u over its rows, with W what a row observes and u = W(y − μ −
Bt). With H = I − CB and G as in `cluster_density`, sums over pairs of rows become tr(QGQG), v'Gv,
HQH' and Hv.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.cluster_density import ClusterExpansion, NestedExpansion
from alliance_stats.sem.density import times_inverse
from alliance_stats.sem.information import contract_pair, cross_pair
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied, Sides, sides

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: Numbers that directions of a chunk of clusters may take.
CHUNK = 2_000_000


def nested_information(layout: Layout, first: Sides, at: NestedExpansion, *, exact: bool) -> Floats:
    """Information of the entries (k, k), without the curvature of the model itself.

    Parameters
    ----------
    exact : bool
        Whether second derivatives at the data, or what is expected of them.
    """
    total = np.zeros((len(layout.part), len(layout.part)))
    for number, group in enumerate(at.groups):
        within, between = layout.owners[2 * number], layout.owners[2 * number + 1]
        _add_rows(total, first, group, within, exact)
        _add_clusters(total, first, group, between, exact)
        for directions in _chunks(group, first.left[within], first.right[within]):
            _add_within(total, group, directions, within, exact)
            _add_cross(total, first, group, directions, within, between, exact)
    return total


@dataclass(frozen=True, eq=False)
class _Directions:
    """What entries of Σ_W do to some clusters.

    Attributes
    ----------
    clusters : slice
    precision : array (clusters, k, p, p)
        Q.
    pull : array (clusters, k, p)
        v.
    """

    clusters: slice
    precision: Floats
    pull: Floats


def _chunks(at: ClusterExpansion, left: Floats, right: Floats) -> Iterator[_Directions]:
    """Directions of all clusters, as many at once as the memory shall hold."""
    data, (k, p) = at.clusters, left.shape
    ends = np.append(data.firsts, len(data.size))
    begin = 0
    while begin < len(data.firsts):
        end = int(np.searchsorted(ends, ends[begin] + CHUNK // (k * p * p + 1), side="right")) - 1
        end = max(end, begin + 1)
        cells = slice(ends[begin], ends[end])
        weight = at.rows.weight[data.pattern[cells]]
        one, two, n = left @ weight, right @ weight, data.size[cells]
        outer = (n[:, None, None] * one)[..., None] * two[:, :, None, :]
        outer += outer.transpose(0, 1, 3, 2)
        residual = at.residual[cells, :, None]
        pull = one * (right @ residual) + two * (left @ residual)
        firsts = ends[begin:end] - ends[begin]
        yield _Directions(
            slice(begin, end), np.add.reduceat(outer, firsts), np.add.reduceat(pull, firsts)
        )
        begin = end


def _add_rows(total: Floats, first: Sides, at: ClusterExpansion, within: Ints, exact: bool) -> None:
    """Pairs of directions of Σ_W as they meet in one row."""
    data, weight = at.clusters, at.rows.weight
    left, right, n = first.left[within], first.right[within], data.patterns.n
    if exact:
        other = at.rows.sandwiched - 0.5 * weight - at.moved / n[:, None, None]
    else:
        spread = data.sum_by_pattern(data.size[:, None, None] * at.spread[data.cluster])
        other = 0.5 * weight - weight @ spread @ weight / n[:, None, None]
    total[np.ix_(within, within)] += contract_pair(left, right, left, right, weight, other, n)


def _add_clusters(
    total: Floats, first: Sides, at: ClusterExpansion, between: Ints, exact: bool
) -> None:
    """Directions of B and of the means."""
    left, right, mean = first.left[between], first.right[between], first.mean[between]
    weight, pulled, ones = at.weight, at.pulled, np.ones(len(at.weight))
    other = 0.5 * weight
    if exact:
        other = pulled[:, :, None] * pulled[:, None, :] - other
    found = contract_pair(left, right, left, right, weight, other, ones)
    found += mean @ weight.sum(axis=0) @ mean.T
    if exact:
        cross = cross_pair(mean, left, right, weight, pulled, ones)
        found += cross + cross.T
    total[np.ix_(between, between)] += found


def _add_within(
    total: Floats, at: ClusterExpansion, of: _Directions, within: Ints, exact: bool
) -> None:
    """Pairs of directions of Σ_W as they meet in two rows of a cluster."""
    spread = at.spread[of.clusters]
    k = len(within)
    one = of.precision @ spread[:, None]
    flat = one.transpose(1, 0, 2, 3).reshape(k, -1)
    found = flat @ one.transpose(1, 0, 3, 2).reshape(k, -1).T
    found *= -0.5 if exact else 0.5
    if exact:
        pull = of.pull.transpose(1, 0, 2).reshape(k, -1)
        found -= pull @ (of.pull @ spread).transpose(1, 0, 2).reshape(k, -1).T
    total[np.ix_(within, within)] += found


def _add_cross(
    total: Floats,
    first: Sides,
    at: ClusterExpansion,
    of: _Directions,
    within: Ints,
    between: Ints,
    exact: bool,
) -> None:
    """Directions of Σ_W with those of B and of the means."""
    left, right, mean = first.left[between], first.right[between], first.mean[between]
    share = np.eye(len(at.between)) - at.weight[of.clusters] @ at.between  # H
    turned = share.transpose(0, 2, 1)
    moved = (share[:, None] @ of.precision @ turned[:, None]).sum(axis=0)
    moved *= -0.5 if exact else 0.5
    if exact:
        pull = of.pull @ turned
        moved += np.einsum("jka,jb->kab", pull, at.pulled[of.clusters])
    both = moved + moved.transpose(0, 2, 1)
    found = np.einsum("ma,kab,mb->mk", left, both, right, optimize=True)
    if exact:
        found += mean @ pull.sum(axis=0).T
    total[np.ix_(between, within)] += found
    total[np.ix_(within, between)] += found.T


def cluster_scores(layout: Layout, moments: Implied, at: NestedExpansion) -> Floats:
    """Derivatives of −log L of every cluster by the free parameters (clusters, n_free)."""
    first = sides(layout, moments).observed(layout.n_observed)
    found = []
    for number, group in enumerate(at.groups):
        by_entry = np.zeros((len(layout.part), len(group.weight)))
        within, between = layout.owners[2 * number], layout.owners[2 * number + 1]
        by_entry[within] = _scores_within(group, first.left[within], first.right[within]).T
        left, right, mean = first.left[between], first.right[between], first.mean[between]
        pulled = group.pulled
        by_entry[between] = np.einsum("ka,jab,kb->kj", left, group.weight, right, optimize=True)
        by_entry[between] -= (left @ pulled.T) * (right @ pulled.T) + mean @ pulled.T
        found.append(layout.collect(by_entry).T)
    return np.concatenate(found)


def _scores_within(at: ClusterExpansion, left: Floats, right: Floats) -> Floats:
    """The same by entries of Σ_W (clusters, k): traces of cells, less products of their rows."""
    data = at.clusters
    weight = at.rows.weight[data.pattern]
    one = left @ weight
    held = one - one @ at.spread[data.cluster] @ weight
    traces = data.size[:, None] * (held * right).sum(axis=2)
    away = data.values - at.mean - (at.pulled @ at.between)[data.cluster][data.cell]
    residual = times_inverse(at.rows.weight, away, data.pattern[data.cell])
    products = (residual @ left.T) * (residual @ right.T)
    order = np.argsort(data.cell, kind="stable")
    firsts = np.concatenate([[0], np.cumsum(data.size)[:-1]]).astype(np.intp)
    return data.sum_by_cluster(traces - np.add.reduceat(products[order], firsts))
