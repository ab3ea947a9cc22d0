"""Sentences about coefficients of reliability: what was measured on whom, and each coefficient."""

from __future__ import annotations

import math

from alliance_stats._base.printing import MINUS, format_df, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import bounded
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    p_phrase,
    records,
    view_interval,
    view_number,
)
from alliance_stats.report.wording.words import fit_sentences, one_line, title_with_units

#: Kinds of which every coefficient is said.
KINDS = (
    "aggregation", "alpha", "bland_altman", "concordance", "disattenuated", "g_study", "gwet",
    "icc", "kappa", "krippendorff", "lambdas", "measurement_error", "multilevel_alpha",
    "multilevel_omega", "multilevel_reliability", "omega", "omega_categorical",
    "percent_agreement", "reliability_of_means", "retest", "rwg", "split_half",
)  # fmt: skip


def reliability_paragraphs(view: ResultView) -> list[list[str]]:
    """One paragraph: the title with its units, then every coefficient with its interval."""
    coefficients = [f"{_phrase(view, row)}." for row in records(view.terms)]
    return [[title_with_units(view), *coefficients, *fit_sentences(view)]]


def items_paragraphs(view: ResultView) -> list[list[str]]:
    """One paragraph: the lowest and the highest correlation of an item with the rest."""
    rows = [row for row in records(view.terms) if not math.isnan(row["estimate"])]
    if not rows:
        return [[title_with_units(view)]]
    low, high = min(rows, key=_size), max(rows, key=_size)
    ends = [f"{bounded(_size(row))} ({one_line(row['term'])})" for row in (low, high)]
    said = f"Correlations of an item with the sum of the others went from {ends[0]} to {ends[1]}."
    return [[title_with_units(view), said, *fit_sentences(view)]]


def d_study_paragraphs(view: ResultView) -> list[list[str]]:
    """One paragraph: the design, and the lowest and highest of each coefficient."""
    rows = [row for row in records(view.terms) if row["estimate"] == row["estimate"]]
    sentences = [title_with_units(view)]
    for kind in dict.fromkeys(str(row["term"]).split(" ")[0] for row in rows):
        own = [row for row in rows if str(row["term"]).split(" ")[0] == kind]
        low, high = min(own, key=_size), max(own, key=_size)
        ends = [_phrase(view, row) for row in ([low, high] if low is not high else [low])]
        sentences.append(f"{'; '.join(ends)}.")
    return [sentences]


def report_paragraphs(view: ResultView) -> list[list[str]]:
    """What was measured on whom, then the recommendation, a claim a sentence."""
    advice = view.labels.get("recommendation", "").splitlines()
    return [[title_with_units(view)], [one_line(line) for line in advice]]


def _size(row: Row) -> float:
    return float(row["estimate"])


def _phrase(view: ResultView, row: Row) -> str:
    """``G = .64, 95% CI [.25, .90]``, and the test where there is one."""
    shown = f"{one_line(row['term'])} = {view_number(view, _size(row))}"
    ends = view_interval(view, row) if has_interval(row) else ""
    return ", ".join(filter(None, (shown, ends, _test(view, row))))


def _test(view: ResultView, row: Row) -> str:
    """``F(59, 118) = 6.85, p < .001``; the letter is what the view calls its statistic."""
    statistic, p = (float(row.get(name, math.nan)) for name in ("statistic", "p_value"))
    if math.isnan(statistic) or math.isnan(p):
        return ""
    known = (float(row.get(name, math.nan)) for name in ("df", "df_denominator"))
    df = ", ".join(format_df(value) for value in known if math.isfinite(value))
    letter = one_line(view.labels.get("statistic", "t"))
    test = f"{letter}({df})" if df else letter
    return f"{test} = {format_fixed(statistic, 2, minus=MINUS)}, {p_phrase(p)}"
