"""Sentences about scores of a questionnaire: means, spread, missing and prorated scores."""

from __future__ import annotations

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import Row, records
from alliance_stats.report.wording.words import one_line, title_with_units


def scores_paragraphs(view: ResultView) -> list[list[str]]:
    """One sentence a score."""
    head = title_with_units(view)
    return [[head, *(_score(row) for row in records(view.tables["Scores"]))]]


def _score(row: Row) -> str:
    """``wai_total: M = 47.39, SD = 8.38, from 22.91 to 60.00 (N = 436; 12 items; 80 prorated)``."""
    mean, sd, low, high = (format_fixed(row[n], 2, minus=MINUS) for n in ("M", "SD", "Min", "Max"))
    facts = [f"N = {int(row['N']):,}", counted(int(row["Items"]), "item")]
    facts += [f"{int(row[n]):,} {n.lower()}" for n in ("Prorated", "Missing") if row[n]]
    return (
        f"{one_line(row['Score'])}: M = {mean}, SD = {sd}, from {low} to {high} "
        f"({'; '.join(facts)})."
    )
