"""One factor read from the data, the first time or again: numeric columns, or codes of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import MAX_NAMES, all_finite, counted, numeric_column
from alliance_stats._base.errors import DataError, FormulaError
from alliance_stats.formula.memory import FactorMemory
from alliance_stats.formula.names import quote_name
from alliance_stats.formula.terms import Factor
from alliance_stats.formula.transforms import transform, transform_again

#: What to do about missing values: raise, or let the columns made of them be missing.
Missing = Literal["raise", "nan"]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The values of one factor.

    Attributes
    ----------
    memory : FactorMemory
        The names of its columns or levels, and what it took from all rows.
    columns : tuple of arrays
        The numeric columns; empty for a categorical factor.
    codes : array of int or None
        For a categorical factor the position in `memory.levels` of every row's level, -1 where
        it is missing.
    missing : bool
        Whether any of `codes` is missing.
    """

    memory: FactorMemory
    columns: tuple[np.ndarray, ...] = ()
    codes: np.ndarray | None = None
    missing: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numeric columns, or of the levels with the reference first."""
        return self.memory.names

    @property
    def n_levels(self) -> int:
        """Number of levels, 0 for a numeric factor."""
        return self.memory.n_levels

    def column(self, part: int) -> np.ndarray:
        """Numeric column `part`, or the indicator of level `part`."""
        if self.codes is None:
            return self.columns[part]
        indicator = self.codes == part
        return np.where(self.codes < 0, np.nan, indicator) if self.missing else indicator


def read_factor(frame: pd.DataFrame, factor: Factor) -> Values:
    """Read the column of `factor` and transform it.

    Text, object, category and boolean columns, and any column in ``C()``, are categorical:
    levels in sorted order (categories in their own order), the first one the reference, those
    that do not occur left out.

    Parameters
    ----------
    frame : DataFrame
        Holds the column, once, without missing values.
    factor : Factor

    Returns
    -------
    Values

    Raises
    ------
    DataError
        If the column is missing in part, of a wrong type, has one level only, or its
        transformation is not defined.
    FormulaError
        If the reference level does not occur.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.formula import Factor
    >>> frame = pd.DataFrame({"arm": ["waitlist", "cbt", "cbt"]})
    >>> read_factor(frame, Factor("arm", "C", "waitlist")).names
    ('arm[waitlist]', 'arm[cbt]')
    """
    column = frame[factor.column]
    _refuse_dates(column, factor.column)
    if factor.transform == "C" or (factor.transform is None and _is_categorical(column)):
        return _read_categorical(column, factor)
    columns, constants = transform(_read_numbers(frame, factor.column), factor)
    if factor.transform is None:
        names: tuple[str, ...] = (factor.column,)
    elif factor.transform in {"poly", "bs"}:
        names = tuple(f"{factor}{i + 1}" for i in range(len(columns)))
    else:
        names = (str(factor),)
    return Values(FactorMemory(factor, names, constants=constants), columns)


def read_again(frame: pd.DataFrame, memory: FactorMemory, *, missing: Missing = "raise") -> Values:
    """Read the column of a remembered factor from other rows, and compute the same columns.

    Parameters
    ----------
    frame : DataFrame
        Holds the column, once.
    memory : FactorMemory
        Of the rows read first.
    missing : {"raise", "nan"}
        What to do about missing values.

    Returns
    -------
    Values

    Raises
    ------
    DataError
        If the column is of another type, holds a level that is not remembered, is missing in
        part, or its transformation is not defined.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.formula import Factor
    >>> first = read_factor(pd.DataFrame({"arm": ["cbt", "pdt"]}), Factor("arm"))
    >>> read_again(pd.DataFrame({"arm": ["pdt", "pdt"]}), first.memory).codes
    array([1, 1])
    """
    factor = memory.factor
    column = frame[factor.column]
    _refuse_dates(column, factor.column)
    if factor.transform is None:
        _refuse_other_type(column, factor.column, categorical=bool(memory.levels))
    if memory.levels:
        return _categorical_again(column, memory, missing)
    x = _read_numbers(frame, factor.column, missing)
    return Values(memory, transform_again(x, factor, memory.constants))


def _refuse_other_type(column: pd.Series, name: str, *, categorical: bool) -> None:
    if _is_categorical(column) == categorical or not column.notna().any():
        return
    if categorical:
        was, advice = "categorical", "Convert it with .astype('category')"
    else:
        was, advice = "numeric", "Convert it with pandas.to_numeric"
    raise DataError(
        f"column '{name}' was {was} in the fitted rows and has type {column.dtype} in these. "
        f"{advice}."
    )


def _categorical_again(column: pd.Series, memory: FactorMemory, missing: Missing) -> Values:
    name = memory.factor.column
    own_codes, labels = _levels(column)
    position = {label: code for code, label in enumerate(memory.levels)}
    codes = np.array([*(position.get(label, -2) for label in labels), -1])[own_codes]
    unknown = np.flatnonzero(codes == -2)
    if len(unknown):
        n_unknown = sum(label not in position for label in labels)
        raise DataError(
            f"column '{name}' holds {counted(n_unknown, 'level')} that did not occur in the "
            f"fitted rows: {counted(len(unknown), 'row')} of {len(codes):,}, first at row "
            f"{unknown[0]} (counted from 0). Fitted were {_shown_levels(memory.levels)}. "
            "Correct the labels, or leave these rows out."
        )
    n_missing = int(np.count_nonzero(codes < 0))
    if missing == "raise":
        _refuse_missing(n_missing, len(codes), name)
    return Values(memory, codes=codes, missing=n_missing > 0)


def _is_categorical(column: pd.Series) -> bool:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype):
        return True
    if pd.api.types.is_object_dtype(dtype):
        return pd.api.types.infer_dtype(column, skipna=True) in {"string", "boolean", "empty"}
    return isinstance(dtype, pd.StringDtype)


def _refuse_dates(column: pd.Series, name: str) -> None:
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        raise DataError(
            f"column '{name}' holds dates or durations ({column.dtype}). Make a column of numbers, "
            "such as days since intake, and name that one."
        )


def _read_numbers(frame: pd.DataFrame, name: str, missing: Missing = "raise") -> np.ndarray:
    """The column as floats; missing values are refused, or NaN."""
    column = frame[name]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        values = column.to_numpy(dtype=float)
        if all_finite(values):
            return values
    if column.notna().any():
        _refuse_numbers_in_disguise(column, name)
        numeric_column(frame, name)
        values = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        values = np.full(len(column), np.nan)
    if missing == "raise":
        _refuse_missing(int(np.count_nonzero(np.isnan(values))), len(values), name)
    return values


def _refuse_numbers_in_disguise(column: pd.Series, name: str) -> None:
    """Raise for numbers kept as text, objects or categories, which are not to be guessed at."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return
    if pd.to_numeric(column.astype(object), errors="coerce").notna().equals(column.notna()):
        raise DataError(
            f"column '{name}' has type {column.dtype} but holds numbers. Convert it with "
            f"pandas.to_numeric, or write C({quote_name(name)}) if the numbers are names of groups."
        )


def _refuse_missing(n_missing: int, n_rows: int, name: str) -> None:
    if n_missing:
        raise DataError(
            f"column '{name}' is missing in {n_missing:,} of {n_rows:,} rows. "
            "Drop or impute these rows first."
        )


def _read_categorical(column: pd.Series, factor: Factor) -> Values:
    name = factor.column
    codes, labels = _levels(column)
    _refuse_missing(int(np.count_nonzero(codes < 0)), len(codes), name)
    if len(labels) < 2:
        raise DataError(
            f"categorical column '{name}' has {counted(len(labels), 'level')} in {len(codes):,} "
            "rows, two are needed. Leave the term out."
        )
    if len(set(labels)) < len(labels):
        raise DataError(
            f"categorical column '{name}' has levels that look alike, such as the number 1 and "
            f"the text '1': {len(labels):,} levels, {len(set(labels)):,} different as text. "
            "Rename or join them."
        )
    if factor.argument is not None:
        codes, labels = _reference_first(codes, labels, factor)
    names = tuple(f"{name}[{label}]" for label in labels)
    return Values(FactorMemory(factor, names, levels=tuple(labels)), codes=codes)


def _levels(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (-1 where missing) and labels of the levels that occur."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.intp)
        labels = [_label(level) for level in column.cat.categories]
        occurs = np.bincount(codes[codes >= 0], minlength=len(labels)) > 0
        renumbered = np.append(np.cumsum(occurs) - 1, -1)
        return renumbered[codes], [x for x, used in zip(labels, occurs, strict=True) if used]
    if pd.api.types.is_object_dtype(column.dtype):
        column = column.map(_label, na_action="ignore")
    codes, levels = pd.factorize(column, sort=True)
    return codes, [_label(level) for level in levels]


def _label(level: Any) -> str:
    """A level as text; 1.0 as ``1``."""
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level)


def _shown_levels(labels: Sequence[str]) -> str:
    """``3 levels: a, b, c``; many may be identifiers, so that they are only counted."""
    return f"{len(labels):,} levels" + (f": {', '.join(labels)}" * (len(labels) <= MAX_NAMES))


def _reference_first(
    codes: np.ndarray, labels: list[str], factor: Factor
) -> tuple[np.ndarray, list[str]]:
    """Put the named reference level first and keep the order of the others."""
    if factor.argument not in labels:
        raise FormulaError(
            f"{factor} names a reference level that does not occur: column '{factor.column}' has "
            f"{_shown_levels(labels)}. Name one of its levels."
        )
    first = labels.index(str(factor.argument))
    order = [first, *(i for i in range(len(labels)) if i != first)]
    new_code = np.empty(len(labels), dtype=np.intp)
    new_code[order] = np.arange(len(labels))
    return new_code[codes], [labels[i] for i in order]
