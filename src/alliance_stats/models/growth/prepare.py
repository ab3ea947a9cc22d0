"""From sessions to the frame of growth models: time in every shape, early alliance, length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import refuse_centered
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.data.units import float_values, units_seen
from alliance_stats.models.prepare import (
    LENGTH,
    TimeColumn,
    assign_therapists,
    check_therapists,
    clock_of,
)

SHAPES = ("linear", "log", "quadratic", "piecewise")
#: Columns that the models of early alliance and of parallel growth derive.
RESERVED = (
    "time_after_window", "outcome_early", "alliance_start", "alliance_trend", "outcome_start",
    "outcome_trend", "variable", "value",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PreparedGrowth:
    """The rows and columns of growth models.

    Attributes
    ----------
    frame : DataFrame
        All sessions with a known time: identifiers, alliance, outcome, time since the patient's
        first session, the columns of every shape, and ``sessions_attended`` centred at the mean
        over patients.
    roles : Roles
    shapes : dict of str to tuple of str
        Columns of time of every shape that the data can hold.
    left_out : dict of str to str
        The other shapes, with the reason.
    time, clock : str
        Column of the time since the first session, and of the clock that it counts.
    break_at : float
        The knot of the piecewise shape, on the scale of `time`; NaN without one.
    early_window : tuple of int
    n_rows, n_dropped : int
        Sessions, and those dropped because time or therapist is missing.
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    roles: Roles
    shapes: dict[str, tuple[str, ...]]
    left_out: dict[str, str]
    time: str
    clock: str
    break_at: float
    early_window: tuple[int, int]
    n_rows: int
    n_dropped: int
    changes: TherapistChanges | None = None

    @property
    def variables(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """``("alliance", column)`` and ``("outcome", column)``."""
        return ("alliance", self.roles.alliance), ("outcome", self.roles.outcome)

    def messages(self) -> tuple[str, ...]:
        """Changes of therapist, dropped sessions, shapes that the data cannot hold."""
        found = [self.changes.words()] if self.changes is not None else []
        if self.n_dropped:
            named = f"{self.clock} or therapist" if self.roles.therapist else self.clock
            found.append(
                f"{self.n_dropped:,} of {counted(self.n_rows, 'session')} dropped "
                f"({named} missing)."
            )
        found += [f"Shape '{shape}' left out: {why}" for shape, why in self.left_out.items()]
        return tuple(text for text in found if text)

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists."""
        found = {"session": len(self.frame), "patient": self.frame[self.roles.patient].nunique()}
        if self.roles.therapist is not None:
            found["therapist"] = self.frame[self.roles.therapist].nunique()
        return found


def prepare_growth(
    data: SessionData,
    roles: Roles,
    *,
    shape: str,
    break_at: float | None,
    time_column: TimeColumn,
    early_window: tuple[int, int],
    therapist_change: TherapistChange,
) -> PreparedGrowth:
    """Count time from the patient's first session and make the columns of every shape."""
    clock = clock_of(roles, time_column)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    check_therapists(sessions, roles, options=ONLY_FIRST)
    refuse_centered(sessions, roles.alliance, units_seen(sessions, roles.patient)[0])
    frame = _timed(sessions, roles, clock)
    known = frame[f"{clock}_since_start"].notna()
    if roles.therapist is not None:
        known &= frame[roles.therapist].notna()
    n_rows, frame = len(frame), frame[known].reset_index(drop=True)
    check_variation(frame, roles)
    length = frame.groupby(roles.patient, observed=True)[LENGTH].first()
    frame[LENGTH] -= length.mean()
    time = f"{clock}_since_start"
    knot = _knot(break_at, time_column, early_window)
    if break_at is not None:
        _check_break(frame[time].to_numpy(dtype=float), knot, time)
    frame, columns = _with_shapes(frame, time, knot)
    shapes, left_out = _possible(frame, roles, columns, time, knot)
    _check_shape(shape, shapes, left_out)
    return PreparedGrowth(
        frame=frame, roles=roles, shapes=shapes, left_out=left_out, time=time, clock=clock,
        break_at=knot, early_window=early_window, n_rows=n_rows, n_dropped=n_rows - len(frame),
        changes=changes,
    )  # fmt: skip


def _timed(frame: pd.DataFrame, roles: Roles, clock: str) -> pd.DataFrame:
    """The needed columns, with time since the patient's first session and sessions attended."""
    units = [roles.patient] + ([roles.therapist] if roles.therapist is not None else [])
    needed = list(dict.fromkeys([*units, roles.session, clock, roles.outcome, roles.alliance]))
    since = f"{clock}_since_start"
    derived = [f"{since}{tail}" for tail in ("", "_log", "_squared", "_after_break")]
    for name in (*derived, LENGTH, *RESERVED):
        if name in needed:
            raise DataError(
                f"column '{name}' has the name of a column that the model derives itself. "
                "Rename it."
            )
    chosen = frame[needed].reset_index(drop=True)
    by_patient = chosen.groupby(roles.patient, observed=True)[clock]
    time = (chosen[clock] - by_patient.transform("min")).astype(float)
    return chosen.assign(**{since: time, LENGTH: by_patient.transform("size").astype(float)})


def check_variation(frame: pd.DataFrame, roles: Roles) -> None:
    """Raise where alliance or outcome is never observed, or does not vary."""
    for role, column in (("alliance", roles.alliance), ("outcome", roles.outcome)):
        values = float_values(frame, column)
        values = values[~np.isnan(values)]
        if not len(values):
            raise DataError(
                f"{role} '{column}' is not observed in any of {counted(len(frame), 'session')}. "
                f"Give the column that holds the {role}."
            )
        if np.ptp(values) == 0:
            raise DataError(
                f"{role} '{column}' is {values[0]:g} in all {counted(len(values), 'rating')}: it "
                "has no course to describe. Check the column."
            )


def _knot(break_at: float | None, time_column: TimeColumn, window: tuple[int, int]) -> float:
    """The knot: as given, else at the end of the early window, where sessions are counted."""
    if break_at is None:
        return float(window[1] - 1) if time_column == "session" else np.nan
    if isinstance(break_at, bool) or not isinstance(break_at, int | float | np.number):
        raise ArgumentError(f"break_at={break_at!r} is not a number. Give a time, such as 4.")
    return float(break_at)


def _check_break(time: np.ndarray, knot: float, name: str) -> None:
    """Raise unless two distinct times lie at or before the knot, and one after it."""
    times = np.unique(time)
    if (times <= knot).sum() >= 2 and (times > knot).any():
        return
    raise ArgumentError(
        f"break_at={knot:g} does not part the observed times: '{name}' runs from "
        f"{times[0]:g} to {times[-1]:g}. Give a time between its second value and its last."
    )


def _with_shapes(
    frame: pd.DataFrame, time: str, knot: float
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Columns of time for the four shapes; all are 0 at the first session."""
    t = frame[time].to_numpy(dtype=float)
    names = {tail: f"{time}_{tail}" for tail in ("log", "squared", "after_break")}
    added = {
        names["log"]: np.log1p(t),
        names["squared"]: t**2,
        names["after_break"]: np.maximum(t - knot, 0.0),
    }
    columns = {
        "linear": (time,),
        "log": (names["log"],),
        "quadratic": (time, names["squared"]),
        "piecewise": (time, names["after_break"]),
    }
    return frame.assign(**added), columns


def _possible(
    frame: pd.DataFrame,
    roles: Roles,
    columns: dict[str, tuple[str, ...]],
    time: str,
    knot: float,
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Shapes for which two patients have a rating more than growth factors, and the others."""
    most = []
    for column in (roles.alliance, roles.outcome):
        rated = frame.loc[frame[column].notna()]
        n = rated.groupby(roles.patient, observed=True)[time].nunique()
        most.append(int(n.nlargest(2).min()) if len(n) > 1 else 0)
    times, found, left_out = np.unique(frame[time]), {}, {}
    for shape, names in columns.items():
        needed = len(names) + 2
        if min(most) < needed:
            left_out[shape] = (
                f"it needs two patients with {needed} sessions rated, and the second-most rated "
                f"patient has {min(most)}."
            )
        elif shape == "piecewise" and np.isnan(knot):
            left_out[shape] = "no break_at= is given, and time counts no sessions."
        elif shape == "piecewise" and ((times <= knot).sum() < 2 or not (times > knot).any()):
            left_out[shape] = f"no time lies after the break at {knot:g}."
        else:
            found[shape] = names
    return found, left_out


def _check_shape(shape: str, shapes: dict[str, tuple[str, ...]], left_out: dict[str, str]) -> None:
    if not shapes:
        raise DataError(
            f"too few sessions for a course: shape 'linear' left out: {left_out['linear']} "
            "Give data with more sessions a patient."
        )
    if shape != "auto" and shape not in shapes:
        advice = "break_at=" if "break" in left_out[shape] else f"shape={next(iter(shapes))!r}"
        raise DataError(
            f"shape='{shape}' is not possible with these sessions: {left_out[shape]} "
            f"Give {advice}, or data with more sessions a patient."
        )
