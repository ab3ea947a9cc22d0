"""Sentences about reliable change: how many recovered, improved, got worse."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import Row, records
from alliance_stats.report.wording.words import listed, one_line

_WORDS = {
    "recovered": "recovered",
    "unchanged": "did not change reliably",
    "deteriorated": "got reliably worse",
}
#: Of the cases at intake, who improved without recovering.
_STAYED = "improved reliably without recovering"
#: Who shares are of, by the table that holds them, the first that there is.
_OF = {"Cases at intake": "cases at intake", "All patients": "patients"}


def change_paragraphs(view: ResultView) -> list[list[str]]:
    """Shares of each category with intervals, and how change and cases were told."""
    return [[*_rates(view), *_limits(view)]]


def _rates(view: ResultView) -> list[str]:
    table, who = next((name, words) for name, words in _OF.items() if name in view.tables)
    rows = records(view.tables[table])
    of = int(rows[0]["of"])
    if not of:
        return [f"There are no {who}."]
    improved = "improved reliably" if who == "patients" else _STAYED
    words = {**_WORDS, "improved": improved}
    said = listed([_phrase(row, words[str(row["category"])], view.conf_level) for row in rows])
    return [f"Of {of:,} {who}, {said}."]


def _limits(view: ResultView) -> list[str]:
    """``A change of more than 6.10 points (Jacobson and Truax) counted as reliable; …``."""
    reliable, case = (one_line(view.labels.get(name, "")) for name in ("reliable", "case"))
    if not reliable:
        return []
    cases = f"; a score {case} counted as a case" if case else ""
    return [f"{reliable[:1].upper()}{reliable[1:]} counted as reliable{cases}."]


def _phrase(row: Row, words: str, conf_level: float) -> str:
    """``80 (39%, 95% CI [32%, 45%]) recovered``."""
    share, low, high = (100 * float(row[name]) for name in ("proportion", "ci_low", "ci_high"))
    interval = f"{100 * conf_level:g}% CI [{low:.0f}%, {high:.0f}%]"
    return f"{int(row['n']):,} ({share:.0f}%, {interval}) {words}"
