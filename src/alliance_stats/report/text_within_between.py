"""Sentences about a within-between model. It shows an association, and the words say no more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

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
from alliance_stats.report.words import (
    EFFECT_ORDER,
    df_words,
    effect_adjective,
    fit_sentences,
    fit_value,
    one_line,
    time_sentence,
    units_phrase,
)

_CONCLUSIVE = {
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
_CAUTION = "These are associations; the model alone does not show what causes what."
_COMPARED = {
    "patient": ("between-patient", "within-patient"),
    "therapist": ("between-therapist", "between-patient"),
}


def within_between_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: associations; contrasts and sizes; sensitivity; method."""
    return [
        _association_sentences(view),
        [*contextual_sentences(view), _standardised_sentence(view)],
        _sensitivity_sentences(view),
        [*_method_sentences(view), *fit_sentences(view), _CAUTION],
    ]


def _association_sentences(view: ResultView) -> list[str]:
    rows = {row["effect"]: row for row in records(view.terms) if row.get("effect") in _CONCLUSIVE}
    sentences = [_association(view, rows[e]) for e in EFFECT_ORDER if e in rows]
    units = units_phrase(view)
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0]}"
    return [s[:1].upper() + s[1:] for s in sentences]


def _association(view: ResultView, row: Row) -> str:
    """One effect as a sentence that starts in lower case."""
    effect, decimals = row["effect"], view_decimals(view)
    x, y = names_of(view)
    subject = f"the {effect_adjective(effect)} association of {x} with {y}"
    if pd.isna(row["estimate"]):
        return f"{subject} could not be estimated."
    detail = numbers(row, decimals, view.conf_level)
    if not has_interval(row):
        return f"{subject} has no interval, so nothing is concluded from it ({detail})."
    if sign_of(row) == 0:
        effects = compatible_range(row, decimals)
        return (
            f"{subject} was inconclusive: the data are compatible with effects from {effects} "
            f"({detail})."
        )
    outcome = f"{direction(sign_of(row), view.labels.get('outcome_better', ''))} {y}"
    return f"{_CONCLUSIVE[effect].format(x=x, y=outcome)} ({detail})."


def direction(sign: int, better: str) -> str:
    """``lower``, followed by ``(better)`` or ``(worse)`` when the direction has a meaning."""
    word = "higher" if sign > 0 else "lower"
    if better not in ("lower", "higher"):
        return word
    return f"{word} ({'better' if word == better else 'worse'})"


def contextual_sentences(view: ResultView) -> list[str]:
    """Whether the coefficients of two units differ."""
    decimals = view_decimals(view)
    sentences = []
    for row in records(view.terms):
        if row.get("effect") != "contextual" or pd.isna(row["estimate"]):
            continue
        upper, lower = _COMPARED.get(row["unit"], ("between", "within"))
        detail = numbers(row, decimals, view.conf_level)
        pair = f"the {upper} and the {lower} association"
        if sign_of(row):
            word = "above" if sign_of(row) > 0 else "below"
            sentences.append(
                f"The {upper} coefficient lay {word} the {lower} one (contextual difference: "
                f"{detail})."
            )
        else:
            left_open = (
                f": the data are compatible with differences from {compatible_range(row, decimals)}"
                if has_interval(row)
                else ""
            )
            sentences.append(f"Whether {pair} differ is inconclusive{left_open} ({detail}).")
    return sentences


def _standardised_sentence(view: ResultView) -> str:
    frame = view.tables.get("Standardised effects", pd.DataFrame())
    if frame.empty or "effect" not in frame.columns:
        return ""
    sizes = [
        f"{number(row['estimate'], 2)} {_place(row['effect'])}"
        + (f", {interval(row, 2, view.conf_level)}" if has_interval(row) else "")
        for row in records(frame)
        if row["effect"] in _CONCLUSIVE and math.isfinite(row["estimate"])
    ]
    if not sizes:
        return ""
    return (
        "In standard deviations of the same unit, taken as known, the coefficients were "
        f"{listed(sizes)}."
    )


def _sensitivity_sentences(view: ResultView) -> list[str]:
    frame = view.tables.get("Sensitivity", pd.DataFrame())
    if not {"model", "effect", "estimate"} <= set(frame.columns):
        return []
    rows = [row for row in records(frame) if row["effect"] in _CONCLUSIVE]
    fitted = {row["effect"]: row for row in rows if row["model"] == "as fitted"}
    others = [row for row in rows if row["model"] != "as fitted"]
    sentences = []
    for model, same in groupby(others, key=lambda row: str(row["model"])):
        parts = [_sensitivity(view, row, fitted.get(row["effect"])) for row in same]
        sentences.append(f"Sensitivity analysis {one_line(model)}: {listed(parts)}.")
    return sentences


def _sensitivity(view: ResultView, row: Row, fitted: Row | None) -> str:
    place = _place(row["effect"])
    if pd.isna(row["estimate"]):
        return f"no estimate {place}"
    decimals = view_decimals(view)
    ends = f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else ""
    changed = _change(row, fitted) if fitted is not None else ""
    return f"b = {number(row['estimate'], decimals)} {place}{ends}{changed}"


def _change(row: Row, fitted: Row) -> str:
    """What a reader must not miss: the row supports another statement than the fitted model."""
    now, before = sign_of(row), sign_of(fitted)
    if now == before:
        return ""
    if now == 0:
        return " (inconclusive here)"
    return " (of the opposite sign)" if before else " (conclusive only here)"


def _method_sentences(view: ResultView) -> list[str]:
    x, y = names_of(view)
    method = fit_value(view, "method")
    ddf = view.labels.get("ddf", "")
    fitted = f" was fitted by {one_line(method)}" if method else " was fitted"
    tests = f"; tests used {df_words(ddf)}" if ddf else ""
    effects = set(view.terms.get("effect", pd.Series(dtype=object)))
    if "therapist_between" in effects:
        split = "the therapist's mean, the patient's deviation from it"
    else:
        split = "the patient's mean"
    return [
        f"A linear mixed model of {y}{fitted}{tests}.",
        f"{x} was split into {split} and the session's deviation from the patient's mean.",
        time_sentence(view.labels),
    ]


def _place(effect: str) -> str:
    """``within patients``."""
    places = {"within": "within patients", "therapist_between": "between therapists"}
    return places.get(effect, "between patients")


def names_of(view: ResultView) -> tuple[str, str]:
    """The alliance and the outcome, by name."""
    names = (view.labels.get("alliance", "alliance"), view.labels.get("outcome", "outcome"))
    return one_line(names[0]), one_line(names[1])


def listed(parts: Sequence[str]) -> str:
    """``a; b and c``: intervals hold commas, so longer lists are set with semicolons."""
    return " and ".join(parts) if len(parts) < 3 else f"{'; '.join(parts[:-1])}; and {parts[-1]}"
