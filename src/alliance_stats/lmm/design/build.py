"""Building a design: from a formula and a frame to cross-products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError, FormulaError, UnsupportedError
from alliance_stats.formula.parse import MixedFormula, RandomTerm, parse_formula
from alliance_stats.lmm.algebra.derivatives import Products
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.design.groups import (
    Grouping,
    check_enough_groups,
    crossing_messages,
    factorise,
    nesting_of,
    rows_by_group,
)
from alliance_stats.lmm.design.mixed_design import Block, Level, MixedDesign
from alliance_stats.lmm.design.rows import Rows, read_rows
from alliance_stats.lmm.design.scaling import (
    Scaling,
    redundant_columns,
    residualise,
    response_spread,
    standardise,
)
from alliance_stats.lmm.design.unique import UniqueColumns, random_terms, unique_columns

#: A residual below this share of the response's range is rounding.
NO_RESIDUAL = 1e-10


def build_design(
    formula: str | MixedFormula,
    frame: pd.DataFrame,
    *,
    weights: str | None = None,
    offset: str | None = None,
) -> MixedDesign:
    """Check a formula against a frame and form the cross-products of the model.

    Parameters
    ----------
    formula : str or MixedFormula
        As in lme4: ``"phq9 ~ session + wai_within + (1 + wai_within | patient)"``.
    frame : DataFrame
        One row an observation. Rows with a missing value in a used column are dropped, counted.
    weights, offset : str, optional
        Columns of prior weights and of a known part of the response.

    Returns
    -------
    MixedDesign

    Raises
    ------
    FormulaError
        If the formula cannot be read or has no random effects, or a factor has the same random
        effect twice.
    DataError
        If a column is missing or not numeric where it must be; if the response or the column of
        a random effect is constant; if a fixed column is all but a combination of others; if
        there are too few groups or rows, or too many groups of crossed factors.
    ArgumentError
        If `weights` or `offset` is not a column's name.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    if not parsed.random:
        raise FormulaError(
            f"the formula has no random effects: {parsed}. Add a term such as (1 | patient), or "
            "give residual= to fit_lmm; without either, use ordinary regression."
        )
    rows = read_rows(parsed, frame, weights, offset)
    columns, shape = _read_columns(parsed, rows)
    order, starts = rows_by_group(shape.groupings[0])
    found = _standardised(parsed, columns, Layout(order, starts), rows)
    return _assemble(parsed, found, shape, rows, (weights, offset))


def build_ordered(
    formula: str | MixedFormula,
    frame: pd.DataFrame,
    layout_of: Callable[[Rows, list[Grouping], np.ndarray], Layout],
    *,
    also: Sequence[str] = (),
    weights: str | None = None,
    offset: str | None = None,
) -> tuple[MixedDesign, np.ndarray]:
    """As `build_design`, with rows in an order of the caller's; and the unique columns (m, n).

    Parameters
    ----------
    layout_of : callable
        Given the complete rows, the factors and the rank (n,) of every row's innermost group,
        returns the order of the rows and the first of every group.
    also : sequence of str
        Columns that rows must have besides those of the formula.

    Raises
    ------
    UnsupportedError
        If factors are crossed.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    rows = read_rows(parsed, frame, weights, offset, also)
    columns, shape = _read_columns(parsed, rows)
    rank = np.zeros(len(rows.frame), dtype=np.intp)
    if shape.groupings:
        nesting = nesting_of(shape.groupings)
        if nesting is None:
            raise UnsupportedError(
                f"a residual structure with crossed factors is not available. "
                f"{' '.join(crossing_messages(shape.groupings))} Leave a factor or residual= out."
            )
        rank = nesting.rank[shape.groupings[0].codes]
    layout = layout_of(rows, shape.groupings, rank)
    found = _standardised(parsed, columns, layout, rows)
    return _assemble(parsed, found, shape, rows, (weights, offset), by_rank=True), found.unique


def _read_columns(formula: MixedFormula, rows: Rows) -> tuple[UniqueColumns, Shape]:
    """The unique columns of a formula, and its factors. Raises DataError for too few groups."""
    columns, shape = columns_by_factor(formula, rows.frame)
    for grouping, blocks in zip(shape.groupings, shape.levels_of(columns.blocks), strict=True):
        for block in blocks:
            check_enough_groups(grouping, len(rows.frame), len(block))
    return columns, shape


def columns_by_factor(formula: MixedFormula, frame: pd.DataFrame) -> tuple[UniqueColumns, Shape]:
    """The unique columns of a formula, and its factors, the one with most groups first."""
    factors = _grouped_terms(random_terms(formula), frame)
    ordered = [term for _, members in factors for term in members]
    columns = unique_columns(formula, ordered, frame)
    return columns, Shape([g for g, _ in factors], [len(members) for _, members in factors])


@dataclass(frozen=True, eq=False)
class Layout:
    """Order that brings the rows of every group together (None: they are), and groups' starts."""

    order: np.ndarray | None
    starts: np.ndarray


@dataclass(frozen=True, eq=False)
class Shape:
    """The factors, the one with most groups first, and the number of terms of each."""

    groupings: list[Grouping]
    n_terms: list[int]

    def levels_of(self, blocks: list[list[int]]) -> list[list[list[int]]]:
        """The terms' blocks, by factor."""
        ends = np.cumsum([0, *self.n_terms])
        return [blocks[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def _grouped_terms(
    terms: list[RandomTerm], frame: pd.DataFrame
) -> list[tuple[Grouping, list[RandomTerm]]]:
    """Every grouping factor with its terms, the factor with most groups first."""
    members: dict[frozenset[str], list[RandomTerm]] = {}
    for term in terms:
        members.setdefault(frozenset(term.group), []).append(term)
    found = [(factorise(frame, group[0].group), group) for group in members.values()]
    return sorted(found, key=lambda pair: -pair[0].n)


@dataclass(frozen=True, eq=False)
class _Standard:
    """The unique columns, sorted and standardised, with the response's residuals in the last row.

    `columns` leaves out the `redundant` fixed effects; `order` and `starts` are those of the
    factor with most groups.
    """

    unique: np.ndarray
    columns: UniqueColumns
    redundant: tuple[str, ...]
    scaling: Scaling
    least_squares: np.ndarray
    scale: float
    order: np.ndarray | None
    starts: np.ndarray


def _assemble(
    formula: MixedFormula,
    found: _Standard,
    shape: Shape,
    rows: Rows,
    names: tuple[str | None, str | None],
    *,
    by_rank: bool = False,
) -> MixedDesign:
    """Form the cross-products, and keep the way back to the original units.

    With `by_rank` the rows are in the order in which the groups nest already.
    """
    p, scaling = found.columns.p, found.scaling
    blocks = shape.levels_of(found.columns.blocks)
    z = [np.array([j for block in level for j in block]) for level in blocks]
    products, orders, crossings = _products(found, shape.groupings, z, by_rank=by_rank)
    counts = np.diff(found.starts, append=len(rows.positions))
    transform = scaling.transform(list(range(p)))
    return MixedDesign(
        formula=formula,
        names=found.columns.names[:p],
        redundant=found.redundant,
        levels=tuple(
            level_of(found.columns, grouping, level, groups, scaling)
            for grouping, level, groups in zip(shape.groupings, blocks, orders, strict=True)
        ),
        products=products,
        transform=transform,
        least_squares=transform @ found.least_squares,
        scale=found.scale,
        log_scales=float(np.log(scaling.scales[:p]).sum()),
        memories=found.columns.memories,
        rows=rows.positions,
        counts=counts if by_rank else counts[orders[0]],
        missing=rows.missing,
        weights=names[0],
        offset=names[1],
        mean_weight=rows.mean_weight,
        log_weights=0.0 if rows.weights is None else float(np.log(rows.weights).sum()),
        crossings=crossings,
    )


def _standardised(
    formula: MixedFormula,
    columns: UniqueColumns,
    layout: Layout,
    rows: Rows,
    redundant: tuple[str, ...] = (),
) -> _Standard:
    """Sort the rows by group, weight and standardise the columns, take out least squares."""
    p, n = columns.p, len(rows.positions)
    if n <= p:
        raise DataError(
            f"{counted(n, 'complete row')} for {counted(p, 'fixed effect')}. "
            "Use fewer predictors, or more data."
        )
    order, starts = layout.order, layout.starts
    unique = np.empty((len(columns.arrays) + 1, n))
    for j, array in enumerate([*columns.arrays, rows.response]):
        unique[j] = array if order is None else array[order]
    weights = rows.weights if rows.weights is None or order is None else rows.weights[order]
    spread = response_spread(unique[-1], formula.response)
    scaling = standardise(unique[:-1], columns, weights)
    if weights is not None:
        unique[-1] *= np.sqrt(weights)
    cross = unique[:p] @ unique.T
    gone = redundant_columns(unique[:p], cross[:, :p], columns.names[:p])
    if gone:
        return _standardised(formula, columns.without(gone), layout, rows, (*redundant, *gone))
    least_squares, scale = residualise(unique, cross)
    if scale <= NO_RESIDUAL * spread:
        raise DataError(
            f"the fixed effects explain the response '{formula.response}' without any residual. "
            "A mixed model needs unexplained variation; is a predictor a copy of the response?"
        )
    return _Standard(unique, columns, redundant, scaling, least_squares, scale, order, starts)


def _products(
    found: _Standard, groupings: list[Grouping], z: list[np.ndarray], *, by_rank: bool
) -> tuple[Products, list[np.ndarray], tuple[str, ...]]:
    """The cross-products, the order of every factor's groups in them, and who crosses whom."""
    if not groupings:
        return NestedProducts(group_grams(found.unique, found.starts), [], [], []), [], ()
    nesting = nesting_of(groupings)
    if nesting is None:
        from alliance_stats.lmm.algebra.crossed import crossed_products

        order = found.order
        codes = [g.codes if order is None else g.codes[order] for g in groupings]
        crossed = crossed_products(found.unique, codes, z, [g.name for g in groupings])
        orders = [np.arange(g.n) for g in groupings]
        return crossed, orders, tuple(crossing_messages(groupings))
    grams = group_grams(found.unique, found.starts)
    first = nesting.orders[0]
    if not by_rank and np.any(first != np.arange(len(first))):
        grams = grams.take(first, axis=-1)
    return NestedProducts(grams, z, nesting.starts, nesting.parents), nesting.orders, ()


def level_of(
    columns: UniqueColumns,
    grouping: Grouping,
    blocks: list[list[int]],
    order: np.ndarray,
    scaling: Scaling,
) -> Level:
    """The random effects of one factor. Raises FormulaError for an effect given twice."""
    z = [j for block in blocks for j in block]
    twice = [columns.names[j] for j in dict.fromkeys(z) if z.count(j) > 1]
    if twice:
        raise FormulaError(
            f"grouping factor '{grouping.name}' has the random effect '{twice[0]}' in two terms. "
            "Their variances cannot be told apart: write (1 | g) + (0 + x | g), or (1 + x | g)."
        )
    ends = np.cumsum([0, *map(len, blocks)])
    return Level(
        name=grouping.name,
        blocks=tuple(
            Block(
                tuple(columns.names[j] for j in block),
                slice(int(first), int(first) + len(block)),
                scaling.transform(block),
            )
            for block, first in zip(blocks, ends, strict=False)
        ),
        labels=grouping.labels[order],
        z=np.array(z),
    )
