"""Sentences about a response surface: whether the outcome is best where two ratings agree."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alliance_stats._base.printing import format_df
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    compatible_range,
    has_interval,
    interval,
    number,
    p_phrase,
    percent,
    records,
)
from alliance_stats.report.wording.words import (
    fit_sentences,
    listed,
    names_of,
    one_line,
    tests_phrase,
    time_sentence,
    units_phrase,
)

_CAUTION = (
    "These are associations of ratings and outcome of the same sessions: what moves an outcome may "
    "move agreement too."
)
_NO_PROOF = (
    "All conditions but a4 are intervals that hold a value; they fail to contradict congruence, "
    "and with few data hardly anything does."
)
#: Why congruence is not shown, by condition.
_WHY = {
    "p10": "the ridge lies beside the line on which both are alike",
    "p11": "the ridge is turned against the line on which both are alike",
    "a3": "where both are alike, the outcome still gets better as one rating exceeds the other",
    "a4": "that the outcome is worse on both sides of agreement is not established",
}
_WORSE = "the outcome is better, not worse, where the ratings differ"


def surface_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: congruence; the surface; disagreement; method."""
    rows: dict[str, Row] = {
        row["condition"]: row for row in _table(view, "Conditions of congruence")
    }
    return [
        _claim(view, rows),
        [*_surface(view), *_lines(view)],
        _agreement(view),
        [*_method(view), *fit_sentences(view, row="session"), _CAUTION],
    ]


def _table(view: ResultView, name: str) -> list[dict[str, Any]]:
    return records(view.tables.get(name, pd.DataFrame()))


def _claim(view: ResultView, rows: dict[str, Row]) -> list[str]:
    """The verdict with its reasons, first with the counts."""
    (x, y), z = _ratings(view), names_of(view)[1]
    units = units_phrase(view)
    across = f"Across {units}, a" if units else "A"
    place = "within" if view.labels.get("level") == "within" else "between"
    effect = f"congruence effect of {x} and {y} on {z} {place} patients"
    verdict = view.labels.get("verdict", "")
    if verdict.startswith("shown"):
        kind = "strict" if verdict.endswith("strict") else "broad"
        better = view.labels.get("outcome_better", "")
        return [
            f"{across} {kind} {effect} was shown by the conditions of Humberg, Nestler and Back "
            f"(2019): {z} was {better} (better) where both ratings were alike than where they "
            f"differed ({_value(view, 'a4', rows)}).",
            _NO_PROOF,
        ]
    if verdict == "not decided":
        return [
            f"{across} {effect} was not decided: the intervals of the principal axes need "
            "bootstrap draws."
        ]
    reasons = [
        f"{_why(name, row)} ({_value(view, name, rows)})"
        for name, row in rows.items()
        if row["claim"] == "broad" and row["status"] in ("contradicted", "not met")
    ]
    return [f"{across} {effect} was not shown: {listed(reasons)}.", *_left_open(view, rows)]


def _why(name: str, row: Row) -> str:
    return _WORSE if (name, row["status"]) == ("a4", "contradicted") else _WHY[name]


def _left_open(view: ResultView, rows: dict[str, Row]) -> list[str]:
    """What an a4 that is not below zero leaves open."""
    row = rows.get("a4")
    if row is None or row["status"] != "not met" or not has_interval(row):
        return []
    return [
        "That is inconclusive, not evidence of no such effect: the data are compatible with "
        f"curvatures a4 from {compatible_range(row, view_decimals(view))}, of which negative ones "
        "are an advantage of agreement."
    ]


def _value(view: ResultView, name: str, rows: dict[str, Row]) -> str:
    """``a4 = −0.012, 95% CI […]``, signed so that positive is better."""
    row, decimals = rows[name], view_decimals(view)
    ends = f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else ""
    return f"{name} = {number(row['estimate'], decimals)}{ends}"


def _ratings(view: ResultView) -> tuple[str, str]:
    return one_line(view.labels.get("x", "x")), one_line(view.labels.get("y", "y"))


def _surface(view: ResultView) -> list[str]:
    """Tests of the whole surface and of its curvature."""
    words = {"surface": "both ratings, their squares and product", "curvature": "curvature alone"}
    parts = [
        f"{words[str(row['term'])]}, "
        f"F({format_df(row['df_numerator'])}, {format_df(row['df_denominator'])}) = "
        f"{number(row['statistic'], 2)}, {p_phrase(row['p_value'])}"
        for row in records(view.tables.get("Tests of the surface", pd.DataFrame()))
        if str(row["term"]) in words
    ]
    return [f"Tests of the surface: {'; '.join(parts)}."] if parts else []


def _lines(view: ResultView) -> list[str]:
    """a1 to a4 with the raw sign."""
    decimals = view_decimals(view)
    rows = {row["effect"]: row for row in records(view.terms)}
    parts = {
        name: f"{name} = {number(rows[name]['estimate'], decimals)}"
        + (
            f", {interval(rows[name], decimals, view.conf_level)}"
            if has_interval(rows[name])
            else ""
        )
        for name in ("a1", "a2", "a3", "a4")
        if name in rows
    }
    if len(parts) < 4:
        return []
    z = names_of(view)[1]
    return [
        f"In points of {z}, slope and curvature were {parts['a1']} and {parts['a2']} along the "
        f"line of congruence, and {parts['a3']} and {parts['a4']} along that of incongruence."
    ]


def _agreement(view: ResultView) -> list[str]:
    """How often the ratings differ at all."""
    x, y = _ratings(view)
    return [
        f"{x} was the higher rating by more than half a standard deviation in "
        f"{percent(row['x_higher'])} of {row['n']:,} {one_line(row['compared'])}s, {y} in "
        f"{percent(row['y_higher'])}."
        for row in records(view.tables.get("Agreement of the ratings", pd.DataFrame()))
    ]


def _method(view: ResultView) -> list[str]:
    (x, y), z = _ratings(view), names_of(view)[1]
    return [
        f"{z} was modelled by a quadratic surface of {x} and {y} in a mixed model of sessions"
        f"{tests_phrase(view)}; conditions are those of the surface of improvement.",
        time_sentence(view.labels),
    ]
