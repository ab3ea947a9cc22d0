"""Nested: rows in clusters with values missing, as the two-level likelihood needs them.

A *cell* holds the rows of one cluster with one pattern of missing values: its count and sums, with
the mean products of each pattern over all clusters, are sufficient. Rows are kept for scores only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks, pattern_blocks

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of one group.

    Attributes
    ----------
    patterns : Blocks
        One block a pattern of missing values, over all clusters.
    size : array (cells,)
        Rows of each cell; cells are sorted by cluster.
    total : array (cells, p)
        Sums of rows; 0 where missing.
    pattern, cluster : array (cells,)
        Which pattern and which cluster it is.
    values : array (n, p)
        The rows; 0 where missing.
    cell : array (n,)
        The cell of each row.
    """

    patterns: Blocks
    size: Floats
    total: Floats
    pattern: Ints
    cluster: Ints
    values: Floats
    cell: Ints

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Which variables are there (cells, p)."""
        return self.patterns.observed[self.pattern]

    @cached_property
    def firsts(self) -> Ints:
        """The first cell of every cluster."""
        return np.flatnonzero(np.diff(self.cluster, prepend=-1))

    @cached_property
    def _by_pattern(self) -> tuple[Ints, Ints]:
        """Cells in the order of their patterns, and the first of each."""
        order = np.argsort(self.pattern, kind="stable").astype(np.intp)
        return order, np.flatnonzero(np.diff(self.pattern[order], prepend=-1))

    def sum_by_cluster(self, by_cell: Floats) -> Floats:
        """Sums (clusters, …) of what belongs to cells (cells, …)."""
        return np.add.reduceat(by_cell, self.firsts, axis=0)

    def sum_by_pattern(self, by_cell: Floats) -> Floats:
        """Sums (patterns, …) of what belongs to cells (cells, …)."""
        order, firsts = self._by_pattern
        return np.add.reduceat(by_cell[order], firsts, axis=0)


@dataclass(frozen=True, eq=False)
class Nested:
    """The clusters of every group. Parts of the model alternate: within, between, of each group.

    Attributes
    ----------
    groups : tuple of Clusters
    """

    groups: tuple[Clusters, ...]

    @property
    def n_rows(self) -> int:
        """Rows of the data."""
        return sum(group.patterns.n_rows for group in self.groups)

    @property
    def n_patterns(self) -> int:
        """Patterns of missing values, of all groups."""
        return sum(len(group.patterns.n) for group in self.groups)

    @property
    def log_constant(self) -> float:
        """What −2 log-likelihood holds besides, such as n p log 2π."""
        return sum(group.patterns.log_constant for group in self.groups)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return all(group.patterns.is_complete for group in self.groups)


def nested(rows: Floats, cluster: Ints, group: Ints, n_groups: int) -> Nested:
    """Rows (n, p), NaN where missing, in the clusters of groups."""
    parts = (group == g for g in range(n_groups))
    return Nested(tuple(_clusters(rows[own], cluster[own]) for own in parts))


def _clusters(rows: Floats, cluster: Ints) -> Clusters:
    patterns, pattern = pattern_blocks(rows, np.zeros(len(rows), dtype=np.intp), 1)
    number = np.unique(cluster, return_inverse=True)[1]
    n_patterns = len(patterns.n)
    cells, cell = np.unique(number * n_patterns + pattern, return_inverse=True)
    values = np.nan_to_num(rows, nan=0.0)
    total = np.stack([np.bincount(cell, column) for column in values.T], axis=1)
    size = np.bincount(cell).astype(np.float64)
    in_cluster, of_pattern = np.divmod(cells, n_patterns)
    return Clusters(patterns, size, total.astype(np.float64), of_pattern, in_cluster, values, cell)


def start_levels(data: Clusters) -> tuple[Floats, Floats]:
    """Covariances (2, p, p) and means (2, p) within and between, from the values that are there."""
    there = data.observed[data.cell].astype(np.float64)
    count = data.sum_by_cluster(data.size[:, None] * data.observed)
    seen = (count > 0).astype(np.float64)
    means = data.sum_by_cluster(data.total) / np.maximum(count, 1.0)
    away = (data.values - means[data.cluster[data.cell]]) * there
    pairs, shared = there.T @ there, np.maximum(seen.T @ seen, 1.0)
    within = away.T @ away / np.maximum(pairs - shared, np.maximum(pairs / 2.0, 1.0))
    mean = (means * seen).sum(axis=0) / seen.sum(axis=0)
    apart = (means - mean) * seen
    by_sampling = (1.0 / count[count > 0]).mean()
    between = apart.T @ apart / shared - within * by_sampling
    return np.stack([within, between]), np.stack([np.zeros_like(mean), mean])
