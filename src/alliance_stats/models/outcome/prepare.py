"""From sessions to one row a patient: early alliance, intake, early change, last outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import (
    center_within,
    derived_name,
    refuse_centered,
)
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import (
    ONLY_FIRST,
    TherapistChange,
    TherapistChanges,
)
from alliance_stats.data.units import (
    Codes,
    Floats,
    float_values,
    parent_codes,
    unit_means,
    unit_sums,
    units_seen,
)
from alliance_stats.models.prepare import assign_therapists, check_therapists
from alliance_stats.numeric.least_squares import column_rank

Split = Literal["none", "therapist"]


@dataclass(frozen=True, eq=False)
class PreparedPatients:
    """The rows and columns of a patient-level model.

    Attributes
    ----------
    frame : DataFrame
        One row a patient in the model: identifiers, ``wai_total_early`` (and its parts between
        patients and between therapists when split), ``phq9_post``, the intake score under its
        own name, ``phq9_early_change``, ``n_ratings`` in the window and ``post_session``, the
        session of the post-treatment score.
    roles : Roles
    effects : tuple of (effect, column)
        ``("early_alliance", "wai_total_early")``, or the two parts.
    early, post, controls
        Names of columns: early alliance, post-treatment score, intake and (where it is in the
        model) early change.
    window : tuple of int
        First and last session of the early alliance.
    min_ratings : int
    split : str
    n_patients : int
        Patients in the file.
    dropped : dict of str to int
        Patients not in the model, by the first reason that applies.
    changes : TherapistChanges, optional
        What was made of patients who change their therapist; without therapists None.
    """

    frame: pd.DataFrame
    roles: Roles
    effects: tuple[tuple[str, str], ...]
    early: str
    post: str
    controls: tuple[str, ...]
    window: tuple[int, int]
    min_ratings: int
    split: Split
    n_patients: int
    dropped: dict[str, int]
    changes: TherapistChanges | None = None

    @property
    def predictors(self) -> list[str]:
        """Columns of the fixed part, effects of the alliance first."""
        return [*(column for _, column in self.effects), *self.controls]

    def messages(self) -> tuple[str, ...]:
        """Dropped patients by cause, and what was made of those who change their therapist."""
        found = [self.changes.words()] if self.changes is not None else []
        if self.dropped:
            total, n = sum(self.dropped.values()), counted(self.n_patients, "patient")
            found.append(f"{total:,} of {n} dropped ({self._causes()}).")
        return tuple(text for text in found if text)

    def _causes(self) -> str:
        return ", ".join(f"{reason}: {n:,}" for reason, n in self.dropped.items())

    def counts(self) -> dict[str, int]:
        """Patients and therapists in the model."""
        found = {"patient": len(self.frame)}
        if self.roles.therapist is not None:
            found["therapist"] = self.frame[self.roles.therapist].nunique()
        return found


@dataclass(frozen=True, eq=False)
class _Scores:
    """What the sessions say of every patient, in the order of first appearance."""

    early: Floats
    n_ratings: Codes
    post: Floats
    post_session: Floats
    intake: Floats
    start: Floats


def sessions_words(window: tuple[int, int]) -> str:
    """``sessions 3–5`` or ``session 4``."""
    low, high = window
    return f"session {low}" if low == high else f"sessions {low}–{high}"


def prepare_patients(
    data: SessionData,
    roles: Roles,
    *,
    window: tuple[int, int],
    min_ratings: int,
    split: Split,
    therapist_change: TherapistChange = "raise",
    early_change: bool = True,
) -> PreparedPatients:
    """Make one row a patient, drop and count patients without what the model needs.

    Without `early_change` intake is the only control, and no outcome at the window's start is
    needed.
    """
    baseline = baseline_of(roles)
    names = _derived_names(roles, baseline)
    sessions, changes = assign_therapists(data.frame, roles, therapist_change)
    check_therapists(sessions, roles, options=ONLY_FIRST)
    patient, labels = units_seen(sessions, roles.patient)
    refuse_centered(sessions, roles.alliance, patient)
    scores = _scores(sessions, roles, baseline, patient, len(labels), window)
    _check_any(sessions, roles, scores, window)
    frame = pd.DataFrame(
        {
            roles.patient: labels,
            names["early"]: scores.early,
            names["post"]: scores.post,
            baseline: scores.intake,
            names["change"]: scores.start - scores.intake,
            "n_ratings": scores.n_ratings,
            "post_session": scores.post_session,
        }
    )
    if roles.therapist is not None:
        frame.insert(1, roles.therapist, therapist_of_patient(sessions, roles.therapist, patient))
    controls = (baseline, names["change"]) if early_change else (baseline,)
    keep, dropped = _complete(scores, frame, roles, window, min_ratings, early_change)
    rows = frame[keep].reset_index(drop=True)
    effects: tuple[tuple[str, str], ...] = (("early_alliance", names["early"]),)
    n_coefficients = 2 + len(controls) + (split == "therapist")
    _check_enough(len(rows), n_coefficients, len(labels), dropped)
    if split == "therapist":
        rows, effects = _split(rows, names["early"], str(roles.therapist))
    prepared = PreparedPatients(
        frame=rows, roles=roles, effects=effects, early=names["early"], post=names["post"],
        controls=controls, window=window, min_ratings=min_ratings,
        split=split, n_patients=len(labels), dropped=dropped, changes=changes,
    )  # fmt: skip
    _check_therapists_left(prepared)
    _check_columns_vary(prepared)
    return prepared


def baseline_of(roles: Roles) -> str:
    """The column of the outcome at intake; raise where there is no such role."""
    if roles.baseline is None:
        raise ArgumentError(
            "the role 'baseline' is not given: the post-treatment score is compared between "
            "patients with the same score at intake. Give roles=Roles(baseline=…), the column "
            f"of '{roles.outcome}' at intake."
        )
    return roles.baseline


def _derived_names(roles: Roles, baseline: str) -> dict[str, str]:
    """Names of the derived columns; raise where an identifier or the baseline has one of them."""
    names = {
        "early": f"{roles.alliance}_early",
        "post": f"{roles.outcome}_post",
        "change": f"{roles.outcome}_early_change",
    }
    derived = [*names.values(), "n_ratings", "post_session"]
    derived += [
        derived_name(names["early"], "patient_between"),
        derived_name(names["early"], "therapist_between"),
    ]
    for column in (roles.patient, roles.therapist, baseline):
        if column in derived:
            raise DataError(
                f"column '{column}' has the name of a column that the model derives itself. "
                "Rename it."
            )
    return names


def _scores(
    frame: pd.DataFrame,
    roles: Roles,
    baseline: str,
    patient: Codes,
    n: int,
    window: tuple[int, int],
) -> _Scores:
    """Means in the window, the outcome at its first session, the last outcome after it."""
    low, high = window
    session = float_values(frame, roles.session)
    outcome = float_values(frame, roles.outcome)
    inside = (session >= low) & (session <= high)
    rated = np.where(inside, float_values(frame, roles.alliance), np.nan)
    start = np.full(n, np.nan)
    at_start = session == low
    start[patient[at_start]] = outcome[at_start]
    post, post_session = last_scores(outcome, session, patient, n, after=high)
    return _Scores(
        early=unit_means(rated, patient, n),
        n_ratings=unit_sums(rated, patient, n)[1],
        post=post,
        post_session=post_session,
        intake=unit_means(float_values(frame, baseline), patient, n),
        start=start,
    )


def last_scores(
    outcome: Floats, session: Floats, patient: Codes, n: int, *, after: float
) -> tuple[Floats, Floats]:
    """Each patient's last outcome in a session later than `after`, and that session; else NaN."""
    rows = np.flatnonzero((session > after) & ~np.isnan(outcome))
    rows = rows[np.argsort(session[rows], kind="stable")]
    last = np.full(n, -1)
    last[patient[rows]] = rows  # of repeated patients the last assignment stays
    has = last >= 0
    return np.where(has, outcome[last], np.nan), np.where(has, session[last], np.nan)


def therapist_of_patient(frame: pd.DataFrame, column: str, patient: Codes) -> pd.Series:
    """The therapist of each patient, missing where never known."""
    therapist, labels = units_seen(frame, column)
    of_patient, _ = parent_codes(patient, therapist, int(patient.max()) + 1)
    return pd.Series([labels[code] if code >= 0 else None for code in of_patient])


def _check_any(frame: pd.DataFrame, roles: Roles, scores: _Scores, window: tuple[int, int]) -> None:
    """Raise where nobody has a rating in the window, or a score after it."""
    session = float_values(frame, roles.session)
    run = f"The sessions of the file run from {session.min():g} to {session.max():g}"
    if not scores.n_ratings.any():
        raise DataError(
            f"alliance_window={window} holds no ratings: '{roles.alliance}' is not observed in "
            f"{sessions_words(window)}. {run}; give a window in which the alliance was rated."
        )
    if np.isnan(scores.post).all():
        raise DataError(
            f"no patient has a post-treatment score: '{roles.outcome}' is not observed after "
            f"session {window[1]}. {run}; give an earlier alliance_window."
        )


def _complete(
    scores: _Scores,
    frame: pd.DataFrame,
    roles: Roles,
    window: tuple[int, int],
    min_ratings: int,
    early_change: bool,
) -> tuple[np.ndarray, dict[str, int]]:
    """Patients with everything, and counts of the others by the first reason that applies."""
    low, high = window
    place = sessions_words(window)
    few = (
        f"no {roles.alliance} in {place}"
        if min_ratings == 1
        else f"fewer than {min_ratings} ratings of {roles.alliance} in {place}"
    )
    reasons = {
        few: scores.n_ratings < min_ratings,
        f"no {roles.outcome} after session {high}": np.isnan(scores.post),
        f"no {roles.baseline}": np.isnan(scores.intake),
    }
    if early_change:
        reasons[f"no {roles.outcome} at session {low}"] = np.isnan(scores.start)
    if roles.therapist is not None:
        reasons["no therapist"] = frame[roles.therapist].isna().to_numpy()
    keep = np.ones(len(frame), dtype=bool)
    dropped = {}
    for reason, gone in reasons.items():
        if (n := int((keep & gone).sum())) > 0:
            dropped[reason] = n
        keep &= ~gone
    return keep, dropped


def _check_enough(n: int, n_coefficients: int, n_patients: int, dropped: dict[str, int]) -> None:
    """Raise unless two degrees of freedom are left, the fewest that give var(z) of a partial r."""
    if n >= n_coefficients + 2:
        return
    causes = ", ".join(f"{reason}: {count:,}" for reason, count in dropped.items())
    why = f" ({causes})" if causes else ""
    raise DataError(
        f"{n:,} of {counted(n_patients, 'patient')} {agree(n, 'is', 'are')} left{why}: too few "
        f"for {n_coefficients} coefficients. At least {n_coefficients + 2} are needed."
    )


def _split(
    rows: pd.DataFrame, early: str, therapist: str
) -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Early alliance as therapist mean (over the patients in the model) and deviation from it."""
    codes, _ = units_seen(rows, therapist)
    parts = center_within(rows[early].to_numpy(dtype=float), np.arange(len(rows)), codes)
    effects = (
        ("patient_between", derived_name(early, "patient_between")),
        ("therapist_between", derived_name(early, "therapist_between")),
    )
    return rows.assign(**{column: parts[effect] for effect, column in effects}), effects


def _check_therapists_left(prepared: PreparedPatients) -> None:
    """Raise unless patients of at least two therapists are left, one of whom has several."""
    if prepared.roles.therapist is None:
        return
    n = prepared.counts()["therapist"]
    if n < 2:
        raise DataError(
            f"the patients in the model have {counted(n, 'therapist')}. At least 2 are needed to "
            "compare them, or leave the therapist role out."
        )
    check_therapists(prepared.frame, prepared.roles)


def _check_columns_vary(prepared: PreparedPatients) -> None:
    """Raise where a column is constant over patients, or predictors are linearly dependent."""
    frame = prepared.frame
    columns = [prepared.post, *prepared.predictors]
    values = frame[columns].to_numpy(dtype=float)
    size = np.maximum(np.abs(values).max(axis=0), np.finfo(float).tiny)
    constant = np.ptp(values, axis=0) <= 1e-12 * size
    # the parts of a split are differences of early alliances, so its size is their measure
    spread = np.ptp(frame[prepared.early].to_numpy(dtype=float))
    parts = np.array([column in dict(prepared.effects).values() for column in columns])
    constant |= parts & (np.ptp(values, axis=0) <= 1e-12 * spread)
    if constant.any():
        named = name_list(np.array(columns)[constant])
        raise DataError(
            f"constant over the {counted(len(frame), 'patient')} in the model: {named}. "
            "Nothing can be related to a column that does not vary."
        )
    centred = values[:, 1:] - values[:, 1:].mean(axis=0)
    if column_rank(centred) < centred.shape[1]:
        raise DataError(
            f"the predictors are linearly dependent over the {counted(len(frame), 'patient')} in "
            f"the model: {name_list(columns[1:])}. Their coefficients cannot be told apart; "
            "check the columns, or give another alliance_window."
        )
