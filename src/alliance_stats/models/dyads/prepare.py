"""From sessions to two rows a session, one a member: centred first, then lagged, then stacked.

The double entry of Kenny, Kashy & Cook (2006, Dyadic data analysis, chapter 7): in each row of a
member stand the member's own predictor (actor) and that of the other one (partner).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, numeric_column
from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.data.centering import center, centered_columns, derived_name
from alliance_stats.data.lags import Gap, lag_name, lag_within, refuse_lagged
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.data.units import float_values
from alliance_stats.models.dyads.members import Member, Pair
from alliance_stats.models.prepare import (
    LENGTH,
    Time,
    TimeColumn,
    assign_therapists,
    check_therapists,
    clock_of,
    first_words,
    kept_rows,
    log_name,
    since_name,
    timed_frame,
)

#: Columns of the stacked frame besides identifiers and parts of the model.
MEMBER, NUMBER, RATING = "member", "member_number", "rating"
#: A part within patients below this share of the rating's SD is rounding.
_CONSTANT = 1e-8


@dataclass(frozen=True, slots=True)
class Lag:
    """Which earlier session the predictors are of; `step` 0 is the session itself."""

    step: int
    gap: Gap

    def words(self) -> str:
        """``session t − 1`` or ``the same session``."""
        return f"session t − {self.step}" if self.step else "the same session"


@dataclass(frozen=True, eq=False)
class PreparedDyads:
    """The rows and columns of the model.

    Attributes
    ----------
    frame : DataFrame
        Two rows a session, complete ones only: identifiers, ``member``, ``member_number`` (1, 2),
        ``rating`` (the member's outcome) and for every part of the model a column a member, zero
        in the other one's rows: ``patient_actor``, ``therapist_actor``, ….
    wide : DataFrame
        The sessions as they were stacked.
    roles : Roles
        Without a therapist where therapists have no intercepts.
    pair : Pair
    lag : Lag
    time : str
        Column of the time since the patient's first session, in `wide`.
    between : tuple of (effect, kind)
        Parts between units in the model: ``("actor_between", "between")``, ….
    omitted : bool
        Whether means were left out because they are what is modelled.
    keep : dict of str to ndarray of bool
        Rows of `wide` in the model, by member.
    dropped : dict of str to (dict of str to int)
        Sessions without a row of a member, by the first reason.
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    wide: pd.DataFrame
    roles: Roles
    pair: Pair
    lag: Lag
    time: str
    between: tuple[tuple[str, str], ...]
    omitted: bool
    keep: dict[str, np.ndarray]
    dropped: dict[str, dict[str, int]]
    changes: TherapistChanges | None = None

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Columns of the grouping factor of every unit, patients first."""
        found: dict[str, tuple[str, ...]] = {"patient": (self.roles.patient,)}
        if self.roles.therapist is not None:
            found["therapist"] = (self.roles.therapist,)
        return found

    @property
    def therapist_change(self) -> TherapistChange:
        """What is done about patients with several therapists; ``"raise"`` without therapists."""
        return "raise" if self.changes is None else self.changes.way

    @property
    def n_both(self) -> int:
        """Sessions with a row of both members."""
        first, second = (self.keep[name] for name in self.pair.names)
        return int((first & second).sum())

    def counts(self) -> dict[str, int]:
        """Sessions with a row of at least one member, patients and therapists."""
        first, second = (self.keep[name] for name in self.pair.names)
        rows = self.wide[first | second]
        units = {unit: rows[columns[0]].nunique() for unit, columns in self.groups.items()}
        return {"session": len(rows)} | units

    def messages(self) -> tuple[str, ...]:
        """Sessions lost to a member for another reason than being the first; single rows."""
        found = [] if self.changes is None else [self.changes.words()]
        for member in self.pair.both:
            if set(self.dropped[member.name]) - {first_words(self.lag.step)}:
                found.append(self.rows_words(member))
        alone = self.counts()["session"] - self.n_both
        if alone:
            found.append(
                f"{counted(alone, 'session')} of {self.counts()['session']:,} "
                "with one member only, kept: the other member's rating is missing."
            )
        return tuple(text for text in found if text)

    def rows_words(self, member: Member) -> str:
        """``patient: 1,750 of 2,143 sessions in the model (not: first sessions: 240, …).``"""
        why = ", ".join(f"{cause}: {k:,}" for cause, k in self.dropped[member.name].items())
        n, total = int(self.keep[member.name].sum()), counted(len(self.wide), "session")
        return f"{member.name}: {n:,} of {total} in the model{f' (not: {why})' if why else ''}."


def prepare_dyads(
    data: SessionData,
    roles: Roles,
    pair: Pair,
    lag: Lag,
    *,
    time: Time,
    time_column: TimeColumn,
    therapist_change: TherapistChange,
) -> PreparedDyads:
    """Centre the predictors on all sessions, lag their parts within, stack the members' rows."""
    _check_columns(data.frame, roles, pair)
    clock = clock_of(roles, time_column)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    wide = timed_frame(sessions, roles, clock, also=[roles.session, *pair.ratings])
    check_therapists(wide, roles, therapist_change, options=ONLY_FIRST)
    _check_rated(wide, pair)
    wide = _lagged(_centred(wide, roles, pair), roles, pair, lag)
    kinds = [k for k, _ in centered_columns("x", therapist=roles.therapist is not None)][1:]
    between = tuple(
        (f"{side}_{kind}", kind)
        for side in ("actor", "partner")
        for kind in kinds
        if not pair.outcomes & {member.predictor for member in pair.both}
    )
    since = since_name(clock)
    keep, dropped = {}, {}
    for member in pair.both:
        found = _complete(wide, roles, pair, member, lag, since)
        keep[member.name], dropped[member.name] = found
    prepared = PreparedDyads(
        frame=_stacked(wide, roles, pair, lag, between, since, time, keep), wide=wide,
        roles=roles, pair=pair, lag=lag, time=since, between=between,
        omitted=not between, keep=keep, dropped=dropped, changes=changes,
    )  # fmt: skip
    _check_enough(prepared)
    return prepared


def _check_columns(frame: pd.DataFrame, roles: Roles, pair: Pair) -> None:
    units = [roles.patient, roles.session, *([roles.therapist] if roles.therapist else [])]
    columns_present(frame, pair.ratings)
    for column in pair.ratings:
        if column in units:
            raise DataError(
                f"column '{column}' holds identifiers or session numbers and is no rating. "
                "Give each member's ratings."
            )
        numeric_column(frame, column)
        refuse_lagged(column)


def _check_rated(frame: pd.DataFrame, pair: Pair) -> None:
    """Raise where a member has no ratings at all, or the same one throughout."""
    for member in pair.both:
        for part in (member.predictor, member.outcome):
            values = frame[part]
            if values.isna().all():
                raise DataError(
                    f"{member.name} has no rating in column '{part}' in any of "
                    f"{counted(len(frame), 'session')}. A dyad needs both members; for one of them "
                    "use fit_lagged or fit_within_between."
                )
            if values.nunique() == 1:
                raise DataError(
                    f"column '{part}' of {member.name} is constant in all "
                    f"{counted(int(values.notna().sum()), 'rating')}: nothing goes with a rating "
                    "that never varies. Give the rating of each session."
                )


def _centred(wide: pd.DataFrame, roles: Roles, pair: Pair) -> pd.DataFrame:
    """The frame with the parts of both predictors, after checks that ratings vary within."""
    attended = wide.groupby(roles.patient, observed=True)[LENGTH].first().mean()
    centred = center(
        wide.assign(**{LENGTH: wide[LENGTH] - attended}),
        [member.predictor for member in pair.both],
        by=roles.patient,
        therapist=roles.therapist,
    )
    for column in pair.ratings:
        values = float_values(wide, column)
        own = pd.Series(values).groupby(wide[roles.patient].to_numpy(), observed=True)
        spread = np.nanmax(np.abs(values - own.transform("mean").to_numpy()), initial=0.0)
        if spread <= _CONSTANT * float(np.nanstd(values)):
            n = wide[roles.patient].nunique()
            raise DataError(
                f"column '{column}' is constant within each of {counted(n, 'patient')}: what goes "
                "with its changes cannot be seen. Give the rating of each session."
            )
    return centred


def _lagged(wide: pd.DataFrame, roles: Roles, pair: Pair, lag: Lag) -> pd.DataFrame:
    """The frame with the lagged parts within; the lagged session says which rows have one."""
    if not lag.step:
        return wide
    columns = [derived_name(member.predictor, "within") for member in pair.both]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # counted by member instead
        return lag_within(
            wide, [*columns, roles.session], by=roles.patient, order=roles.session, gap=lag.gap,
            step=lag.step,
        )  # fmt: skip


def within_column(member: Member, lag: Lag) -> str:
    """Column of a member's predictor within patients, lagged if need be."""
    column = derived_name(member.predictor, "within")
    return lag_name(column, lag.step) if lag.step else column


def _complete(
    wide: pd.DataFrame, roles: Roles, pair: Pair, member: Member, lag: Lag, since: str
) -> tuple[np.ndarray, dict[str, int]]:
    """Sessions that have a row of a member, and counts of the others by the first reason."""
    when = f" at t − {lag.step}" if lag.step else ""
    reasons: dict[str, pd.Series] = {}
    if lag.step:
        session = wide[roles.session]
        alone = wide[lag_name(roles.session, lag.step)].isna()
        start = session.groupby(wide[roles.patient], observed=True).transform("min")
        first = alone if lag.gap == "previous" else session - lag.step < start
        reasons = {first_words(lag.step): first, f"no session t − {lag.step}, after a gap": alone}
    reasons[f"{member.outcome} missing"] = wide[member.outcome].isna()
    for one in (member, pair.other(member)):
        reasons[f"{one.predictor} missing{when}"] = wide[within_column(one, lag)].isna()
    reasons[f"{since.removesuffix('_since_start')} missing"] = wide[since].isna()
    if roles.therapist is not None:
        reasons[f"{roles.therapist} missing"] = wide[roles.therapist].isna()
    return kept_rows(reasons)


def _stacked(
    wide: pd.DataFrame,
    roles: Roles,
    pair: Pair,
    lag: Lag,
    between: tuple[tuple[str, str], ...],
    since: str,
    time: Time,
    keep: dict[str, np.ndarray],
) -> pd.DataFrame:
    """Both members' rows one below the other, with a column a part and member."""
    units = [roles.patient, *([roles.therapist] if roles.therapist else []), roles.session]
    made = [MEMBER, NUMBER, RATING]
    stacked = []
    for number, member in enumerate(pair.both, start=1):
        rows = wide[keep[member.name]]
        own = rows[units].copy()
        own[MEMBER], own[NUMBER] = member.name, number
        own[RATING] = rows[member.outcome].to_numpy(dtype=float)
        parts = _parts(rows, pair, member, lag, between, since, time)
        made += [*parts, *(one.column(part) for one in pair.both for part in parts)]
        for part, values in parts.items():
            own[part] = values
            for one in pair.both:
                own[one.column(part)] = values * (one == member)
        stacked.append(own)
    for name in units:
        if name in made:
            raise DataError(
                f"column '{name}' has the name of a column that the model makes. Rename it."
            )
    return pd.concat(stacked, ignore_index=True)


def _parts(
    rows: pd.DataFrame,
    pair: Pair,
    member: Member,
    lag: Lag,
    between: tuple[tuple[str, str], ...],
    since: str,
    time: Time,
) -> dict[str, np.ndarray]:
    """The predictors of a member's rows, without regard to whose they are."""
    sides = {"actor": member, "partner": pair.other(member)}
    found = {"intercept": np.ones(len(rows))}
    if time != "none":
        clock = log_name(since) if time == "log" else since
        found["time"] = float_values(rows, clock)
        found["length"] = float_values(rows, LENGTH)
        found["length_time"] = found["length"] * found["time"]
    for side, one in sides.items():
        found[side] = float_values(rows, within_column(one, lag))
    for effect, kind in between:
        one = sides[effect.partition("_")[0]]
        found[effect] = float_values(rows, derived_name(one.predictor, kind))
    return found


def _check_enough(prepared: PreparedDyads) -> None:
    """Raise unless every member has rows of two patients (therapists) and several of one."""
    for member in prepared.pair.both:
        rows = prepared.wide[prepared.keep[member.name]]
        for unit, (column,) in prepared.groups.items():
            if rows[column].nunique() < 2:
                raise DataError(
                    f"{prepared.rows_words(member)} They are of "
                    f"{counted(rows[column].nunique(), unit)}; at least 2 are needed. "
                    + _advice(prepared)
                )
        if len(rows) <= rows[prepared.roles.patient].nunique():
            raise DataError(
                f"{prepared.rows_words(member)} That is at most one a patient; some patients need "
                f"{2 + prepared.lag.step} sessions or more. {_advice(prepared)}"
            )
    if prepared.n_both <= 2:
        raise DataError(
            f"both members are in the model in {counted(prepared.n_both, 'session')} only, so that "
            "their correlation in a session cannot be seen. Ratings of the same sessions are "
            "needed."
        )


def _advice(prepared: PreparedDyads) -> str:
    if prepared.lag.step and prepared.lag.gap == "strict":
        return 'gap="previous" takes the session before, however long ago.'
    return "Give patients with more rated sessions."
