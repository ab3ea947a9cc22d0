"""One factor of a formula read from the data: its numeric columns, or its levels and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import MAX_NAMES, counted, numeric_column
from alliance_stats._base.errors import DataError, FormulaError
from alliance_stats.formula.names import quote_name
from alliance_stats.formula.terms import Factor
from alliance_stats.formula.transforms import transform


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The values of one factor.

    Attributes
    ----------
    names : tuple of str
        Names of the numeric columns, or of the levels with the reference first.
    columns : tuple of arrays
        The numeric columns; empty for a categorical factor.
    codes : array of int or None
        For a categorical factor the position in `names` of every row's level.
    """

    names: tuple[str, ...]
    columns: tuple[np.ndarray, ...] = ()
    codes: np.ndarray | None = None

    @property
    def n_levels(self) -> int:
        """Number of levels, 0 for a numeric factor."""
        return 0 if self.codes is None else len(self.names)

    def column(self, part: int) -> np.ndarray:
        """Numeric column `part`, or the indicator of level `part`."""
        return self.columns[part] if self.codes is None else self.codes == part


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
    columns = transform(_read_numbers(frame, factor.column), factor)
    if factor.transform is None:
        return Values((factor.column,), columns)
    if factor.transform in {"poly", "bs"}:
        return Values(tuple(f"{factor}{i + 1}" for i in range(len(columns))), columns)
    return Values((str(factor),), columns)


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


def _read_numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    column = frame[name]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        values = column.to_numpy(dtype=float)
        if np.isfinite(values).all():
            return values
    _refuse_numbers_in_disguise(column, name)
    numeric_column(frame, name)
    values = column.to_numpy(dtype=float, na_value=np.nan)
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
    if factor.argument is not None:
        codes, labels = _reference_first(codes, labels, factor)
    return Values(tuple(f"{name}[{label}]" for label in labels), codes=codes)


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


def _reference_first(
    codes: np.ndarray, labels: list[str], factor: Factor
) -> tuple[np.ndarray, list[str]]:
    """Put the named reference level first and keep the order of the others."""
    if factor.argument not in labels:
        seen = f": {', '.join(labels)}" if len(labels) <= MAX_NAMES else ""
        raise FormulaError(
            f"{factor} names a reference level that does not occur: column '{factor.column}' has "
            f"{len(labels)} levels{seen}. Name one of its levels."
        )
    first = labels.index(str(factor.argument))
    order = [first, *(i for i in range(len(labels)) if i != first)]
    new_code = np.empty(len(labels), dtype=np.intp)
    new_code[order] = np.arange(len(labels))
    return new_code[codes], [labels[i] for i in order]
