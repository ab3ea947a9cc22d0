"""From sessions to waves: one row a patient, one column a rating of a wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, counted, is_whole, name_list, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import refuse_centered
from alliance_stats.data.roles import Roles
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.data.units import Codes, float_values, parent_codes, units_seen
from alliance_stats.models.prepare import assign_therapists, check_therapists
from alliance_stats.sem.panel import Order, Panel

Align = Literal["start", "end"]
Floats = NDArray[np.float64]
#: Fewer patients than this with both of two ratings cannot tell how they covary.
LEAST_PAIRS = 5
MAX_WAVES = 12
_THERAPISTS = (
    "therapist_change='first' counts all sessions for the patient's first therapist; or leave "
    "cluster out"
)


@dataclass(frozen=True, eq=False)
class PreparedPanel:
    """Patients by waves.

    Attributes
    ----------
    frame : DataFrame
        One row a patient with any rating in the waves: the columns of `panel`, and those of
        treatment and therapist where they are used.
    roles : Roles
    panel : Panel
        x is the alliance, y the outcome.
    align : {"start", "end"}
    sessions : tuple of int
        Session number of each wave; with ``"end"`` counted back from a patient's last one: 0.
    counts : dict of str to int
        ``patients`` in the file, ``without`` any rating in the waves, ``every`` rating there,
        ``unused`` ratings outside the waves, ``unknown`` without treatment or therapist.
    group, cluster : str or None
        Columns.
    about_therapists : str
        What was made of patients with several therapists.
    """

    frame: pd.DataFrame
    roles: Roles
    panel: Panel
    align: Align
    sessions: tuple[int, ...]
    counts: dict[str, int]
    group: str | None
    cluster: str | None
    about_therapists: str = ""


def order_of(roles: Roles) -> Order:
    """Which of alliance (x) and outcome (y) is rated first in a session.

    Raises
    ------
    ArgumentError
        If the roles do not say.
    """
    unknown = [name for name in ("alliance_at", "outcome_at") if getattr(roles, name) is None]
    if unknown:
        raise ArgumentError(
            f"the roles do not say {name_list(unknown)}: whether a rating was made before or after "
            "the session decides which path is lagged. Give, say, "
            "Roles(alliance_at='after', outcome_at='before')."
        )
    if roles.alliance_at == roles.outcome_at:
        return "together"
    return "x_first" if roles.alliance_at == "before" else "y_first"


def prepare_panel(
    frame: pd.DataFrame,
    roles: Roles,
    *,
    waves: int | Sequence[int],
    align: Align,
    groups: str | None,
    cluster: str | None,
    therapist_change: TherapistChange,
) -> PreparedPanel:
    """Check the sessions and lay their ratings out by waves."""
    order = order_of(roles)
    one_of(align, ("start", "end"), name="align")
    group, clusters = _unit_columns(roles, groups, cluster, therapist_change)
    changes = None
    if clusters is not None:
        frame, changes = assign_therapists(frame, roles, therapist_change)
        check_therapists(frame, roles, therapist_change, options=_THERAPISTS)
    patient, units = units_seen(frame, roles.patient)
    refuse_centered(frame, roles.alliance, patient)
    session = _whole_sessions(frame, roles)
    wanted = _wanted(waves, align, session)
    position = _positions(session, patient, wanted, align, len(units))
    labels = wanted if align == "start" else tuple(range(1, len(wanted) + 1))
    x, y = (
        tuple(f"{column}_{label}" for label in labels) for column in (roles.alliance, roles.outcome)
    )
    panel = Panel(x, y, order, (roles.alliance, roles.outcome))
    values, unused = _values(frame, roles, patient, position, (len(units), len(wanted)))
    wide = pd.DataFrame(
        np.concatenate(values, axis=1), columns=[*x, *y], index=pd.Index(units, name=roles.patient)
    )
    for column in filter(None, [group, clusters]):
        wide[column] = _of_patients(frame, column, patient, len(units))
    prepared = PreparedPanel(
        wide, roles, panel, align, wanted, {"unused": unused}, group, clusters,
        "" if changes is None else changes.words(),
    )  # fmt: skip
    return _counted(prepared)


def _unit_columns(
    roles: Roles, groups: str | None, cluster: str | None, therapist_change: TherapistChange
) -> tuple[str | None, str | None]:
    """The columns of treatments and of therapists, where they are asked for."""
    one_of(groups, ("treatment", None), name="groups")
    one_of(cluster, ("therapist", None), name="cluster")
    one_of(therapist_change, ("raise", "first"), name="therapist_change")
    for name, role, column in (
        ("groups", groups, roles.treatment),
        ("cluster", cluster, roles.therapist),
    ):
        if role is not None and column is None:
            raise ArgumentError(
                f"{name}={role!r} needs the role {role}, which is not given. "
                f"Give roles=Roles({role}=…), or leave {name} out."
            )
    if cluster is None and therapist_change != "raise":
        raise ArgumentError(
            f"therapist_change={therapist_change!r} would be ignored without cluster='therapist'. "
            "Leave one out, or give both."
        )
    return (roles.treatment if groups else None), (roles.therapist if cluster else None)


def _whole_sessions(frame: pd.DataFrame, roles: Roles) -> Floats:
    session = float_values(frame, roles.session)
    known = session[np.isfinite(session)]
    if (known != np.round(known)).any():
        value = known[known != np.round(known)][0]
        raise DataError(
            f"session column '{roles.session}' holds {value:g}, which is no whole number: waves "
            "are numbers of sessions. Number the sessions 1, 2, 3, …."
        )
    return session


def _wanted(waves: int | Sequence[int], align: Align, session: Floats) -> tuple[int, ...]:
    """Session numbers of the waves; with ``align="end"`` counted back from the last one."""
    if is_whole(waves):
        n = int(waves)
        _check_number(n)
        if align == "end":
            return tuple(range(1 - n, 1))
        known = session[np.isfinite(session)]
        first = int(known.min()) if len(known) else 1
        return tuple(range(first, first + n))
    given = [] if isinstance(waves, str) or not isinstance(waves, Sequence) else list(waves)
    if len(given) < 2 or not all(is_whole(wave) for wave in given):
        raise ArgumentError(
            f"waves={waves!r} is neither a number of waves nor their session numbers. "
            "Give 5, say, or [1, 3, 5, 7]."
        )
    if align == "end":
        raise ArgumentError(
            f"waves={waves!r} names sessions, which align='end' counts back from the last one. "
            f"Give waves={len(given)}, or align='start'."
        )
    if any(later <= earlier for earlier, later in zip(given, given[1:], strict=False)):
        raise ArgumentError(
            f"waves={waves!r} are not in order of time, or name a session twice. "
            f"Give {sorted({int(w) for w in given})}."
        )
    _check_number(len(given))
    return tuple(int(wave) for wave in given)


def _check_number(n: int) -> None:
    if n > MAX_WAVES:
        raise ArgumentError(
            f"{n} waves were asked for; panel models take at most {MAX_WAVES}. Give "
            f"waves={MAX_WAVES} (align='end' for the last ones), or name sessions, such as "
            "waves=[1, 3, 5, 7]. For long treatments fit_lagged uses every session."
        )
    if n < 2:
        raise ArgumentError(
            f"waves={n} is no usable number of waves. Give a whole number from 2 to {MAX_WAVES}."
        )


def _positions(
    session: Floats, patient: Codes, wanted: tuple[int, ...], align: Align, n_patients: int
) -> Codes:
    """The wave of every row; -1 for rows outside the waves."""
    known = np.isfinite(session) & (patient >= 0)
    number = np.where(known, session, 0.0).astype(np.int64)
    if align == "end":
        last = np.full(n_patients, np.iinfo(np.int64).min)
        np.maximum.at(last, patient[known], number[known])
        number = np.where(known, number - last[patient], 1)
    table = np.array(wanted)
    at = np.clip(np.searchsorted(table, number), 0, len(table) - 1)
    return np.where(known & (table[at] == number), at, -1)


def _values(
    frame: pd.DataFrame, roles: Roles, patient: Codes, position: Codes, shape: tuple[int, int]
) -> tuple[list[Floats], int]:
    """Ratings (patients, waves) of alliance and outcome, and how many lie outside the waves."""
    used, found, unused = position >= 0, [], 0
    for column in (roles.alliance, roles.outcome):
        rating = float_values(frame, column)
        wide = np.full(shape, np.nan)
        wide[patient[used], position[used]] = rating[used]
        unused += int(np.isfinite(rating[~used]).sum())
        found.append(wide)
    return found, unused


def _of_patients(
    frame: pd.DataFrame, column: str, patient: Codes, n_patients: int
) -> NDArray[np.object_]:
    """What a column says of every patient; it must be one thing each."""
    codes, labels = units_seen(frame, column)
    first, several = parent_codes(patient, codes, n_patients)
    if several:
        raise DataError(
            f"{several:,} of {counted(n_patients, 'patient')} {agree(several, 'has', 'have')} more "
            f"than one value of column '{column}'. Patients are the rows here: give each one value."
        )
    return np.array([*labels, None], dtype=object)[first]


def _counted(prepared: PreparedPanel) -> PreparedPanel:
    """Leave out patients without any rating in the waves, and count."""
    frame, panel = prepared.frame, prepared.panel
    there = frame[[*panel.x, *panel.y]].notna().to_numpy()
    kept, unknown = there.any(axis=1), np.zeros(len(frame), dtype=bool)
    for column in filter(None, [prepared.group, prepared.cluster]):
        unknown |= kept & frame[column].isna().to_numpy()
    counts = {
        "patients": len(frame),
        "without": int((~kept).sum()),
        "unknown": int(unknown.sum()),
        "every": int((there.all(axis=1) & ~unknown).sum()),
        **prepared.counts,
    }
    used = kept & ~unknown
    return replace(prepared, frame=frame if used.all() else frame[used], counts=counts)


def check_waves(prepared: PreparedPanel, columns: Sequence[str], *, complete: bool) -> None:
    """Raise DataError for ratings nobody has, and for pairs that too few patients have.

    Parameters
    ----------
    columns : sequence of str
        The ratings in the model.
    complete : bool
        Whether only patients with all of them are used.
    """
    frame = prepared.frame
    parts: list[tuple[str, pd.DataFrame]] = [("", frame)]
    if prepared.group is not None:
        parts = [(f" in '{label}'", own) for label, own in frame.groupby(prepared.group)]
    for where, part in parts:
        there = part[list(columns)].notna().to_numpy().astype(float)
        _check_there(prepared, columns, there, where)
        n = int(there.all(axis=1).sum())
        if complete and n < max(LEAST_PAIRS, len(columns) + 2):
            raise DataError(
                f"{counted(n, 'patient')}{where} {agree(n, 'has', 'have')} all "
                f"{len(columns)} ratings of the waves: too few for a model of them. "
                "Use missing='fiml', or fewer waves."
            )


def _check_there(
    prepared: PreparedPanel, columns: Sequence[str], there: Floats, where: str
) -> None:
    nobody = [name for name, n in zip(columns, there.sum(axis=0), strict=True) if n == 0]
    if nobody:
        raise DataError(
            f"nobody{where} has {name_list(nobody)}: those waves are empty. Give waves= with "
            f"{'fewer waves' if prepared.align == 'end' else 'session numbers that are rated'}."
        )
    pairs = there.T @ there
    sparse = np.argwhere(np.triu(pairs < LEAST_PAIRS))
    if len(sparse):
        i, j = sparse[int(np.argmin(pairs[tuple(sparse.T)]))]
        n = int(pairs[i, j])
        both = columns[i] if i == j else f"both {columns[i]} and {columns[j]}"
        raise DataError(
            f"{counted(n, 'patient')}{where} {agree(n, 'has', 'have')} {both} "
            f"({counted(len(sparse), 'pair')} of ratings with fewer than {LEAST_PAIRS} patients): "
            "too few to tell how they go together. Use fewer waves."
        )
