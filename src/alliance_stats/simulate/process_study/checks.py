"""Checks of the parameters of a process study, one by one and together."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.errors import ArgumentError
from alliance_stats.simulate.checks import (
    check_correlation,
    check_number,
    check_range,
    check_share,
    check_share_sum,
    check_size,
    check_values,
)
from alliance_stats.simulate.dyads import observer_weights
from alliance_stats.simulate.parameters import SessionParameters, outcome_variances
from alliance_stats.simulate.process_study.parameters import (
    DEPARTURES,
    STATE,
    TREATMENTS,
    StudyParameters,
    path_matrix,
    patient_level_residual,
    session_process,
)

POSITIVE = ("motivation_sd", "adherence_sd", "expectation_sd")
SHARES = ("motivation_patient_share", "adherence_therapist_share", "adherence_patient_share")
CORRELATIONS = (
    "therapist_observer_correlation", "observer_correlation", "motivation_alliance_correlation",
    "expectation_alliance_correlation", "motivation_ar", "alliance_to_motivation",
    "motivation_to_outcome", "outcome_to_motivation", "adherence_alliance",
    "adherence_to_outcome", "treatment_lagged_difference",
)  # fmt: skip
NUMBERS = (
    "treatment_within_difference", "treatment_between_difference", "observer_difference",
    "motivation_mean", "adherence_mean", "expectation_mean", "expectation_effect",
    "severity_effect",
)  # fmt: skip
RANGES = ("motivation_range", "adherence_range", "expectation_range")


def check_study(given: SessionParameters, study: StudyParameters) -> None:
    """Raise ArgumentError for the first parameter, or combination, that cannot be simulated."""
    check_values(given)
    for name in (*POSITIVE, *SHARES, *CORRELATIONS, *NUMBERS):
        check_number(name, getattr(study, name))
    for name in POSITIVE:
        check_size(name, getattr(study, name), positive=True)
    for name in SHARES:
        check_share(name, getattr(study, name))
    for name in CORRELATIONS:
        check_correlation(name, getattr(study, name))
    for name in RANGES:
        check_range(name, getattr(study, name))
    check_share_sum(study, "adherence")
    _check_treatments(given)
    _check_raters(given, study)
    _check_levels(given, study)
    _check_process(given, study)


def _check_treatments(given: SessionParameters) -> None:
    if given.n_therapists < len(TREATMENTS):
        raise ArgumentError(
            f"n_therapists={given.n_therapists} is too few: each works in one of the "
            f"{len(TREATMENTS)} treatments. Give at least {len(TREATMENTS)}."
        )


def _check_raters(given: SessionParameters, study: StudyParameters) -> None:
    asked = (study.observer_correlation, study.therapist_observer_correlation)
    if np.isnan(observer_weights(*asked, given.dyad_correlation)).any():
        raise ArgumentError(
            f"dyad_correlation={given.dyad_correlation:g}, observer_correlation={asked[0]:g} and "
            f"therapist_observer_correlation={asked[1]:g} cannot hold for three ratings at once. "
            "Give values nearer to each other, or to 0."
        )


def _check_levels(given: SessionParameters, study: StudyParameters) -> None:
    left, total = patient_level_residual(given, study), outcome_variances(given)
    effects = {
        "therapist": f"therapist_between_effect={given.therapist_between_effect:g}",
        "patient": f"severity_effect={study.severity_effect:g}, expectation_effect="
        f"{study.expectation_effect:g} and patient_between_effect="
        f"{given.patient_between_effect:g}",
    }
    for unit, effect in effects.items():
        if getattr(left, unit) < 0:
            raise ArgumentError(
                f"{effect}: too large, {getattr(left, unit):.4g} of the outcome's variance "
                f"between {unit}s ({getattr(total, unit):.4g}) would be left. "
                "Lower an effect, or raise outcome_sd or the outcome's share of that unit."
            )


def _check_process(given: SessionParameters, study: StudyParameters) -> None:
    """Every treatment's process is stationary, and the mean one keeps innovations."""
    lagged = [given.lagged_effect + d * study.treatment_lagged_difference for d in DEPARTURES]
    paths = [path_matrix(given, study, path) for path in lagged]
    largest = max(float(np.abs(np.linalg.eigvals(path)).max()) for path in paths)
    if largest >= 1:
        raise ArgumentError(
            f"the paths of the session process give no stationary process: its largest "
            f"eigenvalue is {largest:.3g}. Give autoregressions and paths nearer to 0."
        )
    with np.errstate(invalid="ignore"):
        innovations = session_process(given, study).innovation_sd
    spent = [name for name, sd in zip(STATE, innovations, strict=True) if not sd > 0]
    if spent:
        raise ArgumentError(
            f"the paths of the session process explain all variance of the {spent[0]} between "
            "sessions, and more. Give autoregressions, paths and within_effect nearer to 0."
        )
