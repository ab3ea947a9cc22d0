"""From sessions to the frame of all models: centred predictors, time, complete rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.data.centering import center
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.models.importance.predictors import (
    Contender,
    Groups,
    Predictor,
    asked_columns,
    contenders,
    read_predictors,
    with_categories,
)
from alliance_stats.models.prepare import (
    MeanRows,
    TimeColumn,
    assign_therapists,
    check_therapists,
    clock_of,
    complete_rows,
    data_messages,
    since_name,
    timed_frame,
)


@dataclass(frozen=True, eq=False)
class PreparedImportance:
    """The rows and columns of all models.

    Attributes
    ----------
    frame : DataFrame
        Complete rows only: identifiers, outcome, predictors with their centred parts, time since
        the patient's first session.
    roles : Roles
    predictors : tuple of Predictor
    levels : dict of str to tuple of Contender
        What is ranked ``within`` and ``between`` patients.
    alliance : str
        Name under which the alliance is ranked.
    time : str
        Column of the time since the patient's first session.
    n_rows : int
        Sessions before incomplete rows were dropped.
    dropped : dict of str to int
        Sessions dropped, by the first column that was missing.
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    roles: Roles
    predictors: tuple[Predictor, ...]
    levels: dict[str, tuple[Contender, ...]]
    alliance: str
    time: str
    n_rows: int
    dropped: dict[str, int]
    changes: TherapistChanges | None = None

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Columns of the grouping factor of every unit, patients first."""
        found: dict[str, tuple[str, ...]] = {"patient": (self.roles.patient,)}
        if self.roles.therapist is not None:
            found["therapist"] = (self.roles.therapist,)
        return found

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists in the models."""
        units = {unit: self.frame[columns[0]].nunique() for unit, columns in self.groups.items()}
        return {"session": len(self.frame)} | units

    def messages(self) -> tuple[str, ...]:
        """Dropped sessions by cause, and what was made of patients who change their therapist."""
        return data_messages(self.changes, self.dropped, self.n_rows)


def prepare_importance(
    data: SessionData,
    roles: Roles,
    *,
    predictors: Sequence[str] | None,
    groups: Groups | None,
    time_column: TimeColumn,
    mean_rows: MeanRows,
    therapist_change: TherapistChange,
) -> PreparedImportance:
    """Centre what is rated each session, code categories, count time, drop incomplete rows."""
    columns = asked_columns(roles, predictors)
    clock = clock_of(roles, time_column)
    found = read_predictors(data.frame, roles, columns)
    levels = contenders(found, groups)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    frame = timed_frame(sessions, roles, clock, also=columns)
    check_therapists(frame, roles, therapist_change, options=ONLY_FIRST)
    since = since_name(clock)
    names = {name: name for name in _needed(roles, columns)} | {since: clock}
    keep, dropped = complete_rows(frame, names)
    averaged = frame if mean_rows == "available" else frame[keep]
    rated = [p.column for p in found if p.kind == "session"]
    centred = center(averaged, rated, by=roles.patient) if rated else averaged
    rows = with_categories(centred[keep] if mean_rows == "available" else centred, found)
    prepared = PreparedImportance(
        frame=rows.reset_index(drop=True),
        roles=roles,
        predictors=found,
        levels=levels,
        alliance=next(
            name for name, members in _members(found, groups).items() if roles.alliance in members
        ),
        time=since,
        n_rows=len(frame),
        dropped=dropped,
        changes=changes,
    )
    _check_units(prepared)
    _check_varies(prepared)
    return prepared


def _needed(roles: Roles, columns: Sequence[str]) -> list[str]:
    units = [roles.patient] + ([roles.therapist] if roles.therapist is not None else [])
    return [roles.outcome, *columns, *units]


def _members(predictors: Sequence[Predictor], groups: Groups | None) -> dict[str, Sequence[str]]:
    """Columns by the name under which they are ranked."""
    inside = {member for members in (groups or {}).values() for member in members}
    alone = {p.column: [p.column] for p in predictors if p.column not in inside}
    return {**(groups or {}), **alone}


def _check_units(prepared: PreparedImportance) -> None:
    """Raise unless two patients (and therapists) are left, some patients with two sessions."""
    counts = prepared.counts()
    for unit in list(counts)[1:]:
        if counts[unit] < 2:
            raise DataError(
                "complete sessions (outcome and all predictors observed) are left of "
                f"{counted(counts[unit], unit)}. At least 2 are needed to compare them; leave out "
                "a predictor that is missing often."
            )
    if counts["session"] <= counts["patient"]:
        raise DataError(
            f"{counted(counts['session'], 'complete session')} of "
            f"{counted(counts['patient'], 'patient')}: nothing varies within patients. Some "
            "patients need two complete sessions or more."
        )


def _check_varies(prepared: PreparedImportance) -> None:
    """Raise where a column does not vary over the complete rows."""
    for predictor in prepared.predictors:
        for column in (*predictor.within, *predictor.between):
            values = prepared.frame[column].to_numpy(dtype=float)
            size = max(float(np.abs(values).max()), np.finfo(float).tiny)
            if float(np.ptp(values)) <= 1e-10 * size:
                raise DataError(
                    f"predictor '{predictor.column}' does not vary in column '{column}' over the "
                    f"{counted(len(values), 'session')} used. Leave it out."
                )
