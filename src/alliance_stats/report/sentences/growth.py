"""Sentences about growth models. They describe courses, and the words say no more."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import with_bounded_interval
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    numbers,
    records,
    sign_of,
)
from alliance_stats.report.wording.verdict import verdict
from alliance_stats.report.wording.words import (
    listed,
    names_of,
    one_line,
    tests_phrase,
    units_phrase,
)

_RATES = {
    "early_rate": "patients with a higher early {x}",
    "patient_between_rate": (
        "patients whose early {x} was higher than that of their therapist's other patients"
    ),
    "therapist_between_rate": "patients of therapists with a higher mean early {x}",
}
_SHAPES = {
    "linear": "a straight line",
    "log": "a curve that levels off (logarithm of time)",
    "quadratic": "a quadratic curve",
    "piecewise": "two lines that meet at {break_at} {clock}s after the first",
}
_CAUTION = (
    "Growth models describe courses; that two courses go together does not show that one causes "
    "the other. Patients who leave early add little to the later course."
)


def growth_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: courses; early alliance and later rate; ceiling, length; caution."""
    return [
        [*_course_sentences(view, "alliance"), *_course_sentences(view, "outcome")],
        _rate_sentences(view),
        _parallel_sentences(view),
        [*_ceiling_sentences(view), *_length_sentences(view)],
        [f"Courses were mixed models with random growth factors{tests_phrase(view)}.", _CAUTION],
    ]


def _course_sentences(view: ResultView, role: str) -> list[str]:
    """The shape of one variable, how it was found, and its trend."""
    name = names_of(view)[0 if role == "alliance" else 1]
    shape = view.labels.get(f"shape_{role}", "")
    words = _SHAPES.get(shape, one_line(shape)).format_map(_Plain(view.labels))
    first = f"the mean course of {name} was described by {words}"
    if view.labels.get("post_selection"):
        first += ", the shape of smallest BIC of those compared (its tests are post-selection)"
    units = units_phrase(view)
    first = f"Across {units}, {first}" if units and role == "alliance" else first
    found = [first[:1].upper() + first[1:] + "."]
    for row in records(view.terms):
        if row.get("effect") in (f"{role}_trend", f"{role}_bend"):
            found.append(_trend_sentence(view, row, name, shape))
    return found


class _Plain(dict[str, str]):
    """Labels as words on one line; a missing one is empty."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__({key: one_line(value) for key, value in labels.items()})

    def __missing__(self, key: str) -> str:
        return ""


def _trend_sentence(view: ResultView, row: Row, name: str, shape: str) -> str:
    """Whether the variable rose or fell, or whether its slope changed."""
    detail = numbers(row, view_decimals(view), view.conf_level)
    bend = row["effect"].endswith("_bend")
    when = " at the start" if shape == "quadratic" else ""
    when = " before the break" if shape == "piecewise" else when
    sign = sign_of(row)
    if bend:
        what = "after the break" if shape == "piecewise" else "over time"
        if not sign:
            return f"Whether its slope changed {what} is inconclusive ({detail})."
        return f"Its slope was {'higher' if sign > 0 else 'lower'} {what} ({detail})."
    if not sign:
        return f"Whether {name} rose or fell{when} is inconclusive ({detail})."
    return f"On average {name} {'rose' if sign > 0 else 'fell'}{when} ({detail})."


def _rate_sentences(view: ResultView) -> list[str]:
    """Early alliance beside the later rate of change, as an association."""
    x, y = names_of(view)
    window = one_line(view.labels.get("window", "the early window"))
    clock = one_line(view.labels.get("clock", "session"))
    found = []
    for row in records(view.terms):
        effect = row.get("effect", "")
        if effect not in _RATES:
            continue
        subject = _RATES[effect].format(x=f"{x} ({window})")
        sentence = verdict(
            view,
            row,
            asked=f"whether {y} changed at another rate after {window} in {subject}",
            found=lambda towards, who=subject: (  # type: ignore[misc]
                f"in {who}, the change of {y} per {clock} after {window} was {towards}"
            ),
        )
        found.append(sentence[:1].upper() + sentence[1:])
    return found


def _parallel_sentences(view: ResultView) -> list[str]:
    """Correlations of the growth factors, in words."""
    frame = view.tables.get("Parallel growth", pd.DataFrame())
    x, y = names_of(view)
    found = []
    for row in records(frame):
        if pd.isna(row["correlation"]):
            continue
        pair = _pair(str(row["factor"]), x, y)
        if not pair:
            continue
        detail = f"r = {with_bounded_interval(row, 'correlation', view.conf_level)}"
        sign = sign_of(row)
        if not sign:
            found.append(f"Whether {pair} go together is inconclusive ({detail}).")
        else:
            how = "the same" if sign > 0 else "opposite"
            found.append(f"Over patients, {pair} went in {how} directions ({detail}).")
    return found


def _pair(factor: str, x: str, y: str) -> str:
    if factor == "start with start":
        return f"the levels of {x} and {y} at the first session"
    if factor == "trend with trend":
        return f"the changes of {x} and {y} over time"
    return ""


def _ceiling_sentences(view: ResultView) -> list[str]:
    """The share at the maximum, and what censoring does to the slope."""
    frame = view.tables.get("Ceiling", pd.DataFrame())
    said = one_line(view.labels.get("ceiling", ""))
    rows = {row["model"]: row for row in records(frame)}
    if set(rows) != {"without censoring", "with censoring"}:
        return [said]
    parts = [
        f"{number(row['estimate'], 3)} {model}"
        + (f", {interval(row, 3, view.conf_level)}" if has_interval(row) else "")
        for model, row in rows.items()
    ]
    return [said, f"The linear slope of a random-intercept model was {listed(parts)}."]


def _length_sentences(view: ResultView) -> list[str]:
    """Trends and rates once the number of sessions is in the model."""
    frame = view.tables.get("Sensitivity", pd.DataFrame())
    rows = [r for r in records(frame) if r.get("model") == "with treatment length"]
    x, y = names_of(view)
    words = {
        "alliance_trend": f"the trend of {x}",
        "outcome_trend": f"the trend of {y}",
        "early_rate": "the rate by early alliance",
        "patient_between_rate": "the rate by early alliance between patients",
        "therapist_between_rate": "the rate by early alliance between therapists",
    }
    decimals = view_decimals(view)
    parts = [
        f"b = {number(row['estimate'], decimals)}"
        + (f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else "")
        + f" for {words[row['effect']]}"
        for row in rows
        if row["effect"] in words and not pd.isna(row["estimate"])
    ]
    if not parts:
        return []
    return [f"With the number of sessions and its product with time: {listed(parts)}."]
