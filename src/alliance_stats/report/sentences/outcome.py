"""Sentences about a model of early alliance and post-treatment outcome: what predicts what."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import with_bounded_interval
from alliance_stats.report.wording.numbers import (
    Row,
    records,
    standardised_sizes,
)
from alliance_stats.report.wording.verdict import contextual_sentences, verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_place,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
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
        [
            *verdicts(view, _SUBJECTS, lambda row: _prediction(view, row)),
            *contextual_sentences(view),
        ],
        [_standardised_sentence(view), *_correlation_sentences(view)],
        [*_method_sentences(view), *fit_sentences(view, row="patient"), _CAUTION],
    ]


def _prediction(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    x, y = names_of(view)
    subject = _SUBJECTS[row["effect"]].format(x=x)
    return verdict(
        view,
        row,
        asked=f"whether {subject} predicts post-treatment {y}",
        found=lambda direction: f"{subject} predicted a {direction} post-treatment {y}",
        given=_GIVEN,
    )


def _standardised_sentence(view: ResultView) -> str:
    sizes = standardised_sizes(view, _SUBJECTS)
    if not sizes:
        return ""
    several = "coefficients were" if len(sizes) > 1 else "coefficient was"
    return f"In standard deviations over patients, taken as known, the {several} {listed(sizes)}."


def _correlation_sentences(view: ResultView) -> list[str]:
    """One sentence an effect: zero-order, partial and semi-partial correlation."""
    frame = view.tables.get("Correlations", pd.DataFrame())
    of: dict[str, list[str]] = {}
    for row in records(frame):
        shown = with_bounded_interval(row, "r", view.conf_level)
        of.setdefault(row["effect"], []).append(f"{row['kind']} r = {shown}")
    sentences = [
        f"Correlations with post-treatment {names_of(view)[1]} {effect_place(effect)}".rstrip()
        + f": {listed(parts)}."
        for effect, parts in of.items()
    ]
    if sentences and view.labels.get("outcome_better"):
        sentences.append("Correlations are positive where the outcome was better.")
    return sentences


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    window = one_line(view.labels.get("window", "the early sessions"))
    first = one_line(view.labels.get("first_session", ""))
    method = fit_value(view, "method")
    model = (
        f"Post-treatment {y} was regressed by ordinary least squares"
        if method == "OLS"
        else f"Post-treatment {y} was modelled with random intercepts of therapists"
        + (f", fitted by {one_line(method)}" if method else "")
    )
    change = f"the change from intake to session {first}" if first else "the early change"
    return [
        f"{model}{tests_phrase(view)}.",
        one_line(view.labels.get("therapist_changes", "")),
        f"Early {x} was the mean over {window}; the score at intake and {change} were in the "
        "model.",
    ]
