"""The parameters of a session simulation, checked together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

from alliance_stats._base.errors import ArgumentError

Range = tuple[int, int] | None

COUNTS = {"n_patients": 2, "n_therapists": 1, "caseload_max": 1, "sessions_max": 1}
POSITIVE = ("alliance_sd", "outcome_sd")
NOT_NEGATIVE = (
    "caseload_cv", "sessions_cv", "alliance_trend_sd", "outcome_trend_sd", "within_effect_sd",
)  # fmt: skip
SHARES = (
    "missing_sessions", "missing_ratings", "alliance_therapist_share", "alliance_patient_share",
    "outcome_therapist_share", "outcome_patient_share",
)  # fmt: skip
NUMBERS = (
    "sessions_median", "alliance_mean", "alliance_trend", "outcome_mean", "outcome_trend",
    "within_effect", "patient_between_effect", "therapist_between_effect",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionParameters:
    """Arguments of `simulate_sessions` in one value; see there for meanings and units."""

    n_patients: int
    n_therapists: int
    caseload_cv: float
    caseload_max: int
    sessions_median: float
    sessions_cv: float
    sessions_max: int
    missing_sessions: float
    missing_ratings: float
    alliance_mean: float
    alliance_sd: float
    alliance_therapist_share: float
    alliance_patient_share: float
    alliance_trend: float
    alliance_trend_sd: float
    outcome_mean: float
    outcome_sd: float
    outcome_therapist_share: float
    outcome_patient_share: float
    outcome_trend: float
    outcome_trend_sd: float
    within_effect: float
    within_effect_sd: float
    patient_between_effect: float
    therapist_between_effect: float
    alliance_range: Range
    outcome_range: Range


@dataclass(frozen=True, slots=True)
class UnitVariances:
    """Variances of one variable between therapists, between patients and between sessions."""

    therapist: float
    patient: float
    session: float


def alliance_variances(given: SessionParameters) -> UnitVariances:
    """Var(v), Var(u) and Var(e): the alliance's total variance cut by its shares."""
    return _cut(given.alliance_sd, given.alliance_therapist_share, given.alliance_patient_share)


def outcome_variances(given: SessionParameters) -> UnitVariances:
    """Total variances of the outcome at intake, alliance effects included."""
    return _cut(given.outcome_sd, given.outcome_therapist_share, given.outcome_patient_share)


def explained_variances(given: SessionParameters) -> UnitVariances:
    """Variances of the outcome that the alliance effects account for."""
    alliance = alliance_variances(given)
    return UnitVariances(
        therapist=given.therapist_between_effect**2 * alliance.therapist,
        patient=given.patient_between_effect**2 * alliance.patient,
        session=(given.within_effect**2 + given.within_effect_sd**2) * alliance.session,
    )


def residual_variances(given: SessionParameters) -> UnitVariances:
    """Variances of the outcome left for everything but the alliance: total minus explained."""
    total, explained = outcome_variances(given), explained_variances(given)
    return UnitVariances(
        therapist=total.therapist - explained.therapist,
        patient=total.patient - explained.patient,
        session=total.session - explained.session,
    )


def _cut(sd: float, therapist_share: float, patient_share: float) -> UnitVariances:
    total = sd * sd
    return UnitVariances(
        therapist=therapist_share * total,
        patient=patient_share * total,
        session=(1.0 - therapist_share - patient_share) * total,
    )


def check_parameters(given: SessionParameters) -> None:
    """Raise ArgumentError for the first parameter, or combination, that cannot be simulated."""
    for name, least in COUNTS.items():
        _check_count(name, getattr(given, name), least)
    for name in (*POSITIVE, *NOT_NEGATIVE, *SHARES, *NUMBERS):
        _check_number(name, getattr(given, name))
    for name in (*POSITIVE, *NOT_NEGATIVE):
        _check_size(name, getattr(given, name), positive=name in POSITIVE)
    for name in SHARES:
        _check_share(name, getattr(given, name))
    _check_range("alliance_range", given.alliance_range)
    _check_range("outcome_range", given.outcome_range)
    _check_units(given)
    _check_share_sum(given, "alliance")
    _check_share_sum(given, "outcome")
    _check_explained(given)


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ArgumentError(
            f"{name}={value!r} is not a whole number of at least {least}. Give one."
        )


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ArgumentError(f"{name}={value!r} is not a finite number. Give one such as 0.5.")


def _check_size(name: str, value: float, *, positive: bool) -> None:
    if value < 0 or (positive and value == 0):
        least = "more than 0" if positive else "0 or more"
        raise ArgumentError(f"{name}={value!r} is too small: it measures spread. Give {least}.")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ArgumentError(
            f"{name}={value!r} is not a share. Give a number from 0 to below 1, such as 0.15."
        )


def _check_range(name: str, value: object) -> None:
    if value is None:
        return
    ends = value if isinstance(value, tuple | list) else ()
    whole = all(isinstance(end, Integral) and not isinstance(end, bool) for end in ends)
    if len(ends) != 2 or not whole or ends[0] >= ends[1]:
        raise ArgumentError(
            f"{name}={value!r} is not a range of a scale. "
            "Give two whole numbers, the lower first, such as (12, 60), or None for no limits."
        )


def _check_units(given: SessionParameters) -> None:
    if given.n_therapists > given.n_patients:
        raise ArgumentError(
            f"n_therapists={given.n_therapists} exceeds n_patients={given.n_patients}, but every "
            "therapist has a patient. Lower n_therapists or raise n_patients."
        )
    if given.n_patients > given.n_therapists * given.caseload_max:
        raise ArgumentError(
            f"n_patients={given.n_patients} do not fit: {given.n_therapists} therapists with at "
            f"most caseload_max={given.caseload_max} patients hold "
            f"{given.n_therapists * given.caseload_max}. Raise n_therapists or caseload_max."
        )
    if not 1 <= given.sessions_median <= given.sessions_max:
        raise ArgumentError(
            f"sessions_median={given.sessions_median!r} is not between 1 and "
            f"sessions_max={given.sessions_max}. Change one of the two."
        )


def _check_share_sum(given: SessionParameters, variable: str) -> None:
    therapist = getattr(given, f"{variable}_therapist_share")
    patient = getattr(given, f"{variable}_patient_share")
    if therapist + patient >= 1:
        raise ArgumentError(
            f"{variable}_therapist_share + {variable}_patient_share = {therapist + patient:g} "
            "leaves nothing to vary between sessions. Give shares with a sum below 1."
        )


def _check_explained(given: SessionParameters) -> None:
    total, explained = outcome_variances(given), explained_variances(given)
    effects = {
        "therapist": f"therapist_between_effect={given.therapist_between_effect:g}",
        "patient": f"patient_between_effect={given.patient_between_effect:g}",
        "session": f"within_effect={given.within_effect:g} with "
        f"within_effect_sd={given.within_effect_sd:g}",
    }
    for unit, effect in effects.items():
        if getattr(explained, unit) > getattr(total, unit):
            raise ArgumentError(
                f"{effect} is too large: it explains a variance of {getattr(explained, unit):.4g} "
                f"where the outcome varies by {getattr(total, unit):.4g} between {unit}s. "
                "Lower the effect, or raise outcome_sd or the outcome's share of that unit."
            )
