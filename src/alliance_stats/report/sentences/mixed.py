"""Sentences about explained variance, variance shares, influence, findings and bootstraps."""

from __future__ import annotations

import math

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import MINUS, format_number
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded, bounded_interval
from alliance_stats.report.wording.numbers import (
    Row,
    coefficient_numbers,
    has_interval,
    percent,
    records,
)
from alliance_stats.report.wording.words import (
    fit_value,
    listed,
    one_line,
    term_words,
    title_with_units,
    units_phrase,
)

_TOTALS = {
    "marginal": "The fixed effects accounted for {share} of the variance (marginal R² = {value}).",
    "conditional": "With the random effects it was {share} (conditional R² = {value}).",
}


def r_squared_paragraphs(view: ResultView) -> list[list[str]]:
    """Marginal and conditional R², then what the fixed effects explain in every unit."""
    rows = records(view.tables["Explained variance"])
    total = [
        _TOTALS[row["term"]].format(share=percent(_share(row)), value=_with_ends(view, row))
        for row in rows
        if row["unit"] == "total" and row["term"] in _TOTALS
    ]
    parts = [
        f"{percent(_share(row))} of the variance {one_line(row['unit'])} ({row['symbol']} = "
        f"{_with_ends(view, row)})"
        for row in rows
        if row["unit"] != "total" and row["term"].startswith("fixed ")
        and not row["term"].startswith("fixed +")
    ]  # fmt: skip
    by_unit = f"The fixed effects accounted for {listed(parts)}." if parts else ""
    return [[*total, by_unit]]


def variance_shares_paragraphs(view: ResultView) -> list[list[str]]:
    """Where the variance lies."""
    rows = records(view.tables["Shares of variance"])
    parts = [
        f"{percent(row['share'])} was residual"
        if row["unit"] == "residual"
        else f"{percent(row['share'])} lay between {one_line(row['unit'])}s"
        for row in rows
        if not math.isnan(row["share"])
    ]
    return [[f"Of the variance given the fixed effects, {listed(parts)} ({units_phrase(view)})."]]


def influence_paragraphs(view: ResultView) -> list[list[str]]:
    """How far the coefficients move when one unit is left out."""
    unit, largest = one_line(fit_value(view, "unit")), fit_value(view, "max_cooks_distance")
    table = next(iter(view.tables.values()), pd.DataFrame())
    parts = [
        f"{_number(row['lowest'])} to {_number(row['highest'])} for {term_words(row['term'])}"
        for row in records(table)
    ]
    n = int(str(fit_value(view, "n_undefined") or 0))
    return [
        [
            f"Each {unit} was left out in turn ({units_phrase(view)}).",
            f"The coefficients then went from {listed(parts)}." if parts else "",
            "" if _unknown(largest) else f"The largest Cook's distance was {_number(largest)}.",
            f"Without {counted(n, unit)} the model could not be estimated." if n else "",
        ]
    ]


def diagnosis_paragraphs(view: ResultView) -> list[list[str]]:
    """Every finding in its own words."""
    return [[f"{one_line(view.title)}."], [*map(one_line, view.labels["findings"].splitlines())]]


def bootstrap_paragraphs(view: ResultView) -> list[list[str]]:
    """What was drawn, and every parameter with the interval of its draws."""
    failed = int(str(fit_value(view, "n_failed") or 0))
    rows = [f"{term_words(row['term'])}: {said}." for row, said in coefficient_numbers(view)]
    left_out = f"{counted(failed, 'refit')} failed and did not count." if failed else ""
    return [[title_with_units(view), *rows, left_out]]


def _share(row: Row) -> float:
    return float(row["share"] if "share" in row else row["value"])


def _with_ends(view: ResultView, row: Row) -> str:
    ends = f", {bounded_interval(row, view.conf_level)}" if has_interval(row) else ""
    return f"{bounded(_share(row))}{ends}"


def _number(value: object) -> str:
    return format_number(value, minus=MINUS)


def _unknown(value: object) -> bool:
    return not isinstance(value, float) or math.isnan(value)
