"""Means and covariances of a model's columns, by unit, from the cross-products of its groups.

The covariance of the columns over the rows is split as in an analysis of variance: within the
innermost groups, between these within the groups of the next factor, …, between the outermost
groups. The parts add up to the whole. With prior weights every moment is weighted by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.resampling.clusters import Clusters
from alliance_stats.lmm.resampling.crossed_responses import crossed_products_of

#: A part of a column below this share of its variance is rounding.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of the standardised unique columns over the rows.

    Of one data set or, with a leading axis, of groups drawn again.

    Attributes
    ----------
    mean : ndarray (…, m)
    covariance : ndarray (…, m, m)
        With divisor n − 1.
    parts : list of ndarray (…, m, m), or None
        The covariance within the innermost groups, then that between the groups of every factor,
        innermost first; None where factors cross.
    n : ndarray (…)
        Rows.
    weight : ndarray (…)
        Mean weight of the rows, in units of that of the fit.
    """

    mean: np.ndarray
    covariance: np.ndarray
    parts: list[np.ndarray] | None
    n: np.ndarray
    weight: np.ndarray


def column_moments(design: MixedDesign) -> Moments:
    """The moments of a design's columns.

    Raises
    ------
    UnsupportedError
        If the model has no intercept, fixed or random: then the means are not in the products.
    """
    one, products = _intercept(design), design.plain
    between = None
    if isinstance(products, NestedProducts):
        between = [(sums / sums[one]) @ sums.T for sums in _column_sums(products, one)]
    return _moments(products.total, between, one, np.asarray(design.n_obs))


def drawn_moments(criterion: Criterion, clusters: Clusters, counts: np.ndarray) -> Moments:
    """The moments of clusters drawn again, each as often as `counts` (n, C) says."""
    one, products = _intercept(criterion.design), criterion.design.products
    if not isinstance(products, NestedProducts):
        total = _drawn(clusters.sums(crossed_products_of(criterion).crossings.grams), counts)
        return _moments(total, None, one, counts @ clusters.rows)
    between = []
    for sums, of in zip(_column_sums(products, one), clusters.of, strict=True):
        starts = np.flatnonzero(np.diff(of, prepend=-1))
        squares = sums[:, None] * (sums / sums[one])
        between.append(_drawn(np.add.reduceat(squares, starts, axis=-1), counts))
    total = _drawn(clusters.sums(products.grams), counts)
    return _moments(total, between, one, counts @ clusters.rows)


def _drawn(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sums (n, m, m) of clusters' values (m, m, C), each as often as it was drawn."""
    flat = counts @ values.reshape(-1, values.shape[-1]).T
    return np.asarray(flat.reshape(len(counts), *values.shape[:-1]))


def _moments(
    total: np.ndarray, between: list[np.ndarray] | None, one: int, n: np.ndarray
) -> Moments:
    """Moments from the sums of products of all rows, and from those of the groups' means."""
    weight = total[..., one, one] / n
    mean = total[..., one, :] / total[..., one, one, None]
    whole = mean[..., :, None] * total[..., one, None, :]
    scale = (weight * (n - 1))[..., None, None]
    covariance = (total - whole) / scale
    if between is None:
        return Moments(mean, covariance, None, n, weight)
    sums = [total, *between, whole]
    parts = [(inside - outside) / scale for inside, outside in pairwise(sums)]
    return Moments(mean, covariance, parts, n, weight)


def _intercept(design: MixedDesign) -> int:
    """Position of the column of ones among the unique columns."""
    if INTERCEPT in design.names:
        return design.names.index(INTERCEPT)
    for level in design.levels:
        if INTERCEPT in level.effects:
            return int(level.z[level.effects.index(INTERCEPT)])
    raise UnsupportedError(
        "the model has no intercept, fixed or random, so the means of its columns are not known "
        "after the fit. Fit it with an intercept to say how much is explained."
    )


def _column_sums(products: NestedProducts, one: int) -> Iterator[np.ndarray]:
    """Sums (m, G_l) of the columns over the groups of every factor."""
    sums = products.grams[one]
    yield sums
    for starts in products.starts:
        sums = np.add.reduceat(sums, starts, axis=-1)
        yield sums


def shares_of_column(moments: Moments, column: int) -> np.ndarray:
    """Share of every part in a column's variance; zeros for a column that does not vary."""
    if moments.parts is None:
        return np.ones(1)
    variances = np.array([max(part[column, column], 0.0) for part in moments.parts])
    whole = variances.sum()
    if whole <= ROUNDING**2:
        return np.zeros(len(variances))
    kept = np.where(variances < ROUNDING * whole, 0.0, variances)
    return np.asarray(kept / kept.sum())
