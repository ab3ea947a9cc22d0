"""Sentences about measurement invariance: what every step changed, and which rules it keeps."""

from __future__ import annotations

import math

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.numbers import Row, number, p_phrase, records
from alliance_stats.report.wording.words import (
    fit_sentences,
    title_with_units,
)

_RULES = {"cheung_rensvold": "Cheung and Rensvold (2002)", "chen": "Chen (2007)"}


def invariance_paragraphs(view: ResultView) -> list[list[str]]:
    """The first model's fit; then every step with its test, changes and rules."""
    fits = records(view.tables["Fit"])
    head = title_with_units(view)
    first = f"The {fits[0]['step']} model had {_fit(fits[0])}."
    return [[head, first], [_step(row) for row in records(view.tables["Changes"])],
            fit_sentences(view)]  # fmt: skip


def _fit(row: Row) -> str:
    test = f"χ²({int(row['df'])}) = {number(row['chi2'], 2)}, {p_phrase(row['p_value'])}"
    indices = [f"{name.upper()} = {_index(row[name])}" for name in ("cfi", "rmsea", "srmr")]
    return f"{test}, {', '.join(indices)}"


def _step(row: Row) -> str:
    """``Equal metric: Δχ²(3) = 7.21, p = .066, ΔCFI = −.016 …; it keeps to the rule of …``."""
    test = f"Δχ²({int(row['delta_df'])}) = {number(row['delta_chi2'], 2)}, "
    test = "" if math.isnan(row["delta_chi2"]) else test + f"{p_phrase(row['p_value'])}, "
    changes = [f"Δ{name.upper()} = {_index(row[f'delta_{name}'])}"
               for name in ("cfi", "rmsea", "srmr")]  # fmt: skip
    return f"{row['step'].capitalize()} invariance: {test}{', '.join(changes)}; {_rules(row)}."


def _rules(row: Row) -> str:
    kept = [words for name, words in _RULES.items() if row[name]]
    broken = [words for name, words in _RULES.items() if not row[name]]
    if not broken:
        return f"it holds by the rules of {' and '.join(kept)}"
    if not kept:
        return f"it does not hold by the rules of {' and '.join(broken)}"
    return f"it holds by the rule of {kept[0]} and not by that of {broken[0]}"


def _index(value: float) -> str:
    return bounded(value, 3)
