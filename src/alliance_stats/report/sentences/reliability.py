"""Sentences about coefficients of reliability: what was measured on whom, and each coefficient."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.numbers import Row, has_interval, interval, number, records
from alliance_stats.report.tables import view_decimals
from alliance_stats.report.words import one_line, units_phrase


def reliability_paragraphs(view: ResultView) -> list[list[str]]:
    """One paragraph: the title with its units, then every coefficient with its interval."""
    return [[_first(view), *(f"{_phrase(view, row)}." for row in records(view.terms))]]


def d_study_paragraphs(view: ResultView) -> list[list[str]]:
    """One paragraph: the design, and the lowest and highest of each coefficient."""
    rows = [row for row in records(view.terms) if row["estimate"] == row["estimate"]]
    sentences = [_first(view)]
    for kind in dict.fromkeys(str(row["term"]).split(" ")[0] for row in rows):
        own = [row for row in rows if str(row["term"]).split(" ")[0] == kind]
        low = min(own, key=lambda row: float(row["estimate"]))
        high = max(own, key=lambda row: float(row["estimate"]))
        ends = [_phrase(view, row) for row in ([low, high] if low is not high else [low])]
        sentences.append(f"{'; '.join(ends)}.")
    return [sentences]


def report_paragraphs(view: ResultView) -> list[list[str]]:
    """What was measured on whom, then the recommendation, a claim a sentence."""
    advice = view.labels.get("recommendation", "").splitlines()
    return [[_first(view)], [one_line(line) for line in advice]]


def _first(view: ResultView) -> str:
    units = units_phrase(view)
    title = one_line(view.title).rstrip(".")
    return f"{title} ({units})." if units else f"{title}."


def _phrase(view: ResultView, row: Row) -> str:
    """``G = 0.64, 95% CI [0.25, 0.90]``."""
    decimals = view_decimals(view)
    shown = f"{one_line(str(row['term']))} = {number(row['estimate'], decimals)}"
    if not has_interval(row):
        return shown
    return f"{shown}, {interval(row, decimals, view.conf_level)}"
