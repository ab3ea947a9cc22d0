"""Sums over groups that a model with random intercepts needs, of the data and of groups redrawn.

With a random intercept only, a group enters through its size n and the sums s of its columns. All
groups of one size are weighted alike, so that one matrix Σ ss' a size is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.explained.null_model import response_of
from alliance_stats.lmm.resampling.clusters import clusters_of


@dataclass(frozen=True, eq=False)
class DataSums:
    """Sums of one data set. Columns are the fixed ones and, last, the response.

    Attributes
    ----------
    one : int
        Position of the column of ones.
    total : ndarray (m, m)
        Gram matrix of all rows.
    sizes, counts : ndarray (K,)
        Distinct numbers of rows of the inner groups, and how many groups have each.
    squares : ndarray (K, m, m)
        Σ ss' of the groups of each size.
    outer : ndarray (C, K, m), or None
        For every outer group, the sums of its rows in inner groups of each size; None for one
        factor.
    weights : ndarray (C,)
        How often each outer group counts.
    """

    one: int
    total: np.ndarray
    sizes: np.ndarray
    counts: np.ndarray
    squares: np.ndarray
    outer: np.ndarray | None
    weights: np.ndarray

    @property
    def n(self) -> float:
        """Rows."""
        return float(self.counts @ self.sizes)

    @property
    def within(self) -> np.ndarray:
        """Covariance (m, m) of the columns within inner groups, over n − 1."""
        return np.asarray((self.total - self._of_means) / (self.n - 1.0))

    @property
    def between(self) -> np.ndarray:
        """Covariance (m, m) of the means of inner groups, weighted by size, over n − 1."""
        sums = self.total[self.one]
        return np.asarray((self._of_means - np.outer(sums, sums) / self.n) / (self.n - 1.0))

    @property
    def _of_means(self) -> np.ndarray:
        """Σ ss'/n over the inner groups."""
        return np.asarray(np.tensordot(1.0 / self.sizes, self.squares, 1))


@dataclass(frozen=True, eq=False)
class GroupSums:
    """What `DataSums` are made of, by inner group and by cluster.

    Attributes
    ----------
    one : int
    of_size : list of ndarray
        The inner groups of each distinct size.
    sizes : ndarray (K,)
    squares : ndarray (G, m·m)
        ss' of every inner group.
    cluster : ndarray (G,)
        Cluster (group of the highest factor) of every inner group.
    grams : ndarray (C, m, m)
        Gram matrix of every cluster.
    outer : ndarray (C, K, m), or None
    """

    one: int
    of_size: list[np.ndarray]
    sizes: np.ndarray
    squares: np.ndarray
    cluster: np.ndarray
    grams: np.ndarray
    outer: np.ndarray | None

    @property
    def n_clusters(self) -> int:
        """Groups of the highest factor."""
        return len(self.grams)

    def draw(self, weights: np.ndarray) -> DataSums:
        """The data set in which every cluster counts as often as `weights` (C,) says."""
        each, m = weights[self.cluster], self.grams.shape[-1]
        squares = np.array([each[rows] @ self.squares[rows] for rows in self.of_size])
        kept = weights > 0
        return DataSums(
            one=self.one,
            total=np.tensordot(weights, self.grams, 1),
            sizes=self.sizes,
            counts=np.array([each[rows].sum() for rows in self.of_size]),
            squares=squares.reshape(-1, m, m),
            outer=None if self.outer is None else self.outer[kept],
            weights=weights[kept],
        )


def group_sums(criterion: Criterion) -> GroupSums:
    """The sums behind a model with a random intercept of one factor, or of two that nest.

    The response is put back in place of its residuals, in units of its standard deviation.

    Raises
    ------
    UnsupportedError
        For other random effects, three factors, crossed factors, prior weights, structured
        residuals or a model without a fixed intercept.
    """
    design = criterion.design
    products = design.products
    simple = all(level.effects == (INTERCEPT,) for level in design.levels)
    if not (simple and len(design.levels) in (1, 2) and isinstance(products, NestedProducts)):
        raise UnsupportedError(
            "all subsets of predictors can be fitted with random intercepts of one factor, or of "
            "two that nest. Leave random slopes and crossed factors out."
        )
    if design.weights or design.residual is not None or INTERCEPT not in design.names:
        raise UnsupportedError(
            "all subsets of predictors can be fitted with an intercept, and without prior weights "
            "or a structure of the residuals."
        )
    one = design.names.index(INTERCEPT)
    turn = np.eye(design.y + 1)
    turn[:, -1] = response_of(design)[0][:, 1]
    grams = np.einsum("ai,abg,bj->gij", turn, products.grams, turn, optimize=True)
    clusters = clusters_of(criterion)
    return _collected(one, grams, clusters.of[0], clusters.n, nested=len(design.levels) == 2)


def _collected(
    one: int, grams: np.ndarray, cluster: np.ndarray, n_clusters: int, *, nested: bool
) -> GroupSums:
    """Sums by size from the Gram matrices (G, m, m) of the inner groups."""
    sums, m = grams[:, one], grams.shape[-1]
    sizes, of_size = np.unique(np.rint(grams[:, one, one]), return_inverse=True)
    by_cluster = np.zeros((n_clusters, m, m))
    np.add.at(by_cluster, cluster, grams)
    outer = None
    if nested:
        outer = np.zeros((n_clusters, len(sizes), m))
        np.add.at(outer, (cluster, of_size), sums)
    return GroupSums(
        one=one,
        of_size=[np.flatnonzero(of_size == k) for k in range(len(sizes))],
        sizes=sizes,
        squares=(sums[:, :, None] * sums[:, None]).reshape(len(sums), -1),
        cluster=cluster,
        grams=by_cluster,
        outer=outer,
    )
