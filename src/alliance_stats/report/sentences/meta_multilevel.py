"""Sentences about a meta-analysis of dependent effects: mean, spread by unit, what was assumed."""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.checks import plural
from alliance_stats._base.printing import format_df, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.effect_scale import effect_scale
from alliance_stats.report.wording.numbers import (
    Row,
    number,
    p_phrase,
    records,
    sign_of,
    view_number,
    view_numbers,
    view_range,
)
from alliance_stats.report.wording.words import (
    fit_sentences,
    fit_value,
    listed,
    one_line,
    term_words,
    units_phrase,
)

_CAUTION = "Means over studies are associations; studies were not assigned to values of moderators."


def multilevel_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: mean or coefficients; spread; assumptions and method."""
    moderators = bool(view.labels.get("moderators"))
    first = _coefficients(view) if moderators else [*_mean(view), _prediction(view)]
    return [
        first,
        [_q_sentence(view), _spread_sentence(view)],
        [
            _method_sentence(view),
            _rho_sentence(view),
            *fit_sentences(view, row="effect size"),
            *([_CAUTION] if moderators else []),
        ],
    ]


def _estimate(view: ResultView, row: Row) -> str:
    """The numbers of one coefficient: a mean is an estimate."""
    found = view_numbers(view, row)
    return found if view.labels.get("moderators") else found.replace("b = ", "estimate = ", 1)


def _mean(view: ResultView) -> list[str]:
    row = records(view.terms)[0]
    words = one_line(view.labels.get("measure_words", "effect size"))
    shown = _line(view, "mean")
    size = ""
    if shown and view.labels.get("measure_words") != view.labels.get("shown_words"):
        scale = effect_scale(view)
        ends = scale.interval(shown["shown_low"], shown["shown_high"])
        size = f"{scale.symbol} = {scale.number(shown['shown'])}, {scale.interval_words} {ends}; "
    detail = f"{size}{words}: {_estimate(view, row)}"
    units = units_phrase(view)
    across = f"Across {units}, the" if units else "The"
    if sign_of(row):
        side = "positive" if sign_of(row) > 0 else "negative"
        return [f"{across} mean effect was {side} ({detail})."]
    ends_in_words = view_range(view, row)
    return [
        f"{across} mean effect was inconclusive: the data are compatible with means from "
        f"{ends_in_words} ({detail})."
    ]


def _line(view: ResultView, kind: str) -> Row | None:
    """The row of the forest plot for the mean or the prediction interval."""
    if view.plot is None:
        return None
    return next(iter(records(view.plot[view.plot["row"] == kind])), None)


def _prediction(view: ResultView) -> str:
    row = _line(view, "prediction")
    if row is None:
        return ""
    low, high = map(effect_scale(view).number, (row["shown_low"], row["shown_high"]))
    words = one_line(view.labels.get("shown_words", "effect size"))
    both = row["ci_low"] < 0 < row["ci_high"]
    signs = ", so that true effects of either sign are to be expected" if both else ""
    return (
        f"The {100 * view.conf_level:g}% prediction interval of a true effect in a new study "
        f"went from {low} to {high} ({words}){signs}."
    )


def _coefficients(view: ResultView) -> list[str]:
    units = units_phrase(view)
    sentences = []
    for row in records(view.terms):
        name, detail = term_words(row["term"]), _estimate(view, row)
        if row["term"] == "(Intercept)":
            continue
        if sign_of(row):
            side = "larger" if sign_of(row) > 0 else "smaller"
            sentences.append(f"Effects were {side} with {name} ({detail}).")
        else:
            sentences.append(f"Whether effects go with {name} is inconclusive ({detail}).")
    if units and sentences:
        sentences[0] = f"Across {units}, {sentences[0][:1].lower()}{sentences[0][1:]}"
    return sentences


def _q_sentence(view: ResultView) -> str:
    q, df, p = (float(str(fit_value(view, name))) for name in ("q", "q_df", "q_p"))
    given = ", given the moderators," if view.labels.get("moderators") else ""
    test = f"Q({format_df(df)}) = {format_fixed(q, 2)}, {p_phrase(p)}"
    if p < 1.0 - view.conf_level:
        return f"Effects differed{given} more than sampling error lets them ({test})."
    return f"Whether effects differ{given} more than by sampling error is open ({test})."


def _spread_sentence(view: ResultView) -> str:
    parts = []
    for row in records(view.tables.get("Variance of true effects", pd.DataFrame())):
        if row["unit"] in ("sampling error", "total"):
            continue
        unit = _units(one_line(row["unit"])) + (f", {one_line(row['term'])}" if row["term"] else "")
        share = format_fixed(100 * row["i2"], 0)
        parts.append(f"τ = {number(row['tau'], 3)} between {unit} (I² = {share}%)")
    return f"The standard deviations of true effects were {listed(parts)}." if parts else ""


def _units(path: str) -> str:
    """``studies``, or ``effects within studies`` of ``study/effect``."""
    names = [plural(name) for name in path.split("/")]
    return " within ".join(names[:-3:-1])


def _rho_sentence(view: ResultView) -> str:
    rho = fit_value(view, "rho")
    if not isinstance(rho, float) or not math.isfinite(rho):
        return ""
    said = f"Sampling errors of effects of one sample were assumed to correlate {bounded(rho)}"
    table = view.tables.get("Other correlations of sampling errors", pd.DataFrame())
    if table.empty or view.labels.get("moderators"):
        return f"{said}."
    low, high = (view_number(view, f(table["estimate"])) for f in (min, max))
    same = f"the mean stayed at {low}" if low == high else f"the mean went from {low} to {high}"
    return f"{said}; with correlations from 0 to .8 {same}."


def _method_sentence(view: ResultView) -> str:
    random = one_line(view.labels.get("random", ""))
    tests = one_line(view.labels.get("test_words", "tests"))
    cluster = one_line(view.labels.get("cluster", ""))
    robust = f", clustered by {cluster}" if cluster and "robust" in tests else ""
    method = one_line(fit_value(view, "method") or "")
    return (
        f"A multilevel model with random effects of {random} was fitted by {method}, with "
        f"{tests}{robust}."
    )
