"""Sentences about publication bias: what each method found, and what it leaves open."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real

from alliance_stats._base.printing import MINUS, without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.effect_scale import effect_scale
from alliance_stats.report.wording.numbers import Row, interval, number, numbers, p_phrase, records
from alliance_stats.report.wording.words import fit_sentences, fit_value, one_line, units_phrase

_ALPHA = 0.05
_OPEN = (
    "A lopsided funnel may come from studies that were not published, or from small studies that "
    "really differ."
)
_METHODS = "The methods rest on different assumptions, and none shows that nothing is missing."


def egger_paragraphs(view: ResultView) -> list[list[str]]:
    """Asymmetry, limit, what it leaves open."""
    rows = {row["effect"]: row for row in records(view.terms)}
    predictor = one_line(view.labels.get("predictor_words", "standard error"))
    test = f"Egger's regression on the {predictor}"
    sentences = [_asymmetry(view, rows["asymmetry"], test)]
    if "limit" in rows:
        sentences.append(
            f"The effect of an infinitely large study would be {_value(view, rows['limit'])}"
            f"{_as_read(view, 'limit_shown')}."
        )
    return [[*sentences, _OPEN, *fit_sentences(view)]]


def begg_paragraphs(view: ResultView) -> list[list[str]]:
    """The rank test."""
    row = records(view.terms)[0]
    tau = bounded(float(row["estimate"]))
    sentence = _tested(view, row, "the rank correlation test", f"Kendall's τ = {tau}")
    return [[sentence, _OPEN, *fit_sentences(view)]]


def trim_fill_paragraphs(view: ResultView) -> list[list[str]]:
    """How many effects were filled in, and the mean with and without them."""
    rows = {row["effect"]: row for row in records(view.terms)}
    k0, side = int(_count(view, "k0")), one_line(view.labels.get("side", ""))
    estimator = one_line(fit_value(view, "estimator"))
    if not k0:
        return [
            [
                f"Across {units_phrase(view)}, trim and fill ({estimator}) filled in no effect on "
                f"the {side}; this does not show that none is missing.",
                *fit_sentences(view),
            ]
        ]
    effects = "1 effect" if k0 == 1 else f"{k0} effects"
    return [
        [
            f"Across {units_phrase(view)}, trim and fill ({estimator}) filled in {effects} on the "
            f"{side}, which moved the mean from {_value(view, rows['observed'])} to "
            f"{_value(view, rows['adjusted'])}{_as_read(view, 'adjusted_shown')}.",
            "It is a sensitivity analysis: effects are filled in also where true effects differ "
            "without any bias.",
            *fit_sentences(view),
        ]
    ]


def pet_peese_paragraphs(view: ResultView) -> list[list[str]]:
    """Both intercepts, the rule and what it chose."""
    rows = {row["effect"]: row for row in records(view.terms)}
    chosen = one_line(view.labels.get("chosen", "pet"))
    p = _count(view, "pet_p")
    return [
        [
            f"Across {units_phrase(view)}, the effect of an infinitely large study was "
            f"{_value(view, rows['pet'])} by PET and {_value(view, rows['peese'])} by PEESE.",
            f"By the rule (one-sided {p_phrase(p)} of PET) {chosen.upper()} was used"
            f"{_as_read(view, 'estimate_shown')}.",
            _OPEN,
            *fit_sentences(view),
        ]
    ]


def selection_paragraphs(view: ResultView) -> list[list[str]]:
    """The test of no selection, weights, the effect without and with selection."""
    first = records(view.terms)[0]
    changed = records(view.tables["Without and with selection"])[0]
    decimals = view_decimals(view)
    mean = "the mean" if _one_coefficient(view) else "the intercept"
    moved = (
        f"Under the model {mean} was {_value(view, first)}{_as_read(view, 'adjusted_shown')}, "
        f"{number(float(changed['unadjusted']), decimals)} without selection."
    )
    caution = "Another weight function may give another effect."
    return [[_selected(view), *_weights(view)], [moved, caution, *fit_sentences(view)]]


def failsafe_paragraphs(view: ResultView) -> list[list[str]]:
    """What the note says, in prose."""
    return [[*map(one_line, view.notes), *fit_sentences(view)]]


def funnel_paragraphs(view: ResultView) -> list[list[str]]:
    """How many effects lie inside the limits."""
    k, inside, wide = (int(_count(view, name)) for name in ("k", "inside", "inside_tau2"))
    share = f"{100 * view.conf_level:g}%"
    return [
        [
            f"Of {k} effects, {inside} lie inside the {share} limits around "
            f"{number(_count(view, 'centre'), 3)} for one true effect, {wide} inside those with "
            "the variance between studies.",
            _OPEN,
            *fit_sentences(view),
        ]
    ]


def report_paragraphs(view: ResultView) -> list[list[str]]:
    """Every method in one sentence."""
    table = records(view.tables["What every method says"])
    used = [row for row in table if row["result"] != "not used"]
    left = [row for row in table if row["result"] == "not used"]
    sentences = [
        f"{one_line(row['method'])}: {_minus(row['result'])} ({_minus(row['reading'])})."
        for row in used
    ]
    sentences += [
        f"{one_line(row['method'])} was not used: {one_line(row['reading'])}." for row in left
    ]
    head = f"Publication bias was looked for in {units_phrase(view)}."
    return [[head, *sentences], [_METHODS, *fit_sentences(view)]]


def _asymmetry(view: ResultView, row: Row, test: str) -> str:
    return _tested(view, row, test, numbers(row, view_decimals(view), view.conf_level))


def _tested(view: ResultView, row: Row, test: str, size: str) -> str:
    """A test of asymmetry: lopsided, or inconclusive; never that there is no bias."""
    across, p = f"Across {units_phrase(view)}, ", float(row["p_value"])
    detail = size if "p " in size else f"{size}, {p_phrase(p)}"
    if math.isnan(p):
        return f"{across}{test} could not be done."
    if p >= _ALPHA:
        return f"{across}{test} was inconclusive ({detail}): it does not show a symmetric funnel."
    return f"{across}{test} showed a lopsided funnel ({detail})."


def _selected(view: ResultView) -> str:
    p, df = _count(view, "lr_p"), int(_count(view, "lr_df"))
    if not df:
        return f"Across {units_phrase(view)}, weights of publication were given, not estimated."
    test = f"χ²({df}) = {number(_count(view, 'lr'), 2)}, {p_phrase(p)}"
    if p < _ALPHA:
        return f"Across {units_phrase(view)}, the model showed selection by p values ({test})."
    return (
        f"Across {units_phrase(view)}, the test of selection by p values was inconclusive "
        f"({test}): it does not show that there is none."
    )


def _weights(view: ResultView) -> list[str]:
    rows = [row for row in records(view.terms) if row["effect"] == "weight"]
    if not rows or view.labels.get("kind") != "steps":
        return []
    each = [
        f"{number(float(row['estimate']), 2)} for {without_zero(one_line(row['term']))}, "
        f"{interval(row, 2, view.conf_level)}"
        for row in rows
    ]
    return [
        "Relative to the most significant results, the weights of publication were "
        f"{'; '.join(each)}."
    ]


def _one_coefficient(view: ResultView) -> bool:
    return sum(row["effect"] == "adjusted" for row in records(view.terms)) == 1


def _value(view: ResultView, row: Row) -> str:
    decimals = view_decimals(view)
    ends = interval(row, decimals, view.conf_level)
    return f"{number(float(row['estimate']), decimals)}, {ends}"


def _as_read(view: ResultView, name: str) -> str:
    """`` (r = 0.21)`` where results are read on another scale."""
    value = fit_value(view, name)
    words, read = view.labels.get("measure_words"), view.labels.get("shown_words")
    if words == read or not isinstance(value, float) or math.isnan(value):
        return ""
    scale = effect_scale(view)
    return f" ({scale.symbol} = {scale.number(value)})"


def _count(view: ResultView, name: str) -> float:
    value = fit_value(view, name)
    return float(value) if isinstance(value, Real) else float("nan")


def _minus(text: object) -> str:
    """A hyphen before a digit as a minus sign."""
    shown = one_line(text)
    return "".join(
        MINUS if c == "-" and shown[j + 1 : j + 2].isdigit() else c for j, c in enumerate(shown)
    )


#: Paragraphs by kind of view.
WRITERS: dict[str, Callable[[ResultView], list[list[str]]]] = {
    "meta_begg": begg_paragraphs,
    "meta_bias": report_paragraphs,
    "meta_egger": egger_paragraphs,
    "meta_failsafe": failsafe_paragraphs,
    "meta_funnel": funnel_paragraphs,
    "meta_pet_peese": pet_peese_paragraphs,
    "meta_selection": selection_paragraphs,
    "meta_trim_fill": trim_fill_paragraphs,
}
