"""Numbers written with decimal commas, as in most of Europe: 4,5 and 1.234,5."""

from __future__ import annotations

import re
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from alliance_stats.data.reading.cell_bytes import holds_any

#: Digits, groups of three by points or none, a comma or none.
_NUMBER = r"^\s*[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?(,\d+)?([eE][+-]?\d+)?\s*$"
#: 1,234 is 1234 for some and 1.234 for others; 0,234 and 1,2345 are not.
_UNCLEAR_COMMA = r"^\s*[+-]?[1-9]\d{0,2},\d{3}\s*$"
_UNCLEAR_POINT = r"^\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*$"
_MIXED = re.compile(r"^\s*[+-]?\d+\.\d+\s*$")
_FIRST_CELLS = 1000

CommaKind = Literal["none", "decimal", "unclear", "mixed"]


def comma_kind(cells: pa.ChunkedArray) -> CommaKind:
    """What commas in a column of text cells mean.

    Returns
    -------
    {"none", "decimal", "unclear", "mixed"}
        ``"none"``: no commas, or cells that are no numbers. ``"decimal"``: all are numbers, one
        at least only with a decimal comma. ``"unclear"``: every comma stands before exactly three
        digits, as separators of thousands do. ``"mixed"``: commas in some numbers, decimal points
        in others.
    """
    if not holds_any(cells, ",") or not _all_numbers(cells.slice(0, _FIRST_CELLS)):
        return "none"
    with_comma = pc.match_substring(cells, ",")
    if not _all_match(cells, _NUMBER):
        return "mixed" if _all_numbers(cells) else "none"
    commas = cells.filter(with_comma)
    if holds_any(cells, ".") and _any_points_only(cells):
        both = pc.any(pc.match_substring(commas, ".")).as_py()
        return "decimal" if both else "mixed"
    return "unclear" if _all_match(commas, _UNCLEAR_COMMA) else "decimal"


def _any_points_only(cells: pa.ChunkedArray) -> bool:
    """Whether a cell has a point and no comma."""
    commas, points = (pc.match_substring(cells, mark) for mark in ",.")
    return bool(pc.any(pc.and_(points, pc.invert(commas))).as_py())


def points_unclear(cells: pa.ChunkedArray) -> bool:
    """Whether every point of a column may separate thousands: 1.234 beside decimal commas."""
    points = cells.filter(pc.match_substring(cells, "."))
    return len(points) > 0 and _all_match(points, _UNCLEAR_POINT)


def with_points(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers with decimal commas rewritten with decimal points, without groups of thousands."""
    ungrouped = pc.replace_substring(cells, ".", "") if holds_any(cells, ".") else cells
    return pc.replace_substring(ungrouped, ",", ".", max_replacements=1)


def _all_numbers(cells: pa.ChunkedArray) -> bool:
    """Whether all cells are numbers, some with commas and some with points."""
    return _all_match(cells, rf"({_NUMBER})|({_MIXED.pattern})")


def _all_match(cells: pa.ChunkedArray, pattern: str) -> bool:
    for part in (cells.slice(0, _FIRST_CELLS), cells):
        if pc.all(pc.match_substring_regex(part, pattern)).as_py() is False:
            return False
    return True
