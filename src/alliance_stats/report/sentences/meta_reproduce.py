"""Sentences about a published meta-analysis: what is printed, what it implies, what fits."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.numbers import Row, has_interval, interval, number, records
from alliance_stats.report.wording.words import listed, one_line

_NOT_JOINTLY = (
    "Under normality the printed mean, interval and share of negative effects are not jointly "
    "reproducible."
)


def reproduce_paragraphs(view: ResultView) -> list[list[str]]:
    """What was published; what its interval implies; what fits and what does not."""
    return [[_published(view)], _implied(view), _checked(view)]


def _published(view: ResultView) -> str:
    """Who found what in how many samples."""
    names = [one_line(view.labels.get(name, name)) for name in ("construct", "outcome")]
    k = view.fit["k"].iloc[0]
    samples = "" if pd.isna(k) else f" over {counted(int(k), 'sample')}"
    found = f"{one_line(view.labels.get('source', ''))} relate {names[0]} to {names[1]}{samples}"
    rows = {row["term"]: row for row in records(view.terms)}
    symbol = "d" if view.labels.get("measure") == "d" else "r"
    if symbol in rows:
        return f"{found}: {_value(symbol, rows[symbol], view)}."
    if "lowest r" in rows:
        low, high = (bounded(rows[name]["estimate"]) for name in ("lowest r", "highest r"))
        return f"{found}: r from {low} to {high}, depending on the analysis."
    return f"{found}; the pooled estimate is not known."


def _value(symbol: str, row: Row, view: ResultView) -> str:
    ends = f", {interval(row, 3, view.conf_level)}" if has_interval(row) else ""
    said = f"{symbol} = {number(row['estimate'], 3)}{ends}"
    return said if symbol == "d" else without_zero(said)


def _implied(view: ResultView) -> list[str]:
    """Standard error and heterogeneity."""
    errors = records(view.tables.get("Implied standard errors", pd.DataFrame()))
    if not errors:
        return ["Without an interval neither standard error nor heterogeneity can be found."]
    se = number(errors[0]["se"], 4)
    found = [f"The interval implies a standard error of {se} on Fisher's z."]
    rows = records(view.tables.get("Implied heterogeneity", pd.DataFrame()))
    if not rows:
        return [*found, "The heterogeneity behind it cannot be found."]
    return [*found, *_heterogeneity(rows)]


def _heterogeneity(rows: list[dict[str, float]]) -> list[str]:
    """The heterogeneity at each supposed study size, and its caution."""
    parts = [
        f"with {number(row['n_per_study'], 0)} patients a study, τ² ≈ {number(row['tau2'], 3)} "
        "and a 95% prediction interval of r from "
        f"{bounded(row['pi_low'])} to {bounded(row['pi_high'])}"
        if row["tau2"] > 0
        else f"with {number(row['n_per_study'], 0)} patients a study, none"
        for row in rows
    ]
    return [
        f"The heterogeneity that would go with it is, {'; '.join(parts)}.",
        "This supposes independent correlations of equal weight, one a study.",
    ]


def _checked(view: ResultView) -> list[str]:
    """Which of the printed numbers agree."""
    rows = records(view.tables.get("Checks", pd.DataFrame()))
    if not rows:
        return []
    differ = [row for row in rows if row["verdict"] == "differs"]
    if not differ:
        return ["The printed numbers that can be compared agree, given rounding."]
    parts = [
        f"{one_line(row['check'])} (printed {number(row['printed'], 3)}, recomputed "
        f"{number(row['recomputed'], 3)}, range {number(row['low'], 3)} to "
        f"{number(row['high'], 3)})"
        for row in differ
    ]
    said = f"Not in agreement with the other printed numbers, given rounding: {listed(parts)}."
    jointly = any(row["check"] == "share of negative effects" for row in differ)
    return [said, _NOT_JOINTLY if jointly else ""]
