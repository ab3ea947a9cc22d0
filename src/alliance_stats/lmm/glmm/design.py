"""The design of a generalised linear mixed model: rows, columns, groups, response.

As in `lmm.design`, but the rows are kept: their weights change with the linear predictor, so sums
over groups are formed at every step (`cells.Cells`). Columns are standardised all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError, FormulaError
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.parse import MixedFormula, parse_formula
from alliance_stats.lmm.algebra.derivatives import Products
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.design.build import Shape, columns_by_factor, level_of
from alliance_stats.lmm.design.groups import (
    Grouping,
    check_enough_groups,
    crossing_messages,
    nesting_of,
)
from alliance_stats.lmm.design.mixed_design import Level
from alliance_stats.lmm.design.rows import complete_rows
from alliance_stats.lmm.design.scaling import Scaling, redundant_columns, standardise
from alliance_stats.lmm.design.unique import UniqueColumns
from alliance_stats.lmm.glmm.cells import Cells, FromCells
from alliance_stats.lmm.glmm.families import Family
from alliance_stats.lmm.glmm.responses import Response, check_labels, read_response


@dataclass(frozen=True, eq=False)
class GlmmDesign:
    """All that the likelihood needs of a model and its data.

    Attributes
    ----------
    formula : MixedFormula
    names : tuple of str (p,)
        Names of the fixed effects.
    redundant : tuple of str
        Fixed effects left out because earlier ones determine them.
    levels : tuple of Level
        Innermost, or the one with most groups, first.
    cells : Cells
        Standardised columns of the rows, and their groups.
    response : Response
    transform : ndarray (p, p)
        Turns coefficients of the standardised columns into those of the original ones.
    memories : tuple of ColumnMemory
        What gives the same columns for other rows, the fixed ones first.
    rows : ndarray (n,)
        Positions in the frame of the rows used, in the frame's order.
    order : ndarray (n,)
        The rows of `cells` among the rows used.
    missing : dict of str to int
        Rows dropped for a missing value, by the column that was missing first.
    trials, offset : str or None
        Names of their columns.
    crossings : tuple of str
        Which factors are crossed, in plain words.
    """

    formula: MixedFormula
    names: tuple[str, ...]
    redundant: tuple[str, ...]
    levels: tuple[Level, ...]
    cells: Cells
    response: Response
    transform: np.ndarray
    memories: tuple[ColumnMemory, ...]
    rows: np.ndarray
    order: np.ndarray
    missing: dict[str, int]
    trials: str | None = None
    offset: str | None = None
    crossings: tuple[str, ...] = ()

    #: There are no residuals that could have a structure.
    residual: ClassVar[None] = None
    n_residual: ClassVar[int] = 0

    @property
    def fixed(self) -> np.ndarray:
        """Standardised fixed columns (p, n), sorted as the cells are."""
        return self.cells.columns[: len(self.names)]

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Columns of trials and offset."""
        return tuple(filter(None, [self.trials, self.offset]))

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""
        return sum(self.missing.values())


def build_glmm_design(
    formula: str | MixedFormula,
    frame: pd.DataFrame,
    family: Family,
    *,
    trials: str | None = None,
    offset: str | None = None,
) -> GlmmDesign:
    """Check a formula against a frame, standardise the columns, and sort the rows by group.

    Parameters, and errors raised, are those of `fit_glmm`.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    if not parsed.random:
        raise FormulaError(
            f"the formula has no random effects: {parsed}. "
            "Add a term such as (1 | patient); without one, use ordinary regression."
        )
    extra = {"trials": trials, "offset": offset}
    check_labels(frame, parsed.response, family)
    used, positions, missing = complete_rows(parsed, frame, extra)
    response = read_response(used, parsed.response, family, trials, offset)
    columns, shape = columns_by_factor(parsed, used)
    _check_groups(shape, columns, response)
    sorting = _sorting(shape.groupings)
    standard = _standardised(columns, sorting.order)
    p = standard.columns.p
    blocks = shape.levels_of(standard.columns.blocks)
    levels = tuple(
        level_of(standard.columns, grouping, level, order, standard.scaling)
        for grouping, level, order in zip(shape.groupings, blocks, sorting.labels, strict=True)
    )
    names = [g.name for g in shape.groupings]
    return GlmmDesign(
        formula=parsed,
        names=standard.columns.names[:p],
        redundant=standard.redundant,
        levels=levels,
        cells=_cells(standard.unique, [level.z for level in levels], sorting, names),
        response=response.sorted(sorting.order),
        transform=standard.scaling.transform(list(range(p))),
        memories=columns.memories,
        rows=positions,
        order=sorting.order,
        missing=missing,
        trials=trials,
        offset=offset,
        crossings=() if sorting.nested else tuple(crossing_messages(shape.groupings)),
    )


def _check_groups(shape: Shape, columns: UniqueColumns, response: Response) -> None:
    """Raise DataError for too few groups, or 0/1 rows with a group each."""
    n = len(response.y)
    for grouping, blocks in zip(shape.groupings, shape.levels_of(columns.blocks), strict=True):
        if grouping.n == n and response.is_zero_one:
            raise DataError(
                f"every group of '{grouping.name}' has one row of 0 or 1. Variation between "
                "groups cannot be told from chance then: leave the term out, or use a factor "
                "with several rows a group."
            )
        # counts can vary more than chance from row to row, so a group may have a single one
        spare = int(grouping.n == n)
        check_enough_groups(grouping, n + spare, max(map(len, blocks)))


@dataclass(frozen=True, eq=False)
class _Sorting:
    """Rows sorted by cell; members of cells; the order of every factor's groups; the products."""

    order: np.ndarray
    starts: np.ndarray
    members: list[np.ndarray]
    groups: list[int]
    labels: list[np.ndarray]
    parents: list[np.ndarray]
    firsts: list[np.ndarray]
    nested: bool


def _sorting(groupings: Sequence[Grouping]) -> _Sorting:
    groups = [g.n for g in groupings]
    nesting = nesting_of(groupings)
    if nesting is None:
        from alliance_stats.lmm.algebra.crossings import cells_of

        codes = [g.codes for g in groupings]
        order, starts = cells_of(codes)
        members = [c[order[starts]] for c in codes]
        labels = [np.arange(n) for n in groups]
        return _Sorting(order, starts, members, groups, labels, [], [], nested=False)
    place = nesting.rank[groupings[0].codes]
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    members = [np.arange(groups[0])]
    for parent in nesting.parents:
        members.append(parent[members[-1]])
    return _Sorting(
        order,
        starts,
        members,
        groups,
        nesting.orders,
        nesting.parents,
        nesting.starts,
        nested=True,
    )


@dataclass(frozen=True, eq=False)
class _Standard:
    unique: np.ndarray
    columns: UniqueColumns
    redundant: tuple[str, ...]
    scaling: Scaling


def _standardised(
    columns: UniqueColumns, order: np.ndarray, redundant: tuple[str, ...] = ()
) -> _Standard:
    """Sort and standardise the columns, without redundant fixed effects."""
    unique = np.array([array[order] for array in columns.arrays], dtype=float)
    unique = unique.reshape(len(columns.arrays), len(order))
    scaling = standardise(unique, columns, None)
    x = unique[: columns.p]
    gone = redundant_columns(x, x @ x.T, columns.names[: columns.p])
    if gone:
        return _standardised(columns.without(gone), order, (*redundant, *gone))
    return _Standard(unique, columns, redundant, scaling)


def _cells(
    unique: np.ndarray, z: Sequence[np.ndarray], sorting: _Sorting, names: list[str]
) -> Cells:
    products: FromCells = (
        partial(_nested, starts=sorting.firsts, parents=sorting.parents)
        if sorting.nested
        else _crossed(unique, z, sorting, names)
    )
    return Cells(unique, z, sorting.starts, sorting.members, sorting.groups, products)


def _nested(
    grams: np.ndarray,
    z: Sequence[np.ndarray],
    *,
    starts: Sequence[np.ndarray],
    parents: Sequence[np.ndarray],
) -> Products:
    return NestedProducts(grams, z, starts, parents)


def _crossed(
    unique: np.ndarray, z: Sequence[np.ndarray], sorting: _Sorting, names: list[str]
) -> FromCells:
    """Cross-products of crossed factors by a plan that is made once."""
    from alliance_stats.lmm.algebra.crossed import plan_elimination, replanned
    from alliance_stats.lmm.algebra.crossings import cross_cells, pair_cells

    members, groups = sorting.members, sorting.groups
    pairs = pair_cells(members, groups)
    grams = group_grams(unique, sorting.starts)
    plan = plan_elimination(cross_cells(grams, members, groups, z, pairs), names)

    def products(grams: np.ndarray, z: Sequence[np.ndarray]) -> Products:
        return replanned(plan, cross_cells(grams, members, groups, z, pairs))

    return products
