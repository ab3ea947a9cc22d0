"""What was read from a REDCap export: which rows and fields became what."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.printing import escape_html, frame_html, frame_text

#: What becomes of a field, in the order it is printed.
USES = ("session", "carried", "left out", "never filled")
_USED_AS = {
    "session": "Fields of the sessions",
    "carried": "Carried to every session of the patient",
    "left out": "Left out, because their rows are",
    "never filled": "Left out, because no cell is filled",
}


@dataclass(frozen=True, eq=False)
class RedcapReport:
    """What `load_redcap` read, what it made of it, and what it left out.

    Attributes
    ----------
    source : str
        Name of the file (without its folder), or ``"DataFrame"``.
    rows_read, records : int
        Rows and records of the export.
    rows : DataFrame
        Rows of the export by kind: ``event, instrument, rows, use``.
    fields : DataFrame
        One row a column of the export: ``source, column`` (its name in the frame; empty where it
        is left out), ``use, form, type, label`` (the last three from the dictionary).
    value_labels : DataFrame
        Choices of the dictionary: ``field, code, label``. Kept beside the data; codes stay codes.
    missing_codes : DataFrame
        Cells set to missing: ``field, code, cells``.
    identifying : DataFrame
        Fields that the dictionary flags as identifiers: ``column, reason``.
    sessions, patients : int
        Rows and patients of the frame.
    empty : int
        Sessions without any measure.
    without_sessions : int
        Records without a session, so not in the frame.
    keep_empty : bool
        Whether sessions without any measure were kept.
    messages : tuple of str
        What must be known, with the names of fields and counts.
    """

    source: str
    rows_read: int
    records: int
    rows: pd.DataFrame
    fields: pd.DataFrame
    value_labels: pd.DataFrame
    missing_codes: pd.DataFrame
    identifying: pd.DataFrame
    sessions: int
    patients: int
    empty: int
    without_sessions: int
    keep_empty: bool = False
    messages: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([self._headline(), frame_text(self._rows()), *self._lines()])

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{escape_html(line)}</p>" for line in self._lines())
        return f"<p>{escape_html(self._headline())}</p>{frame_html(self._rows())}{lines}"

    def _headline(self) -> str:
        return (
            f"REDCap export {self.source}: {counted(self.rows_read, 'row')} of "
            f"{counted(self.records, 'record')}, {counted(self.sessions, 'session')} of "
            f"{counted(self.patients, 'patient')}"
        )

    def _rows(self) -> pd.DataFrame:
        words = {"event": "Event", "instrument": "Repeating instrument", "rows": "Rows"}
        of_record = {"event": "–", "instrument": "–"}
        table = self.rows if (self.rows["event"] != "").any() else self.rows.drop(columns="event")
        shown = table.replace({key: {"": dash} for key, dash in of_record.items() if key in table})
        return shown.rename(columns=words | {"use": "Use"})

    def _lines(self) -> list[str]:
        lines = []
        for use in USES:
            used = self.fields[self.fields["use"] == use]
            if len(used):
                names = used["column"].where(used["column"] != "", used["source"])
                lines.append(f"{_USED_AS[use]}: {name_list(names)}.")
        if len(self.missing_codes):
            codes = name_list(
                f"{r.field} {r.code} ({r.cells})" for r in self.missing_codes.itertuples()
            )
            lines.append(f"Cells set to missing: {codes}.")
        if self.empty:
            done = "kept" if self.keep_empty else "left out"
            lines.append(f"{counted(self.empty, 'session')} without any measure {done}.")
        if self.without_sessions:
            n = self.without_sessions
            lines.append(
                f"{n:,} of {counted(self.records, 'record')} {agree(n, 'has', 'have')} no session "
                f"and {agree(n, 'is', 'are')} not in the frame."
            )
        return [*lines, *self.messages]
