"""From sessions to the frame of a session-level model: centred alliance, time, complete rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import TherapistMean, center, centered_columns
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    OPTIONS,
    TherapistChange,
    TherapistChanges,
    check_one_therapist,
    check_way,
    count_changes,
    with_first_therapist,
)

Time = Literal["linear", "log", "factor", "patient", "none"]
TimeColumn = Literal["session", "time"]
MeanRows = Literal["available", "fitted"]

TIMES = ("linear", "log", "factor", "patient", "none")
#: Most distinct times that ``time="factor"`` accepts.
MAX_TIME_LEVELS = 60
LENGTH = "sessions_attended"
SINCE = "_since_start"


@dataclass(frozen=True, eq=False)
class PreparedSessions:
    """The rows and columns of a session-level model.

    Attributes
    ----------
    frame : DataFrame
        Complete rows only: identifiers, outcome, alliance, its centred parts, time since the
        patient's first session and log(1 + time), and ``sessions_attended``: how many sessions
        of the patient the file holds, rated or not, centred at the mean over patients.
    roles : Roles
    effects : tuple of (effect, column)
        ``("within", "wai_total_within")``, ``("between", "wai_total_between")`` …
    time : str
        Column of the time since the patient's first session.
    n_rows : int
        Sessions before incomplete rows were dropped.
    dropped : dict of str to int
        Sessions dropped, by the column that was missing.
    n_ratings : int
        Alliance ratings behind the patient means.
    source : DataFrame
        The sessions as given, not copied.
    rows : ndarray of int
        Position in `source` of every row of `frame`.
    changes : TherapistChanges, optional
        What was made of patients who change their therapist, counted in all sessions; without
        therapists None.
    also : tuple of str
        Further columns that were treated like the alliance.
    """

    frame: pd.DataFrame
    roles: Roles
    effects: tuple[tuple[str, str], ...]
    time: str
    n_rows: int
    dropped: dict[str, int]
    n_ratings: int
    source: pd.DataFrame
    rows: np.ndarray
    changes: TherapistChanges | None = None
    also: tuple[str, ...] = ()

    def messages(self) -> tuple[str, ...]:
        """Dropped sessions by cause, and what was made of patients who change their therapist."""
        return data_messages(self.changes, self.dropped, self.n_rows)

    @property
    def clock(self) -> str:
        """Column that counts time."""
        return self.time.removesuffix(SINCE)

    @property
    def therapist_change(self) -> TherapistChange:
        """What is done about patients with several therapists; ``"raise"`` without therapists."""
        return "raise" if self.changes is None else self.changes.way

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Columns of the grouping factor of every unit, patients first."""
        roles = self.roles
        if roles.therapist is None:
            return {"patient": (roles.patient,)}
        dyad = self.therapist_change == "dyad"
        patient = (roles.therapist, roles.patient) if dyad else (roles.patient,)
        return {"patient": patient, "therapist": (roles.therapist,)}

    def group_codes(self, columns: tuple[str, ...]) -> np.ndarray:
        """Group of every row, numbered by first appearance."""
        rows = self.frame.groupby(list(columns), sort=False, observed=True)
        return rows.ngroup().to_numpy(dtype=np.intp)

    @cached_property
    def n_patients(self) -> int:
        """Groups of the patients' factor."""
        return int(self.group_codes(self.groups["patient"]).max()) + 1

    @property
    def length_identified(self) -> bool:
        """Whether treatment length and its product with time can be told from time alone."""
        time = self.frame[self.time].to_numpy(dtype=float)
        length = self.frame[LENGTH].to_numpy(dtype=float)
        columns = np.array([np.ones(len(time)), time, length, time * length])
        sizes = np.sqrt((columns**2).sum(axis=1))
        if (sizes == 0).any():
            return False
        scaled = columns / sizes[:, None]
        return bool(np.linalg.eigvalsh(scaled @ scaled.T)[0] > 1e-9)

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists in the model."""
        found = {"session": len(self.frame), "patient": self.frame[self.roles.patient].nunique()}
        if self.roles.therapist is not None:
            found["therapist"] = self.frame[self.roles.therapist].nunique()
        return found


def data_messages(
    changes: TherapistChanges | None, dropped: dict[str, int], n_rows: int
) -> tuple[str, ...]:
    """Changes of therapist in words, and sessions dropped of `n_rows` by what was missing."""
    found = [changes.words()] if changes is not None else []
    if dropped:
        causes = ", ".join(f"{column} missing: {n:,}" for column, n in dropped.items())
        total = sum(dropped.values())
        found.append(f"{total:,} of {counted(n_rows, 'session')} dropped ({causes}).")
    return tuple(text for text in found if text)


def prepare_sessions(
    data: SessionData,
    roles: Roles,
    *,
    time_column: TimeColumn,
    mean_rows: MeanRows,
    therapist_mean: TherapistMean,
    therapist_change: TherapistChange = "raise",
    also: Sequence[str] = (),
    carried: Sequence[str] = (),
    options: str | None = None,
) -> PreparedSessions:
    """Centre the alliance, count time from the patient's first session, drop incomplete rows.

    Columns named in `also` are treated like the alliance: complete, and centred. Those in
    `carried` must be complete. `options` says what to do about patients with several therapists
    where not every way is possible.
    """
    one_of(time_column, ("session", "time"), name="time_column")
    one_of(mean_rows, ("available", "fitted"), name="mean_rows")
    clock = clock_of(roles, time_column)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    frame = timed_frame(sessions, roles, clock, also=[*also, *carried])
    check_therapists(frame, roles, therapist_change, options=options)
    since = since_name(clock)
    units = [roles.patient] + ([roles.therapist] if roles.therapist is not None else [])
    rated = [roles.alliance, *also]
    needed = (roles.outcome, *rated, *units, *carried)
    names = {column: column for column in needed} | {since: clock}
    keep, dropped = complete_rows(frame, names)
    averaged = frame if mean_rows == "available" else frame[keep]
    centred = center(
        averaged,
        rated,
        by=roles.patient,
        therapist=roles.therapist,
        therapist_mean=therapist_mean,
        therapist_change="raise" if therapist_change == "first" else therapist_change,
    )
    rows = centred[keep] if mean_rows == "available" else centred
    rows = rows.reset_index(drop=True)
    _check_units(rows, roles)
    rows[LENGTH] -= rows.groupby(roles.patient, observed=True)[LENGTH].first().mean()
    return PreparedSessions(
        frame=rows,
        roles=roles,
        effects=centered_columns(roles.alliance, therapist=roles.therapist is not None),
        time=since,
        n_rows=len(frame),
        dropped=dropped,
        n_ratings=int(averaged[roles.alliance].notna().sum()),
        source=data.frame,
        rows=np.flatnonzero(keep),
        changes=changes,
        also=tuple(also),
    )


def check_clock(time: str, time_column: str) -> None:
    """Raise ArgumentError for a column of time where time is not in the model."""
    if time == "none" and time_column != "session":
        raise ArgumentError(
            f"time_column={time_column!r} would be ignored with time='none'. Leave one out."
        )


def clock_of(roles: Roles, time_column: TimeColumn) -> str:
    """The column that counts time."""
    clock = roles.session if time_column == "session" else roles.time
    if clock is None:
        raise ArgumentError(
            "time_column='time' needs the role 'time': which column holds the weeks since "
            "intake? Give roles=Roles(time=…), or use time_column='session'."
        )
    return clock


def since_name(clock: str) -> str:
    """Column of the time since the patient's first session."""
    return f"{clock}{SINCE}"


def log_name(since: str) -> str:
    """Column of log(1 + time)."""
    return f"{since}_log"


def timed_frame(
    frame: pd.DataFrame, roles: Roles, clock: str, *, also: Sequence[str] = ()
) -> pd.DataFrame:
    """The needed columns, with time since the patient's first session and sessions attended."""
    units = [roles.patient] + ([roles.therapist] if roles.therapist is not None else [])
    needed = list(dict.fromkeys([*units, roles.outcome, roles.alliance, clock, *also]))
    since = since_name(clock)
    for name in (since, log_name(since), LENGTH):
        if name in needed:
            raise DataError(
                f"column '{name}' has the name of a column that the model derives itself. "
                "Rename it."
            )
    chosen = frame[needed].reset_index(drop=True)
    by_patient = chosen.groupby(roles.patient, observed=True)[clock]
    time: pd.Series = (chosen[clock] - by_patient.transform("min")).astype(float)
    attended = by_patient.transform("size").astype(float)
    log = pd.Series(np.log1p(time.to_numpy()))
    return chosen.assign(**{since: time, log_name(since): log, LENGTH: attended})


def assign_therapists(
    frame: pd.DataFrame, roles: Roles, way: TherapistChange
) -> tuple[pd.DataFrame, TherapistChanges | None]:
    """The sessions, with all of a patient given to the first therapist if asked, and counts."""
    check_way(way, roles.therapist)
    if roles.therapist is None:
        return frame, None
    changes = count_changes(frame, roles.patient, roles.therapist, way)
    if way != "first":
        return frame, changes
    frame, moved = with_first_therapist(frame, roles.patient, roles.therapist, roles.session)
    return frame, replace(changes, n_moved=moved)


def check_therapists(
    frame: pd.DataFrame, roles: Roles, way: TherapistChange = "raise", *, options: str | None = None
) -> None:
    """Raise where no therapist is named, or has two patients, or patients have several unasked."""
    if roles.therapist is None:
        return
    if frame[roles.therapist].isna().all():
        raise DataError(
            f"therapist column '{roles.therapist}' is empty in all "
            f"{counted(len(frame), 'session')}. Fill the column, or leave the therapist role out "
            "for a two-level model."
        )
    if way in ("raise", "first"):
        changes = count_changes(frame, roles.patient, roles.therapist, way)
        check_one_therapist(
            changes.n_changed, changes.n_patients, roles.therapist,
            options=OPTIONS if options is None else options,
            also=", or leave the therapist role out for a two-level model",
        )  # fmt: skip
    per_therapist = frame.groupby(roles.therapist, observed=True)[roles.patient].nunique()
    if len(per_therapist) and (per_therapist <= 1).all():
        raise DataError(
            f"each of {counted(len(per_therapist), 'therapist')} (column '{roles.therapist}') has "
            "one patient, so that therapists and patients cannot be told apart. Give the column "
            "that names the therapists, or leave the therapist role out for a two-level model."
        )


def complete_rows(frame: pd.DataFrame, names: dict[str, str]) -> tuple[np.ndarray, dict[str, int]]:
    """Which rows are complete, and counts of the others by the first column missing, as named."""
    keep = np.ones(len(frame), dtype=bool)
    dropped = {}
    for column, name in names.items():
        gone = keep & frame[column].isna().to_numpy()
        if gone.any():
            dropped[name] = int(gone.sum())
            keep &= ~gone
    return keep, dropped


def kept_rows(reasons: Mapping[str, pd.Series]) -> tuple[np.ndarray, dict[str, int]]:
    """Rows for which no reason holds, and counts of the others by the first one that does."""
    keep: np.ndarray | None = None
    dropped = {}
    for reason, gone in reasons.items():
        keep = np.ones(len(gone), dtype=bool) if keep is None else keep
        lost = keep & gone.to_numpy()
        if lost.any():
            dropped[reason] = int(lost.sum())
            keep &= ~lost
    return np.ones(0, dtype=bool) if keep is None else keep, dropped


def first_words(reach: int) -> str:
    """Name of the sessions that can have no session `reach` before them."""
    return "first sessions" if reach == 1 else f"less than {reach} after the first session"


def _check_units(frame: pd.DataFrame, roles: Roles) -> None:
    """Raise unless complete sessions of at least two patients (and therapists) are left."""
    for unit, column in (("patient", roles.patient), ("therapist", roles.therapist)):
        if column is None:
            continue
        n = frame[column].nunique()
        if n < 2:
            remedy = "" if unit == "patient" else ", or leave the therapist role out"
            raise DataError(
                "complete sessions (alliance and outcome observed) are left of "
                f"{counted(n, unit)}. At least 2 are needed to compare them{remedy}."
            )


class Timed(Protocol):
    """Sessions with the column of their time."""

    @property
    def frame(self) -> pd.DataFrame:
        """The sessions."""

    @property
    def time(self) -> str:
        """Column of the time since the patient's first session."""


def time_term(time: Time, prepared: Timed) -> str | None:
    """Name of the column that carries time in the model."""
    if time == "none":
        return None
    if time == "log":
        return log_name(prepared.time)
    if time == "factor":
        n = prepared.frame[prepared.time].nunique()
        if n > MAX_TIME_LEVELS:
            raise ArgumentError(
                f"time='factor' would estimate {n:,} times. At most {MAX_TIME_LEVELS} are "
                "accepted; use time='linear' or 'log', or time_column='session'."
            )
    return prepared.time


def length_terms(prepared: Timed, time: Time) -> list[tuple[str, ...]]:
    """Sessions attended, and their product with time, as columns of products.

    Where ratings have a trend a patient's mean depends on how long the treatment was, and so does
    what is centred on it. None where time is not in the model or lengths hardly differ.
    """
    if time == "none" or prepared.frame[LENGTH].nunique() < 3:
        return []
    column = prepared.time if time == "factor" else str(time_term(time, prepared))
    return [(LENGTH,), (LENGTH, column)]
