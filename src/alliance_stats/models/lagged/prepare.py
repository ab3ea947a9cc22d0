"""From sessions to the rows of two lagged equations: centred first, then lagged."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
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
from alliance_stats.data.units import Codes, Floats, at_rows, float_values, unit_codes, unit_means
from alliance_stats.models.lagged.equations import Equation, equations_of
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

Detrend = Literal["none", "patient"]
#: A part within patients below this share of the rating's SD is rounding.
_CONSTANT = 1e-8


@dataclass(frozen=True, eq=False)
class PreparedLags:
    """The rows and columns of the two equations.

    Attributes
    ----------
    frame : DataFrame
        All sessions: identifiers, ratings, their parts within and between, what the part within
        was `step` sessions before, time since the patient's first session.
    roles : Roles
    equations : tuple of Equation
        Of the outcome, of the alliance.
    time : str
        Column of the time since the patient's first session.
    keep : dict of str to ndarray (n,) of bool
        Rows of each equation, by its side.
    dropped : dict of str to (dict of str to int)
        Sessions that are not predicted, by the first reason, by side.
    step : int
    gap, detrend : str
    changes : TherapistChanges, optional
    """

    frame: pd.DataFrame
    roles: Roles
    equations: tuple[Equation, Equation]
    time: str
    keep: dict[str, np.ndarray]
    dropped: dict[str, dict[str, int]]
    step: int
    gap: Gap
    detrend: Detrend
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

    def between(self, equation: Equation) -> list[tuple[str, str]]:
        """Effects and columns of the predictor's parts between patients, and therapists."""
        three = self.roles.therapist is not None
        return [
            (effect, column)
            for effect, column in centered_columns(equation.predictor, therapist=three)
            if effect != "within"
        ]

    def rows(self, equation: Equation) -> pd.DataFrame:
        """The complete rows of one equation."""
        return self.frame[self.keep[equation.side]]

    def rated(self, rating: str) -> pd.DataFrame:
        """The sessions with a rating and with all units known."""
        units = [column for columns in self.groups.values() for column in columns]
        return self.frame[self.frame[[rating, *units]].notna().all(axis=1)]

    def counts(self, equation: Equation | None = None) -> dict[str, int]:
        """Sessions, patients and therapists in one equation, or in one of both."""
        keep = self.keep["outcome"] | self.keep["alliance"]
        rows = self.frame[keep if equation is None else self.keep[equation.side]]
        units = {unit: rows[columns[0]].nunique() for unit, columns in self.groups.items()}
        return {"session": len(rows)} | units

    def messages(self) -> tuple[str, ...]:
        """Sessions lost for another reason than being a patient's first, by equation."""
        found = [self.changes.words()] if self.changes is not None else []
        for equation in self.equations:
            causes = self.dropped[equation.side]
            if any(cause != first_words(self.step) for cause in causes):
                found.append(f"{equation.response}: {self.pairs_words(equation)}")
        return tuple(text for text in found if text)

    def pairs_words(self, equation: Equation) -> str:
        """``1,750 of 2,143 sessions are predicted (first sessions: 240, …).``"""
        n, causes = int(self.keep[equation.side].sum()), self.dropped[equation.side]
        why = ", ".join(f"{cause}: {k:,}" for cause, k in causes.items())
        lost = f"; not predicted: {why}" if why else ""
        return f"{n:,} of {counted(len(self.frame), 'session')} are predicted{lost}."


def prepare_lags(
    data: SessionData,
    roles: Roles,
    *,
    step: int,
    gap: Gap,
    time_column: TimeColumn,
    therapist_change: TherapistChange,
    detrend: Detrend = "none",
) -> PreparedLags:
    """Centre both ratings on all sessions, lag their parts, find each equation's rows."""
    equations = equations_of(roles, step)
    for equation in equations:
        refuse_lagged(equation.response)
    clock = clock_of(roles, time_column)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    frame = timed_frame(sessions, roles, clock, also=[roles.session])
    check_therapists(frame, roles, therapist_change, options=ONLY_FIRST)
    if gap == "strict":
        check_rated_steps(frame, roles, (roles.alliance, roles.outcome), step)
    since = since_name(clock)
    frame = _parts(frame, roles, since, detrend)
    frame = _lagged(frame, roles, gap, step)
    keep: dict[str, np.ndarray] = {}
    dropped: dict[str, dict[str, int]] = {}
    for equation in equations:
        found = _complete(frame, roles, equation, since, gap)
        keep[equation.side], dropped[equation.side] = found
    prepared = PreparedLags(
        frame=frame, roles=roles, equations=equations, time=since, keep=keep, dropped=dropped,
        step=step, gap=gap, detrend=detrend, changes=changes,
    )  # fmt: skip
    for equation in equations:
        _check_enough(prepared, equation)
        _check_varies(prepared, equation)
    return prepared


def _parts(frame: pd.DataFrame, roles: Roles, since: str, detrend: Detrend) -> pd.DataFrame:
    """The frame with the parts of both ratings."""
    ratings = [roles.alliance, roles.outcome]
    centred = center(frame, ratings, by=roles.patient, therapist=roles.therapist)
    patient, n = unit_codes(frame, roles.patient)
    for rating in ratings:
        within = derived_name(rating, "within")
        if detrend == "patient":
            values, time = float_values(frame, rating), float_values(frame, since)
            centred[within] = detrended(values, time, patient, n)
    return centred


def detrended(values: Floats, time: Floats, patient: Codes, n: int) -> Floats:
    """What each patient's own least-squares line leaves; NaN for a patient with two ratings.

    Curran & Bauer (2011). A line through two points leaves nothing to look at.
    """
    seen = ~(np.isnan(values) | np.isnan(time))
    y = np.where(seen, values, np.nan)
    t = np.where(seen, time, np.nan)
    y = y - at_rows(unit_means(y, patient, n), patient)
    t = t - at_rows(unit_means(t, patient, n), patient)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = unit_means(y * t, patient, n) / unit_means(t * t, patient, n)
    few = np.bincount(patient[seen], minlength=n) < 3
    slope[few] = np.nan
    return np.asarray(y - at_rows(slope, patient) * t, dtype=np.float64)


def _lagged(frame: pd.DataFrame, roles: Roles, gap: Gap, step: int) -> pd.DataFrame:
    """The frame with the lagged parts; the lagged session number says which sessions have one."""
    columns = [derived_name(rating, "within") for rating in (roles.alliance, roles.outcome)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # counted by equation instead
        return lag_within(
            frame, [*columns, roles.session], by=roles.patient, order=roles.session, gap=gap,
            step=step,
        )  # fmt: skip


def _complete(
    frame: pd.DataFrame, roles: Roles, equation: Equation, since: str, gap: Gap
) -> tuple[np.ndarray, dict[str, int]]:
    """Rows of one equation, and counts of the others by the first reason that applies."""
    step, session = equation.step, frame[roles.session]
    alone = frame[lag_name(roles.session, step)].isna()
    first = session - step < session.groupby(frame[roles.patient], observed=True).transform("min")
    first = alone if gap == "previous" else first
    reasons = {
        first_words(step): first,
        f"no session t − {step}, after a gap": alone,
        f"{equation.response} missing": frame[equation.response].isna(),
        f"{equation.response} missing at t − {step}": frame[equation.own].isna(),
        f"{equation.predictor} missing at {before(equation.lag)}": frame[equation.cross].isna(),
        f"{since.removesuffix('_since_start')} missing": frame[since].isna(),
    }
    if roles.therapist is not None:
        reasons[f"{roles.therapist} missing"] = frame[roles.therapist].isna()
    return kept_rows(reasons)


def _check_enough(prepared: PreparedLags, equation: Equation) -> None:
    """Raise unless pairs of at least two patients (and therapists) are left, two of one patient."""
    counts = prepared.counts(equation)
    why = prepared.pairs_words(equation)
    for unit in list(counts)[1:]:
        if counts[unit] < 2:
            raise DataError(
                f"{equation.words()} in {counted(counts[unit], unit)} only: {why} At least 2 are "
                "needed. " + _enough_advice(prepared)
            )
    if counts["session"] <= counts["patient"]:
        raise DataError(
            f"{equation.words()} at most once a patient: {why} Some patients need "
            f"{2 + equation.step} sessions or more. {_enough_advice(prepared)}"
        )


def _check_varies(prepared: PreparedLags, equation: Equation) -> None:
    """Raise where the rating that is predicted never varies within a patient."""
    values = prepared.frame[equation.response]
    parts = prepared.frame[derived_name(equation.response, "within")].abs().max()
    if parts <= _CONSTANT * max(float(values.std()), np.finfo(float).tiny):
        n = prepared.frame[prepared.roles.patient].nunique()
        raise DataError(
            f"column '{equation.response}' is constant within each of {counted(n, 'patient')}: "
            "nothing precedes a change where none happens. Give the rating of each session."
        )


def _enough_advice(prepared: PreparedLags) -> str:
    if prepared.gap == "strict":
        return 'gap="previous" takes the session before, however long ago.'
    return "Give patients with more sessions."
