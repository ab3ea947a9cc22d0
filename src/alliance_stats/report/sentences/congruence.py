"""Sentences about a judge of another's ratings: bias, tracking, and what they depend on."""

from __future__ import annotations

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
    numbers,
    p_phrase,
    records,
    sign_of,
)
from alliance_stats.report.wording.verdict import contextual_sentences
from alliance_stats.report.wording.words import (
    effect_place,
    fit_sentences,
    listed,
    one_line,
    tests_phrase,
    time_sentence,
    units_phrase,
)

#: The level of a test of moderators.
ALPHA = 0.05
_HIGHER = {
    "within": "in sessions in which a patient rated {x} higher than usual, {y} was {word}",
    "between": "of patients who rated {x} higher on average, {y} was {word}",
    "patient_between": (
        "of patients who rated {x} higher on average than the therapist's other patients, {y} was "
        "{word}"
    ),
    "therapist_between": "of therapists whose patients rated {x} higher, {y} was {word}",
}
_CAUTION = (
    "The rating called the truth is what the other is compared with, not how things are, and its "
    "errors of measurement make tracking look smaller. These are associations."
)


def congruence_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: bias; tracking; moderators; mean difference; method."""
    rows = {row["effect"]: row for row in records(view.terms) if row["effect"] != "contextual"}
    units = units_phrase(view)
    first = _bias(view, rows["bias"]) if "bias" in rows else ""
    if units and first:
        first = f"Across {units}, {first[:1].lower() + first[1:]}"
    tracking = [_tracking(view, rows[effect]) for effect in _HIGHER if effect in rows]
    return [
        [first, *_difference(view)],
        [*tracking, *contextual_sentences(view), *_standardised(view)],
        _moderators(view),
        [*_method(view), *fit_sentences(view, row="session"), _CAUTION],
    ]


def _names(view: ResultView) -> tuple[str, str]:
    return one_line(view.labels.get("truth", "")), one_line(view.labels.get("judgement", ""))


def _bias(view: ResultView, row: Row) -> str:
    """By how much the judgement lies above or below the truth at its mean."""
    (x, y), decimals = _names(view), view_decimals(view)
    detail = numbers(row, decimals, view.conf_level)
    sign = sign_of(row)
    if not has_interval(row):
        return f"The directional bias of {y} has no interval, so nothing is concluded ({detail})."
    if sign == 0:
        return (
            f"Whether {y} lay above or below {x} is inconclusive: the data are compatible with a "
            f"directional bias from {compatible_range(row, decimals)} ({detail})."
        )
    size = number(abs(row["estimate"]), 2)
    word = "above" if sign > 0 else "below"
    return f"Where {x} was at its mean, {y} lay {size} points {word} it ({detail})."


def _tracking(view: ResultView, row: Row) -> str:
    """Whether the judgement follows the truth at a level, and whether in full."""
    (x, y), decimals = _names(view), view_decimals(view)
    detail = numbers(row, decimals, view.conf_level)
    place = effect_place(row["effect"])
    if not has_interval(row):
        return f"The tracking {place} has no interval, so nothing is concluded ({detail})."
    sign = sign_of(row)
    if sign == 0:
        return (
            f"Whether {y} tracked {x} {place} is inconclusive: the data are compatible with "
            f"{compatible_range(row, decimals)} points per point ({detail})."
        )
    word = "higher too" if sign > 0 else "lower"
    said = _HIGHER[row["effect"]].format(x=x, y=y, word=word)
    size = number(row["estimate"], 2)
    part = ", less than in full" if sign > 0 and row["ci_high"] < 1 else ""
    return f"{said[:1].upper()}{said[1:]}, by {size} points per point{part} ({detail})."


def _difference(view: ResultView) -> list[str]:
    found = []
    x, y = _names(view)
    for row in records(view.tables.get("Mean difference", pd.DataFrame())):
        ends = {"ci_low": row["d_low"], "ci_high": row["d_high"]}
        size = f"d = {number(row['d'], 2)}, {interval(ends, 2, view.conf_level)}"
        sign = sign_of(row)
        if sign == 0:
            found.append(f"Which of {x} and {y} is higher on average is inconclusive ({size}).")
        else:
            high, low = (x, y) if sign > 0 else (y, x)
            points = number(abs(row["estimate"]), 2)
            found.append(f"On average {high} was {points} points higher than {low} ({size}).")
    return found


def _standardised(view: ResultView) -> list[str]:
    frame = view.tables.get("Standardised tracking", pd.DataFrame())
    parts = [
        f"{number(row['estimate'], 2)} {effect_place(row['effect'])}"
        for row in records(frame)
        if not pd.isna(row["estimate"])
    ]
    return [f"In standard deviations of each level, tracking was {listed(parts)}."] if parts else []


def _moderators(view: ResultView) -> list[str]:
    """Whether bias and tracking depend on each moderator."""
    found = []
    for row in records(view.tables.get("Tests of moderators", pd.DataFrame())):
        place = effect_place(row["effect"])
        what = "the directional bias" if row["effect"] == "bias" else f"tracking {place}"
        df = f"{format_df(row['df_numerator'])}, {format_df(row['df_denominator'])}"
        test = f"F({df}) = {number(row['statistic'], 2)}, {p_phrase(row['p_value'])}"
        on = one_line(row["moderator"])
        if row["p_value"] < ALPHA:
            found.append(f"{what[:1].upper()}{what[1:]} depended on {on} ({test}).")
        else:
            found.append(f"Whether {what} depends on {on} is inconclusive ({test}).")
    return found


def _method(view: ResultView) -> list[str]:
    x, y = _names(view)
    return [
        f"This is a truth-and-bias model (West & Kenny, 2011): {y} was modelled by {x}, both "
        f"counted from the mean of {x}, in a mixed model of sessions{tests_phrase(view)}.",
        time_sentence(view.labels),
    ]
