"""Sentences about a within-between model. It shows an association, and the words say no more."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.sensitivity import sensitivity_sentences
from alliance_stats.report.wording.numbers import (
    Row,
    standardised_sizes,
)
from alliance_stats.report.wording.verdict import contextual_sentences, verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_adjective,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
    time_sentence,
)

CONCLUSIVE = {
    "within": "sessions with higher {x} than the patient's own average went with {y}",
    "between": "patients with a higher average {x} than other patients had {y}",
    "patient_between": (
        "patients whose average {x} was higher than that of their therapist's other patients had "
        "{y}"
    ),
    "therapist_between": (
        "therapists whose patients had a higher average {x} had patients with {y}"
    ),
}
CAUTION = "These are associations; the model alone does not show what causes what."


def within_between_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: associations; contrasts and sizes; sensitivity; method."""
    return [
        verdicts(view, CONCLUSIVE, lambda row: _association(view, row)),
        [*contextual_sentences(view), _standardised_sentence(view)],
        sensitivity_sentences(view, CONCLUSIVE),
        [*_method_sentences(view), *fit_sentences(view), CAUTION],
    ]


def _association(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    effect, (x, y) = row["effect"], names_of(view)
    return verdict(
        view,
        row,
        asked=f"the {effect_adjective(effect)} association of {x} with {y}",
        found=lambda direction: CONCLUSIVE[effect].format(x=x, y=f"{direction} {y}"),
    )


def _standardised_sentence(view: ResultView) -> str:
    sizes = standardised_sizes(view, CONCLUSIVE)
    if not sizes:
        return ""
    return (
        "In standard deviations of the same unit, taken as known, the coefficients were "
        f"{listed(sizes)}."
    )


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    method = fit_value(view, "method")
    fitted = f" was fitted by {one_line(method)}" if method else " was fitted"
    return [
        f"A linear mixed model of {y}{fitted}{tests_phrase(view)}.",
        one_line(view.labels.get("therapist_changes", "")),
        f"{x} was split into {_split_words(view)}.",
        time_sentence(view.labels),
        one_line(view.labels.get("residual", "")),
    ]


def _split_words(view: ResultView) -> str:
    """The parts of the alliance, by what was done about patients with several therapists."""
    way = view.labels.get("therapist_change", "")
    if way == "dyad":
        return (
            "the therapist's mean, the deviation from it of the patient's mean with this therapist "
            "and the session's deviation from the latter"
        )
    if way == "crossed":
        return (
            "the mean of the session's therapist, the patient's mean deviation from it over all "
            "sessions and what is left of the session"
        )
    effects = set(view.terms.get("effect", pd.Series(dtype=object)))
    if "therapist_between" in effects:
        split = "the therapist's mean, the patient's deviation from it"
    else:
        split = "the patient's mean"
    return f"{split} and the session's deviation from the patient's mean"
