"""Sentences about what an unmeasured, time-varying confounder would have to be."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, interval, number, p_phrase, percent, records
from alliance_stats.report.wording.words import fit_sentences, names_of, one_line, units_phrase

_CAUTION = (
    "A robustness value says how strong a confounder would have to be, not that there is none."
)


def confounding_paragraphs(view: ResultView) -> list[list[str]]:
    """Sentences by paragraph: what would be needed; benchmarks; caution."""
    mixed, within = records(view.tables["Sensitivity"])
    return [
        _needed(view, mixed),
        [_exact(within), *_benchmarks(view)],
        [*fit_sentences(view, row="session"), _CAUTION],
    ]


def _share(view: ResultView) -> str:
    q = float(view.labels.get("q", "1"))
    return "all" if q == 1 else f"{100 * q:g}%"


def _needed(view: ResultView, row: Row) -> list[str]:
    x, y = names_of(view)
    alpha = without_zero(view.labels.get("alpha", "0.05"))
    effect = records(view.terms)[0]
    decimals = view_decimals(view)
    value = f"b = {number(effect['estimate'], decimals)}"
    units = units_phrase(view)
    q = float(view.labels.get("q", "1"))
    null = "zero" if q == 1 else f"{100 * (1 - q):g}% of itself"
    lost = (
        f"With {percent(row['robustness_alpha'])} of both it would no longer differ from {null} "
        f"at the {alpha} level."
        if row["robustness_alpha"] > 0
        else f"It does not differ from {null} at the {alpha} level as it is."
    )
    return [
        f"In {units}, an unmeasured variable that changes from session to session would have to "
        f"explain {percent(row['robustness'])} of the residual variance within patients of {x} "
        f"and of {y} to account for {_share(view)} of the within-patient association ({value}).",
        lost,
        f"One that explained everything that is left of {y} would have to explain "
        f"{percent(row['partial_r2'])} of {x}.",
    ]


def _exact(row: Row) -> str:
    return (
        f"By the regression within patients, for which the formulas are exact, these were "
        f"{percent(row['robustness'])}, {percent(row['robustness_alpha'])} and "
        f"{percent(row['partial_r2'])}."
    )


def _benchmarks(view: ResultView) -> list[str]:
    """The strongest multiple of every benchmark."""
    table = view.tables.get("Confounders as strong as observed variables", pd.DataFrame())
    of: dict[str, Row] = {}
    for row in records(table):
        if not pd.isna(row["estimate"]):
            of[str(row["benchmark"])] = row
    decimals = view_decimals(view)
    return [
        f"A confounder {row['k']:g} times as strong as {one_line(name)} would leave b = "
        f"{number(row['estimate'], decimals)}, {interval(row, decimals, 1 - _alpha(view))}, "
        f"{p_phrase(float(row['p_value']))}."
        for name, row in of.items()
    ]


def _alpha(view: ResultView) -> float:
    return float(view.labels.get("alpha", "0.05"))
