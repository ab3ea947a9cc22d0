"""Sentences about a model of early alliance and post-treatment outcome: what predicts what."""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.numbers import (
    Row,
    compatible_range,
    has_interval,
    interval,
    number,
    numbers,
    records,
    sign_of,
)
from alliance_stats.report.tables import view_decimals
from alliance_stats.report.text_within_between import (
    contextual_sentences,
    direction,
    listed,
    names_of,
)
from alliance_stats.report.words import (
    df_words,
    fit_sentences,
    fit_value,
    one_line,
    units_phrase,
)

_SUBJECTS = {
    "early_alliance": "a higher early {x}",
    "patient_between": "an early {x} above that of the therapist's other patients",
    "therapist_between": "a higher mean early {x} of the therapist's patients",
}
_GIVEN = "given the score at intake and the early change"
_CAUTION = (
    "The order in time rules out that the later outcome shaped the early ratings; it does not "
    "show that the alliance caused the outcome."
)


def outcome_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: predictions; sizes; method."""
    return [
        [*_prediction_sentences(view), *contextual_sentences(view)],
        [_standardised_sentence(view), *_correlation_sentences(view)],
        [*_method_sentences(view), *fit_sentences(view, row="patient"), _CAUTION],
    ]


def _prediction_sentences(view: ResultView) -> list[str]:
    rows = {row["effect"]: row for row in records(view.terms)}
    sentences = [_prediction(view, rows[effect]) for effect in _SUBJECTS if effect in rows]
    units = units_phrase(view)
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0]}"
    return [s[:1].upper() + s[1:] for s in sentences]


def _prediction(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    decimals = view_decimals(view)
    x, y = names_of(view)
    subject = _SUBJECTS[row["effect"]].format(x=x)
    question = f"whether {subject} predicts post-treatment {y}"
    if pd.isna(row["estimate"]):
        return f"{question} could not be estimated."
    detail = numbers(row, decimals, view.conf_level)
    if not has_interval(row):
        return f"{question} has no interval, so nothing is concluded from it ({detail})."
    if sign_of(row) == 0:
        effects = compatible_range(row, decimals)
        return (
            f"{question}, {_GIVEN}, was inconclusive: the data are compatible with effects from "
            f"{effects} ({detail})."
        )
    towards = direction(sign_of(row), view.labels.get("outcome_better", ""))
    return f"{subject} predicted a {towards} post-treatment {y}, {_GIVEN} ({detail})."


def _standardised_sentence(view: ResultView) -> str:
    frame = view.tables.get("Standardised effects", pd.DataFrame())
    sizes = [
        f"{number(row['estimate'], 2)}{_place(row['effect'])}"
        + (f", {interval(row, 2, view.conf_level)}" if has_interval(row) else "")
        for row in records(frame)
        if row.get("effect") in _SUBJECTS and math.isfinite(row["estimate"])
    ]
    if not sizes:
        return ""
    several = "coefficients were" if len(sizes) > 1 else "coefficient was"
    return f"In standard deviations over patients, taken as known, the {several} {listed(sizes)}."


def _correlation_sentences(view: ResultView) -> list[str]:
    """One sentence an effect: zero-order, partial and semi-partial correlation."""
    frame = view.tables.get("Correlations", pd.DataFrame())
    of: dict[str, list[str]] = {}
    for row in records(frame):
        ends = f", {interval(row, 2, view.conf_level)}" if has_interval(row) else ""
        of.setdefault(row["effect"], []).append(f"{row['kind']} r = {number(row['r'], 2)}{ends}")
    sentences = [
        f"Correlations with post-treatment {names_of(view)[1]}{_place(effect)}: {listed(parts)}."
        for effect, parts in of.items()
    ]
    if sentences and view.labels.get("outcome_better"):
        sentences.append("Correlations are positive where the outcome was better.")
    return sentences


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    window = one_line(view.labels.get("window", "the early sessions"))
    first = one_line(view.labels.get("first_session", ""))
    method, ddf = fit_value(view, "method"), view.labels.get("ddf", "")
    tests = f"; tests used {df_words(ddf)}" if ddf else ""
    model = (
        f"Post-treatment {y} was regressed by ordinary least squares"
        if method == "OLS"
        else f"Post-treatment {y} was modelled with random intercepts of therapists"
        + (f", fitted by {one_line(method)}" if method else "")
    )
    change = f"the change from intake to session {first}" if first else "the early change"
    return [
        f"{model}{tests}.",
        f"Early {x} was the mean over {window}; the score at intake and {change} were in the "
        "model.",
    ]


def _place(effect: str) -> str:
    """`` between therapists``, nothing for the whole early alliance."""
    places = {"patient_between": " between patients", "therapist_between": " between therapists"}
    return places.get(effect, "")
