"""Sentences about a mediation model: what goes through the mediator, never that it causes."""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.sensitivity import sensitivity_sentences
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
from alliance_stats.report.wording.verdict import verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_adjective,
    fit_sentences,
    fit_value,
    listed,
    one_line,
    time_sentence,
)

#: What is more of the predictor at each level.
_MORE = {
    "within": "a {x} above the patient's own average",
    "between": "a higher {x} of a patient",
    "patient_between": "a higher {x} of a patient, among those of one therapist,",
    "therapist_between": "a higher {x} of a therapist's patients",
}
_CAUTION = (
    "An indirect effect is a product of coefficients: it shows what goes with what, in which "
    "order. It does not show that changing one changes the other, since what is not in the model "
    "may move mediator and outcome together, and no data rule that out (sequential ignorability)."
)


def mediation_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: effects of every level; sizes; sensitivity; method."""
    levels = view.labels.get("levels", "").split()
    indirect = [f"{level}_indirect" for level in levels]
    opening = verdicts(view, indirect, lambda row: _indirect(view, row))
    return [
        [one_line(view.labels.get("caution", "")), *opening],
        *[_other_sentences(view, level) for level in levels],
        [_size_sentence(view, indirect), *_confounding_sentence(view)],
        sensitivity_sentences(view, indirect),
        [*_method_sentences(view), *fit_sentences(view), _CAUTION],
    ]


def _level(effect: str) -> str:
    return effect.removesuffix("_indirect")


def _names(view: ResultView) -> tuple[str, str, str]:
    """Predictor, mediator and outcome, by name."""
    labels = view.labels
    found = [one_line(labels.get(name, name)) for name in ("predictor", "mediator", "outcome")]
    return found[0], found[1], found[2]


def _indirect(view: ResultView, row: Row) -> str:
    """One indirect effect as a sentence that starts in lower case."""
    level, (x, m, y) = _level(row["effect"]), _names(view)
    more = _MORE.get(level, "a higher {x}").format(x=x)
    biased = "" if level == "within" else " (from observed means, and biased for that)"
    return verdict(
        view,
        row,
        asked=f"the {effect_adjective(level)} indirect association of {x} with {y} through {m}"
        f"{biased}",
        found=lambda direction: f"{more} went with a {direction} {y} through {m}{biased}",
    )


def _other_sentences(view: ResultView, level: str) -> list[str]:
    """The two paths, the direct and the total effect of one level, as numbers."""
    rows = {row["effect"]: row for row in records(view.terms)}
    decimals = view_decimals(view)
    x, m, y = _names(view)
    said = {
        "a": f"{x} to {m}",
        "b": f"{m} to {y} given {x}",
        "direct": f"{x} to {y} given {m}",
        "total": f"{x} to {y} in all",
    }
    parts = []
    for name, words in said.items():
        row = rows.get(f"{level}_{name}")
        if row is not None and not pd.isna(row["estimate"]):
            parts.append(f"{words}, {numbers(row, decimals, view.conf_level)}")
    adjective = effect_adjective(level)
    return [f"The {adjective} paths were {listed(parts)}.", *_share(view, level)] if parts else []


def _share(view: ResultView, level: str) -> list[str]:
    """The proportion mediated, or why there is none."""
    for row in records(view.tables.get("Proportion mediated", pd.DataFrame())):
        if row.get("effect") != level:
            continue
        if pd.isna(row["proportion"]):
            return [f"No proportion mediated is given: {one_line(row['reason'])}."]
        ends = f", {interval(row, 2, view.conf_level)}" if has_interval(row) else ""
        return [f"The proportion of it that was indirect was {number(row['proportion'], 2)}{ends}."]
    return []


def _size_sentence(view: ResultView, indirect: list[str]) -> str:
    frame = view.tables.get("Standardised effects", pd.DataFrame())
    parts = [
        f"{number(row['estimate'], 2)} {effect_adjective(_level(row['effect']))}"
        + (f", {interval(row, 2, view.conf_level)}" if has_interval(row) else "")
        for row in records(frame)
        if row["effect"] in indirect and math.isfinite(row["estimate"])
    ]
    if not parts:
        return ""
    return f"In standard deviations of their level, taken as known, indirect: {listed(parts)}."


def _confounding_sentence(view: ResultView) -> list[str]:
    """How strong confounding would have to be to explain the effect within patients."""
    rows = records(view.tables.get("Confounding", pd.DataFrame()))
    effects = {row["effect"]: row for row in records(view.terms)}
    if not rows or pd.isna(rows[0]["rho"]) or not sign_of(effects[rows[0]["effect"]]):
        return []
    _, m, y = _names(view)
    return [
        f"The indirect effect within patients would be zero if what is not in the model "
        f"correlated {m} and {y} of a session by {number(rows[0]['rho'], 2)} (residuals)."
    ]


def _method_sentences(view: ResultView) -> list[str]:
    labels, method = view.labels, fit_value(view, "method")
    fitted = f", fitted by {one_line(method)}" if method else ""
    order = one_line(labels.get("order", ""))
    drawn = {
        "monte-carlo": "Monte Carlo draws of the paths",
        "bootstrap": "resampled clusters",
    }.get(labels.get("draws", ""), "")
    return [
        f"Mediator and outcome were predicted in linear mixed models (design "
        f"{one_line(labels.get('design', ''))}){fitted}.",
        f"Order of the ratings: {order}." if order and not labels.get("caution") else "",
        f"Intervals of indirect and total effects are percentiles over {drawn}." if drawn else "",
        one_line(labels.get("therapist_changes", "")),
        time_sentence(labels),
    ]
