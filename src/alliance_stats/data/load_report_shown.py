"""How a LoadReport is shown: in a console, in a notebook, and as the tables of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped
from alliance_stats.data.missing_by_session import missing_shares

if TYPE_CHECKING:
    from alliance_stats.data.load_report import LoadReport

DECLARED = "Declared as missing in the file"
#: Heading of the table of missing values by session.
BY_SESSION = "Share missing by session"


def report_text(report: LoadReport, kind: str, *, in_full: bool) -> str:
    """Headline, missing values and their reasons, messages, notes; `in_full` also by session."""
    parts = ["\n".join([*_first_lines(report, kind, in_full), frame_text(_missing(report))])]
    for heading, table in _more_tables(report, in_full):
        as_they_are = {str(name): str(name) for name in table.columns}
        parts.append(f"{heading}\n{frame_text(table, headings=as_they_are)}")
    said = wrapped(_sentences(report))
    return "\n\n".join([*parts, "\n".join(said)] if said else parts)


def report_html(report: LoadReport, kind: str, *, in_full: bool) -> str:
    """As `report_text`, in escaped HTML."""
    parts = [*map(_paragraph, _first_lines(report, kind, in_full)), frame_html(_missing(report))]
    for heading, table in _more_tables(report, in_full):
        as_they_are = {str(name): str(name) for name in table.columns}
        parts.append(frame_html(table, caption=heading, headings=as_they_are))
    return "".join([*parts, *map(_paragraph, _sentences(report))])


def report_tables(report: LoadReport) -> dict[str, pd.DataFrame]:
    """The tables of a view, by heading; those without rows are left out of print."""
    shares = missing_shares(report.missing_by_session)
    names = {name: f"Share of {name}" for name in shares.columns[2:]}
    return {
        "Missing values": report.missing,
        "Dropped rows": report.dropped,
        BY_SESSION: shares.rename(columns=names),
        "Values declared as missing": declared(report),
        "Columns that look identifying": report.identifying,
    }


def report_counts(report: LoadReport) -> pd.DataFrame:
    """One row: source, rows read and kept, and how much the file labels, if it does."""
    row: dict[str, object] = {
        "source": report.source,
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
    }
    if report.variable_labels:
        row["labelled_columns"] = len(report.variable_labels)
    if len(report.value_labels):
        row["labelled_values"] = len(report.value_labels)
    return pd.DataFrame([row])


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
