"""What a check of a paper found: every binding, number and statistic, fine or not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alliance_stats._base.checks import counted

#: Kinds of things that are checked, in the order of the report, and what each is called.
KINDS = {
    "study": "file of the study",
    "manuscript": "manuscript",
    "results": "result file",
    "rerun": "re-run",
    "privacy": "look at small counts",
    "binding": "binding",
    "number": "number typed by hand",
    "pointer": "mention of a table or figure",
    "statistic": "statistic",
    "allowed": "entry of the allow-list",
    "rendered": "rendered file",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    place : str
        ``manuscript.md, line 12``, or the name of a file.
    what : str
        The binding, the number or the statistic.
    problem : str
        What is wrong and what to do; empty if it is fine.
    """

    kind: str
    place: str
    what: str
    problem: str = ""

    def __str__(self) -> str:
        said = f": {self.problem}" if self.problem else ""
        return f"{self.place}: {self.what}{said}" if self.what else f"{self.place}{said}"


@dataclass(frozen=True, eq=False)
class PaperCheck:
    """The check of a paper.

    Attributes
    ----------
    folder : Path
    items : tuple of Checked
        Everything that was checked, in order.
    """

    folder: Path
    items: tuple[Checked, ...]

    @property
    def findings(self) -> tuple[Checked, ...]:
        """What is wrong."""
        return tuple(item for item in self.items if item.problem)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def frame(self) -> pd.DataFrame:
        """One row a thing checked: ``kind place what problem``."""
        rows = [(item.kind, item.place, item.what, item.problem) for item in self.items]
        return pd.DataFrame(rows, columns=["kind", "place", "what", "problem"])

    @property
    def summary(self) -> str:
        """``12 bindings, 5 numbers typed by hand: 1 finding``."""
        times = Counter(item.kind for item in self.items)
        shown = [_many(times[kind], word) for kind, word in KINDS.items() if times[kind]]
        found = counted(len(self.findings), "finding") if self.findings else "nothing is wrong"
        return f"{', '.join(shown)}: {found}."

    def __repr__(self) -> str:
        return "\n".join([*map(str, self.findings), self.summary])


def _many(n: int, word: str) -> str:
    """``2 numbers typed by hand``."""
    first, _, rest = word.partition(" ")
    return f"{counted(n, first)} {rest}".rstrip() if rest[:2] in ("ty", "of") else counted(n, word)
