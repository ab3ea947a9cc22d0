"""LoadReport: what reading and checking a file of sessions found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance_stats.data.duplicates import duplicates_table
from alliance_stats.data.load_report_shown import report_html, report_text
from alliance_stats.data.missing_by_session import no_missing_by_session
from alliance_stats.data.privacy import no_identifying
from alliance_stats.data.reading.contents import CODED_COLUMNS, LABEL_COLUMNS, FileContents, table


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
