"""Cross-products of grouping factors that cross: who meets whom, and the products of their rows.

Factor 1 has the most groups. Z_R holds the columns of all groups of the other factors, over
factors, then effects, then groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.kernels import group_grams


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of a group of factor 1 and a group of one other factor that occur together.

    Attributes
    ----------
    first, other : ndarray (n_links,)
        The two groups of every pair, in the order of the first.
    products : ndarray (q_1, q_l, n_links)
        Z₁'Z_l over the rows of every pair.
    """

    first: np.ndarray
    other: np.ndarray
    products: np.ndarray


@dataclass(frozen=True, eq=False)
class Meetings:
    """Pairs of groups of two factors but the first that occur in the same rows.

    Attributes
    ----------
    first, second : int
        The factors, counted without factor 1.
    one, other : ndarray (n,)
        The two groups of every pair.
    blocks : ndarray (q_l, q_l', n)
        Z_l'Z_l' over the rows of every pair.
    """

    first: int
    second: int
    one: np.ndarray
    other: np.ndarray
    blocks: np.ndarray


@dataclass(frozen=True, eq=False)
class Crossings:
    """All cross-products of a model with crossed factors.

    Attributes
    ----------
    grams : ndarray (m, m, G_1)
        Gram matrices of the groups of factor 1.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones, factor 1 first.
    groups : sequence of int
        Number of groups of every factor.
    links : sequence of Links
        One a factor but the first.
    meetings : sequence of Meetings
        One an ordered pair of factors but the first, each with itself too: Z_R'Z_R.
    along : ndarray (Q, m)
        Z_R'U.
    """

    grams: np.ndarray
    z: Sequence[np.ndarray]
    groups: Sequence[int]
    links: Sequence[Links]
    meetings: Sequence[Meetings]
    along: np.ndarray

    @cached_property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) over all rows."""
        return np.asarray(self.grams.sum(axis=-1))

    @cached_property
    def starts(self) -> np.ndarray:
        """First column of every factor but the first in Z_R, and the end of the last."""
        widths = [len(z) * n for z, n in zip(self.z[1:], self.groups[1:], strict=True)]
        return np.cumsum([0, *widths])

    def columns_of(self, factor: int, groups: np.ndarray) -> np.ndarray:
        """Columns (q_l, …) of groups of a factor (counted without factor 1) in Z_R."""
        effects = np.arange(len(self.z[1 + factor])) * self.groups[1 + factor]
        return np.asarray(self.starts[factor] + effects[:, None] + groups)

    def scale(self, factors: Sequence[np.ndarray], matrix: np.ndarray) -> np.ndarray:
        """Λ' (Q, Q) of all factors but the first times a matrix with Q rows."""
        out = np.empty(matrix.shape)
        for k, factor in enumerate(factors[1:]):
            part = slice(self.starts[k], self.starts[k + 1])
            rows = matrix[part].reshape(len(factor), -1)
            out[part] = (factor.T @ rows).reshape(-1, matrix.shape[1])
        return out

    def by_group(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Rows of a matrix (Q, w) as one array (q_l, w, G_l) a factor but the first."""
        return [
            matrix[self.starts[k] : self.starts[k + 1]]
            .reshape(len(z), -1, matrix.shape[1])
            .transpose(0, 2, 1)
            for k, z in enumerate(self.z[1:])
        ]


def find_crossings(
    columns: np.ndarray, codes: Sequence[np.ndarray], z: Sequence[np.ndarray]
) -> Crossings:
    """Form the cross-products of crossed factors.

    Parameters
    ----------
    columns : ndarray (m, n)
        The unique columns, one a row, in any order of the rows of the data.
    codes : sequence of ndarray (n,)
        Group of every row, a factor each; the factor with most groups first.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones.
    """
    order, starts = cells_of(codes)
    cells = group_grams(columns[:, order], starts)
    members = [c[order[starts]] for c in codes]
    groups = [int(c.max()) + 1 for c in codes]
    return cross_cells(cells, members, groups, z, pair_cells(members, groups))


def cells_of(codes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Order (n,) that brings rows of the same groups of all factors together; first of each."""
    order = np.lexsort(tuple(reversed(codes)))
    new = np.any([np.diff(c[order], prepend=-1) != 0 for c in codes], axis=0)
    return order, np.flatnonzero(new)


@dataclass(frozen=True, eq=False)
class CellPairs:
    """The pairs of groups of two factors that occur together, and the pair of every cell.

    Attributes
    ----------
    one, other : ndarray (n,)
        The two groups of every pair.
    of_cell : ndarray (C,)
    """

    one: np.ndarray
    other: np.ndarray
    of_cell: np.ndarray


def pair_cells(
    members: Sequence[np.ndarray], groups: Sequence[int]
) -> dict[tuple[int, int], CellPairs]:
    """The pairs of every two factors of which at least one is not the first."""
    found = {}
    for i in range(len(groups)):
        for j in range(1, len(groups)):
            keys, of_cell = np.unique(
                members[i].astype(np.int64) * groups[j] + members[j], return_inverse=True
            )
            found[i, j] = CellPairs(keys // groups[j], keys % groups[j], of_cell)
    return found


def cross_cells(
    cells: np.ndarray,
    members: Sequence[np.ndarray],
    groups: Sequence[int],
    z: Sequence[np.ndarray],
    pairs: Mapping[tuple[int, int], CellPairs],
) -> Crossings:
    """Sum the Gram matrices (m, m, C) of cells over groups, links and meetings.

    Parameters
    ----------
    members : sequence of ndarray (C,)
        Group of every cell, a factor each; sorted by the first factor.
    groups : sequence of int
        Number of groups of every factor.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones.
    pairs : mapping
        From `pair_cells`.
    """
    grams = np.add.reduceat(cells, np.flatnonzero(np.diff(members[0], prepend=-1)), axis=-1)
    rest = range(1, len(groups))
    links = [Links(*_summed(cells, pairs[0, k], z[0], z[k])) for k in rest]
    meetings = [
        Meetings(i - 1, j - 1, *_summed(cells, pairs[i, j], z[i], z[j])) for i in rest for j in rest
    ]
    along = [
        np.array([np.bincount(members[k], c, groups[k]) for c in cells[row]]).T
        for k in rest
        for row in z[k]
    ]
    return Crossings(grams, z, groups, links, meetings, np.concatenate(along))


def _summed(
    cells: np.ndarray, pairs: CellPairs, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of groups of two factors, and the Gram matrices of cells summed over them."""
    sums = np.empty((len(rows), len(columns), len(pairs.one)))
    for a, row in enumerate(rows):
        for b, column in enumerate(columns):
            sums[a, b] = np.bincount(pairs.of_cell, cells[row, column], len(pairs.one))
    return pairs.one, pairs.other, sums
