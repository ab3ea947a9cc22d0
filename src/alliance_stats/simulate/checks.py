"""Checks of a simulation's parameters, one by one and together."""

from __future__ import annotations

import math
from numbers import Integral, Real

from alliance_stats._base.errors import ArgumentError
from alliance_stats.simulate.parameters import (
    SessionParameters,
    alliance_variances,
    outcome_variances,
    residual_variances,
    session_moments,
)

COUNTS = {"n_patients": 2, "n_therapists": 1, "caseload_max": 1, "sessions_max": 1}
POSITIVE = ("alliance_sd", "outcome_sd")
NOT_NEGATIVE = (
    "caseload_cv", "sessions_cv", "alliance_trend_sd", "outcome_trend_sd", "within_effect_sd",
    "day_sd",
)  # fmt: skip
SHARES = (
    "missing_sessions", "missing_ratings", "flat_patients", "dropout_hazard", "study_end",
    "therapist_change", "therapist_free",
    "alliance_therapist_share", "alliance_patient_share",
    "outcome_therapist_share", "outcome_patient_share",
)  # fmt: skip
CORRELATIONS = (
    "alliance_ar",
    "outcome_ar",
    "lagged_effect",
    "reverse_effect",
    "length_improvement",
    "dyad_correlation",
)
NUMBERS = (
    "sessions_median", "alliance_mean", "alliance_trend", "outcome_mean", "outcome_trend",
    "within_effect", "patient_between_effect", "therapist_between_effect",
    "improvement_alliance", "improvement_outcome", "dropout_alliance_effect",
    "dyad_difference",
)  # fmt: skip


def check_parameters(given: SessionParameters) -> None:
    """Raise ArgumentError for the first parameter, or combination, that cannot be simulated."""
    check_values(given)
    _check_process(given)
    _check_explained(given)


def check_values(given: SessionParameters) -> None:
    """Raise ArgumentError for the first parameter out of range, and units that do not fit."""
    for name, least in COUNTS.items():
        check_count(name, getattr(given, name), least)
    for name in (*POSITIVE, *NOT_NEGATIVE, *SHARES, *CORRELATIONS, *NUMBERS):
        check_number(name, getattr(given, name))
    for name in (*POSITIVE, *NOT_NEGATIVE):
        check_size(name, getattr(given, name), positive=name in POSITIVE)
    for name in SHARES:
        check_share(name, getattr(given, name))
    for name in CORRELATIONS:
        check_correlation(name, getattr(given, name))
    _check_flag("therapist_ratings", given.therapist_ratings)
    check_range("alliance_range", given.alliance_range)
    check_range("outcome_range", given.outcome_range)
    _check_units(given)
    check_share_sum(given, "alliance")
    check_share_sum(given, "outcome")


def check_count(name: str, value: object, least: int) -> None:
    """Raise ArgumentError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ArgumentError(
            f"{name}={value!r} is not a whole number of at least {least}. Give one."
        )


def check_number(name: str, value: object) -> None:
    """Raise ArgumentError unless `value` is a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ArgumentError(f"{name}={value!r} is not a finite number. Give one such as 0.5.")


def check_size(name: str, value: float, *, positive: bool) -> None:
    """Raise ArgumentError for a negative spread, or one of 0 where it must be positive."""
    if value < 0 or (positive and value == 0):
        least = "more than 0" if positive else "0 or more"
        raise ArgumentError(f"{name}={value!r} is too small: it measures spread. Give {least}.")


def check_share(name: str, value: float) -> None:
    """Raise ArgumentError unless `value` is from 0 to below 1."""
    if not 0 <= value < 1:
        raise ArgumentError(
            f"{name}={value!r} is not a share. Give a number from 0 to below 1, such as 0.15."
        )


def check_correlation(name: str, value: float) -> None:
    """Raise ArgumentError unless `value` is between -1 and 1."""
    if not -1 < value < 1:
        raise ArgumentError(
            f"{name}={value!r} is not between -1 and 1. Give a standardised value such as 0.3."
        )


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ArgumentError(f"{name}={value!r} is neither True nor False. Give one of them.")


def check_range(name: str, value: object) -> None:
    """Raise ArgumentError unless `value` is None or two whole numbers, the lower first."""
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
    if given.therapist_change > 0 and given.n_therapists == 1:
        raise ArgumentError(
            f"therapist_change={given.therapist_change:g} needs another therapist to change to: "
            "n_therapists=1. Raise n_therapists, or give therapist_change=0."
        )
    if not 1 <= given.sessions_median <= given.sessions_max:
        raise ArgumentError(
            f"sessions_median={given.sessions_median!r} is not between 1 and "
            f"sessions_max={given.sessions_max}. Change one of the two."
        )


def check_share_sum(given: object, variable: str) -> None:
    """Raise ArgumentError if shares of therapists and patients leave sessions nothing."""
    therapist = getattr(given, f"{variable}_therapist_share")
    patient = getattr(given, f"{variable}_patient_share")
    if therapist + patient >= 1:
        raise ArgumentError(
            f"{variable}_therapist_share + {variable}_patient_share = {therapist + patient:g} "
            "leaves nothing to vary between sessions. Give shares with a sum below 1."
        )


def _check_explained(given: SessionParameters) -> None:
    total, left = outcome_variances(given), residual_variances(given)
    effects = {
        "therapist": f"therapist_between_effect={given.therapist_between_effect:g}",
        "patient": f"patient_between_effect={given.patient_between_effect:g}",
        "session": f"within_effect={given.within_effect:g} with "
        f"within_effect_sd={given.within_effect_sd:g} and the paths of the process",
    }
    for unit, effect in effects.items():
        explained = getattr(total, unit) - getattr(left, unit)
        if getattr(left, unit) < 0:
            raise ArgumentError(
                f"{effect} is too large: it explains a variance of {explained:.4g} "
                f"where the outcome varies by {getattr(total, unit):.4g} between {unit}s. "
                "Lower the effect, or raise outcome_sd or the outcome's share of that unit."
            )


def _check_process(given: SessionParameters) -> None:
    a, b, cross = given.alliance_ar, given.outcome_ar, given.lagged_effect * given.reverse_effect
    middle, spread = (a + b) / 2, ((a - b) / 2) ** 2 + cross
    largest = abs(middle) + spread**0.5 if spread >= 0 else (middle**2 - spread) ** 0.5
    left = session_moments(given).alliance_innovation / alliance_variances(given).session
    if largest >= 1 or left <= 0:
        raise ArgumentError(
            f"alliance_ar={a:g}, outcome_ar={b:g}, lagged_effect={given.lagged_effect:g} and "
            f"reverse_effect={given.reverse_effect:g} give no stationary process: its largest "
            f"eigenvalue is {largest:.3g} and the alliance keeps {left:.3g} of its variance as "
            "innovation. Give values nearer to 0."
        )
