"""The columns of a design matrix, of the rows that are fitted and again of other rows.

They are named, contiguous, and of full rank in their categorical factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, frame_given, name_list, one_of
from alliance_stats._base.errors import DataError, FormulaError
from alliance_stats.formula.coding import Parts, column_parts
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.read import Missing, Values, read_again, read_factor
from alliance_stats.formula.terms import Factor, Term

#: Rows times columns at most: 4 GB of numbers.
MAX_CELLS = 500_000_000

INTERCEPT = "(Intercept)"


@dataclass(frozen=True, slots=True, eq=False)
class DesignColumns:
    """The columns that terms ask for.

    Attributes
    ----------
    names : tuple of str
        ``(Intercept)``, ``x``, ``x:z``, ``g[level]``, ``poly(x, 2)1`` …
    columns : tuple of array of float (rows,)
        Not to be written into: a plain column shares the memory of the data.
    n_rows : int
    term_of_column : tuple of int
        For every column the position of its term, -1 for the intercept.
    memory : ColumnMemory
        What `same_columns` needs to compute the same columns for other rows.
    """

    names: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    n_rows: int
    term_of_column: tuple[int, ...]
    memory: ColumnMemory

    @property
    def matrix(self) -> np.ndarray:
        """The columns side by side (rows, columns): a read-only copy, contiguous by column."""
        matrix = np.empty((self.n_rows, len(self.columns)), order="F")
        for target, column in zip(matrix.T, self.columns, strict=True):
            target[:] = column
        matrix.flags.writeable = False
        return matrix


def design_columns(terms: Sequence[Term], intercept: bool, frame: pd.DataFrame) -> DesignColumns:
    """Compute the columns of a fixed part, or of the left of a random term.

    Categorical columns (text, object, category, boolean, or any in ``C()``) are coded by
    indicators against their reference level, by R's rules of marginality. An ordered category is
    coded in the same way.

    Parameters
    ----------
    terms : sequence of Term
        From a `MixedFormula`: ``formula.fixed.terms``, or ``.terms`` of a random term.
    intercept : bool
        Whether there is an intercept.
    frame : DataFrame
        Holds the columns used, without missing values in them.

    Returns
    -------
    DesignColumns

    Raises
    ------
    DataError
        If a column is absent, holds missing or infinite values, is of a wrong type, or cannot be
        transformed; if there are no rows; if the matrix would not fit in memory.
    FormulaError
        If a reference level does not occur, or two columns would have one name.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.formula import design_columns, parse_formula
    >>> frame = pd.DataFrame({"wai": [4.0, 5.0, 6.0], "arm": ["cbt", "pdt", "cbt"]})
    >>> fixed = parse_formula("phq9 ~ wai * arm").fixed
    >>> design_columns(fixed.terms, fixed.intercept, frame).names
    ('(Intercept)', 'wai', 'arm[pdt]', 'wai:arm[pdt]')
    """
    _rows_given(frame)
    factors = list(dict.fromkeys(factor for term in terms for factor in term.factors))
    columns_present(frame, dict.fromkeys(factor.column for factor in factors))
    values = [read_factor(frame, factor) for factor in factors]
    _check_size(terms, dict(zip(factors, values, strict=True)), len(frame))
    numbers = {factor: number for number, factor in enumerate(factors)}
    columns = column_parts(
        tuple(tuple(numbers[factor] for factor in term.factors) for term in terms),
        tuple(len(v.columns) for v in values),
        tuple(v.n_levels for v in values),
        intercept=intercept,
    )
    names = [":".join(values[f].names[k] for f, k in parts) for _, parts in columns]
    names = [INTERCEPT, *names] if intercept else names
    _refuse_repeated(names)
    of_term = [term for term, _ in columns]
    memory = ColumnMemory(
        names=tuple(names),
        term_of_column=tuple([-1, *of_term] if intercept else of_term),
        intercept=bool(intercept),
        factors=tuple(v.memory for v in values),
        parts=tuple(parts for _, parts in columns),
    )
    return _computed(memory, values, len(frame))


def same_columns(
    memory: ColumnMemory, frame: pd.DataFrame, *, missing: Missing = "raise"
) -> DesignColumns:
    """Compute the columns of `design_columns` for other rows, with what the first rows gave.

    Levels, means and standard deviations of ``scale``, and the bases of ``poly`` and ``bs`` are
    those of the first rows, whatever the other rows hold, as by R's predict().

    Parameters
    ----------
    memory : ColumnMemory
        ``design_columns(...).memory``.
    frame : DataFrame
        The other rows, with the columns ``memory.columns``.
    missing : {"raise", "nan"}, default "raise"
        Refuse missing values, or make the design columns that use them NaN in these rows.

    Returns
    -------
    DesignColumns
        With the same names, and the same memory.

    Raises
    ------
    DataError
        If a column is absent, of another type, holds infinite values or a level that did not
        occur in the first rows, or cannot be transformed; if values are missing and `missing` is
        "raise"; if there are no rows, or too many for memory.

    Warns
    -----
    DataWarning
        If values lie outside the range over which ``bs`` was made. Its outermost cubics go on.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.formula import design_columns, parse_formula, same_columns
    >>> frame = pd.DataFrame({"wai": [4.0, 5.0, 6.0], "arm": ["cbt", "pdt", "cbt"]})
    >>> fixed = parse_formula("phq9 ~ scale(wai) + arm").fixed
    >>> columns = design_columns(fixed.terms, fixed.intercept, frame)
    >>> new = pd.DataFrame({"wai": [7.0, None], "arm": ["pdt", "pdt"]})
    >>> same_columns(columns.memory, new, missing="nan").matrix
    array([[ 1.,  2.,  1.],
           [ 1., nan,  1.]])
    """
    one_of(missing, ("raise", "nan"), name="missing")
    _rows_given(frame)
    columns_present(frame, memory.columns)
    if len(frame) * len(memory.names) > MAX_CELLS:
        raise DataError(
            f"design matrix too large: {len(frame):,} rows and "
            f"{counted(len(memory.names), 'column')}. Give the rows in several parts."
        )
    values = [read_again(frame, factor, missing=missing) for factor in memory.factors]
    return _computed(memory, values, len(frame))


def _rows_given(frame: pd.DataFrame) -> None:
    frame_given(frame, name="frame")
    if not len(frame):
        raise DataError("no rows to compute a design from: the frame is empty. Check the filters.")


def _computed(memory: ColumnMemory, values: Sequence[Values], n_rows: int) -> DesignColumns:
    ones = [np.broadcast_to(1.0, (n_rows,))] if memory.intercept else []
    columns = [_product(parts, values) for parts in memory.parts]
    return DesignColumns(memory.names, (*ones, *columns), n_rows, memory.term_of_column, memory)


def _check_size(terms: Sequence[Term], values: dict[Factor, Values], n_rows: int) -> None:
    widest = max(values.values(), key=lambda v: v.n_levels, default=None)
    n_columns = sum(prod(len(values[f].names) for f in term.factors) for term in terms)
    if widest is not None and n_rows * n_columns > MAX_CELLS:
        factor = next(f for f, v in values.items() if v is widest)
        raise DataError(
            f"design matrix too large: {n_rows:,} rows and up to {n_columns:,} columns. "
            f"Check column '{factor.column}' with {len(widest.names):,} levels: an identifier "
            "belongs in a random term."
        )


def _refuse_repeated(names: list[str]) -> None:
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise FormulaError(
            f"two columns of the design would have the same name: {name_list(repeated)}. "
            "Use every column with one coding only, or rename a column of the data."
        )


def _product(parts: Parts, values: Sequence[Values]) -> np.ndarray:
    """One column: the numbers of the data themselves where it is no product."""
    (factor, part), *others = parts
    column = np.asarray(values[factor].column(part), dtype=float)
    for factor, part in others:
        column = column * values[factor].column(part)
    return column
