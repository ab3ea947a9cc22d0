"""Results as flat keys: 12 significant digits, null with a reason, small cells suppressed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.paper.keys import numbered, row_keys, slug, table_keys
from alliance_stats.paper.privacy import Suppressed

DIGITS = 12
#: Columns that name rows; they are in the key.
_NAMES = ("effect", "unit", "group", "study", "term")

Value = float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Flat:
    """Keys with their values, and why some are null."""

    values: Mapping[str, Value]
    missing: Mapping[str, str]


def flatten(name: str, view: ResultView, gone: list[Suppressed], smallest: int) -> Flat:
    """Every number of a view under its key, without its messages and its figure.

    ``<question>.<row>.<column>`` for coefficients, ``<question>.<table>.<row>.<column>`` for
    further tables, ``<question>.fit.<column>`` and ``<question>.n.<unit>``.
    """
    values: dict[str, Value] = {}
    missing: dict[str, str] = {}
    small = {(cell.table, cell.row, cell.column) for cell in gone}
    for key, place, value in _cells(name, view):
        number, reason = as_value(value)
        if place in small:
            number, reason = None, f"suppressed: fewer than {smallest} patients"
        values[key] = number
        if reason:
            missing[key] = reason
    return Flat(values, missing)


def _cells(name: str, view: ResultView) -> Iterator[tuple[str, tuple[str, int, str], Any]]:
    """Key, place and value of every cell."""
    yield from _rows(name, "", view.terms, row_keys(view.terms), skip=_NAMES)
    for unit, n in _levels(view.levels):
        yield f"{name}.n.{slug(unit)}", ("levels", 0, ""), n
    for column in view.fit.columns:
        yield f"{name}.fit.{slug(column)}", ("fit", 0, str(column)), view.fit[column].iloc[0]
    for heading, part in table_slugs(view).items():
        frame = view.tables[heading]
        yield from _rows(f"{name}.{part}", heading, frame, table_keys(frame), skip=())


def table_slugs(view: ResultView) -> dict[str, str]:
    """What the further tables are called in keys, by heading."""
    taken = {*row_keys(view.terms), "fit", "n"}
    names = [slug(h) if slug(h) not in taken else f"table_{slug(h)}" for h in view.tables]
    return dict(zip(view.tables, numbered(names), strict=True))


def _levels(levels: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    if {"unit", "n"} <= set(levels.columns):
        yield from zip(levels["unit"].astype(str), levels["n"], strict=True)


def _rows(
    start: str, table: str, frame: pd.DataFrame, rows: list[str], *, skip: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, int, str], Any]]:
    """The numbers of a frame; words are in the key of their row."""
    for column in frame.columns:
        words = pd.api.types.is_string_dtype(frame[column]) or frame[column].dtype == object
        if column in skip or words:
            continue
        for position, row in enumerate(rows):
            place = (table, position, str(column))
            yield f"{start}.{row}.{slug(column)}", place, frame[column].iloc[position]


def as_value(value: Any) -> tuple[Value, str]:
    """A value as JSON holds it, and the reason if it is null.

    >>> as_value(1 / 3), as_value(float("nan"))[0], as_value(float("inf"))
    ((0.333333333333, ''), None, (None, 'infinite'))
    """
    if isinstance(value, bool | np.bool_):
        return bool(value), ""
    if isinstance(value, str):
        return value, ""
    if value is None or value is pd.NA or value is pd.NaT:
        return None, "undefined"
    if isinstance(value, int | np.integer):
        return int(value), ""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value), ""
    if math.isnan(number):
        return None, "undefined"
    if math.isinf(number):
        return None, "infinite"
    return rounded(number), ""


def rounded(number: float) -> float:
    """A number of 12 significant digits; never a negative zero."""
    return float(f"{number:.{DIGITS}g}") + 0.0


def as_json(content: Mapping[str, Any]) -> bytes:
    """Sorted keys, one a line, the same bytes for the same content."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
