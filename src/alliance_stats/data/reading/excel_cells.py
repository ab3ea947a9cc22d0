"""Deciding what the cells of an Excel column are, without losing anything typed in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from alliance_stats.data.reading.decimal_marks import comma_kind, with_points
from alliance_stats.data.reading.delimited import MISSING_CELLS
from alliance_stats.data.reading.double_header import is_number

ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!")
#: An identifier such as 007, which is text on purpose.
_LEADING_ZERO = re.compile(r"[+-]?0\d")
#: Excel keeps fifteen digits of a number.
_MOST_DIGITS = 1e15
#: Day numbers of Excel between 1990 and 2060.
_DAYS = (32874, 58440)


@dataclass(frozen=True, slots=True)
class TypedCells:
    """One column, and what has to be said of it.

    Attributes
    ----------
    values : Series
        Numbers, truth values, dates or texts.
    said : str
        Empty, or how the column is described in a note: ``"texts and numbers mixed"`` …
    """

    values: pd.Series
    said: str = ""


MIXED = "texts and numbers are mixed: all kept as text"
TEXT_NUMBERS = "numbers stored as text are kept as text"
READ_NUMBERS = "numbers stored as text are read as numbers"
MIXED_DATES = "dates are mixed with other cells: all kept as text"
LONG = "whole numbers of more than 15 digits, which Excel has rounded: store them as text"
DAYS = "whole numbers that look like Excel's day numbers are kept as numbers, not dates"
SAID = (MIXED, TEXT_NUMBERS, READ_NUMBERS, MIXED_DATES, LONG, DAYS)
#: What may be wrong for the analysis, so that the reader is warned.
DOUBTFUL = (MIXED, MIXED_DATES, LONG, DAYS)


def typed_cells(cells: Sequence[Any], *, number: bool, label: bool) -> TypedCells:
    """Numbers, truth values, dates or texts, whichever keeps what stands in the column.

    Parameters
    ----------
    cells : sequence
        Texts, numbers, truth values, dates and times of a column; ``""`` where empty.
    number, label : bool
        The column is known to hold numbers, or known to hold identifiers or labels.
    """
    gone = {cell for cell in {c for c in cells if isinstance(c, str)} if _is_missing(cell)}
    found = [None if isinstance(cell, str) and cell in gone else cell for cell in cells]
    kinds = {_kind(kind) for kind in set(map(type, found)) - {type(None)}}
    if not kinds:
        return TypedCells(pd.Series(np.full(len(found), np.nan)))
    if kinds == {"number"}:
        return _numbers(found, number=number)
    if kinds == {"truth"}:
        has_gap = any(cell is None for cell in found)
        return TypedCells(pd.Series(found, dtype="boolean" if has_gap else bool))
    if kinds == {"date"}:
        return TypedCells(pd.Series(pd.to_datetime(pd.Series(found, dtype=object))))
    if kinds == {"duration"}:
        return TypedCells(pd.Series(pd.to_timedelta(pd.Series(found, dtype=object))))
    return _texts(found, kinds, number=number, label=label)


def written(cell: Any) -> str:
    """A cell as Excel shows it in the general format: ``7``, not ``7.0``.

    >>> written(7.0), written(2.5), written(True)
    ('7', '2.5', 'TRUE')
    """
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _MOST_DIGITS else repr(cell)
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _texts(cells: list[Any], kinds: set[str], *, number: bool, label: bool) -> TypedCells:
    """Texts, or the numbers that they are if the column is known to hold numbers."""
    if number and kinds <= {"text", "number"}:
        cells = _points_for_commas(cells)
    all_numbers = kinds <= {"text", "number"} and all(
        _is_plain_number(cell) for cell in cells if isinstance(cell, str)
    )
    if all_numbers and number:
        values = [np.nan if cell is None else float(cell) for cell in cells]
        return TypedCells(_numbers(values, number=False).values, READ_NUMBERS)
    texts = pd.Series([None if cell is None else written(cell) for cell in cells])
    if "date" in kinds and len(kinds) > 1:
        return TypedCells(texts, MIXED_DATES)
    if len(kinds) > 1:
        return TypedCells(texts, MIXED)
    is_plain = all_numbers and not label and not any(_LEADING_ZERO.match(str(c)) for c in cells)
    return TypedCells(texts, TEXT_NUMBERS if is_plain else "")


def _points_for_commas(cells: list[Any]) -> list[Any]:
    """Texts such as 4,5 with a point, if it is clear that their commas are decimal marks."""
    texts = pa.chunked_array([[cell if isinstance(cell, str) else None for cell in cells]])
    if comma_kind(texts) != "decimal":
        return cells
    pairs = zip(cells, with_points(texts).to_pylist(), strict=True)
    return [cell if text is None else text for cell, text in pairs]


def _numbers(cells: list[Any], *, number: bool) -> TypedCells:
    """Whole numbers without a gap as integers, others as floats.

    Day numbers are told of only in columns known to hold numbers: elsewhere identifiers of five
    digits are as likely.
    """
    values = np.array(cells, dtype=float)
    seen = values[~np.isnan(values)]
    whole = bool(np.all(seen == np.floor(seen)))
    if whole and np.any(np.abs(seen) >= _MOST_DIGITS):
        return TypedCells(pd.Series(values), LONG)
    days = number and whole and bool(np.all((seen >= _DAYS[0]) & (seen <= _DAYS[1])))
    is_integer = whole and len(seen) == len(values)
    return TypedCells(pd.Series(values.astype(np.int64) if is_integer else values), days * DAYS)


def _is_missing(cell: str) -> bool:
    return cell.strip() in MISSING_CELLS or cell in ERRORS


def _kind(kind: type) -> str:
    if issubclass(kind, bool):
        return "truth"
    if issubclass(kind, int | float):
        return "number"
    if issubclass(kind, dt.date):
        return "date"
    return "duration" if issubclass(kind, dt.timedelta) else "text"


def _is_plain_number(cell: str) -> bool:
    return is_number(cell) and "," not in cell and "_" not in cell


def error_counts(cells: Sequence[Any]) -> dict[str, int]:
    """How often each formula error stands in a column as text.

    >>> error_counts(["#REF!", 2.0, "#REF!"])
    {'#REF!': 2}
    """
    found = [cell for cell in cells if isinstance(cell, str) and cell in ERRORS]
    return {error: found.count(error) for error in dict.fromkeys(found)}
