"""Sentences about the statistics that a text prints: how many fit, and which do not."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import Row, records
from alliance_stats.report.wording.words import fit_value, listed, one_line

#: Words for the counts of verdicts; the messages of the view say what was seen in each.
_COUNTED = {
    "n_consistent": "consistent",
    "n_inconsistent": "inconsistent",
    "n_decision_errors": "inconsistent with another decision about significance",
    "n_doubtful": "to be looked at",
    "n_not_checked": "without what a check needs",
}
_NAMED = {
    "Do not fit": ("decision error", "inconsistent"),
    "To be looked at": ("doubtful",),
}
#: The table of a view that has a row for every statistic.
PRINTED = "Statistics as printed and recomputed"


def statcheck_paragraphs(view: ResultView) -> list[list[str]]:
    """How many statistics were found and fit; which do not, by place."""
    n = _n(view, "n_statistics")
    source = one_line(view.labels.get("source", "the text"))
    if not n:
        return [[f"In {source} no statistic in APA style was found."]]
    found = f"In {source} {counted(n, 'statistic')} in APA style {agree(n, 'was', 'were')} found"
    counts = {words: _n(view, name) for name, words in _COUNTED.items()}
    parts = [f"{count} {words}" for words, count in counts.items() if count]
    return [[f"{found}: {listed(parts)}."], _named(view)]


def _named(view: ResultView) -> list[str]:
    """The statistics that do not fit, and those to be looked at, each with its place."""
    rows = records(view.tables.get(PRINTED, pd.DataFrame()))
    sentences = []
    for words, verdicts in _NAMED.items():
        named = [_place(row) for row in rows if str(row["Verdict"]).startswith(verdicts)]
        sentences.append(f"{words}: {'; '.join(named)}." if named else "")
    return sentences


def _place(row: Row) -> str:
    """A statistic as printed and where it stands."""
    return f"{one_line(row['As printed'])} ({one_line(row['Place'])})"


def _n(view: ResultView, name: str) -> int:
    return int(str(fit_value(view, name) or 0))
