"""A sparse positive definite matrix: its determinant, solutions, and its inverse on its pattern.

Elimination in stages. A stage takes a set I of rows of which no two are linked, so that A_II is
diagonal, d. With W = A_RI/d over the rest R,

    log|A| = Σ log d + log|A_RR − W A_IR|,   x_I = c_I/d − W'x_R,   c_R ← c_R − W c_I,

and the inverse S follows backwards on the pattern, which holds all pairs of neighbours of I
(Takahashi, Fagan & Chin, 1973):

    S_RI = −S_RR W,   S_ii = 1/d_i − W_i'S_Ri.

Rows with few neighbours go first; what is left when no stage takes many rows is dense. Every stage
is a handful of array operations on positions that are found once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import solve_triangular

#: Rows with more neighbours wait for the dense end.
MOST_NEIGHBOURS = 16
#: A stage must take at least this share of the rows that are left.
SMALLEST_STAGE = 0.04
#: So few rows are left to the dense end at once.
SMALL = 64
#: Columns of the inverse that are solved for together.
AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Stage:
    """Positions of one stage among the entries of its matrix and of the next one.

    Attributes
    ----------
    inside, rest : ndarray
        Rows I and R.
    diagonal : ndarray (|I|,)
        Entries d.
    below, above : ndarray (k,)
        Entries A_RI and their mirror images A_IR.
    row, column : ndarray (k,)
        Their positions in R and in I.
    kept : ndarray
        Entries A_RR; they stand at `kept_next` in the next matrix.
    first, second, target : ndarray
        Pairs of entries of one column of A_RI, and where their product stands in the next matrix.
    n_next : int
        Entries of the next matrix.
    """

    inside: np.ndarray
    rest: np.ndarray
    diagonal: np.ndarray
    below: np.ndarray
    above: np.ndarray
    row: np.ndarray
    column: np.ndarray
    kept: np.ndarray
    kept_next: np.ndarray
    first: np.ndarray
    second: np.ndarray
    target: np.ndarray
    n_next: int


@dataclass(frozen=True, eq=False)
class SparsePattern:
    """Which entries of a symmetric matrix are not zero, and the stages of its elimination.

    Attributes
    ----------
    size : int
    row, column : ndarray (nnz,)
        Both triangles and the whole diagonal, sorted by row, then column.
    stages : tuple of Stage
    core : tuple of (int, ndarray, ndarray)
        Size, rows and columns of the dense end.
    """

    size: int
    row: np.ndarray
    column: np.ndarray
    stages: tuple[Stage, ...]
    core: tuple[int, np.ndarray, np.ndarray]

    def position(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Where entries stand."""
        keys = self.row.astype(np.int64) * self.size + self.column
        return np.searchsorted(keys, row.astype(np.int64) * self.size + column)

    @property
    def updates(self) -> int:
        """Products of entries in all stages."""
        return sum(len(stage.target) for stage in self.stages)


def sparse_pattern(size: int, row: np.ndarray, column: np.ndarray) -> SparsePattern:
    """Plan the elimination of a symmetric matrix from its entries off the diagonal.

    Parameters
    ----------
    size : int
    row, column : ndarray
        Both triangles, in any order, repeated or not; the diagonal is added.
    """
    row, column = _sorted(size, row, column)
    first = row, column
    stages = []
    n = size
    while n > SMALL:
        inside = _independent(n, row, column)
        if np.count_nonzero(inside) < SMALLEST_STAGE * n:
            break
        stage, row, column = _stage(row, column, inside)
        stages.append(stage)
        n = len(stage.rest)
    return SparsePattern(size, *first, tuple(stages), (n, row, column))


def _sorted(n: int, row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries sorted, each once, with the whole diagonal."""
    each = np.arange(n, dtype=np.int64)
    keys = np.unique(np.concatenate([row.astype(np.int64) * n + column, each * n + each]))
    return keys // n, keys % n


def _independent(n: int, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Rows with fewer neighbours than any of their neighbours, ties to the first: a mask (n,)."""
    neighbours = np.bincount(row, minlength=n) - 1
    rank = neighbours.astype(np.int64) * n + np.arange(n)
    seen = np.where(row == column, np.iinfo(np.int64).max, rank[column])
    least = np.minimum.reduceat(seen, np.flatnonzero(np.diff(row, prepend=-1)))
    return (rank < least) & (neighbours <= MOST_NEIGHBOURS)


def _stage(
    row: np.ndarray, column: np.ndarray, inside: np.ndarray
) -> tuple[Stage, np.ndarray, np.ndarray]:
    """One stage, and the entries of the matrix it leaves."""
    n = len(inside)
    rest = np.flatnonzero(~inside)
    place = np.empty(n, dtype=np.int64)
    place[inside] = np.arange(n - len(rest))
    place[rest] = np.arange(len(rest))
    below = np.flatnonzero(~inside[row] & inside[column])
    below = below[np.argsort(place[column[below]], kind="stable")]  # by I, then by R
    above = np.flatnonzero(inside[row] & ~inside[column])  # the same entries, mirrored
    in_row, in_column = place[row[below]], place[column[below]]
    first, second = pairs_within(in_column)
    kept = np.flatnonzero(~inside[row] & ~inside[column])
    kept_row, kept_column = place[row[kept]], place[column[kept]]
    m = len(rest)
    next_row, next_column = _sorted(
        m,
        np.concatenate([kept_row, in_row[first]]),
        np.concatenate([kept_column, in_row[second]]),
    )
    keys = next_row * m + next_column
    stage = Stage(
        inside=np.flatnonzero(inside),
        rest=rest,
        diagonal=np.flatnonzero((row == column) & inside[row]),
        below=below,
        above=above,
        row=in_row,
        column=in_column,
        kept=kept,
        kept_next=np.searchsorted(keys, kept_row * m + kept_column),
        first=first,
        second=second,
        target=np.searchsorted(keys, in_row[first] * m + in_row[second]),
        n_next=len(keys),
    )
    return stage, next_row, next_column


def pairs_within(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All ordered pairs of positions with the same value of a sorted array."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    counts = np.diff(starts, append=len(group))
    each = np.repeat(counts, counts)
    first = np.repeat(np.arange(len(group)), each)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(each) - each, each)
    return first, np.repeat(np.repeat(starts, counts), each) + offset


@dataclass(frozen=True, eq=False)
class SparseCholesky:
    """A matrix on a pattern, eliminated.

    Attributes
    ----------
    pattern : SparsePattern
    pivots : list of ndarray
        d of every stage.
    ratios : list of ndarray
        Entries of W of every stage.
    lower : ndarray
        Cholesky factor of the dense end.
    """

    pattern: SparsePattern
    pivots: list[np.ndarray]
    ratios: list[np.ndarray]
    lower: np.ndarray

    @property
    def logdet(self) -> float:
        """log|A|."""
        dense = 2.0 * np.log(np.diag(self.lower)).sum()
        return float(dense + sum(np.log(d).sum() for d in self.pivots))

    def solve(self, right: np.ndarray) -> np.ndarray:
        """A⁻¹ times a matrix (size, w)."""
        parts = []
        left = right
        for stage, ratio in zip(self.pattern.stages, self.ratios, strict=True):
            inside, left = left[stage.inside], left[stage.rest]
            left = left - _sums(stage.row, ratio[:, None] * inside[stage.column], len(left))
            parts.append(inside)
        x = _solved(self.lower, _solved(self.lower, left), trans="T")
        steps = zip(self.pattern.stages, self.ratios, self.pivots, parts, strict=True)
        for stage, ratio, pivot, inside in reversed(list(steps)):
            whole = np.empty((len(x) + len(inside), x.shape[1]))
            taken = _sums(stage.column, ratio[:, None] * x[stage.row], len(inside))
            whole[stage.inside], whole[stage.rest] = inside / pivot[:, None] - taken, x
            x = whole
        return np.asarray(x)

    def inverse(self) -> np.ndarray:
        """Entries of A⁻¹ on the pattern (nnz,)."""
        n, row, column = self.pattern.core
        half = _solved(self.lower, np.eye(n))
        entries = (half.T @ half)[row, column]
        for stage, ratio, pivot in reversed(
            list(zip(self.pattern.stages, self.ratios, self.pivots, strict=True))
        ):
            k = len(stage.below)
            crossing = -np.bincount(stage.first, ratio[stage.second] * entries[stage.target], k)
            inside = 1.0 / pivot - np.bincount(stage.column, ratio * crossing, len(pivot))
            whole = np.empty(len(stage.kept) + 2 * k + len(pivot))
            whole[stage.kept] = entries[stage.kept_next]
            whole[stage.below] = whole[stage.above] = crossing
            whole[stage.diagonal] = inside
            entries = whole
        return entries

    def inverse_at(self, row: np.ndarray, column: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Entries of A⁻¹ anywhere; `known` are those on the pattern. Others need solutions."""
        pattern = self.pattern
        at = np.minimum(pattern.position(row, column), len(pattern.row) - 1)
        found = known[at]
        off = np.flatnonzero((pattern.row[at] != row) | (pattern.column[at] != column))
        wanted, which = np.unique(column[off], return_inverse=True)
        off, which = off[np.argsort(which, kind="stable")], np.sort(which)
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            unit = np.zeros((pattern.size, len(part)))
            unit[part, np.arange(len(part))] = 1.0
            mine = slice(*np.searchsorted(which, [start, start + AT_ONCE]))
            found[off[mine]] = self.solve(unit)[row[off[mine]], which[mine] - start]
        return np.asarray(found)


def sparse_cholesky(pattern: SparsePattern, entries: np.ndarray) -> SparseCholesky:
    """Eliminate the matrix with these entries (nnz,) on the pattern.

    Raises LinAlgError if it is not positive definite.
    """
    pivots, ratios = [], []
    for stage in pattern.stages:
        pivot, below = entries[stage.diagonal], entries[stage.below]
        if not (pivot > 0).all():
            raise np.linalg.LinAlgError("matrix is not positive definite")
        ratio = below / pivot[stage.column]
        left = np.zeros(stage.n_next)
        left[stage.kept_next] = entries[stage.kept]
        left -= np.bincount(stage.target, ratio[stage.first] * below[stage.second], stage.n_next)
        pivots.append(pivot)
        ratios.append(ratio)
        entries = left
    n, row, column = pattern.core
    dense = np.zeros((n, n))
    dense[row, column] = entries
    return SparseCholesky(pattern, pivots, ratios, np.linalg.cholesky(dense))


def _sums(group: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Sums (n, w) of the rows of `values` by group."""
    return np.array([np.bincount(group, column, n) for column in values.T]).T


def _solved(lower: np.ndarray, right: np.ndarray, *, trans: Literal["N", "T"] = "N") -> np.ndarray:
    """A triangular system, which some versions of SciPy refuse where it has no rows."""
    if not len(right):
        return right
    return np.asarray(solve_triangular(lower, right, lower=True, trans=trans, check_finite=False))
