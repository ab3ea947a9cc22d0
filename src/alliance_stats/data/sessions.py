"""SessionData: a checked frame of sessions with the roles of its columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.roles import Roles


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
    """

    source: str
    rows_read: int
    rows_kept: int
    dropped: pd.DataFrame
    missing: pd.DataFrame
    levels: pd.DataFrame
    messages: tuple[str, ...] = ()


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
        """Return what the report room may see: counts and missing values, no cells."""
        report = self.report
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
            plot=None,
            levels=report.levels,
            messages=report.messages,
            tables={"Missing values": report.missing, "Dropped rows": report.dropped},
        )

    def __repr__(self) -> str:
        units = ", ".join(
            f"{n:,} {unit}s"
            for unit, n in zip(self.report.levels["unit"], self.report.levels["n"], strict=True)
        )
        lines = [f"SessionData from {self.report.source}: {units or 'no roles given'}"]
        lines.append(frame_text(self.report.missing))
        lines.extend(self.report.messages)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first = escape_html(repr(self).splitlines()[0])
        notes = "".join(f"<p>{escape_html(m)}</p>" for m in self.report.messages)
        return f"<p>{first}</p>{frame_html(self.report.missing)}{notes}"
