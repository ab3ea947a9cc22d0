"""Sentences about a structural equation model: its fit, then every free parameter."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import coefficient_numbers
from alliance_stats.report.wording.words import (
    capital,
    fit_sentences,
    one_line,
    title_with_units,
)


def sem_paragraphs(view: ResultView) -> list[list[str]]:
    """Model and fit; the parameters; how it was estimated."""
    head = title_with_units(view)
    fit = capital(one_line(view.labels["fit"])).replace("chi2", "χ²").replace("Chi2", "χ²")
    said = [f"{one_line(row['term'])}: {numbers}." for row, numbers in coefficient_numbers(view)]
    return [[head, f"{fit}."], said, [*map(one_line, view.notes), *fit_sentences(view)]]
