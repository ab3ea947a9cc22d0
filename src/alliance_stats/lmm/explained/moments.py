"""Means and covariances of a model's columns, by unit, from the cross-products of its groups.

The covariance of the columns over the rows is split as in an analysis of variance: within the
innermost groups, between these within the groups of the next factor, …, between the outermost
groups. The parts add up to the whole. With prior weights every moment is weighted by them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.design.mixed_design import MixedDesign

#: A part of a column below this share of its variance is rounding.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of the standardised unique columns over the rows.

    Attributes
    ----------
    mean : ndarray (m,)
    covariance : ndarray (m, m)
        With divisor n − 1.
    parts : list of ndarray (m, m), or None
        The covariance within the innermost groups, then that between the groups of every factor,
        innermost first; None where factors cross.
    n : int
        Rows.
    """

    mean: np.ndarray
    covariance: np.ndarray
    parts: list[np.ndarray] | None
    n: int


def column_moments(design: MixedDesign) -> Moments:
    """The moments of a design's columns.

    Raises
    ------
    UnsupportedError
        If the model has no intercept, fixed or random: then the means are not in the products.
    """
    one, total, n = _intercept(design), design.plain.total, design.n_obs
    mean = total[one] / n
    about_mean = total - n * np.outer(mean, mean)
    covariance = about_mean / (n - 1)
    if not isinstance(design.plain, NestedProducts):
        return Moments(mean, covariance, None, n)
    parts, inside = [], total
    for between in _between(design.plain, one):
        parts.append((inside - between) / (n - 1))
        inside = between
    parts.append((inside - n * np.outer(mean, mean)) / (n - 1))
    return Moments(mean, covariance, parts, n)


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


def _between(products: NestedProducts, one: int) -> list[np.ndarray]:
    """Σ_k s_k s_k'/n_k (m, m) over the groups of every factor, with s_k their column sums."""
    sums, found = products.grams[one], []
    for starts in (None, *products.starts):
        if starts is not None:
            sums = np.add.reduceat(sums, starts, axis=-1)
        found.append((sums / sums[one]) @ sums.T)
    return found


def shares_of_column(moments: Moments, column: int) -> np.ndarray:
    """Share of every part in a column's variance; zeros for a column that does not vary."""
    if moments.parts is None:
        return np.ones(1)
    variances = np.array([max(part[column, column], 0.0) for part in moments.parts])
    whole = variances.sum()
    if whole <= ROUNDING**2:
        return np.zeros(len(variances))
    shares = variances / whole
    return np.where(shares < ROUNDING, 0.0, shares)
