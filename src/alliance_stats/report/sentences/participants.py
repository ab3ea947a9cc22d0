"""Sentences about several studies: mean effects, how studies differ, one stage and two."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.lagged import bias_in_se
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, interval, number, records, standardised_sizes
from alliance_stats.report.wording.verdict import verdict, verdicts
from alliance_stats.report.wording.words import (
    effect_place,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
)

#: What is asked of each effect: the subject, and what it goes with or predicts.
_ASKED = {
    "alliance_to_outcome": ("a {x} above the patient's own average", "later {y}"),
    "outcome_to_alliance": ("a {y} above the patient's own average", "later {x}"),
    "early_alliance": ("a higher early {x}", "post-treatment {y}"),
}
_WITHIN = ("within", "between", "patient_between", "therapist_between")
_CAUTIONS = {
    "lagged": (
        "The order in time rules out that the later rating shaped the earlier one, in every "
        "study; that studies agree does not show that one changed the other."
    ),
    "outcome": (
        "The order in time rules out that the later outcome shaped the early ratings; that "
        "studies agree does not show that the alliance caused the outcome."
    ),
    "within_between": (
        "Alliance and outcome were rated in the same sessions: this is an association in every "
        "study, and their mean is one too."
    ),
}


def participants_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: mean effects; differences between studies; one stage; method."""
    question = view.labels.get("question", "")
    effects = list(dict.fromkeys(view.terms["effect"]))
    if question == "outcome":
        first = _correlation_sentences(view)
    else:
        first = verdicts(view, effects, lambda row: _mean(view, row))
    return [
        [*first, _bias_remedy(view)],
        _difference_sentences(view, effects),
        [_standardised_sentence(view, effects), *_one_stage_sentences(view, effects)],
        [_method_sentence(view), *fit_sentences(view), _CAUTIONS.get(question, "")],
    ]


def _mean(view: ResultView, row: Row) -> str:
    """One mean effect as a sentence that starts in lower case."""
    x, y = names_of(view)
    effect = row["effect"]
    biased = _bias(view, effect)
    if effect in _WITHIN:
        place = effect_place(effect)
        return verdict(
            view,
            row,
            asked=f"the mean association of {x} with {y} {place} over studies",
            found=lambda way: f"a higher {x} went with a {way} {y} {place} on average",
        )
    subject, what = (text.format(x=x, y=y) for text in _ASKED[effect])
    return verdict(
        view,
        row,
        asked=f"whether {subject} predicts {what} on average over studies",
        found=lambda way: f"{subject} predicted a {way} {what} on average over studies",
        better="" if effect == "outcome_to_alliance" else None,
        not_tested=biased,
    )


def _bias(view: ResultView, effect: str) -> str:
    """Why a pooled path is not tested; empty for one that is."""
    size = bias_in_se(view, effect)
    if not size:
        return ""
    return f"in simulated studies of these designs the mean is biased by {size} standard errors"


def _bias_remedy(view: ResultView) -> str:
    if not any(name.endswith("_biased") for name in view.labels):
        return ""
    return (
        "Biases of single studies do not average out. A model that does not centre on observed "
        "means (fit_cross_lagged) in every study avoids them."
    )


def _correlation_sentences(view: ResultView) -> list[str]:
    """Mean correlations as read; what they allow to be said depends on the interval."""
    rows = records(view.tables.get("Correlations", pd.DataFrame()))
    found = {row["kind"]: row for row in rows if row["quantity"] == "at the mean"}
    k = fit_value(view, "n_studies")
    sentences = [_correlation(view, row) for row in found.values()]
    if sentences:
        sentences[0] = f"Over {k} studies, {sentences[0]}"
    return [s[:1].upper() + s[1:] for s in sentences]


def _correlation(view: ResultView, row: Row) -> str:
    """One mean correlation as a sentence that starts in lower case."""
    x, y = names_of(view)
    partial = row["kind"] == "partial"
    size = f"{'partial ' if partial else ''}r = {number(row['r'], 2)}"
    detail = f"{size}, {interval(row, 2, view.conf_level)}"
    given = "given intake and early change, " if partial else ""
    if row["ci_low"] <= 0 <= row["ci_high"]:
        return (
            f"{given}whether a higher early {x} predicts a better {y} was inconclusive on average "
            f"({detail})."
        )
    way = "better" if row["r"] > 0 else "worse"
    return f"{given}a higher early {x} predicted a {way} {y} on average ({detail})."


def _difference_sentences(view: ResultView, effects: list[str]) -> list[str]:
    """Where the true effect of a new study lies, and how much studies differ."""
    rows = records(view.tables.get("Differences between studies", pd.DataFrame()))
    decimals = view_decimals(view)
    sentences = []
    for row in rows:
        if row["group"] != view.labels.get("scale") or row["effect"] not in effects:
            continue
        place = effect_place(row["effect"]) if len(effects) > 1 else ""
        low, high = number(row["pi_low"], decimals), number(row["pi_high"], decimals)
        signs = (
            ", so that effects of either sign are to be expected"
            if row["pi_low"] < 0 < row["pi_high"]
            else ""
        )
        scale = " (in Fisher's z)" if view.labels.get("question") == "outcome" else ""
        sentences.append(
            f"The {100 * view.conf_level:g}% prediction interval of the effect of a new study "
            f"{place}".rstrip()
            + f"{scale} went from {low} to {high}{signs} (τ = {number(row['tau'], decimals)}, "
            f"I² = {100 * row['i2']:.0f}%, k = {int(row['k'])})."
        )
    return sentences


def _standardised_sentence(view: ResultView, effects: list[str]) -> str:
    sizes = standardised_sizes(view, [e for e in effects if not bias_in_se(view, e)])
    if not sizes:
        return ""
    verb = "means were" if len(sizes) > 1 else "mean was"
    return f"In standard deviations of each study, taken as known, the {verb} {listed(sizes)}."


def _one_stage_sentences(view: ResultView, effects: list[str]) -> list[str]:
    """The estimate of one stage beside that of two, on the same scale."""
    rows = records(view.tables.get("One stage and two", pd.DataFrame()))
    said: dict[str, list[str]] = {"agreed with": [], "differed from": []}
    for effect in effects:
        found = {row["way"]: row for row in rows if row["effect"] == effect}
        if "one stage" in found:
            verb = "differed from" if view.labels.get(f"{effect}_apart") else "agreed with"
            said[verb].append(_both_ways(view, effect, found, len(effects) > 1))
    return [
        f"One mixed model of all studies {verb} the two stages: {listed(parts)}."
        for verb, parts in said.items()
        if parts
    ]


def _both_ways(view: ResultView, effect: str, found: Mapping[str, Row], named: bool) -> str:
    """``from alliance to outcome b = −0.04, 95% CI […], against −0.04, 95% CI […]``."""
    decimals = view_decimals(view)
    sizes = [
        f"{number(found[way]['estimate'], decimals)}, "
        f"{interval(found[way], decimals, view.conf_level)}"
        for way in ("one stage", "two stages")
    ]
    place = effect_place(effect) if named else ""
    return f"{place} b = {sizes[0]}, against {sizes[1]}".strip()


def _method_sentence(view: ResultView) -> str:
    model = one_line(view.labels.get("model", "random-effects"))
    method, tests = fit_value(view, "method"), one_line(view.labels.get("test_words", ""))
    tau2 = f", τ² by {one_line(method)}" if method and method != "EE" else ""
    failed = fit_value(view, "n_failed")
    left = ""
    if failed:
        which = (
            "study was left out because its"
            if failed == 1
            else "studies were left out because their"
        )
        left = f" {failed} {which} model failed."
    return (
        f"The same model was fitted in every study, and its coefficients were pooled in a {model} "
        f"meta-analysis{tau2}, with {tests}.{left}"
    )
