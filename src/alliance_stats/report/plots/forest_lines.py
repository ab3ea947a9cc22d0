"""Which lines a forest plot has, in which order and at which height: layout, no drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.plots.style import TEXT_SIZE
from alliance_stats.report.wording.words import one_line

#: Forest plots of more lines than this are drawn in the compact form.
MOST_LINES = 60
#: Lines up to which text has its usual size.
_USUAL = 34
_SMALL_TEXT, _TINY_TEXT = 7.0, 7.0
#: Points of a line: usual; of many at most and at least; of headings and means in the compact form.
_STEP, _SMALL_STEP, _SMALLEST_STEP, _TALL_STEP = 12.0, 9.6, 8.2, 12.5
#: Points of all lines on a page with caption and note, and at least and at most those of a study
#: of the compact form.
_PAGE, _THIN, _THICK = 500.0, 1.2, 4.5
#: Points between groups, and above the overall mean.
_APART = 6.0

Kind = Literal["heading", "study", "subgroup", "mean", "prediction"]
_ORDERS = ("given", "estimate", "weight")


@dataclass(frozen=True)
class Line:
    """One line of a forest plot.

    Attributes
    ----------
    kind : str
    y : float
        Points below the top.
    label : str
    rows : tuple of int
        Rows of the plot frame that the line draws; none of a heading.
    level : int
        0 of groups and overall means, 1 of studies in a group, 2 of effects of a study.
    named : bool
        Whether label and numbers are written: not all of them in the compact form.
    group : bool
        Whether a heading is that of a subgroup, not of a study.
    """

    kind: Kind
    y: float
    label: str
    rows: tuple[int, ...] = ()
    level: int = 0
    named: bool = True
    group: bool = False


@dataclass(frozen=True)
class Layout:
    """All lines of a forest plot.

    Attributes
    ----------
    lines : tuple of Line
    height : float
        Points of all lines.
    step : float
        Points of one study.
    text_size : float
    compact : bool
    first, last, of : int
        Which study lines are drawn, counted from 1, of how many.
    """

    lines: tuple[Line, ...]
    height: float
    step: float
    text_size: float
    compact: bool
    first: int
    last: int
    of: int


@dataclass(frozen=True)
class _Item:
    """A line before it has its height."""

    kind: Kind
    label: str
    rows: tuple[int, ...] = ()
    level: int = 0
    space: float = 0.0
    group: bool = False


def lay_out_lines(
    plot: pd.DataFrame,
    *,
    order: str | None = None,
    rows: tuple[int, int] | None = None,
    effects: str | None = None,
    mean_words: str = "Mean",
    conf_level: float = 0.95,
) -> Layout:
    """Arrange the rows of a forest frame.

    Raises
    ------
    ArgumentError
        If `order` is no order and no column, `effects` is not known, or `rows` holds no study.
    """
    plot = plot.reset_index(drop=True)
    studies = plot[plot["row"] == "study"]
    each = _each_effect(studies, effects)
    units = _units(studies, each)
    n_lines = sum(len(unit) if each else 1 for _, _, unit in units)
    first, last = _span(rows, n_lines)
    compact = last - first > MOST_LINES
    units = _ordered(plot, units, order or ("estimate" if compact else "given"))
    items = _items(plot, units, each, (first, last), compact, mean_words, conf_level)
    step, size = _sizes(items, compact)
    lines, height = _placed(items, step, compact, size)
    return Layout(lines, height, step, size, compact, first + 1, last, n_lines)


def lay_out_names(names: Sequence[str]) -> Layout:
    """Lines of one kind in a given order, a row of a frame each; the last one is named."""
    items = [_Item("study", one_line(name), (row,)) for row, name in enumerate(names)]
    compact = len(items) > MOST_LINES
    step, size = _sizes(items, compact)
    lines, height = _placed(items, step, compact, size, last=True)
    return Layout(lines, height, step, size, compact, 1, len(items), len(items))


Unit = tuple[str, str, tuple[int, ...]]


def _each_effect(studies: pd.DataFrame, effects: str | None) -> bool:
    """Whether effects of one study have lines of their own."""
    if effects not in (None, "each", "study"):
        raise ArgumentError(f"effects={effects!r} is not known. Allowed: 'each', 'study'.")
    if effects is not None:
        return effects == "each"
    several = studies.loc[studies["effect"].astype(str) != "", "study"]
    return (
        len(studies) + several.nunique() <= MOST_LINES
    )  # a study of several effects has a heading


def _units(studies: pd.DataFrame, each: bool) -> list[Unit]:
    """Group, study and rows of what stands together, in the order of the data."""
    found: dict[tuple[str, str, int], list[int]] = {}
    several = studies["effect"].astype(str) != ""
    keys = zip(studies.index, studies["group"].astype(str), studies["study"], several, strict=True)
    for row, group, study, part in keys:
        # equal names of studies with one effect each are different studies
        found.setdefault((group, str(study), -1 if part else row), []).append(row)
    return [(group, study, tuple(rows)) for (group, study, _), rows in found.items()]


def _span(rows: tuple[int, int] | None, n: int) -> tuple[int, int]:
    """First and one past the last of the study lines that are drawn."""
    if rows is None:
        return 0, n
    whole = all(isinstance(row, int | np.integer) for row in rows) and len(rows) == 2
    if not whole or not 0 <= rows[0] < min(rows[1], n):
        raise ArgumentError(
            f"rows={rows!r} holds no study: the plot has {n} lines of studies, counted from 0. "
            f"Give a first and an end, such as rows=(0, {min(n, MOST_LINES)})."
        )
    return int(rows[0]), min(int(rows[1]), n)


def _ordered(plot: pd.DataFrame, units: list[Unit], order: str) -> list[Unit]:
    """Units in the order asked for; groups keep theirs, and ties that of the data."""
    groups = list(dict.fromkeys(group for group, _, _ in units))
    keys = [_key(plot, unit, order) for unit in units]
    if len({isinstance(key, str) for key in keys}) > 1:
        keys = [str(key) for key in keys]
    ranks = sorted(range(len(units)), key=lambda i: (groups.index(units[i][0]), keys[i]))
    return [units[i] for i in ranks]


def _key(plot: pd.DataFrame, unit: Unit, order: str) -> float | str:
    rows = list(unit[2])
    if order == "given":
        return 0.0
    if order == "estimate":
        return float(plot.loc[rows, "estimate"].mean())
    if order == "weight":
        return -float(plot.loc[rows, "weight"].sum())
    if order not in plot.columns:
        raise ArgumentError(
            f"order={order!r} is no order and no column of the plot frame."
            f"{did_you_mean(order, [*_ORDERS, *map(str, plot.columns)])} "
            f"Orders: {name_list(_ORDERS)}; columns: {name_list(map(str, plot.columns))}."
        )
    value = plot[order].iloc[rows[0]]
    if isinstance(value, str):
        return value
    return float("inf") if pd.isna(value) else float(value)


def _items(
    plot: pd.DataFrame, units: Sequence[Unit], each: bool, span: tuple[int, int],
    compact: bool, mean_words: str, conf_level: float,
) -> list[_Item]:  # fmt: skip
    """Lines from the top down: groups with their studies and means, then the overall mean."""
    drawn = list(_studies_of_span(units, each, span))
    groups = list(dict.fromkeys(group for group, _, _ in drawn))
    counts = plot.loc[plot["row"] == "study", "group"].astype(str).value_counts()
    found: list[_Item] = []
    for group in groups:
        inside = int(group != "")
        if inside:
            space = _APART if found else 0.0
            found.append(_Item("heading", one_line(group), space=space, group=True))
        for of, study, rows in drawn:
            if of == group:
                found += _study_items(plot, study, rows, inside, not compact, each)
        if inside:
            found += _means(plot, group, f"Mean (k = {counts[group]:,})", conf_level)
    total = f"{mean_words} (k = {int(counts.sum()):,})"
    overall = _means(plot, "", total, conf_level)
    return [*found, *overall]


def _studies_of_span(
    units: Iterable[Unit], each: bool, span: tuple[int, int]
) -> Iterable[Unit]:  # fmt: skip
    """The part of the study lines that is drawn."""
    place = 0
    for group, study, rows in units:
        length = len(rows) if each else 1
        kept = slice(max(span[0] - place, 0), max(span[1] - place, 0))
        if each and rows[kept]:
            yield group, study, rows[kept]
        elif not each and span[0] <= place < span[1]:
            yield group, study, rows
        place += length


def _study_items(
    plot: pd.DataFrame, study: str, rows: tuple[int, ...], inside: int, headed: bool, each: bool
) -> list[_Item]:
    """A line for a study, or for each of its effects: under its name, or with it."""
    name = one_line(study)
    if not each or plot.loc[rows[0], "effect"] == "":
        return [_Item("study", name, rows, inside)]
    if not headed:
        labels = [f"{name}, {_effect_words(plot.loc[row, 'effect'])}" for row in rows]
        return [_Item("study", lb, (row,), inside) for lb, row in zip(labels, rows, strict=True)]
    return [
        _Item("heading", name, (), inside),
        *(_Item("study", _effect_words(plot.loc[row, "effect"]), (row,), 2) for row in rows),
    ]


def _effect_words(effect: object) -> str:
    words = one_line(effect)
    return f"effect {words}" if words.isdigit() else words


def _means(plot: pd.DataFrame, group: str, words: str, conf_level: float) -> list[_Item]:
    """Mean and prediction interval of a group, or of all."""
    kinds: dict[Kind, str] = {
        "subgroup" if group else "mean": words,
        "prediction": f"{100 * conf_level:g}% prediction interval",
    }
    found = []
    for kind, label in kinds.items():
        rows = plot.index[(plot["row"] == kind) & (plot["group"].astype(str) == group)]
        space = _APART if kind == "mean" else 0.0
        found += [_Item(kind, label, (int(row),), int(group != ""), space) for row in rows[:1]]
    return found


def _sizes(items: Sequence[_Item], compact: bool) -> tuple[float, float]:
    """Points of a study line, and the size of text."""
    if not compact:
        if len(items) <= _USUAL:
            return _STEP, TEXT_SIZE
        return float(np.clip(_PAGE / len(items), _SMALLEST_STEP, _SMALL_STEP)), _SMALL_TEXT
    n = sum(item.kind == "study" for item in items)
    others = _TALL_STEP * (len(items) - n) + sum(item.space for item in items)
    return float(np.clip((_PAGE - others) / n, _THIN, _THICK)), _TINY_TEXT


def _placed(
    items: Sequence[_Item], step: float, compact: bool, size: float, last: bool = False
) -> tuple[tuple[Line, ...], float]:
    """Heights of the lines, and of all of them; of crowded ones the first or the last is named."""
    every = ceil(1.2 * size / step) if compact else 1
    lines, top = [], 0.0
    since = every - 1 - (len(items) - 1) % every if last else every
    for item in items:
        height = step if item.kind == "study" or not compact else _TALL_STEP
        top += item.space
        since = since + 1 if item.kind == "study" else every
        named = item.kind != "study" or since >= every
        since = 0 if named and item.kind == "study" else since
        lines.append(
            Line(item.kind, top + height / 2, item.label, item.rows, item.level, named, item.group)
        )
        top += height
    return tuple(lines), top
