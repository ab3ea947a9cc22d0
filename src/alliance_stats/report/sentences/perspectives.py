"""Sentences about the alliance as several raters see it. Associations; the words say no more."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.printing import format_df, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.sentences.within_between import CAUTION
from alliance_stats.report.wording.bounded import bounded, bounded_interval
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    p_phrase,
    percent,
    records,
)
from alliance_stats.report.wording.verdict import verdict
from alliance_stats.report.wording.words import (
    effect_adjective,
    effect_place,
    fit_sentences,
    fit_value,
    listed,
    names_of,
    one_line,
    tests_phrase,
    time_sentence,
    units_phrase,
)

_ALPHA = 0.05


def perspectives_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: one a level; what perspectives share; method."""
    levels = list(dict.fromkeys(row["effect"] for row in records(view.terms) if row["effect"]))
    paragraphs = [_level(view, effect) for effect in levels]
    units = units_phrase(view)
    if units and paragraphs:
        paragraphs[0].insert(0, f"The data were {units} with all ratings.")
    return [
        *paragraphs,
        _correlation_sentences(view),
        [*_method_sentences(view), *fit_sentences(view), CAUTION],
    ]


def _level(view: ResultView, effect: str) -> list[str]:
    """Joint test; each perspective beside the others, and alone; explained variance."""
    rows = [row for row in records(view.terms) if row["effect"] == effect]
    return [
        _joint(view, effect),
        *[_unique(view, row) for row in rows],
        _alone(view, effect),
        _equal(view, effect),
        _explained(view, effect),
    ]


def _test(view: ResultView, effect: str, hypothesis: str) -> tuple[float, str]:
    """p and the test in words."""
    table = view.tables.get("Joint tests", pd.DataFrame())
    for row in records(table):
        if row["effect"] == effect and row["hypothesis"] == hypothesis and row["F"] == row["F"]:
            df = f"{row['df_numerator']:.0f}, {format_df(float(row['df_denominator']))}"
            said = f"F({df}) = {format_fixed(row['F'], 2)}, {p_phrase(float(row['p_value']))}"
            return float(row["p_value"]), said
    return float("nan"), ""


def _joint(view: ResultView, effect: str) -> str:
    p, said = _test(view, effect, "all zero")
    if not said:
        return ""
    y, place = names_of(view)[1], effect_place(effect)
    place = place[:1].upper() + place[1:]
    if p < _ALPHA:
        return f"{place}, the perspectives taken together were associated with {y} ({said})."
    return (
        f"{place}, whether the perspectives taken together are associated with {y} is "
        f"inconclusive ({said})."
    )


def _unique(view: ResultView, row: Row) -> str:
    name, y = one_line(row["perspective"]), names_of(view)[1]
    said = verdict(
        view,
        row,
        asked=f"the {effect_adjective(row['effect'])} association of the {name} rating with {y}",
        found=lambda direction: f"a higher {name} rating went with {direction} {y}",
        given="the other ratings held constant",
    )
    return said[:1].upper() + said[1:]


def _alone(view: ResultView, effect: str) -> str:
    """The coefficients of the models of one perspective."""
    decimals = view_decimals(view)
    parts = [
        f"{number(row['estimate'], decimals)} ({one_line(row['perspective'])}), "
        f"{interval(row, decimals, view.conf_level)}"
        for row in records(view.tables.get("Alone and together", pd.DataFrame()))
        if row["effect"] == effect and row["model"] == "alone" and has_interval(row)
    ]
    return f"Each alone, the coefficients were {listed(parts)}." if parts else ""


def _equal(view: ResultView, effect: str) -> str:
    p, said = _test(view, effect, "all equal")
    if not said:
        return ""
    if p < _ALPHA:
        return f"The coefficients of the perspectives differed ({said})."
    return f"Whether the coefficients of the perspectives differ is inconclusive ({said})."


def _explained(view: ResultView, effect: str) -> str:
    """Shares of the variance of the level."""
    rows = {
        row["perspective"]: row
        for row in records(view.tables.get("Explained variance", pd.DataFrame()))
        if row["effect"] == effect
    }
    if "together" not in rows or pd.isna(rows["together"]["share"]):
        return ""
    unique = [
        f"{percent(row['unique'])} by the {one_line(name)} rating"
        for name, row in rows.items()
        if name not in ("together", "shared")
    ]
    return (
        f"Together they explained {percent(rows['together']['share'])} of the variance of "
        f"{names_of(view)[1]} {effect_place(effect)}: {listed(unique)} alone; the rest, "
        f"{percent(rows['shared']['share'])}, was shared."
    )


def _correlation_sentences(view: ResultView) -> list[str]:
    """One sentence a level: how the perspectives go together."""
    of: dict[str, list[str]] = {}
    for row in records(view.tables.get("Correlations of the perspectives", pd.DataFrame())):
        pair = f"{one_line(row['perspective'])} and {one_line(row['with_perspective'])}"
        ends = f", {bounded_interval(row, view.conf_level)}" if has_interval(row) else ""
        of.setdefault(row["effect"], []).append(f"r = {bounded(row['estimate'])} ({pair}){ends}")
    return [
        f"Correlations of the ratings {effect_place(effect)}, sampling error of means taken out: "
        f"{listed(parts)}."
        for effect, parts in of.items()
    ]


def _method_sentences(view: ResultView) -> list[str]:
    y = names_of(view)[1]
    method = fit_value(view, "method")
    fitted = f" was fitted by {one_line(method)}" if method else " was fitted"
    return [
        f"A linear mixed model of {y}, with the parts of all ratings at every level,{fitted}"
        f"{tests_phrase(view)}.",
        time_sentence(view.labels),
    ]
