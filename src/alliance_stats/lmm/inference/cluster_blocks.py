"""The clusters of a nested mixed model in few coordinates: Gram matrices in, no row touched.

With Y = [X, Z] of a cluster, Z the columns of all groups in it, V = I + YΓY' is I beside the span
of Y. N = Y'Y is made of the groups' Gram matrices, and N = QλQ' gives the orthonormal basis
E = YQλ^(−½) of the span with E'Y = λ^½Q' =: R and E'e = λ^(−½)Q'Y'e. In it the cluster has at
most as many coordinates as columns in Y, whatever its number of rows:

    E'X = R_x,   E'VE = I + RΓR'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion, Profile

#: A direction of Y whose share of the longest one's square is below it counts as absent.
ABSENT = 1e-12
#: Entries of the matrices of one batch of clusters.
BATCH = 4_000_000


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A batch of clusters: E'X (J, r, p), E'VE (J, r, r) and E'e (J, r)."""

    x: np.ndarray
    v: np.ndarray
    e: np.ndarray


@dataclass(frozen=True, eq=False)
class _Groups:
    """The groups of one level: Gram matrices (m, m, G), the cluster of each, Λ, its columns."""

    grams: np.ndarray
    cluster: np.ndarray
    factor: np.ndarray
    z: np.ndarray
    level: int


def cluster_coordinates(
    criterion: Criterion, profile: Profile, products: NestedProducts
) -> Iterator[tuple[np.ndarray, Coordinates]]:
    """Positions of clusters of similar size, with their coordinates, batch by batch."""
    weights = criterion.residual_weights(profile)
    factors = criterion.by_level(profile.factors)
    levels = _levels(products, factors)
    x = criterion.design.x
    sizes = _sizes(levels, len(x))
    order = np.argsort(sizes, kind="stable")
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and sizes[order[last]] ** 2 * (last + 1 - first) <= BATCH:
            last += 1
        clusters = order[first:last]
        yield clusters, _batch(levels, products, clusters, x, weights)
        first = last


def largest_cluster(criterion: Criterion, profile: Profile, products: NestedProducts) -> int:
    """Most coordinates of a cluster."""
    levels = _levels(products, criterion.by_level(profile.factors))
    return int(_sizes(levels, len(criterion.design.x)).max())


def _sizes(levels: list[_Groups], p: int) -> np.ndarray:
    """Columns of Y of every cluster."""
    sizes = np.full(levels[-1].grams.shape[-1], p)
    for level in levels:
        sizes += len(level.z) * np.bincount(level.cluster, minlength=len(sizes))
    return sizes


def _levels(products: NestedProducts, factors: list[np.ndarray]) -> list[_Groups]:
    """Every level's groups, innermost first."""
    found, gram = [], products.grams
    for level, (z, factor) in enumerate(zip(products.z, factors, strict=True)):
        cluster = np.arange(gram.shape[-1])
        for parents in products.parents[level:]:
            cluster = parents[cluster]
        found.append(_Groups(gram, cluster, factor, z, level))
        if level + 1 < len(products.z):
            gram = np.add.reduceat(gram, products.starts[level], axis=-1)
    return found


def _batch(
    levels: list[_Groups],
    products: NestedProducts,
    clusters: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
) -> Coordinates:
    """N, Y'e and Y's factor of these clusters, turned into coordinates."""
    p = len(x)
    place = np.full(levels[-1].grams.shape[-1], -1)
    place[clusters] = np.arange(len(clusters))
    members = [np.flatnonzero(place[level.cluster] >= 0) for level in levels]
    starts, width = _columns(levels, members, place, len(clusters), p)
    n = np.zeros((len(clusters), width, width))
    ye = np.zeros((len(clusters), width))
    top = levels[-1].grams[:, :, clusters]
    n[:, :p, :p] = top[np.ix_(x, x)].transpose(2, 0, 1)
    ye[:, :p] = np.einsum("abk,b->ka", top[x], weights)
    factor = np.zeros((len(clusters), width, width))
    for low, groups, start in zip(levels, members, starts, strict=True):
        k = place[low.cluster[groups]]
        own = start[:, None] + np.arange(len(low.z))
        gram = low.grams[:, :, groups]
        ye[k[:, None], own] = np.einsum("abj,b->ja", gram[low.z], weights)
        _set(n, k, own, np.arange(p)[None], gram[np.ix_(low.z, x)])
        factor[k[:, None, None], own[:, :, None], own[:, None, :]] = low.factor
        above = groups
        for high in levels[low.level :]:
            if high is not low:
                above = products.parents[high.level - 1][above]
            position = np.searchsorted(members[high.level], above)
            other = starts[high.level][position, None] + np.arange(len(high.z))
            _set(n, k, own, other, gram[np.ix_(low.z, high.z)])
    return _in_basis(n, ye, factor, p)


def _columns(
    levels: list[_Groups], members: list[np.ndarray], place: np.ndarray, n: int, p: int
) -> tuple[list[np.ndarray], int]:
    """First column in Y of every group, a level each, and the most columns of a cluster."""
    used = np.full(n, p)
    starts = []
    for level, groups in zip(levels, members, strict=True):
        k = place[level.cluster[groups]]
        counts = np.bincount(k, minlength=n)
        order = np.argsort(k, kind="stable")
        rank = np.empty(len(k), dtype=np.intp)
        rank[order] = np.arange(len(k)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts.append(used[k] + rank * len(level.z))
        used = used + counts * len(level.z)
    return starts, int(used.max())


def _set(
    n: np.ndarray, k: np.ndarray, rows: np.ndarray, columns: np.ndarray, blocks: np.ndarray
) -> None:
    """Write blocks (a, b, J) and their mirror images into N of cluster k."""
    block = blocks.transpose(2, 0, 1)
    n[k[:, None, None], rows[:, :, None], columns[:, None, :]] = block
    n[k[:, None, None], columns[:, :, None], rows[:, None, :]] = block.transpose(0, 2, 1)


def _in_basis(n: np.ndarray, ye: np.ndarray, factor: np.ndarray, p: int) -> Coordinates:
    """Coordinates of clusters from N, Y'e and Λ of all columns of Y."""
    values, vectors = np.linalg.eigh(n)
    kept = values > ABSENT * values[:, -1:]
    length = np.sqrt(np.where(kept, values, 0.0))
    across = length[:, :, None] * vectors.transpose(0, 2, 1)
    e = np.einsum("kyr,ky->kr", vectors, ye) / np.where(kept, length, 1.0) * kept
    half = across @ factor
    v = half @ half.transpose(0, 2, 1) + np.eye(n.shape[1])
    return Coordinates(across[:, :, :p], v, e)
