"""R² of every subset of predictors, of the data and of clusters drawn again.

No row is touched: subsets are rows and columns of one matrix, drawn clusters count as often as they
were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.resampling.clusters import Clusters
from alliance_stats.lmm.resampling.draws import cluster_counts
from alliance_stats.lmm.subsets.criterion import SubsetCriterion
from alliance_stats.lmm.subsets.explained import explained
from alliance_stats.lmm.subsets.search import Solution, solve_subsets
from alliance_stats.lmm.subsets.sums import DataSums, GroupSums

#: Relative variance to start from.
START = 0.5
#: Predicted decrease of the deviance at which the searches end: of the data, of draws.
OF_DATA = 1e-10
OF_DRAWS = 1e-5
#: With more subsets than this the whole model is fitted first, for a better start.
MANY = 64
#: A variance below this has no ratio to another.
RATIO = 1e-4
#: Smallest eigenvalue of the columns' correlations that counts as not zero.
DEGENERATE = 1e-9


@dataclass(frozen=True, eq=False)
class Subsets:
    """Which columns each subset has, and which columns belong together.

    Attributes
    ----------
    masks : ndarray (A, p) of bool
    full : int
        Position of the subset with all columns.
    always : ndarray
        Columns that every subset has.
    blocks : sequence of ndarray
        The other columns, those in one array always together.
    """

    masks: np.ndarray
    full: int
    always: np.ndarray
    blocks: Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class SubsetFits:
    """All subsets fitted.

    Attributes
    ----------
    within, between : ndarray (A,)
        R² of the fixed part within the inner groups and between them.
    solution : Solution
    """

    within: np.ndarray
    between: np.ndarray
    solution: Solution


def fit_subsets(groups: GroupSums, subsets: Subsets) -> SubsetFits:
    """Fit every subset to the data."""
    sums = groups.draw(np.ones(groups.n_clusters))
    criterion = SubsetCriterion(sums, subsets.masks)
    start = np.full((len(subsets.masks), criterion.n_variances), START)
    found = solve_subsets(criterion, start, tolerance=OF_DATA)
    return SubsetFits(*explained(sums, found), found)


def refit_subsets(
    groups: GroupSums,
    subsets: Subsets,
    fits: SubsetFits,
    clusters: Clusters,
    *,
    n: int,
    rng: RandomSource,
) -> tuple[np.ndarray, np.ndarray]:
    """R² (n, A) within and between, of n draws of clusters; NaN where a fit has no end.

    Draw number k is the same whatever `n` is.
    """
    within = np.full((n, len(subsets.masks)), np.nan)
    between = within.copy()
    for number, counts in enumerate(cluster_counts(clusters, n, rng)):
        sums = groups.draw(counts.astype(float))
        kept = _kept(sums, subsets)
        if kept is None:
            continue
        masks = subsets.masks & kept
        try:
            found = _refit(sums, masks, subsets.full, fits.solution.theta)
        except np.linalg.LinAlgError:
            continue
        within[number], between[number] = explained(sums, found)
    return within, between


def _refit(sums: DataSums, masks: np.ndarray, full: int, theta: np.ndarray) -> Solution:
    """Fits of one draw, from the variances of the data.

    Where there are many subsets, from those times what the whole model's changed by.
    """
    start = theta
    if len(masks) > MANY:
        one = SubsetCriterion(sums, masks[full : full + 1])
        whole = solve_subsets(one, theta[full : full + 1], tolerance=OF_DRAWS)
        start = theta * np.maximum(whole.theta, RATIO) / np.maximum(theta[full], RATIO)
    return solve_subsets(SubsetCriterion(sums, masks), start, tolerance=OF_DRAWS)


def _kept(sums: DataSums, subsets: Subsets) -> np.ndarray | None:
    """Columns (p,) that a draw can tell apart, or None where predictors became collinear.

    A category that was not drawn leaves a column of zeros, or one that the others of its block
    determine: what the block explains is the same without it.
    """
    xx = sums.total[:-1, :-1]
    size = np.sqrt(np.maximum(np.diag(xx), np.finfo(float).tiny))
    scaled = xx / size[:, None] / size
    kept = np.ones(len(xx), dtype=bool)
    if np.linalg.eigvalsh(scaled)[0] > DEGENERATE:
        return kept
    fixed = _independent(scaled, [], subsets.always)
    chosen = [*fixed]
    for block in subsets.blocks:
        chosen += _independent(scaled, fixed, block)[len(fixed) :]
    kept[:] = False
    kept[chosen] = True
    whole = np.linalg.eigvalsh(scaled[np.ix_(chosen, chosen)])[0]
    return kept if whole > DEGENERATE else None


def _independent(scaled: np.ndarray, given: Sequence[int], columns: np.ndarray) -> list[int]:
    """The columns given, and those of the others that no columns before them determine."""
    kept = list(given)
    for column in columns.tolist():
        tried = [*kept, column]
        if np.linalg.eigvalsh(scaled[np.ix_(tried, tried)])[0] > DEGENERATE:
            kept.append(column)
    return kept
