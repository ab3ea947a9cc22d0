"""LoadReport: what reading and checking a file of sessions found, and how it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats.data.duplicates import duplicates_table
from alliance_stats.data.missing_by_session import missing_shares, no_missing_by_session
from alliance_stats.data.privacy import no_identifying
from alliance_stats.data.reading.contents import CODED_COLUMNS, LABEL_COLUMNS, FileContents, table

DECLARED = "Declared as missing in the file"
#: Heading of the table of missing values by session.
BY_SESSION = "Share missing by session"


@dataclass(frozen=True, eq=False)
class LoadReport:
    """What reading and checking a file of sessions found.

    Attributes
    ----------
    source : str
        Name of the file (without its folder), or ``"DataFrame"``.
    rows_read, rows_kept : int
        Rows before and after dropping those without a patient or a session.
    dropped : DataFrame
        Columns ``reason`` and ``rows``.
    missing : DataFrame
        Columns ``column``, ``role``, ``missing``, ``share`` over the kept rows.
    levels : DataFrame
        Columns ``unit`` and ``n``: sessions, patients, therapists.
    messages : tuple of str
        What the reader must know, with counts.
    missing_by_session : DataFrame
        Columns ``column``, ``role``, ``session``, ``n``, ``missing``, ``share``.
    identifying : DataFrame
        Columns ``column`` and ``reason``: what looks as if it identified a person.
    duplicates : DataFrame
        Columns ``kind`` and ``n``: rows equal to an earlier one in every column (with roles they
        are refused), patients with the ratings of another one.
    variable_labels : dict of str to str
        Columns with a label in the file (a question's text), and that label.
    value_labels : DataFrame
        Columns ``column``, ``value``, ``label`` of the file's labelled values. The frame holds
        the values.
    coded_missing : DataFrame
        Columns ``column``, ``code``, ``label``, ``n``: values that the file declares as missing,
        which are missing in the frame, by reason. They are counted over all rows read, and beside
        them, under the code ``.``, the cells of the same column that are missing without a reason.
    notes : tuple of str
        What was recognised in the file: separators, decimal commas, an encoding, header lines.
    """

    source: str
    rows_read: int
    rows_kept: int
    dropped: pd.DataFrame
    missing: pd.DataFrame
    levels: pd.DataFrame
    messages: tuple[str, ...] = ()
    missing_by_session: pd.DataFrame = field(default_factory=no_missing_by_session)
    identifying: pd.DataFrame = field(default_factory=no_identifying)
    duplicates: pd.DataFrame = field(default_factory=lambda: duplicates_table(0))
    variable_labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: pd.DataFrame = field(default_factory=lambda: table([], LABEL_COLUMNS))
    coded_missing: pd.DataFrame = field(default_factory=lambda: table([], CODED_COLUMNS))
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return report_text(self, "LoadReport", in_full=True)

    def _repr_html_(self) -> str:
        return report_html(self, "LoadReport", in_full=True)


def with_contents(report: LoadReport, source: FileContents | LoadReport) -> LoadReport:
    """The report with what a file says beside its cells: labels, reasons, notes."""
    return replace(
        report,
        variable_labels=dict(source.variable_labels),
        value_labels=source.value_labels,
        coded_missing=source.coded_missing,
        notes=source.notes,
    )


def report_text(report: LoadReport, kind: str, *, in_full: bool) -> str:
    """Headline, missing values and their reasons, messages, notes; `in_full` also by session."""
    parts = ["\n".join([*_first_lines(report, kind, in_full), frame_text(_missing(report))])]
    for heading, rows in _more_tables(report, in_full):
        as_they_are = {str(name): str(name) for name in rows.columns}
        parts.append(f"{heading}\n{frame_text(rows, headings=as_they_are)}")
    said = wrapped(_sentences(report))
    return "\n\n".join([*parts, "\n".join(said)] if said else parts)


def report_html(report: LoadReport, kind: str, *, in_full: bool) -> str:
    """As `report_text`, in escaped HTML."""
    parts = [*map(_paragraph, _first_lines(report, kind, in_full)), frame_html(_missing(report))]
    for heading, rows in _more_tables(report, in_full):
        as_they_are = {str(name): str(name) for name in rows.columns}
        parts.append(frame_html(rows, caption=heading, headings=as_they_are))
    return "".join([*parts, *map(_paragraph, _sentences(report))])


def only_notes(report: LoadReport) -> list[str]:
    """Notes that are not among the messages."""
    return [note for note in report.notes if note not in report.messages]


def declared(report: LoadReport) -> pd.DataFrame:
    """Reasons of missing answers in the columns that the table of missing values has."""
    coded = report.coded_missing
    shown = coded[coded["column"].isin(report.missing["column"])].reset_index(drop=True)
    without = shown["code"].astype(str).eq(".") & shown["label"].astype(str).eq("")
    return shown.assign(label=shown["label"].where(~without, "no reason given"))


def _first_lines(report: LoadReport, kind: str, in_full: bool) -> list[str]:
    """``SessionData from sessions.csv: 2,180 sessions, 240 patients``; in full, rows read."""
    pairs = zip(report.levels["unit"], report.levels["n"], strict=True)
    units = ", ".join(counted(int(n), str(unit)) for unit, n in pairs)
    rows = f"{counted(report.rows_read, 'row')} read, {report.rows_kept:,} kept"
    return [f"{kind} from {report.source}: {units or 'no roles given'}", *[rows] * in_full]


def _more_tables(report: LoadReport, in_full: bool) -> list[tuple[str, pd.DataFrame]]:
    """Further tables that have rows, under their headings."""
    coded = declared(report).rename(columns=str.capitalize)
    tables = [(DECLARED, coded)]
    if in_full:
        tables.append((BY_SESSION, missing_shares(report.missing_by_session)))
    return [(heading, table) for heading, table in tables if len(table)]


def _sentences(report: LoadReport) -> list[str]:
    """Messages, notes, and how much the file labels."""
    labelled = [counted(n, "column")] if (n := len(report.variable_labels)) else []
    if n := len(report.value_labels):
        columns = counted(report.value_labels["column"].nunique(), "column")
        labelled.append(f"{counted(n, 'value')} in {columns}")
    said = [*report.messages, *only_notes(report)]
    return [*said, f"The file labels {' and '.join(labelled)}."] if labelled else said


def _missing(report: LoadReport) -> pd.DataFrame:
    """The table of missing values under headings, without empty roles where none were given."""
    table = report.missing
    table = table if (table["role"] != "").any() else table.drop(columns="role")
    return table.rename(columns=str.capitalize)


def _paragraph(sentence: str) -> str:
    return f"<p>{escape_html(sentence)}</p>"
