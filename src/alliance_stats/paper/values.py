"""Values as a manuscript prints them: formats of bindings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import DataError
from alliance_stats._base.printing import MINUS, format_df, format_fixed, format_number, format_p
from alliance_stats.paper.stored import Stored
from alliance_stats.report.wording.numbers import interval, number, numbers, p_phrase

#: Columns that make a row of a test.
ROW_COLUMNS = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
_ONE_UNIT = ("estimate", "se", "ci_low", "ci_high")
_FIXED = re.compile(r"\.(\d)([f%])")
#: Formats that set a symbol before the number.
_SYMBOLS = ("b", "B", "d", "g", "z", "M", "SD", "SE", "F", "Q", "ICC", "OR", "HR")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with what its printing depends on: its column, decimals, and the row it is in."""

    column: str
    value: Any
    decimals: int | None
    row: Mapping[str, float]
    conf_level: float
    symbol: str


def printed_value(stored: Stored, key: str, form: str) -> str:
    """What a binding inside a sentence becomes.

    Raises
    ------
    DataError
        If the key or the format does not exist, or the value is null.
    """
    if key in stored.values:
        return _of_value(stored, key, form)
    row = row_at(stored, key)
    if not row:
        raise DataError(f"key '{key}' is not in results.json.{nearest(stored, key)}")
    cell = _cell(stored, f"{key}.estimate", row)
    known: dict[str, Callable[[Cell], str]] = {"apa": _apa, "ci": _ci, "t": _test, "p": _p, "r": _r}
    if form in known:
        return known[form](cell)
    if form in _SYMBOLS:
        return f"{form} = {_plain(cell)}"
    asked = f"format '{form}' is not known for it" if form else "it names a row of results"
    raise DataError(
        f"key '{key}': {asked}. Add a column, such as {key}.estimate, or one of the formats "
        f"{name_list([*known, 'b'])}: {{{{{key} | apa}}}}."
    )


def _of_value(stored: Stored, key: str, form: str) -> str:
    value = stored.values[key]
    if value is None and not (key.endswith(".df") and stored.reason(key) == "infinite"):
        raise DataError(f"key '{key}' is null ({stored.reason(key)}). Take the binding out.")
    cell = _cell(stored, key, row_at(stored, key.rpartition(".")[0]))
    if isinstance(value, str | bool):
        if form:
            raise DataError(
                f"key '{key}' is no number, so it has no format '{form}'. Leave it out."
            )
        return value if isinstance(value, str) else "yes" if value else "no"
    return _formatted(cell, key, form)


def _formatted(cell: Cell, key: str, form: str) -> str:
    if not form:
        return _plain(cell)
    if fixed := _FIXED.fullmatch(form):
        scale, end = (100, "%") if fixed[2] == "%" else (1, "")
        return format_fixed(scale * cell.value, int(fixed[1]), minus=MINUS) + end
    forms: dict[str, Callable[[Cell], str]] = {
        "p": _p, "r": _r, "t": _test, "ci": _ci, "apa": _apa, "percent": _percent, "n": _count,
    }  # fmt: skip
    if form in forms:
        return forms[form](cell)
    if form in _SYMBOLS:
        return f"{form} = {_plain(cell)}"
    raise DataError(
        f"key '{key}': format '{form}' is not known.{did_you_mean(form, forms)} "
        f"Known: {', '.join([*forms, *_SYMBOLS])}, .2f, .0%."
    )


def row_at(stored: Stored, start: str) -> dict[str, float]:
    """The numbers of a row by column, null as NaN; empty if there is no such row."""
    found = {}
    for column in ROW_COLUMNS:
        key = f"{start}.{column}"
        if key in stored.values:
            value = stored.values[key]
            infinite = value is None and stored.reason(key) == "infinite"
            found[column] = math.inf if infinite else math.nan if value is None else float(value)
    return found if "estimate" in found else {}


def _cell(stored: Stored, key: str, row: Mapping[str, float]) -> Cell:
    start, _, column = key.rpartition(".")
    part = stored.parts.get(key.partition(".")[0], {})
    terms = start.partition(".")[2] in part.get("rows", ())
    shared = part.get("decimals") if terms or "se" in row else None
    value = stored.values.get(key)
    symbol = str(part.get("estimate", "b")) if terms else "b"
    return Cell(column, value, shared, row, float(part.get("conf_level", 0.95)), symbol)


def _plain(cell: Cell) -> str:
    """A number as the tables print it."""
    value, column = cell.value, cell.column
    if value is None:
        return format_df(math.inf)
    if column == "p_value":
        return format_p(float(value))
    if column == "df":
        return format_df(float(value))
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    if column in ("statistic", "correlation", "r"):
        return format_fixed(value, 2, minus=MINUS)
    if column in _ONE_UNIT:
        return number(value, cell.decimals)
    return format_number(value, minus=MINUS)


def _apa(cell: Cell) -> str:
    text = numbers(
        {**dict.fromkeys(ROW_COLUMNS, math.nan), **cell.row}, cell.decimals, cell.conf_level
    )
    return text if cell.symbol == "b" else f"{cell.symbol}{text.removeprefix('b')}"


def _ci(cell: Cell) -> str:
    return interval(_needs(cell, "ci_low", "ci_high"), cell.decimals, cell.conf_level)


def _test(cell: Cell) -> str:
    row = _needs(cell, "statistic", "df")
    df = row["df"]
    test = f"t({format_df(df)})" if math.isfinite(df) else "z"
    return f"{test} = {format_fixed(row['statistic'], 2, minus=MINUS)}"


def _p(cell: Cell) -> str:
    value = cell.value if cell.column == "p_value" else _needs(cell, "p_value")["p_value"]
    return p_phrase(float(value))


def _r(cell: Cell) -> str:
    """Without a leading zero: r cannot pass 1."""
    shown = format_fixed(float(cell.value), 2, minus=MINUS)
    return f"r = {shown.replace('0.', '.', 1) if shown.lstrip(MINUS).startswith('0.') else shown}"


def _percent(cell: Cell) -> str:
    return f"{format_fixed(100 * float(cell.value), 1, minus=MINUS)}%"


def _count(cell: Cell) -> str:
    return f"{round(float(cell.value)):,}"


def _needs(cell: Cell, *columns: str) -> Mapping[str, float]:
    lacking = [c for c in columns if math.isnan(cell.row.get(c, math.nan))]
    if lacking:
        raise DataError(f"the row has no {lacking[0]}, which the format needs. Choose another.")
    return cell.row


def nearest(stored: Stored, key: str) -> str:
    """`` Did you mean 'alliance.within.estimate'?``: the nearest key, row or question."""
    rows = {k.rpartition(".")[0] for k in stored.values}
    same = [k for k in [*stored.values, *rows] if k.partition(".")[0] == key.partition(".")[0]]
    return did_you_mean(key, same) or did_you_mean(key, [*stored.values, *rows, *stored.parts])
