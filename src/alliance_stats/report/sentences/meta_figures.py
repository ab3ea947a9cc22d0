"""Sentences about what figures of meta-analyses draw: fitted lines and profiles."""

from __future__ import annotations

from alliance_stats._base.printing import MINUS, format_number
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.effect_scale import effect_scale
from alliance_stats.report.wording.numbers import has_interval, interval, numbers, records, sign_of
from alliance_stats.report.wording.words import fit_sentences, listed, one_line, units_phrase

_NOT_ASSIGNED = "Studies were not assigned to values of moderators: this is an association."


def bubble_paragraphs(view: ResultView) -> list[list[str]]:
    """Where the fitted line begins and ends, and what its slope allows to be said."""
    name, scale = one_line(view.labels.get("moderator", "x")), effect_scale(view)
    plot = view.plot
    if plot is None:
        return []
    line = plot[plot["row"] == "line"].sort_values("x")
    ends = [
        f"{scale.symbol} = {scale.number(row['shown'])} at {name} = {_value(row['x'])}"
        for row in records(line.iloc[[0, -1]])
    ]
    others = one_line(view.labels.get("others", ""))
    held = f", with the mean of {others}" if others else ""
    units = units_phrase(view)
    across = f"Across {units}, the" if units else "The"
    fitted = f"{across} fitted effect went from {ends[0]} to {ends[1]}{held}."
    return [[fitted, *_slope(view, name)], [_NOT_ASSIGNED, *fit_sentences(view)]]


def _value(value: float) -> str:
    """A value of a moderator: years are whole."""
    shown = int(value) if float(value).is_integer() else float(value)
    return format_number(shown, minus=MINUS)


def _slope(view: ResultView, name: str) -> list[str]:
    """The coefficient of a moderator that is in the model as one straight line."""
    rows = records(view.terms)
    bent = [row for row in rows if row["term"] != name and name in str(row["term"])]
    found = next((row for row in rows if row["term"] == name), None)
    if found is None or bent or not has_interval(found):
        return []
    detail = numbers(found, view_decimals(view), view.conf_level)
    words = {
        1: f"Effects were larger with higher {name} ({detail}).",
        -1: f"Effects were smaller with higher {name} ({detail}).",
        0: f"Whether effects go with {name} is inconclusive ({detail}).",
    }
    return [words[sign_of(found)]]


def profile_paragraphs(view: ResultView) -> list[list[str]]:
    """The variances with their intervals."""
    said = []
    for row in records(view.terms):
        name = "τ²" if row["term"] == "tau2" else one_line(row["term"])
        ends = f", {interval(row, None, view.conf_level)}" if has_interval(row) else ""
        said.append(f"{name} = {format_number(row['estimate'], minus=MINUS)}{ends}")
    units = units_phrase(view)
    across = f"Across {units}, the" if units else "The"
    return [[f"{across} profile likelihood gave {listed(said)}."]]
