"""SessionData: a checked frame of sessions with the roles of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.duplicates import duplicates_table
from alliance_stats.data.missing_by_session import missing_shares, no_missing_by_session
from alliance_stats.data.privacy import no_identifying
from alliance_stats.data.reading.contents import CODED_COLUMNS, LABEL_COLUMNS, FileContents, table
from alliance_stats.data.roles import Roles
from alliance_stats.data.trajectories import FEWEST_PATIENTS, trajectories_frame

#: Heading of the table of missing values by session.
MISSING_SHARES = "Share missing by session"


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
        text = _text(self, _headline(self, "LoadReport"), _rows_line(self))
        shares = missing_shares(self.missing_by_session)
        if not len(shares):
            return text
        as_they_are = {str(name): str(name) for name in shares.columns}
        return f"{text}\n\n{MISSING_SHARES}\n{frame_text(shares, headings=as_they_are)}"

    def _repr_html_(self) -> str:
        text = _html(self, _headline(self, "LoadReport"), _rows_line(self))
        shares = missing_shares(self.missing_by_session)
        if not len(shares):
            return text
        as_they_are = {str(name): str(name) for name in shares.columns}
        return text + frame_html(shares, caption=MISSING_SHARES, headings=as_they_are)


@dataclass(frozen=True, eq=False)
class SessionData:
    """Sessions in a frame, with the roles of the columns and a report of what was read.

    Made by `load_sessions` and `simulate_sessions`; every ``fit_*`` of the models takes it.

    Attributes
    ----------
    frame : DataFrame
        One row a session, in the order of the file. Never changed by the library.
    roles : Roles or None
        None when a file was only read and reported.
    report : LoadReport
        Rows read and dropped, missing values, units.
    codebook : DataFrame or None
        For simulated data: one row a parameter, with its value and basis.
    """

    frame: pd.DataFrame
    roles: Roles | None
    report: LoadReport
    codebook: pd.DataFrame | None = field(default=None)

    def view(self) -> ResultView:
        """Return what the report room may see: counts, missing values, ratings over sessions.

        Patients are numbered in the ``plot`` frame; no cell of an identifier is in the view.
        """
        report, roles = self.report, self.roles
        fit = pd.DataFrame(
            {
                "source": [report.source],
                "rows_read": [report.rows_read],
                "rows_kept": [report.rows_kept],
            }
        )
        return ResultView(
            kind="sessions",
            title=f"Sessions read from {report.source}",
            terms=pd.DataFrame(),
            fit=fit,
            plot=None if roles is None else trajectories_frame(self.frame, roles),
            levels=report.levels,
            notes=tuple(_only_notes(report)),
            messages=report.messages,
            labels={} if roles is None else _labels(roles),
            tables=_tables(report),
        )

    def __repr__(self) -> str:
        return _text(self.report, _headline(self.report, "SessionData"))

    def _repr_html_(self) -> str:
        return _html(self.report, _headline(self.report, "SessionData"))


def _labels(roles: Roles) -> dict[str, str]:
    """Words of the view: the names of the columns that are drawn."""
    better = {} if roles.outcome_better is None else {"outcome_better": roles.outcome_better}
    names = {role: getattr(roles, role) for role in ("session", "alliance", "outcome")}
    return names | better | {"fewest_patients": str(FEWEST_PATIENTS)}


def _headline(report: LoadReport, kind: str) -> str:
    """``SessionData from sessions.csv: 2,180 sessions, 240 patients``."""
    pairs = zip(report.levels["unit"], report.levels["n"], strict=True)
    units = ", ".join(counted(int(n), str(unit)) for unit, n in pairs)
    return f"{kind} from {report.source}: {units or 'no roles given'}"


def _rows_line(report: LoadReport) -> str:
    """``2,180 rows read, 2,176 kept``."""
    return f"{counted(report.rows_read, 'row')} read, {report.rows_kept:,} kept"


def with_contents(report: LoadReport, source: FileContents | LoadReport) -> LoadReport:
    """The report with what a file says beside its cells: labels, reasons, notes."""
    return replace(
        report,
        variable_labels=dict(source.variable_labels),
        value_labels=source.value_labels,
        coded_missing=source.coded_missing,
        notes=source.notes,
    )


def _tables(report: LoadReport) -> dict[str, pd.DataFrame]:
    """Tables of the view; reasons of missing answers where the file declares some."""
    tables = {"Missing values": report.missing, "Dropped rows": report.dropped}
    coded = _coded_shown(report)
    return {**tables, "Values declared as missing": coded} if len(coded) else tables


def _text(report: LoadReport, *first: str) -> str:
    """The lines given, then missing values and their reasons, then messages and notes."""
    lines = [*first, frame_text(_missing_printed(report))]
    coded = _coded_printed(report)
    if len(coded):
        lines += ["Declared as missing in the file:", frame_text(coded)]
    return "\n".join([*lines, *report.messages, *_only_notes(report)])


def _html(report: LoadReport, *first: str) -> str:
    """As `_text`, in escaped HTML."""
    before, after = (
        "".join(f"<p>{escape_html(line)}</p>" for line in lines)
        for lines in (first, (*report.messages, *_only_notes(report)))
    )
    coded = _coded_printed(report)
    reasons = frame_html(coded, caption="Declared as missing in the file") if len(coded) else ""
    return f"{before}{frame_html(_missing_printed(report))}{reasons}{after}"


def _only_notes(report: LoadReport) -> list[str]:
    """Notes that are not among the messages."""
    return [note for note in report.notes if note not in report.messages]


def _coded_shown(report: LoadReport) -> pd.DataFrame:
    """Reasons of missing answers in the columns that the table of missing values has."""
    coded = report.coded_missing
    return coded[coded["column"].isin(report.missing["column"])].reset_index(drop=True)


def _coded_printed(report: LoadReport) -> pd.DataFrame:
    """`_coded_shown` under headings."""
    return _coded_shown(report).rename(columns=str.capitalize)


def _missing_printed(report: LoadReport) -> pd.DataFrame:
    """The table of missing values under headings, without empty roles where none were given."""
    table = report.missing
    table = table if (table["role"] != "").any() else table.drop(columns="role")
    return table.rename(columns=str.capitalize)
