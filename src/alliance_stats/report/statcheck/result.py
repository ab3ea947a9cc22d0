"""What a check of printed statistics found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import (
    escape_html,
    format_p,
    table_html,
    wrapped,
)
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.report.sentences.statcheck import PRINTED
from alliance_stats.report.statcheck.findings import (
    CONSISTENT,
    DECISION,
    DOUBTFUL,
    INCONSISTENT,
    NOT_CHECKED,
)

_COUNTS = {
    "n_consistent": CONSISTENT,
    "n_inconsistent": INCONSISTENT,
    "n_decision_errors": DECISION,
    "n_doubtful": DOUBTFUL,
    "n_not_checked": NOT_CHECKED,
}
_MOST_SHOWN = 20
_NOTE = (
    "Each printed number stands for all numbers that round to it; p is two-tailed for t, z and r. "
    "A difference may come from typing, from corrected p values or from a test of another kind."
)


@dataclass(frozen=True, eq=False, repr=False)
class StatisticsCheck:
    """The statistics of a text, each with what the others printed with it make of it.

    Made by `check_statistics`.

    Attributes
    ----------
    frame : DataFrame
        One row a statistic, in the order of the text: ``place`` (line, paragraph, row of a table
        or note), ``text`` as printed, ``kind``, ``value``, ``df_numerator`` (of F) and ``df``,
        ``p_reported`` as printed, ``p_computed`` from the digits as printed with the range
        ``p_low p_high`` that rounding leaves, ``verdict`` (``consistent``, ``inconsistent``,
        ``decision error``, ``doubtful`` or ``not checked``), ``one_tailed`` (half of the
        recomputed p fits) and ``message`` (what was seen and what it should be).
    source : str
        The name of the file, or ``"text"``.
    alpha : float
        The level of significance that decisions were judged at.
    messages : tuple of str
        What the file holds that was not read, such as comments.
    """

    frame: pd.DataFrame
    source: str
    alpha: float
    messages: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is inconsistent: no verdict ``inconsistent`` or ``decision error``."""
        return not self.frame["verdict"].isin([INCONSISTENT, DECISION]).any()

    @cached_property
    def problems(self) -> pd.DataFrame:
        """The rows of `frame` that are inconsistent, decision errors or doubtful."""
        kept = self.frame["verdict"].isin([INCONSISTENT, DECISION, DOUBTFUL])
        return self.frame[kept].reset_index(drop=True)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row: ``source n_statistics``, the count of each verdict, ``n_one_tailed alpha``."""
        counts = {name: [self._count(verdict)] for name, verdict in _COUNTS.items()}
        return pd.DataFrame(
            {
                "source": [self.source],
                "n_statistics": [len(self.frame)],
                **counts,
                "n_one_tailed": [int(self.frame["one_tailed"].sum())],
                "alpha": [self.alpha],
            }
        )

    def _count(self, verdict: str) -> int:
        return int((self.frame["verdict"] == verdict).sum())

    def glance(self) -> pd.DataFrame:
        """The row of `summary`."""
        return self.summary.copy()

    def tidy(self) -> pd.DataFrame:
        """A row a statistic: its text as ``term``, its printed value as ``estimate``.

        ``p_value`` is recomputed from the digits as printed; the rest is in `frame`.
        """
        frame = self.frame
        known = {
            "term": frame["text"],
            "estimate": frame["value"],
            "df": frame["df"],
            "p_value": frame["p_computed"],
        }
        none = np.full(len(frame), np.nan)
        return pd.DataFrame({name: known.get(name, none) for name in TIDY_COLUMNS})

    def view(self) -> ResultView:
        """What tables, texts and reports read."""
        tables = {PRINTED: self._printed(self.frame)}
        return ResultView(
            kind="statcheck",
            title=f"Printed statistics of {self.source}",
            terms=self.tidy(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame(),
            notes=(_NOTE,),
            messages=self._sentences(),
            labels={"estimate": "Value", "source": self.source},
            tables=tables if len(self.frame) else {},
        )

    def _sentences(self) -> tuple[str, ...]:
        """What was not read, and each problem in one sentence with its place."""
        rows = self.problems[["place", "text", "message"]].itertuples(index=False)
        problems = (f"{_capital(place)}, “{text}”: {message}" for place, text, message in rows)
        return (*self.messages, *problems)

    @staticmethod
    def _printed(frame: pd.DataFrame) -> pd.DataFrame:
        """The rows with numbers as words, for print."""
        return pd.DataFrame(
            {
                "Place": frame["place"],
                "As printed": frame["text"],
                "Recomputed p": list(map(_p_words, frame["p_low"], frame["p_high"])),
                "Verdict": [
                    f"{verdict} (one-tailed fits)" if tail and verdict != CONSISTENT else verdict
                    for verdict, tail in zip(frame["verdict"], frame["one_tailed"], strict=True)
                ],
            }
        )

    def _headline(self) -> str:
        found = counted(len(self.frame), "statistic")
        return f"Printed statistics of {self.source} ({found})"

    def _verdict_line(self) -> str:
        counts = {verdict: self._count(verdict) for verdict in _COUNTS.values()}
        parts = [_verdicts(n, verdict) for verdict, n in counts.items() if n]
        return "; ".join(parts) + "." if parts else "No statistic in APA style was found."

    def __repr__(self) -> str:
        said = self._sentences()
        more = len(said) - _MOST_SHOWN
        left = [f"… and {more} more, in problems."] if more > 0 else []
        lines = [self._headline(), self._verdict_line(), *wrapped(said[:_MOST_SHOWN]), *left]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        printed = self._printed(self.frame)
        cells = printed.to_numpy(dtype=object).tolist()
        shown = table_html([str(c) for c in printed.columns], cells, [True] * 4, self._headline())
        said = (self._verdict_line(), *self._sentences())
        return shown + "".join(f"<p>{escape_html(sentence)}</p>" for sentence in said)


def _verdicts(n: int, verdict: str) -> str:
    """``2 decision errors`` or ``2 consistent``."""
    return counted(n, verdict) if verdict == DECISION else f"{n} {verdict}"


def _p_words(low: float, high: float) -> str:
    """A range of p values as printed: ``.046 to .048``; a dash if it is not known."""
    if np.isnan(low):
        return "–"
    ends = format_p(low), format_p(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
