"""What a pattern matched in a wide file, to be read before the long data are used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.printing import escape_html, frame_html, frame_text


@dataclass(frozen=True, eq=False)
class ReshapePreview:
    """What `reshape` matched, what it carried along, and which rows it left out.

    Attributes
    ----------
    matched : DataFrame
        One row a matched column: ``column`` (new name), ``session``, ``source`` (name in the wide
        frame), ``n`` and ``missing`` (its cells observed and missing).
    carried : tuple of str
        Columns that no pattern matched, repeated on every row of their patient.
    rows : int
        Rows of the long frame.
    empty : int
        Patient-sessions without any measure; not among the rows unless ``keep_empty=True``.
    patients, patients_without : int
        Patients of the wide frame, and those without any row in the long one.
    keep_empty : bool
        Whether empty patient-sessions were kept.
    messages : tuple of str
        What must be looked at, with column names and counts.
    """

    matched: pd.DataFrame
    carried: tuple[str, ...]
    rows: int
    empty: int
    patients: int
    patients_without: int
    keep_empty: bool
    messages: tuple[str, ...] = ()

    def by_column(self) -> pd.DataFrame:
        """One row a new column: ``column, sessions, columns, n, missing, first, last``."""
        rows = []
        for column, group in self.matched.groupby("column", sort=False):
            ordered = group.sort_values("session")
            rows.append(
                {
                    "column": column,
                    "sessions": number_ranges(ordered["session"]),
                    "columns": len(ordered),
                    "n": int(ordered["n"].sum()),
                    "missing": int(ordered["missing"].sum()),
                    "first": ordered["source"].iloc[0],
                    "last": ordered["source"].iloc[-1],
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        lines = [self._headline(), frame_text(self._printed()), self._carried_line()]
        return "\n".join([*lines, *self._rows_lines(), *self.messages])

    def _repr_html_(self) -> str:
        after = (self._carried_line(), *self._rows_lines(), *self.messages)
        paragraphs = "".join(f"<p>{escape_html(line)}</p>" for line in after)
        table = frame_html(self._printed())
        return f"<p>{escape_html(self._headline())}</p>{table}{paragraphs}"

    def _headline(self) -> str:
        n_new = self.matched["column"].nunique()
        return (
            f"Wide to long: {counted(len(self.matched), 'column')} matched, "
            f"{counted(n_new, 'new column')}, {counted(self.rows, 'row')}, "
            f"{counted(self.patients, 'patient')}"
        )

    def _printed(self) -> pd.DataFrame:
        words = {"column": "New column", "sessions": "Sessions", "columns": "Columns matched"}
        words |= {"n": "Observed", "missing": "Missing", "first": "First", "last": "Last"}
        return self.by_column().rename(columns=words)

    def _carried_line(self) -> str:
        if not self.carried:
            return "Not matched: none besides the identifier."
        return f"Not matched, repeated on every row of the patient: {name_list(self.carried)}."

    def _rows_lines(self) -> list[str]:
        lines = []
        if self.empty:
            done = "kept" if self.keep_empty else "left out"
            lines.append(
                f"{counted(self.empty, 'patient-session')} without any measure {done} "
                "(sessions not held, or nothing filled in)."
            )
        if self.patients_without:
            n = self.patients_without
            lines.append(
                f"{n:,} of {counted(self.patients, 'patient')} {agree(n, 'has', 'have')} no "
                "measure at any session, and so no row."
            )
        return lines


def number_ranges(numbers: Iterable[int]) -> str:
    """Whole numbers with runs joined.

    >>> number_ranges([1, 2, 3, 5, 8, 9])
    '1–3, 5, 8–9'
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
