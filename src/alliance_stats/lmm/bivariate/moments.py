"""Sufficient statistics of two responses in nested groups: within groups, and by group size.

With covariance matrices Σ₁ of rows, Σ₂ of groups and Σ₃ of groups of groups the likelihood needs
the deviations from group means once, and of the means only their products by group size, and
their sums by group of groups and size (McDonald & Goldstein, 1989, Br. J. Math. Stat. Psychol. 42,
215–232).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums of group means over the groups of one size in one group of groups.

    Attributes
    ----------
    size, outer : ndarray (c,) of int
        Position of the size among the sizes; group of groups.
    count : ndarray (c,)
        Groups.
    x, y : ndarray (c, p), (c, 2)
        Sums of the groups' means.
    n_outer : int
    """

    size: np.ndarray
    outer: np.ndarray
    count: np.ndarray
    x: np.ndarray
    y: np.ndarray
    n_outer: int


@dataclass(frozen=True, eq=False)
class Moments:
    """What the likelihood needs of the data.

    Attributes
    ----------
    n_rows, n_groups : int
    within_xx, within_xy, within_yy : ndarray (p, p), (p, 2), (2, 2)
        Products of deviations from group means.
    sizes, counts : ndarray (u,)
        Distinct group sizes, and how many groups have them.
    between_xx, between_xy, between_yy : ndarray (u, p, p), (u, p, 2), (u, 2, 2)
        Products of group means by size.
    cells : Cells or None
        Without groups of groups None.
    """

    n_rows: int
    n_groups: int
    within_xx: np.ndarray
    within_xy: np.ndarray
    within_yy: np.ndarray
    sizes: np.ndarray
    counts: np.ndarray
    between_xx: np.ndarray
    between_xy: np.ndarray
    between_yy: np.ndarray
    cells: Cells | None

    @property
    def n_levels(self) -> int:
        """Covariance matrices: two, or three with groups of groups."""
        return 2 if self.cells is None else 3


def moments_of(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, outer: np.ndarray | None = None
) -> Moments:
    """Moments of responses (n, 2) and regressors (n, p).

    Parameters
    ----------
    x, y : ndarray (n, p), (n, 2)
    group : ndarray (n,) of int
        Codes 0, 1, … without gaps.
    outer : ndarray (n,) of int, optional
        Codes of groups of groups, constant within a group.
    """
    n, p = x.shape
    m = int(group.max()) + 1
    rows = np.column_stack([x, y])
    number = np.bincount(group, minlength=m)
    means = np.column_stack([np.bincount(group, column, m) for column in rows.T]) / number[:, None]
    left = rows - means[group]
    within = left.T @ left
    sizes, of_size = np.unique(number, return_inverse=True)
    between = np.zeros((len(sizes), p + 2, p + 2))
    for place in range(len(sizes)):
        chosen = means[of_size == place]
        between[place] = chosen.T @ chosen
    cells = None
    if outer is not None:
        of_group = np.zeros(m, dtype=np.intp)
        of_group[group] = outer
        cells = _cells(means, of_size, of_group, p)
    return Moments(
        n_rows=n, n_groups=m,
        within_xx=within[:p, :p], within_xy=within[:p, p:], within_yy=within[p:, p:],
        sizes=sizes.astype(float), counts=np.bincount(of_size).astype(float),
        between_xx=between[:, :p, :p], between_xy=between[:, :p, p:],
        between_yy=between[:, p:, p:], cells=cells,
    )  # fmt: skip


def _cells(means: np.ndarray, of_size: np.ndarray, of_group: np.ndarray, p: int) -> Cells:
    """Sums of means by group of groups and size."""
    n_sizes = int(of_size.max()) + 1
    keys, cell = np.unique(of_group * n_sizes + of_size, return_inverse=True)
    sums = np.column_stack([np.bincount(cell, column) for column in means.T])
    return Cells(
        size=keys % n_sizes,
        outer=keys // n_sizes,
        count=np.bincount(cell).astype(float),
        x=sums[:, :p],
        y=sums[:, p:],
        n_outer=int(of_group.max()) + 1,
    )
