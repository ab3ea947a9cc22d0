"""Sentences about the statistics that a text prints: how many fit, and which do not."""

from __future__ import annotations

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.words import fit_value, listed, one_line


def statcheck_paragraphs(view: ResultView) -> list[list[str]]:
    """How many statistics were found and fit; then each that does not."""
    n = _n(view, "n_statistics")
    source = one_line(view.labels.get("source", "the text"))
    if not n:
        return [[f"In {source} no statistic in APA style was found."]]
    found = f"In {source} {counted(n, 'statistic')} in APA style {agree(n, 'was', 'were')} found"
    return [[f"{found}: {listed(_parts(view))}."], *([said] for said in view.messages)]


def _parts(view: ResultView) -> list[str]:
    """The count of each verdict in words."""
    words = {
        "n_consistent": "consistent",
        "n_inconsistent": "inconsistent",
        "n_decision_errors": "inconsistent with another decision at alpha",
        "n_doubtful": "to be looked at",
        "n_not_checked": "without what a check needs",
    }
    counts = {word: _n(view, name) for name, word in words.items()}
    return [f"{count} {word}" for word, count in counts.items() if count]


def _n(view: ResultView, name: str) -> int:
    return int(str(fit_value(view, name) or 0))
