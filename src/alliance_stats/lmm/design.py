"""From a formula and a frame to a design: Gram matrices of the innermost groups and their nesting.

Columns are standardised before any cross-product is formed and the results are transformed back,
so that a predictor in units of 1e-6 or 1e6 gives the same digits. The response is replaced by its
least-squares residuals, which keeps digits when its mean is large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, frame_given, numeric_column
from alliance_stats._base.errors import DataError, FormulaError, UnsupportedError
from alliance_stats.formula.columns import INTERCEPT, design_columns
from alliance_stats.formula.parse import MixedFormula, RandomTerm, parse_formula
from alliance_stats.lmm.groups import (
    Grouping,
    Nesting,
    check_enough_groups,
    factorise,
    nesting_of,
)
from alliance_stats.lmm.kernels import group_grams
from alliance_stats.lmm.scaling import Scaling, UniqueColumns, residualise, standardise


@dataclass(frozen=True, eq=False)
class Level:
    """The random effects of one grouping factor.

    Attributes
    ----------
    name : str
        The factor: ``patient``, ``therapist``, ``clinic:patient``.
    terms : tuple of str
        Names of the random effects: ``(Intercept)``, ``alliance_within``.
    labels : ndarray (G,) of object
        Labels of the groups, in the order of the Gram matrices.
    z : ndarray (q,)
        Positions of the columns among the unique columns.
    transform : ndarray (q, q)
        Turns random effects of standardised columns into those of the original ones.
    """

    name: str
    terms: tuple[str, ...]
    labels: np.ndarray
    z: np.ndarray
    transform: np.ndarray


@dataclass(frozen=True, eq=False)
class MixedDesign:
    """All that the criterion needs of a model and its data. Holds no copy of the rows.

    Attributes
    ----------
    formula : MixedFormula
    names : tuple of str (p,)
        Names of the fixed effects.
    levels : tuple of Level
        Innermost first.
    x : ndarray (p,)
        Positions of the fixed columns among the unique columns.
    y : int
        Position of the response.
    grams : ndarray (m, m, G)
        Gram matrices of the standardised unique columns, one an innermost group.
    starts : tuple of ndarray
        For every level but the innermost: the first child of each group.
    parents : tuple of ndarray
        For every level but the outermost: the parent of each group.
    transform : ndarray (p, p)
        Turns coefficients of the standardised columns into those of the original ones.
    offset : ndarray (p,)
        Least-squares coefficients taken out of the response before fitting.
    scale : float
        The response is divided by it.
    log_scales : float
        Sum of the logs of the fixed columns' scales: log|transform⁻¹|.
    rows : ndarray (n,)
        Positions in the frame of the rows used, in the frame's order.
    missing : dict of str to int
        Rows dropped for a missing value, by the column that was missing first.
    """

    formula: MixedFormula
    names: tuple[str, ...]
    levels: tuple[Level, ...]
    x: np.ndarray
    y: int
    grams: np.ndarray
    starts: tuple[np.ndarray, ...]
    parents: tuple[np.ndarray, ...]
    transform: np.ndarray
    offset: np.ndarray
    scale: float
    log_scales: float
    rows: np.ndarray
    missing: dict[str, int]

    @property
    def z(self) -> list[np.ndarray]:
        """Positions of every level's columns."""
        return [level.z for level in self.levels]

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""
        return sum(self.missing.values())


def build_design(formula: str | MixedFormula, frame: pd.DataFrame) -> MixedDesign:
    """Check a formula against a frame and form the cross-products of the model.

    Parameters
    ----------
    formula : str or MixedFormula
        As in lme4: ``"phq9 ~ session + wai_within + (1 + wai_within | patient)"``.
    frame : DataFrame
        One row an observation. Rows with a missing value in a used column are dropped, counted.

    Returns
    -------
    MixedDesign

    Raises
    ------
    FormulaError
        If the formula cannot be read or has no random effects.
    DataError
        If a column is missing, not numeric where it must be, constant, or collinear, or if there
        are too few groups or rows.
    UnsupportedError
        For crossed factors, ``||`` and several terms of one grouping factor.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    frame_given(frame, name="data")
    _check(parsed, frame)
    used, rows, missing = _complete_rows(parsed, frame)
    groupings = [factorise(used, term.group) for term in parsed.random]
    innermost_first = sorted(range(len(groupings)), key=lambda i: -groupings[i].n)
    groupings = [groupings[i] for i in innermost_first]
    columns = _unique_columns(parsed, used, [parsed.random[i] for i in innermost_first])
    for grouping, block in zip(groupings, columns.blocks, strict=True):
        check_enough_groups(grouping, len(used), len(block))
    response = used[parsed.response].to_numpy(dtype=float)
    return _assemble(parsed, columns, groupings, response, rows, missing)


def _check(formula: MixedFormula, frame: pd.DataFrame) -> None:
    """Refuse what the engine cannot fit, before touching the data."""
    if not formula.random:
        raise FormulaError(
            f"the formula has no random effects: {formula}. "
            "Add a term such as (1 | patient); without one, use ordinary regression."
        )
    seen: set[frozenset[str]] = set()
    for term in formula.random:
        if not term.correlated and len(term.terms) + term.intercept > 1:
            raise UnsupportedError(
                f"uncorrelated random effects (||) are not available yet: {term}. "
                "Use a single bar, which also estimates the correlations."
            )
        if frozenset(term.group) in seen:
            raise UnsupportedError(
                f"grouping factor '{':'.join(term.group)}' has several random terms. "
                "Put its effects into one term, such as (1 + x | patient)."
            )
        seen.add(frozenset(term.group))
    columns_present(frame, formula.columns)
    numeric_column(frame, formula.response, what="response")


def _complete_rows(
    formula: MixedFormula, frame: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray, dict[str, int]]:
    """The used columns of the complete rows, their positions, and counts of the others."""
    used = frame[list(formula.columns)]
    if not len(used):
        raise DataError("the data have no rows. Check the file or the filter before the fit.")
    gone = used.isna().to_numpy()
    incomplete = gone.any(axis=1)
    if not incomplete.any():
        return used, np.arange(len(used)), {}
    counts = np.bincount(gone[incomplete].argmax(axis=1), minlength=gone.shape[1])
    missing = {c: int(n) for c, n in zip(used.columns, counts, strict=True) if n}
    if incomplete.all():
        raise DataError(
            f"no complete row is left of {counted(len(used), 'row')} "
            f"({', '.join(f'{c} missing: {n:,}' for c, n in missing.items())}). "
            "Check the columns of the formula."
        )
    rows = np.flatnonzero(~incomplete)
    return used.iloc[rows], rows, missing


def _unique_columns(
    formula: MixedFormula, frame: pd.DataFrame, random: list[RandomTerm]
) -> UniqueColumns:
    """The fixed columns, then those that only random terms use, each once."""
    fixed = design_columns(formula.fixed.terms, formula.fixed.intercept, frame)
    names = list(fixed.names)
    arrays = [fixed.matrix[:, j] for j in range(len(names))]
    blocks = [_block(term, frame, names, arrays) for term in random]
    return UniqueColumns(tuple(names), arrays, len(fixed.names), blocks)


def _block(
    term: RandomTerm, frame: pd.DataFrame, names: list[str], arrays: list[np.ndarray]
) -> list[int]:
    """Positions of a random term's columns among the unique ones, which grow as needed."""
    wanted = [INTERCEPT] * term.intercept + [str(t) for t in term.terms]
    if all(name in names for name in wanted):
        return [names.index(name) for name in wanted]
    columns = design_columns(term.terms, term.intercept, frame)
    for j, name in enumerate(columns.names):
        if name not in names:
            names.append(name)
            arrays.append(columns.matrix[:, j])
        elif not np.array_equal(arrays[names.index(name)], columns.matrix[:, j]):
            raise FormulaError(
                f"two different columns of the design are named '{name}'. "
                "Rename a column of the data."
            )
    return [names.index(name) for name in columns.names]


def _assemble(
    formula: MixedFormula,
    columns: UniqueColumns,
    groupings: list[Grouping],
    response: np.ndarray,
    rows: np.ndarray,
    missing: dict[str, int],
) -> MixedDesign:
    """Sort, standardise, take out least squares, form the Gram matrices."""
    p, n = columns.p, len(rows)
    if n <= p:
        raise DataError(
            f"{counted(n, 'complete row')} for {counted(p, 'fixed effect')}. "
            "Use fewer predictors, or more data."
        )
    order = _row_order(groupings[0].codes)
    unique = np.empty((len(columns.arrays) + 1, n))
    for j, array in enumerate([*columns.arrays, response]):
        unique[j] = array if order is None else array[order]
    scaling = standardise(unique[:-1], columns)
    offset, scale = residualise(unique, columns.names[:p], formula.response)
    grams = group_grams(unique, _group_starts(groupings[0].codes, order))
    nesting = nesting_of(groupings)
    first = nesting.orders[0]
    if np.any(first != np.arange(len(first))):
        grams = grams[:, :, first]
    transform = scaling.transform(list(range(p)))
    return MixedDesign(
        formula=formula,
        names=columns.names[:p],
        levels=_levels(columns, groupings, nesting, scaling),
        x=np.arange(p),
        y=len(columns.names),
        grams=grams,
        starts=tuple(nesting.starts),
        parents=tuple(nesting.parents),
        transform=transform,
        offset=transform @ offset,
        scale=scale,
        log_scales=float(np.log(scaling.scales[:p]).sum()),
        rows=rows,
        missing=missing,
    )


def _levels(
    columns: UniqueColumns, groupings: list[Grouping], nesting: Nesting, scaling: Scaling
) -> tuple[Level, ...]:
    """The random effects of every factor, innermost first."""
    return tuple(
        Level(
            name=grouping.name,
            terms=tuple(columns.names[j] for j in block),
            labels=grouping.labels[order],
            z=np.array(block),
            transform=scaling.transform(block),
        )
        for grouping, block, order in zip(groupings, columns.blocks, nesting.orders, strict=True)
    )


def _row_order(codes: np.ndarray) -> np.ndarray | None:
    """Order that brings the rows of a group together, or None if they are already."""
    if np.all(codes[1:] >= codes[:-1]):
        return None
    return np.argsort(codes, kind="stable")


def _group_starts(codes: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """First position of every group in the sorted rows; groups are numbered by appearance."""
    sorted_codes = codes if order is None else codes[order]
    return np.concatenate([[0], np.flatnonzero(np.diff(sorted_codes)) + 1])
