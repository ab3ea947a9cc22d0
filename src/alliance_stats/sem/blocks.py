"""Blocks: sufficient statistics of normal data, so that evaluations never touch rows.

Rows that obey the same normal distribution form a block: the rows of a group; the rows of a group
with the same variables missing; at two levels the deviations within clusters, and the means of
clusters of one size. A block's covariance is Σ_b = Σ_parts share · Σ_part, its mean likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Sufficient statistics of every block.

    Attributes
    ----------
    n : array (blocks,)
        Number of rows, or degrees of freedom.
    mean : array (blocks, p)
        Means; 0 where missing.
    scatter : array (blocks, p, p)
        Mean squares and products about the block's own mean; 0 where missing.
    share : array (blocks, parts)
        How much of each part's covariance is in the block's.
    mean_share : array (blocks, parts)
        The same of means.
    observed : array (blocks, p) of bool
        Which variables are there.
    log_constant : float
        What −2 log-likelihood holds besides, such as n p log 2π.
    n_rows : int
        Rows of the data.
    """

    n: Floats
    mean: Floats
    scatter: Floats
    share: Floats
    mean_share: Floats
    observed: NDArray[np.bool_]
    log_constant: float
    n_rows: int

    @cached_property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.observed.all())

    @cached_property
    def is_plain(self) -> bool:
        """Whether each part has one block and that is all of it."""
        return self.is_complete and np.array_equal(self.share, np.eye(len(self.share)))


LOG_2PI = float(np.log(2.0 * np.pi))


def complete_blocks(rows: Floats, group: NDArray[np.intp], n_groups: int) -> Blocks:
    """One block a group, from complete rows (n, p)."""
    p = rows.shape[1]
    means, scatters, counts = np.empty((n_groups, p)), np.empty((n_groups, p, p)), []
    for g in range(n_groups):
        own = rows if n_groups == 1 else rows[group == g]
        means[g] = own.mean(axis=0)
        centred = own - means[g]
        scatters[g] = centred.T @ centred / len(own)
        counts.append(float(len(own)))
    unit = np.eye(n_groups)
    observed = np.ones((n_groups, p), dtype=bool)
    constant = len(rows) * p * LOG_2PI
    return Blocks(np.array(counts), means, scatters, unit, unit, observed, constant, len(rows))


def pattern_blocks(
    rows: Floats, group: NDArray[np.intp], n_groups: int
) -> tuple[Blocks, NDArray[np.intp]]:
    """One block a pattern of missing values in a group; and the block of every row."""
    there = ~np.isnan(rows)
    keys = np.column_stack([group, np.packbits(there, axis=1)])
    patterns, first, block = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    block = block.reshape(-1)
    n = np.bincount(block, minlength=len(patterns)).astype(float)
    filled = np.where(there, rows, 0.0)
    order = np.argsort(block, kind="stable")
    starts = np.concatenate([[0], np.cumsum(n)[:-1]]).astype(np.intp)
    mean = np.add.reduceat(filled[order], starts, axis=0) / n[:, None]
    centred = np.where(there, filled - mean[block], 0.0)[order]
    scatter = np.stack([own.T @ own / len(own) for own in np.split(centred, starts[1:])])
    share = np.eye(n_groups)[group[first]]
    constant = float(there.sum()) * LOG_2PI
    return Blocks(n, mean, scatter, share, share, there[first], constant, len(rows)), block


def cluster_blocks(
    rows: Floats, cluster: NDArray[np.intp], group: NDArray[np.intp], n_groups: int
) -> Blocks:
    """Deviations within clusters, and cluster means by size, of every group.

    With n rows in J clusters of sizes s, Σ_W is seen n − J times, and √s times a cluster's mean
    has the covariance Σ_W + s Σ_B and the mean √s μ (McDonald & Goldstein, 1989, Br. J. Math.
    Stat. Psychol. 42, 215–232). Parts alternate: within, between, of each group.
    """
    n_clusters = int(cluster.max()) + 1
    sizes = np.bincount(cluster, minlength=n_clusters).astype(float)
    means = np.stack([np.bincount(cluster, column) for column in rows.T], axis=1) / sizes[:, None]
    deviations = rows - means[cluster]
    group_of = np.zeros(n_clusters, dtype=np.intp)
    group_of[cluster] = group
    found: list[_Level] = []
    for g in range(n_groups):
        own = group_of == g
        found += _levels(g, deviations[group == g], means[own], sizes[own])
    share = np.zeros((len(found), 2 * n_groups))
    mean_share = np.zeros_like(share)
    for b, one in enumerate(found):
        share[b, 2 * one.group : 2 * one.group + 2] = 1.0, one.size
        mean_share[b, 2 * one.group + 1] = np.sqrt(one.size)
    return Blocks(
        np.array([one.n for one in found]),
        np.stack([one.mean for one in found]),
        np.stack([one.scatter for one in found]),
        share,
        mean_share,
        np.ones((len(found), rows.shape[1]), dtype=bool),
        rows.size * LOG_2PI,
        len(rows),
    )


@dataclass(frozen=True, eq=False)
class _Level:
    """A block of a two-level model; deviations within clusters have the size 0."""

    group: int
    size: float
    n: float
    mean: Floats
    scatter: Floats


def _levels(group: int, deviations: Floats, means: Floats, sizes: Floats) -> list[_Level]:
    """Blocks of one group: deviations, then scaled cluster means of each size."""
    df = float(len(deviations) - len(sizes))
    scatter = deviations.T @ deviations / max(df, 1.0)
    found = [_Level(group, 0.0, df, np.zeros(means.shape[1]), scatter)] if df else []
    for size in np.unique(sizes):
        scaled = np.sqrt(size) * means[sizes == size]
        centre = scaled.mean(axis=0)
        spread = (scaled - centre).T @ (scaled - centre) / len(scaled)
        found.append(_Level(group, float(size), float(len(scaled)), centre, spread))
    return found
