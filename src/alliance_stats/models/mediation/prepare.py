"""From sessions to the rows of both equations: coded, centred, lagged, complete."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.centering import center, centered_columns, derived_name
from alliance_stats.data.lags import lag_name, lag_within, refuse_lagged
from alliance_stats.data.roles import Moment, Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.data.units import float_values, unit_codes, unit_means
from alliance_stats.models.mediation.chain import SIDES, Chain, Side, chain_of
from alliance_stats.models.prepare import (
    TimeColumn,
    assign_therapists,
    check_therapists,
    clock_of,
    first_words,
    kept_rows,
    since_name,
    timed_frame,
)
from alliance_stats.models.timing import before, check_rated_steps

#: A part of a rating below this share of the rating's SD is rounding.
_CONSTANT = 1e-8


@dataclass(frozen=True, eq=False)
class PreparedMediation:
    """The rows and columns of the equations of mediator and outcome.

    Attributes
    ----------
    frame : DataFrame
        All sessions: identifiers, ratings, their parts within and between, what the parts within
        were in earlier sessions, time since the patient's first session.
    roles : Roles
    chain : Chain
    levels : tuple of str
        Effects at which the predictor varies, so that there is something to mediate:
        ``within``, ``patient_between`` …
    time : str
        Column of the time since the patient's first session.
    keep : dict of str to ndarray (n,) of bool
        Rows of each equation, by the side predicted.
    dropped : dict of str to (dict of str to int)
        Sessions that are not in an equation, by the first reason.
    categories : tuple of str
        The two categories of a predictor that is none of numbers, coded 0 and 1.
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    roles: Roles
    chain: Chain
    levels: tuple[str, ...]
    time: str
    keep: dict[Side, np.ndarray]
    dropped: dict[Side, dict[str, int]]
    categories: tuple[str, ...] = ()
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

    def parts(self, column: str) -> dict[str, str]:
        """Columns of the parts of a rating, by effect, innermost first."""
        return dict(centered_columns(column, therapist=self.roles.therapist is not None))

    def path_columns(self, level: str) -> tuple[str, str, str]:
        """Columns of the paths a, b and of the direct path at one level."""
        chain = self.chain
        if level == "within":
            return chain.a(), chain.b(), chain.direct()
        x, m = self.parts(chain.predictor)[level], self.parts(chain.mediator)[level]
        return x, m, x

    def fixed(self, side: Side, *, means: bool = True) -> list[str]:
        """Fixed columns of an equation besides time; without the mediator's means if asked."""
        chain = self.chain
        within = [chain.direct() if side == "outcome" else chain.a()] if chain.session_level else []
        within += [chain.b()] if side == "outcome" else []
        earlier = (chain.own(side), chain.prior(side))
        within += [column for column in earlier if column is not None]
        between = [self.parts(chain.predictor)[level] for level in self.levels if level != "within"]
        if side == "outcome" and means:
            of_mediator = self.parts(chain.mediator)
            between += [column for level, column in of_mediator.items() if level != "within"]
        return [*within, *between]

    def rows(self, side: Side) -> pd.DataFrame:
        """The complete rows of one equation."""
        return self.frame[self.keep[side]]

    def rated(self, rating: str) -> pd.DataFrame:
        """The sessions with a rating and with all units known."""
        units = [column for columns in self.groups.values() for column in columns]
        return self.frame[self.frame[[rating, *units]].notna().all(axis=1)]

    def counts(self, side: Side | None = None) -> dict[str, int]:
        """Sessions, patients and therapists in one equation, or in one of both."""
        keep = self.keep["mediator"] | self.keep["outcome"]
        rows = self.frame[keep if side is None else self.keep[side]]
        units = {unit: rows[columns[0]].nunique() for unit, columns in self.groups.items()}
        return {"session": len(rows)} | units

    def messages(self) -> tuple[str, ...]:
        """Changes of therapist; sessions lost for another reason than being among the first."""
        found = [self.changes.words()] if self.changes is not None else []
        for side in SIDES:
            if any(cause != first_words(self.chain.reach(side)) for cause in self.dropped[side]):
                found.append(self.rows_words(side))
        return tuple(text for text in found if text)

    def rows_words(self, side: Side) -> str:
        """``phq9: 1,500 of 2,143 sessions are predicted; not predicted: first sessions: 240.``"""
        n, causes = int(self.keep[side].sum()), self.dropped[side]
        why = ", ".join(f"{cause}: {k:,}" for cause, k in causes.items())
        lost = f"; not predicted: {why}" if why else ""
        total = counted(len(self.frame), "session")
        return f"{self.chain.response(side)}: {n:,} of {total} are predicted{lost}."


def prepare_mediation(
    data: SessionData,
    roles: Roles,
    *,
    predictor: str | None,
    mediator: str,
    mediator_at: Moment | None,
    contemporaneous: bool,
    step: int,
    time_column: TimeColumn,
    therapist_change: TherapistChange,
) -> PreparedMediation:
    """Code the predictor, centre all ratings on all sessions, lag them, find the rows."""
    given = roles.alliance if predictor is None else predictor
    _check_names(data.frame, roles, given, mediator)
    clock = clock_of(roles, time_column)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    frame = timed_frame(sessions, roles, clock, also=[roles.session, mediator, given])
    check_therapists(frame, roles, therapist_change, options=ONLY_FIRST)
    frame, x, categories = _coded(frame, given)
    _check_levels(frame, roles, x, given, mediator, own=predictor is None)
    chain = chain_of(
        roles, predictor=x, mediator=mediator, session_level=predictor is None,
        mediator_at=mediator_at, contemporaneous=contemporaneous, step=step,
    )  # fmt: skip
    if not contemporaneous:
        check_rated_steps(frame, roles, _ratings(chain), step)
    frame = center(frame, [x, mediator, roles.outcome], by=roles.patient, therapist=roles.therapist)
    frame = _lagged(frame, roles, chain)
    since = since_name(clock)
    parts = dict(centered_columns(x, therapist=roles.therapist is not None))
    levels = tuple(level for level, part in parts.items() if _varies(frame, x, part))
    if not levels:
        raise DataError(
            f"predictor '{given}' is the same in all sessions, so nothing can go with it. Give a "
            "column that differs between patients."
        )
    rows = {side: _complete(frame, roles, chain, side, since) for side in SIDES}
    prepared = PreparedMediation(
        frame=frame,
        roles=roles,
        chain=chain,
        levels=levels,
        time=since,
        keep={side: keep for side, (keep, _) in rows.items()},
        dropped={side: dropped for side, (_, dropped) in rows.items()},
        categories=categories,
        changes=changes,
    )
    for side in SIDES:
        _check_enough(prepared, side)
    return prepared


def _ratings(chain: Chain) -> list[str]:
    """The columns that are rated at sessions."""
    first = [chain.predictor] if chain.session_level else []
    return [*first, chain.mediator, chain.outcome]


def _check_names(frame: pd.DataFrame, roles: Roles, predictor: str, mediator: str) -> None:
    for name, value in (("mediator", mediator), ("predictor", predictor)):
        if not isinstance(value, str) or not value:
            raise ArgumentError(f"{name}={value!r} is no column. Give the name of a column.")
        columns_present(frame, [value])
        refuse_lagged(value)
    units = (roles.patient, roles.session, roles.therapist, roles.time)
    for name, value, taken in (
        ("mediator", mediator, (roles.outcome, roles.alliance, predictor, *units)),
        ("predictor", predictor, (roles.outcome, *units)),
    ):
        if value in taken:
            what = next(
                (role for role, column in roles.columns() if column == value), "the predictor"
            )
            raise ArgumentError(
                f"{name}={value!r} is already {what} in the model, and nothing goes through "
                "itself. Give the column of another rating."
            )


def _coded(frame: pd.DataFrame, predictor: str) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """The frame with two categories of the predictor as 0 and 1, the column's name, and both."""
    column = frame[predictor]
    if pd.api.types.is_numeric_dtype(column):
        return frame, predictor, ()
    seen = sorted(map(str, column.dropna().unique()))
    if len(seen) != 2:
        raise DataError(
            f"predictor '{predictor}' has {counted(len(seen), 'category')} "
            f"({name_list(seen)}). A path starts from numbers or from two categories: keep the "
            "sessions of two of them, or give a column of numbers."
        )
    name = f"{predictor}_{seen[1]}"
    values = column.astype("object").map(lambda v: np.nan if pd.isna(v) else str(v) == seen[1])
    return frame.assign(**{name: values.astype(float)}), name, (seen[0], seen[1])


def _check_levels(
    frame: pd.DataFrame, roles: Roles, x: str, given: str, mediator: str, *, own: bool
) -> None:
    """Raise unless ratings vary at the level at which the model takes them."""
    n = counted(frame[roles.patient].nunique(), "patient")
    for column in (mediator, roles.outcome):
        if pd.api.types.is_numeric_dtype(frame[column]) and not _within(frame, roles, column):
            raise DataError(
                f"column '{column}' is constant within each of {n}. Mediator and outcome must be "
                "rated at sessions; what is known once a patient can be the predictor "
                "(predictor='…'), or an outcome of fit_outcome."
            )
    varies = _within(frame, roles, x) if pd.api.types.is_numeric_dtype(frame[x]) else True
    if own and not varies:
        raise DataError(
            f"alliance '{given}' is constant within each of {n}. Give predictor='{given}' and "
            "another alliance role to ask how it goes through the mediator between patients."
        )
    if not own and varies:
        raise DataError(
            f"predictor '{given}' varies within patients, and a predictor that is named is one "
            "value a patient (2-1-1). For a rating of sessions (1-1-1) give it the role alliance, "
            "or average it first: an early alliance is the mean of early sessions."
        )


def _within(frame: pd.DataFrame, roles: Roles, column: str) -> bool:
    """Whether a rating varies within some patient."""
    codes, n = unit_codes(frame, roles.patient)
    values = float_values(frame, column)
    apart = values - unit_means(values, codes, n)[codes]
    size = float(np.nanmax(np.abs(apart), initial=0.0)) if (~np.isnan(apart)).any() else 0.0
    spread = float(np.nanstd(values)) if (~np.isnan(values)).any() else 0.0
    return size > _CONSTANT * spread


def _varies(frame: pd.DataFrame, column: str, part: str) -> bool:
    """Whether a part of a rating is more than rounding."""
    spread = float(np.nanstd(float_values(frame, column)))
    values = np.abs(float_values(frame, part))
    return bool((values > _CONSTANT * spread).any())


def _lagged(frame: pd.DataFrame, roles: Roles, chain: Chain) -> pd.DataFrame:
    """The frame with earlier parts; lagged session numbers say which sessions have one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # counted by equation instead
        for step, columns in chain.lags().items():
            frame = lag_within(
                frame, [*columns, roles.session], by=roles.patient, order=roles.session, step=step
            )
    return frame


def _complete(
    frame: pd.DataFrame, roles: Roles, chain: Chain, side: Side, since: str
) -> tuple[np.ndarray, dict[str, int]]:
    """Rows of one equation, and counts of the others by the first reason that applies."""
    session, response, reach = frame[roles.session], chain.response(side), chain.reach(side)
    reasons: dict[str, pd.Series] = {}
    if reach:
        start = session.groupby(frame[roles.patient], observed=True).transform("min")
        reasons[first_words(reach)] = session - reach < start
    for lag in sorted({lag for _, _, lag in _needed(roles, chain, side) if lag}):
        alone = frame[lag_name(roles.session, lag)].isna()
        reasons[f"no session t − {lag}, after a gap"] = alone
    reasons[f"{response} missing"] = frame[response].isna()
    for column, name, lag in _needed(roles, chain, side):
        reasons[f"{name} missing" + (f" at {before(lag)}" if lag else "")] = frame[column].isna()
    reasons[f"{since.removesuffix('_since_start')} missing"] = frame[since].isna()
    if roles.therapist is not None:
        reasons[f"{roles.therapist} missing"] = frame[roles.therapist].isna()
    return kept_rows(reasons)


def _needed(roles: Roles, chain: Chain, side: Side) -> list[tuple[str, str, int]]:
    """Columns that an equation needs besides its response, the rating of each and its lag."""
    found: list[tuple[str, str, int]] = []
    own = chain.own(side)
    if own is not None:
        found.append((own, chain.response(side), chain.step))
    prior, lag = chain.prior(side), chain.prior_lag
    if prior is not None and lag is not None:
        found.append((prior, chain.outcome, lag))
    if side == "outcome":
        found.append((chain.b(), chain.mediator, chain.to_outcome))
    if not chain.session_level:
        level = "between" if roles.therapist is None else "patient_between"
        return [*found, (derived_name(chain.predictor, level), chain.predictor, 0)]
    if side == "outcome":
        lag = chain.to_mediator + chain.to_outcome
        return [*found, (chain.direct(), chain.predictor, lag)]
    return [*found, (chain.a(), chain.predictor, chain.to_mediator)]


def _check_enough(prepared: PreparedMediation, side: Side) -> None:
    """Raise unless rows of at least two patients (and therapists) are left, two of one patient."""
    counts, why = prepared.counts(side), prepared.rows_words(side)
    what = prepared.chain.equation_words(side)
    for unit in list(counts)[1:]:
        if counts[unit] < 2:
            raise DataError(
                f"{what} are there together in {counted(counts[unit], unit)} only: {why} At "
                "least 2 are needed."
            )
    if counts["session"] <= counts["patient"]:
        need = 2 + max(map(prepared.chain.reach, SIDES))
        raise DataError(
            f"{what} are there together at most once a patient: {why} Some patients need "
            f"{need} sessions or more in a row."
        )
