"""Sentences about a meta-analysis: mean, range of true effects, heterogeneity, moderators."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from alliance_stats._base.printing import MINUS, format_df, format_fixed, format_number
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.effect_scale import effect_scale
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
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
    one_line,
    term_words,
    title_with_units,
    units_phrase,
)

_ALPHA = 0.05
_CAUTION = (
    "A mean over studies is an association; studies were not assigned to values of moderators."
)


def meta_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: mean or moderators; heterogeneity; method."""
    with_moderators = bool(view.labels.get("moderators"))
    first = _moderator_sentences(view) if with_moderators else _mean_sentences(view)
    return [
        first,
        _heterogeneity_sentences(view),
        [_method_sentence(view), *fit_sentences(view), *([_CAUTION] if with_moderators else [])],
    ]


def _mean_sentences(view: ResultView) -> list[str]:
    row = records(view.terms)[0]
    detail = _as_estimate(view_numbers(view, row))
    words = one_line(view.labels.get("measure_words", "effect size"))
    shown = _as_read(view, "at the mean")
    size = f"{effect_scale(view).symbol} = {_shown(view, shown)}; {words}: " if shown else ""
    units = units_phrase(view)
    across = f"Across {units}, the" if units else "The"
    if not has_interval(row):
        sentences = [
            f"{across} mean effect has no interval, so nothing is concluded from it ({detail})."
        ]
    elif sign_of(row):
        side = "positive" if sign_of(row) > 0 else "negative"
        sentences = [f"{across} mean effect was {side} ({size}{detail})."]
    else:
        ends = view_range(view, row)
        sentences = [
            f"{across} mean effect was inconclusive: the data are compatible with means from "
            f"{ends} ({size}{detail})."
        ]
    over = _as_read(view, "mean over studies")
    if over:
        sentences.append(
            f"The mean of the correlations of all true effects was {_shown(view, over)}."
        )
    return [*sentences, _prediction_sentence(view)]


def _as_estimate(detail: str) -> str:
    """A mean is an estimate, no regression coefficient."""
    return detail.replace("b = ", "estimate = ", 1)


def _as_read(view: ResultView, quantity: str) -> Row | None:
    """The row of a quantity in the table of effects as they are read, where there is one."""
    name = view.labels.get("shown_words", "").capitalize()
    rows = records(view.tables.get(name, pd.DataFrame()))
    return next((row for row in rows if row.get("quantity") == quantity), None)


def _shown(view: ResultView, row: Row) -> str:
    scale = effect_scale(view)
    ends = scale.interval(row["ci_low"], row["ci_high"])
    return f"{scale.number(row['estimate'])}, {scale.interval_words} {ends}"


def _prediction_sentence(view: ResultView) -> str:
    """Where the true effect of a new study lies."""
    frame = view.tables.get("Prediction", pd.DataFrame())
    read = _as_read(view, "at the mean")
    row = read or next(iter(records(frame)), None)
    if row is None or frame.empty or not math.isfinite(row["pi_low"]):
        return ""
    printed = effect_scale(view).number if read else partial(view_number, view)
    low, high = printed(row["pi_low"]), printed(row["pi_high"])
    both = row["pi_low"] < 0 < row["pi_high"] if _null_is_zero(view) else False
    signs = ", so that true effects of either sign are to be expected" if both else ""
    return (
        f"The {100 * view.conf_level:g}% prediction interval of the true effect of a new study "
        f"went from {low} to {high}{signs}."
    )


def _null_is_zero(view: ResultView) -> bool:
    return view.labels.get("shown_symbol") != "OR"


def _heterogeneity_sentences(view: ResultView) -> list[str]:
    rows = {row["parameter"]: row for row in records(view.tables["Heterogeneity"])}
    q = rows["q"]
    test = f"Q({format_df(q['df'])}) = {format_fixed(q['estimate'], 2)}, {p_phrase(q['p_value'])}"
    given = ", given the moderators," if view.labels.get("moderators") else ""
    if q["p_value"] < _ALPHA:
        said = f"Effects differed{given} more than sampling error lets them ({test})"
    else:
        said = f"Whether effects differ{given} more than by sampling error is open ({test})"
    parts = []
    if "tau2" in rows:
        parts.append(f"τ² = {_with_ends(rows['tau2'], view, 1.0, '')}")
    parts.append(f"I² = {_with_ends(rows['i2'], view, 100.0, '%')}")
    return [f"{said}: {'; '.join(parts)}."]


def _with_ends(row: Row, view: ResultView, times: float, unit: str) -> str:
    """``0.013, 95% CI [0.000, 0.114]``, or per cent."""

    def shown(value: float) -> str:
        if unit:
            return f"{format_fixed(times * value, 0)}{unit}"
        return format_fixed(value, 3) if value == 0 or value >= 0.0005 else format_number(value)

    if not math.isfinite(row["ci_low"]):
        return shown(row["estimate"])
    ends = f"[{shown(row['ci_low'])}, {shown(row['ci_high'])}]"
    return f"{shown(row['estimate'])}, {100 * view.conf_level:g}% CI {ends}"


def _moderator_sentences(view: ResultView) -> list[str]:
    tests = records(view.tables["Moderators"])
    units = units_phrase(view)
    sentences = [_term_sentence(row, several=len(tests) > 2) for row in tests]
    if len(tests) == 2:  # one term: the test of all is the same
        sentences = sentences[:1]
    rows = [row for row in records(view.terms) if row["term"] != "(Intercept)"]
    slopes = [f"{term_words(row['term'])}: {view_numbers(view, row)}." for row in rows]
    if units:
        sentences[0] = f"Across {units}, {sentences[0][:1].lower()}{sentences[0][1:]}"
    r2 = fit_value(view, "r2")
    if isinstance(r2, float) and math.isfinite(r2):
        slopes.append(f"The moderators explained {format_fixed(100 * r2, 0)}% of τ² (R²).")
    return [*sentences, *slopes]


def permutation_paragraphs(view: ResultView) -> list[list[str]]:
    """Every coefficient with the p value of the permutations; what was permuted."""
    said = [
        f"{term_words(row['term'])}: estimate = {view_number(view, row['estimate'])}, "
        f"SE = {view_number(view, row['se'])}, permutation {p_phrase(row['p_value'])}."
        for row in records(view.terms)
    ]
    head = title_with_units(view)
    return [[head, *said], [*map(one_line, view.notes), *fit_sentences(view)]]


def _term_sentence(row: Row, *, several: bool) -> str:
    name = term_words(row["term"])
    statistic = format_fixed(row["statistic"], 2, minus=MINUS)
    if math.isfinite(row["df_residual"]):
        test = f"F({int(row['df'])}, {format_df(row['df_residual'])}) = {statistic}"
    else:
        test = f"χ²({int(row['df'])}) = {statistic}"
    detail = f"{test}, {p_phrase(row['p_value'])}"
    given = " given the other moderators" if several and name != "all moderators" else ""
    if row["p_value"] < _ALPHA:
        return f"Effects went with {name}{given} ({detail})."
    return f"Whether effects go with {name}{given} is inconclusive ({detail})."


def _method_sentence(view: ResultView) -> str:
    model = one_line(view.labels.get("model", "random-effects"))
    tests = one_line(view.labels.get("test_words", "tests"))
    method = fit_value(view, "method")
    tau2 = f", τ² estimated by {one_line(method)}" if method and method != "EE" else ""
    article = "An" if model[:1] in "aeiou" else "A"
    return f"{article} {model} model was fitted{tau2}, with {tests}."
