"""SessionData: a checked frame of sessions with the roles of its columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.data.load_report import LoadReport, only_notes, report_html, report_text
from alliance_stats.data.load_report_tables import report_counts, report_tables
from alliance_stats.data.roles import Roles
from alliance_stats.data.trajectories import FEWEST_PATIENTS, trajectories_frame


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
        return ResultView(
            kind="sessions",
            title=f"Sessions read from {report.source}",
            terms=pd.DataFrame(),
            fit=report_counts(report),
            plot=None if roles is None else trajectories_frame(self.frame, roles),
            levels=report.levels,
            notes=tuple(only_notes(report)),
            messages=report.messages,
            labels={} if roles is None else _labels(roles),
            tables=report_tables(report),
        )

    def __repr__(self) -> str:
        return report_text(self.report, "SessionData", in_full=False)

    def _repr_html_(self) -> str:
        return report_html(self.report, "SessionData", in_full=False)


def _labels(roles: Roles) -> dict[str, str]:
    """Words of the view: the names of the columns that are drawn."""
    better = {} if roles.outcome_better is None else {"outcome_better": roles.outcome_better}
    names = {role: getattr(roles, role) for role in ("session", "alliance", "outcome")}
    return names | better | {"fewest_patients": str(FEWEST_PATIENTS)}
