"""Rows of tables of statistics as statements: a coefficient, its standard error, test and p."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, nan

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.arithmetic import ratio_range
from alliance_stats.report.statcheck.columns import (
    EFFECTS,
    TESTS,
    Column,
    columns_of,
    is_known,
)
from alliance_stats.report.statcheck.interval_checks import is_even
from alliance_stats.report.statcheck.items import Item
from alliance_stats.report.statcheck.p_checks import p_words
from alliance_stats.report.statcheck.p_values import N_DF
from alliance_stats.report.statcheck.statements import Statement

_DIGITS = (
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,12})?|[0-9]{1,12}(?:\.[0-9]{1,12})?"
    r"|\.[0-9]{1,12})"
)
_NUMBER = rf"{_DIGITS}(?:[eE][+-]?[0-9]{{1,3}})?"
_MARKS = r" ?\^?[a-z†‡§¹²³⁴⁵⁶⁷⁸⁹⁰ᵃᵇᶜᵈ]{0,3}"
_ONE = re.compile(rf"[\[(]?({_NUMBER})[\])]?{_MARKS}")
_TWO = re.compile(rf"({_NUMBER}){_MARKS} ?[\[(] ?(.{{1,40}}?) ?[\])]{_MARKS}")
_P = re.compile(rf"(?:p ?)?([=<>≤≥]?) ?({_NUMBER}){_MARKS}")
_ENDS = re.compile(rf"[\[(]? ?({_NUMBER}) ?(?:,|;|to|bis|-| ) ?({_NUMBER}) ?[\])]?{_MARKS}")
_PAIR = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?) ?[,;/] ?([0-9]{1,6}(?:\.[0-9]{1,3})?)")
_INFINITE = ("∞", "inf", "Inf")
#: How the row is named that holds the second degrees of freedom of F.
_ERROR = ("error", "residual", "within-group", "within group", "within subjects error")
_LEAST_KNOWN, _MOST_HEADINGS = 2, 4


@dataclass(frozen=True, slots=True)
class Row:
    """What is printed in one row, as a statement and in words.

    Attributes
    ----------
    place : int
        Which row of the table it is, counted from 0.
    text : str
        The quantities as a sentence would print them.
    statement : Statement
    one_tailed : bool
        Whether the heading of its p value says so.
    """

    place: int
    text: str
    statement: Statement
    one_tailed: bool


def rows_of_table(rows: Sequence[Sequence[str]], *, with_p: bool = True) -> Iterator[Row]:
    """The statements of a table, given its rows of cells; none if it is not one of statistics.

    Rows without a number above the first with one are headings; so is a row further down whose
    cells name statistics. Without `with_p` p values are left out, as those of permutations, which
    do not follow from t.
    """
    headings: list[Sequence[str]] = []
    groups: list[list[Column]] | None = []
    errors = _rows_of_error(rows)
    for place, cells in enumerate(rows):
        if any(_ONE.fullmatch(cell) for cell in cells if cell):
            if groups is None:
                columns = columns_of(headings)
                groups = grouped([c for c in columns if with_p or c.role != "p"])
            found = (_Reading(group, cells, errors[place]).row(place) for group in groups)
            yield from (row for row in found if row is not None)
        elif groups is None or not place or sum(map(is_known, cells)) >= _LEAST_KNOWN:
            above = headings if groups is None else []
            headings, groups = [*above[1 - _MOST_HEADINGS :], cells], None


def _rows_of_error(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """For each row the next one of the error, as of an analysis of variance; empty without one."""
    found: list[Sequence[str]] = []
    below: Sequence[str] = ()
    for cells in reversed(rows):
        if cells and cells[0].lower().startswith(_ERROR):
            below = cells
        found.append(below)
    return found[::-1]


def grouped(columns: Sequence[Column]) -> list[list[Column]]:
    """Columns that belong together: where a role comes again, or an effect after p, one starts."""
    groups: list[list[Column]] = [[]]
    for column in columns if len(columns) >= _LEAST_KNOWN else ():
        if column.role == "aside":
            groups[-1].append(column)
            continue
        roles = {each.role for each in groups[-1]}
        done = bool(roles & {"p", *TESTS})
        symbols = {each.symbol for each in groups[-1] if each.role == "b"}
        is_standardised = column.role == "b" and column.symbol not in symbols  # β after b
        if (column.role in roles and not is_standardised) or (column.role in EFFECTS and done):
            groups.append([])
        groups[-1].append(column)
    return groups


class _Reading:
    """The numbers of one row in one group of columns."""

    def __init__(
        self, columns: Sequence[Column], cells: Sequence[str], error: Sequence[str]
    ) -> None:
        self.columns = columns
        self.cells = cells
        self.error = error  # the cells of the row of the error below, if there is one
        self.by_role = {column.role: column for column in columns}
        self.statement = Statement()
        self.words: list[str] = []

    def row(self, place: int) -> Row | None:
        """The row as a statement; None if it holds less than two numbers."""
        of_se, of_interval = self._effect("se"), self._effect("interval", "low")
        se = self._se() if of_se is not None else None
        interval = self._interval() if of_interval is not None else None
        test = self._test(has_se=se is not None)
        chosen = [each for each in (of_se, of_interval) if each is not None]
        chosen = chosen or [each for each in self.columns if each.role in EFFECTS][:1]
        for column in sorted(set(chosen), key=lambda each: each.place):
            beside = se if column is of_se else None
            self._add_effect(column, beside, interval, test)
        self._add_test(test)
        if (p := self._p()) is not None:
            self._add(p, p_words(p))
        if interval is not None:
            self._add(interval, f"{_percent(interval)}CI [{_ends(interval)}]")
        if len(self.words) < _LEAST_KNOWN:
            return None
        heading = self.by_role.get("p")
        one_tailed = heading is not None and heading.one_tailed
        return Row(place, ", ".join(self.words), self.statement, one_tailed)

    def _cell(self, place: int) -> str:
        return self.cells[place] if place < len(self.cells) else ""

    def _number(self, column: Column | None) -> Printed | None:
        """The first number of a cell; None where there is none, or something else."""
        if column is None:
            return None
        cell = self._cell(column.place)
        if column.role in EFFECTS and cell[:1] in ("(", "["):
            return None
        found = _ONE.fullmatch(cell) or (_TWO.fullmatch(cell) if column.second else None)
        return _finite(found.group(1)) if found else None

    def _second(self, role: str) -> str:
        """What stands in brackets after the number of a cell, if it has a role."""
        column = next((each for each in self.columns if each.second == role), None)
        found = _TWO.fullmatch(self._cell(column.place)) if column else None
        return found.group(2) if found else ""

    def _effect(self, *roles: str) -> Column | None:
        """The effect that a standard error or an interval belongs to: the one before it.

        None if a column of unknown contents stands between the two.
        """
        found = None
        for column in self.columns:
            if column.role in EFFECTS:
                found = column
            if found is not None and column.second in roles:
                return found
            if column.role in roles:
                between = range(found.place + 1, column.place) if found else ()
                known = {each.place for each in self.columns}
                return found if known.issuperset(between) else None
        return None

    def _se(self) -> Printed | None:
        column = self.by_role.get("se")
        return self._number(column) if column else _read(self._second("se"))

    def _interval(self) -> Item | None:
        """The interval of the row: in one cell, after its estimate, or in two cells."""
        column, low = self.by_role.get("interval"), self.by_role.get("low")
        if column is not None:
            ends = _ENDS.fullmatch(self._cell(column.place))
            apart = (self._cell(column.place), self._cell(column.place + 1))
            if ends is None and self._is_free(column.place + 1):
                return _interval(*apart, column.level)
            return _interval(ends.group(1), ends.group(2), column.level) if ends else None
        if low is not None:
            high = self.by_role.get("high")
            cells = (self._cell(low.place), self._cell(high.place) if high else "")
            return _interval(*cells, low.level)
        ends = _ENDS.fullmatch(self._second("interval"))
        level = next((each.level for each in self.columns if each.second == "interval"), 0.0)
        return _interval(ends.group(1), ends.group(2), level) if ends else None

    def _is_free(self, place: int) -> bool:
        return all(column.place != place for column in self.columns)

    def _test(self, *, has_se: bool) -> Item | None:
        """The test of the row with its degrees of freedom; None if its kind is not known."""
        column = next((each for each in self.columns if each.role in TESTS), None)
        number = self._number(column)
        if column is None or number is None:
            return None
        df, is_normal = self._degrees(column)
        kind, symbol = column.role, column.symbol
        if kind == "statistic":
            if not has_se:
                return None
            kind = "t"
        if kind == "t" and is_normal:
            kind = symbol = "z"
        df = df[-1:] if N_DF[kind] == 1 and kind == "t" else df
        return Item(kind, 0, 0, "=", number, symbol, df if N_DF[kind] else ())

    def _degrees(self, column: Column) -> tuple[tuple[Printed, ...], bool]:
        """Degrees of freedom of a test, and whether they are infinite."""
        if column.df:
            return column.df, False
        inside = self._second("df")
        cells = [inside] if inside else []
        cells += [self._cell(c.place) for r in ("df", "df2") if (c := self.by_role.get(r))]
        if any(cell in _INFINITE for cell in cells):
            return (), True
        if column.role == "F" and len(cells) == 1 and (own := self.by_role.get("df")):
            cells += self.error[own.place : own.place + 1]
        pair = _PAIR.fullmatch(cells[0]) if column.role == "F" and cells else None
        found = [_read(cell) for cell in (pair.groups() if pair else cells)]
        return tuple(each for each in found if each is not None), False

    def _add_effect(
        self, column: Column, se: Printed | None, interval: Item | None, test: Item | None
    ) -> None:
        """The estimate, with its standard error if that is its own."""
        number = self._number(column)
        if number is None:
            return
        effect = Item(column.role, 0, 0, "=", number, column.symbol)
        if column.role in ("b", "estimate"):
            is_tested = test is not None or (se is not None and self._p() is not None)
            effect = _of_known_scale(effect, interval, is_tested=is_tested)
            if test is not None and se is not None and _is_quotient(test, number, se):
                effect = effect._replace(kind="b")
        self._add(effect, f"{column.symbol} = {number.shown}")
        if se is not None:
            self._add(Item("se", 0, 0, "=", se, "SE"), f"SE = {se.shown}")

    def _add_test(self, test: Item | None) -> None:
        if test is not None:
            inside = ", ".join(each.shown for each in test.df)
            brackets = f"({inside})" if inside else ""
            self._add(test, f"{test.symbol}{brackets} = {test.number.shown}")
            return
        df, p = self._number(self.by_role.get("df")), self._p()
        b, se = self.statement.by_role.get("b"), self.statement.by_role.get("se")
        if df is None or p is None or b is None or se is None or se.number.low <= 0:
            return
        low, high = ratio_range(b.number, se.number)
        implied = Printed((low + high) / 2, (high - low) / 2, "b / SE")
        self._add(Item("t", 0, 0, "=", implied, "t", (df,)), f"df = {df.shown}")

    def _p(self) -> Item | None:
        """The p value of the row."""
        column = self.by_role.get("p")
        cell = self._cell(column.place) if column else ""
        if cell in ("ns", "n.s."):
            return Item("p", 0, 0, "ns", Printed(nan, 0.0, cell), "p")
        found = _P.fullmatch(cell)
        number = _finite(found.group(2)) if found else None
        return Item("p", 0, 0, found.group(1) or "=", number, "p") if found and number else None

    def _add(self, item: Item, words: str) -> None:
        """Take a quantity in; its place is its order."""
        item = item._replace(start=len(self.words), end=len(self.words) + 1)
        if self.statement.is_second_size(item) or not self.statement.takes(item):
            item = item._replace(kind="other")
        self.statement.add(item)
        self.words.append(words)


def _of_known_scale(effect: Item, interval: Item | None, *, is_tested: bool) -> Item:
    """An estimate: a coefficient if it is tested, a ratio if its interval is even as that of one.

    Untested ones may be standard deviations or correlations, whose intervals are not even.
    """
    if not is_tested:
        return effect._replace(kind="other")
    linear, ratio = effect._replace(kind="b"), effect._replace(kind="ratio")
    if interval is None or effect.number.low <= 0 or interval.number.low <= 0:
        return linear
    return ratio if is_even(ratio, interval) and not is_even(linear, interval) else linear


def _is_quotient(test: Item, estimate: Printed, se: Printed) -> bool:
    return test.kind in ("t", "z") and test.number.holds(*ratio_range(estimate, se))


def _interval(low: str, high: str, level: float) -> Item | None:
    ends = _read(low), _read(high)
    if ends[0] is None or ends[1] is None:
        return None
    return Item("interval", 0, 0, "=", ends[0], "CI", high=ends[1], level=level)


def _read(cell: str) -> Printed | None:
    found = _ONE.fullmatch(cell)
    return _finite(found.group(1)) if found else None


@lru_cache(maxsize=65_536)
def _finite(digits: str) -> Printed | None:
    number = Printed.of(digits)
    return number if isfinite(number.value) else None


def _ends(interval: Item) -> str:
    high = interval.high.shown if interval.high is not None else ""
    return f"{interval.number.shown}, {high}"


def _percent(interval: Item) -> str:
    return f"{100 * interval.level:g}% " if interval.level else ""
