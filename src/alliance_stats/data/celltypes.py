"""Deciding whether a column of text cells holds numbers, without losing anything written."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: A number written like an identifier: 007, -01, 0x1F; and 12E4, which floats would change.
_LEADING_ZERO = r"^[+-]?0[0-9xX]"
_HEXADECIMAL = r"^[+-]?0[xX]"
_CODE_WITH_E = r"^[0-9]+[eE][0-9]+$"
#: More digits than a float holds: the cells would be rounded.
_MAX_DIGITS = 15
_FIRST_CELLS = 1000
_TRUE = ("True", "TRUE", "true")
_FALSE = ("False", "FALSE", "false")


def typed_column(cells: pa.ChunkedArray, *, number: bool, label: bool) -> pd.Series:
    """Numbers, truth values or text, whichever keeps what is written.

    Parameters
    ----------
    cells : ChunkedArray of string
        One column, missing cells already null.
    number : bool
        The column is known to hold numbers: ``01`` is 1.
    label : bool
        The column is known to hold identifiers or labels: only whole numbers without leading
        zeros become numbers.

    Returns
    -------
    Series
        Without either flag, a column becomes numeric when every observed cell is a number and
        none is written like an identifier (leading zeros, more than 15 digits, ``12E4``).
    """
    if cells.null_count == len(cells):
        return pd.Series([float("nan")] * len(cells), dtype=float)
    if not number and any_match(cells, _LEADING_ZERO):
        return as_text(cells)
    numbers = whole_numbers(cells)
    if numbers is None and not label:
        numbers = decimal_numbers(cells, number=number)
    if numbers is not None:
        return pd.Series(numbers.to_numpy())
    truth = None if label else truth_values(cells)
    return truth if truth is not None else as_text(cells)


def whole_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The cells as integers, or None if one is not a whole number of at most 15 digits."""
    if pc.max(pc.utf8_length(cells)).as_py() > _MAX_DIGITS or any_match(cells, _HEXADECIMAL):
        return None
    return cast_or_none(cells, pa.int64())


def decimal_numbers(cells: pa.ChunkedArray, *, number: bool) -> pa.ChunkedArray | None:
    """The cells as floats, or None if one is not a number or is written like an identifier."""
    floats = cast_or_none(cells, pa.float64())
    if floats is None:
        cells = without_spaces(cells)
        floats = cast_or_none(cells, pa.float64())
    if floats is None or number:
        return floats
    long_whole = rf"^[+-]?[0-9]{{{_MAX_DIGITS + 1},}}$"
    is_code = any_match(cells, _CODE_WITH_E) or any_match(cells, long_whole)
    return None if is_code or any_match(cells, _LEADING_ZERO) else floats


def without_spaces(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without spaces around them; blank cells and a lone point are missing."""
    trimmed = pc.utf8_trim_whitespace(cells)
    empty = pc.is_in(trimmed, value_set=pa.array(["", "."]))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def truth_values(cells: pa.ChunkedArray) -> pd.Series | None:
    """The cells as booleans, or None unless every cell is observed and a truth value."""
    if (
        cells.null_count
        or not pc.all(pc.is_in(cells, value_set=pa.array([*_TRUE, *_FALSE]))).as_py()
    ):
        return None
    return pd.Series(pc.is_in(cells, value_set=pa.array(_TRUE)).to_numpy(), dtype=bool)


def as_text(cells: pa.ChunkedArray) -> pd.Series:
    """The cells as pandas strings, as they are written."""
    return cells.to_pandas()


def any_match(cells: pa.ChunkedArray, pattern: str) -> bool:
    """Whether an observed cell matches the pattern."""
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())


def cast_or_none(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """The cells in another type, or None if one does not fit; the first few decide quickly."""
    if len(cells) > _FIRST_CELLS and cast_or_none(cells.slice(0, _FIRST_CELLS), kind) is None:
        return None
    try:
        return pc.cast(cells, kind)
    except pa.ArrowInvalid:
        return None
