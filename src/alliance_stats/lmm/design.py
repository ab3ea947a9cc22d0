"""From a formula and a frame to a design: the cross-products of a model.

Columns are standardised before any cross-product is formed and the results are transformed back,
so that a predictor in units of 1e-6 or 1e6 gives the same digits. The response is replaced by its
least-squares residuals, which keeps digits when its mean is large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError, FormulaError
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.parse import MixedFormula, RandomTerm, parse_formula
from alliance_stats.lmm.groups import (
    Grouping,
    check_enough_groups,
    crossing_messages,
    factorise,
    nesting_of,
    rows_by_group,
)
from alliance_stats.lmm.kernels import group_grams
from alliance_stats.lmm.nested import NestedProducts
from alliance_stats.lmm.rows import Rows, read_rows
from alliance_stats.lmm.scaling import (
    Scaling,
    redundant_columns,
    residualise,
    response_spread,
    standardise,
)
from alliance_stats.lmm.unique import UniqueColumns, random_terms, unique_columns

if TYPE_CHECKING:
    from alliance_stats.lmm.crossed import CrossedProducts

#: A residual below this share of the response's standard deviation is rounding.
NO_RESIDUAL = 1e-10
#: Random effects of crossed factors, but the largest, that are held in one dense matrix.
MAX_DENSE = 6_000


@dataclass(frozen=True, eq=False)
class Block:
    """One random term of a factor: effects that may correlate with each other.

    Attributes
    ----------
    names : tuple of str (q,)
        ``(Intercept)``, ``alliance_within``.
    columns : slice
        Its columns among those of the factor.
    transform : ndarray (q, q)
        Turns random effects of standardised columns into those of the original ones.
    """

    names: tuple[str, ...]
    columns: slice
    transform: np.ndarray


@dataclass(frozen=True, eq=False)
class Level:
    """The random effects of one grouping factor.

    Attributes
    ----------
    name : str
        The factor: ``patient``, ``therapist``, ``clinic:patient``.
    blocks : tuple of Block
        Usually one; several for ``||`` or several terms of the factor.
    labels : ndarray (G,)
        Labels of the groups, in the order of the cross-products.
    z : ndarray (q,)
        Positions of the columns among the unique columns.
    """

    name: str
    blocks: tuple[Block, ...]
    labels: np.ndarray
    z: np.ndarray

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of all random effects of the factor."""
        return tuple(name for block in self.blocks for name in block.names)


@dataclass(frozen=True, eq=False)
class MixedDesign:
    """All that the criterion needs of a model and its data. Holds no copy of the rows.

    Attributes
    ----------
    formula : MixedFormula
    names : tuple of str (p,)
        Names of the fixed effects.
    redundant : tuple of str
        Fixed effects left out because earlier ones determine them.
    levels : tuple of Level
        Innermost, or the one with most groups, first.
    products : NestedProducts or CrossedProducts
        Cross-products of the standardised unique columns: the p fixed ones, those of random
        terms only, and the response.
    transform : ndarray (p, p)
        Turns coefficients of the standardised columns into those of the original ones.
    least_squares : ndarray (p,)
        Coefficients taken out of the response before fitting.
    scale : float
        The response is divided by it.
    log_scales : float
        Sum of the logs of the fixed columns' scales: log|transform⁻¹|.
    memories : tuple of ColumnMemory
        What gives the same columns for other rows, the fixed ones first.
    rows : ndarray (n,)
        Positions in the frame of the rows used, in the frame's order.
    missing : dict of str to int
        Rows dropped for a missing value, by the column that was missing first.
    weights, offset : str or None
        Names of their columns.
    mean_weight, log_weights : float
        Mean of the weights, and the sum of the logs of weights / mean.
    crossings : tuple of str
        Which factors are crossed, in plain words.
    """

    formula: MixedFormula
    names: tuple[str, ...]
    redundant: tuple[str, ...]
    levels: tuple[Level, ...]
    products: NestedProducts | CrossedProducts
    transform: np.ndarray
    least_squares: np.ndarray
    scale: float
    log_scales: float
    memories: tuple[ColumnMemory, ...]
    rows: np.ndarray
    missing: dict[str, int]
    weights: str | None = None
    offset: str | None = None
    mean_weight: float = 1.0
    log_weights: float = 0.0
    crossings: tuple[str, ...] = ()

    @property
    def x(self) -> np.ndarray:
        """Positions (p,) of the fixed columns among the unique columns."""
        return np.arange(len(self.names))

    @property
    def y(self) -> int:
        """Position of the response: it is the last of the unique columns."""
        return len(self.products.total) - 1

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""
        return sum(self.missing.values())


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
            f"the formula has no random effects: {parsed}. "
            "Add a term such as (1 | patient); without one, use ordinary regression."
        )
    rows = read_rows(parsed, frame, weights, offset)
    terms = random_terms(parsed)
    factors = _factors(terms, rows.frame)
    ordered = [term for grouping, members in factors for term in members]
    columns = unique_columns(parsed, ordered, rows.frame)
    for term, block in zip(ordered, columns.blocks, strict=True):
        grouping = next(g for g, members in factors if term in members)
        check_enough_groups(grouping, len(rows.frame), len(block))
    groupings = [grouping for grouping, _ in factors]
    shape = _Shape(groupings, [len(members) for _, members in factors])
    return _assemble(parsed, columns, shape, rows, (weights, offset), ())


@dataclass(frozen=True, eq=False)
class _Shape:
    """The factors, the one with most groups first, and the number of terms of each."""

    groupings: list[Grouping]
    n_terms: list[int]

    def levels_of(self, blocks: list[list[int]]) -> list[list[list[int]]]:
        """The terms' blocks, by factor."""
        ends = np.cumsum([0, *self.n_terms])
        return [blocks[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def _factors(
    terms: list[RandomTerm], frame: pd.DataFrame
) -> list[tuple[Grouping, list[RandomTerm]]]:
    """Every grouping factor with its terms, the factor with most groups first."""
    members: dict[frozenset[str], list[RandomTerm]] = {}
    for term in terms:
        members.setdefault(frozenset(term.group), []).append(term)
    found = [(factorise(frame, group[0].group), group) for group in members.values()]
    return sorted(found, key=lambda pair: -pair[0].n)


def _assemble(
    formula: MixedFormula,
    columns: UniqueColumns,
    shape: _Shape,
    rows: Rows,
    names: tuple[str | None, str | None],
    redundant: tuple[str, ...],
) -> MixedDesign:
    """Sort, standardise, take out least squares, form the cross-products."""
    p, n = columns.p, len(rows.positions)
    if n <= p:
        raise DataError(
            f"{counted(n, 'complete row')} for {counted(p, 'fixed effect')}. "
            "Use fewer predictors, or more data."
        )
    order, starts = rows_by_group(shape.groupings[0])
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
        return _assemble(formula, columns.without(gone), shape, rows, names, (*redundant, *gone))
    least_squares, scale = residualise(unique, cross)
    if scale <= NO_RESIDUAL * spread:
        raise DataError(
            f"the fixed effects explain the response '{formula.response}' without any residual. "
            "A mixed model needs unexplained variation; is a predictor a copy of the response?"
        )
    blocks = shape.levels_of(columns.blocks)
    z = [np.array([j for block in level for j in block]) for level in blocks]
    products, orders = _products(unique, shape.groupings, z, order, starts)
    transform = scaling.transform(list(range(p)))
    return MixedDesign(
        formula=formula,
        names=columns.names[:p],
        redundant=redundant,
        levels=tuple(
            _level(columns, grouping, level, groups, scaling)
            for grouping, level, groups in zip(shape.groupings, blocks, orders, strict=True)
        ),
        products=products,
        transform=transform,
        least_squares=transform @ least_squares,
        scale=scale,
        log_scales=float(np.log(scaling.scales[:p]).sum()),
        memories=columns.memories,
        rows=rows.positions,
        missing=rows.missing,
        weights=names[0],
        offset=names[1],
        mean_weight=rows.mean_weight,
        log_weights=0.0 if weights is None else float(np.log(weights).sum()),
        crossings=()
        if isinstance(products, NestedProducts)
        else tuple(crossing_messages(shape.groupings)),
    )


def _products(
    unique: np.ndarray,
    groupings: list[Grouping],
    z: list[np.ndarray],
    order: np.ndarray | None,
    starts: np.ndarray,
) -> tuple[NestedProducts | CrossedProducts, list[np.ndarray]]:
    """The cross-products, and the order of every factor's groups in them."""
    nesting = nesting_of(groupings)
    if nesting is None:
        return _crossed(unique, groupings, z, order)
    grams = group_grams(unique, starts)
    first = nesting.orders[0]
    if np.any(first != np.arange(len(first))):
        grams = grams[:, :, first]
    return NestedProducts(grams, z, nesting.starts, nesting.parents), nesting.orders


def _crossed(
    unique: np.ndarray, groupings: list[Grouping], z: list[np.ndarray], order: np.ndarray | None
) -> tuple[CrossedProducts, list[np.ndarray]]:
    from alliance_stats.lmm.crossed import crossed_products

    dense = sum(g.n * len(columns) for g, columns in zip(groupings[1:], z[1:], strict=True))
    if dense > MAX_DENSE:
        rest = ", ".join(f"{counted(g.n, 'group')} of '{g.name}'" for g in groupings[1:])
        raise DataError(
            f"{dense:,} random effects of crossed factors ({rest}) are too many, at most "
            f"{MAX_DENSE:,} can be held beside those of '{groupings[0].name}'. Use fewer random "
            "slopes, or leave a factor out."
        )
    codes = [g.codes if order is None else g.codes[order] for g in groupings]
    return crossed_products(unique, codes, z), [np.arange(g.n) for g in groupings]


def _level(
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
