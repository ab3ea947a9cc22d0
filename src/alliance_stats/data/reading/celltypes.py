"""Deciding whether a column of text cells holds numbers, without losing anything written."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from alliance_stats._base.checks import agree, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.cell_bytes import hexadecimal, holds_any, leading_zero, longest
from alliance_stats.data.reading.contents import Note
from alliance_stats.data.reading.decimal_marks import comma_kind, points_unclear, with_points

#: A number written like an identifier, which floats would change: 12E4.
_CODE_WITH_E = r"^[0-9]+[eE][0-9]+$"
#: More digits than a float holds: the cells would be rounded.
_MAX_DIGITS = 15
_FIRST_CELLS = 1000
_DECIMAL = "decimal commas in"
_UNCLEAR = "a comma or point before three digits may separate thousands; kept as text:"
_POINTS = "a point before three digits, read as a decimal mark, may separate thousands:"
_BOTH = "some numbers have a comma, others a decimal point; kept as text:"
_TRUE = ("True", "TRUE", "true")
_FALSE = ("False", "FALSE", "false")


def typed_columns(
    cells: pa.Table,
    names: list[str],
    *,
    numbers: frozenset[str],
    labels: frozenset[str],
    commas_inside: bool,
) -> tuple[list[pd.Series], list[Note]]:
    """All columns by `typed_column`, with decimal commas; and what has to be said of them.

    Parameters
    ----------
    cells : Table of string
        Missing cells already null.
    names : list of str
        Name of each column.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels.
    commas_inside : bool
        Fields are not separated by commas, so that a comma in a number is part of it; otherwise
        ``"4,5"`` is a number only in the columns known to hold numbers.

    Raises
    ------
    DataError
        If a column known to hold numbers has commas or points that may separate thousands.
    """
    typed = [
        typed_column(cells.column(i), number=name in numbers, label=name in labels)
        for i, name in enumerate(names)
    ]
    kinds = {
        i: comma_kind(cells.column(i))
        for i, name in enumerate(names)
        if is_text(typed[i]) and name not in labels and (commas_inside or name in numbers)
    }
    has_decimal = "decimal" in kinds.values()
    said: dict[str, list[str]] = {_DECIMAL: [], _UNCLEAR: [], _BOTH: [], _POINTS: []}
    for i, kind in kinds.items():
        if kind == "decimal" or (kind == "unclear" and has_decimal):
            rewritten = typed_column(
                with_points(cells.column(i)), number=names[i] in numbers, label=False
            )
            if not is_text(rewritten):
                typed[i] = rewritten
                said[_DECIMAL].append(names[i])
        elif kind != "none":
            said[_UNCLEAR if kind == "unclear" else _BOTH].append(names[i])
    for i, name in enumerate(names):
        if not (commas_inside and is_float(typed[i]) and points_unclear(cells.column(i))):
            continue
        if has_decimal:
            typed[i] = as_text(cells.column(i))
        said[_UNCLEAR if has_decimal else _POINTS].append(name)
    check_clear(said[_UNCLEAR], said[_BOTH], numbers)
    return typed, [
        Note(
            f"{words} {agree(len(of), 'column', 'columns')} {name_list(of)}",
            doubtful=words != _DECIMAL,
        )
        for words, of in said.items()
        if of
    ]


def check_clear(unclear: list[str], both: list[str], numbers: frozenset[str]) -> None:
    """Raise DataError if commas or points in a column that must be numbers mean two things."""
    columns = [name for name in unclear if name in numbers]
    if columns:
        raise DataError(
            f"{agree(len(columns), 'column', 'columns')} {name_list(columns)}: a comma or point "
            "before three digits may be a decimal mark or separate thousands (1,234). Write the "
            "numbers without separators of thousands, and export the file again."
        )
    columns = [name for name in both if name in numbers]
    if columns:
        raise DataError(
            f"{agree(len(columns), 'column', 'columns')} {name_list(columns)}: some numbers have a "
            "comma, others a decimal point. Write one decimal mark throughout."
        )


def holds_numbers(cells: pa.ChunkedArray) -> bool:
    """Whether all observed cells are numbers, with decimal points or commas."""
    numeric = cast_or_none(without_spaces(cells), pa.float64()) is not None
    return numeric or comma_kind(cells) in ("decimal", "unclear")


def is_text(column: pd.Series) -> bool:
    """Whether a typed column holds texts."""
    return bool(pd.api.types.is_string_dtype(column) or column.dtype == object)


def is_float(column: pd.Series) -> bool:
    """Whether a typed column holds numbers that are not whole, or has gaps."""
    return bool(pd.api.types.is_float_dtype(column))


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
    numbers = whole_numbers(cells)
    if numbers is None and not label:
        numbers = decimal_numbers(cells, number=number)
    if numbers is not None and not number and leading_zero(cells):
        return as_text(cells)
    if numbers is not None:
        return pd.Series(numbers.to_numpy())
    truth = None if label else truth_values(cells)
    return truth if truth is not None else as_text(cells)


def whole_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The cells as integers, or None if one is not a whole number of at most 15 digits."""
    if longest(cells) > _MAX_DIGITS:
        return None
    numbers = cast_or_none(cells, pa.int64())
    return None if numbers is None or hexadecimal(cells) else numbers


def decimal_numbers(cells: pa.ChunkedArray, *, number: bool) -> pa.ChunkedArray | None:
    """The cells as floats, or None if one is not a number or is written like an identifier."""
    floats, trimmed = cast_or_none(cells, pa.float64()), False
    if floats is None:
        first = without_spaces(cells.slice(0, _FIRST_CELLS))
        if cast_or_none(first, pa.float64()) is None:
            return None
        cells, trimmed = without_spaces(cells), True
        floats = cast_or_none(cells, pa.float64())
    if floats is None or number:
        return floats
    long_whole = rf"^[+-]?[0-9]{{{_MAX_DIGITS + 1},}}$"
    is_long = longest(cells) > _MAX_DIGITS and any_match(cells, long_whole)
    is_code = holds_any(cells, "eE") and any_match(cells, _CODE_WITH_E)
    return None if is_long or is_code or (trimmed and leading_zero(cells)) else floats


def without_spaces(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without spaces around them; blank cells and a lone point are missing."""
    trimmed = pc.utf8_trim_whitespace(cells)
    empty = pc.is_in(trimmed, value_set=pa.array(["", "."]))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def truth_values(cells: pa.ChunkedArray) -> pd.Series | None:
    """The cells as booleans, or None unless every cell is observed and a truth value."""
    words = pa.array([*_TRUE, *_FALSE])
    if cells.null_count or not pc.all(pc.is_in(cells.slice(0, _FIRST_CELLS), words)).as_py():
        return None
    if not pc.all(pc.is_in(cells, words)).as_py():
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
