"""Codebook of a simulation: every parameter with its value, unit and basis."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from math import nan, sqrt
from typing import Any, NamedTuple

import pandas as pd

from alliance_stats.simulate.parameters import (
    SessionParameters,
    UnitVariances,
    alliance_variances,
    outcome_variances,
    residual_variances,
)

COLUMNS = ("parameter", "value", "unit", "source", "status", "structural", "estimand", "meaning")
EFFECTS = (
    "alliance_ar", "outcome_ar", "lagged_effect", "reverse_effect",
    "improvement_alliance", "improvement_outcome", "dropout_alliance_effect",
    "within_effect", "within_effect_sd", "patient_between_effect", "therapist_between_effect",
)  # fmt: skip
SLOPE = "outcome points per alliance point"
ASSUMED = ("chosen for this simulation", "assumption")
REMEMBERED = ("usual values of out-patient samples", "memory")
JOHNS = ("Johns 2019", "found")
GIVEN = ("given in the call", "assumption")
DERIVED = ("follows from the parameters above", "assumption")


class Entry(NamedTuple):
    """Unit, (source, status) of the default, and meaning of a parameter."""

    unit: str
    basis: tuple[str, str]
    meaning: str


ENTRIES: Mapping[str, Entry] = {
    "n_patients": Entry("patients", ASSUMED, "number of patients"),
    "n_therapists": Entry("therapists", ASSUMED, "number of therapists"),
    "caseload_cv": Entry("ratio", ASSUMED, "SD / mean of the weights behind caseloads"),
    "caseload_max": Entry("patients", ASSUMED, "largest caseload"),
    "sessions_median": Entry("sessions", ASSUMED, "median number of planned sessions a patient"),
    "sessions_cv": Entry("ratio", ASSUMED, "SD / mean of the number of sessions before limits"),
    "sessions_max": Entry("sessions", ASSUMED, "largest number of planned sessions a patient"),
    "length_improvement": Entry(
        "correlation", ASSUMED, "planned length (normal score) with the outcome trend"
    ),
    "day_sd": Entry("days", ASSUMED, "SD of the sessions' shift around weekly dates"),
    "missing_sessions": Entry("share", ASSUMED, "sessions after the first that were missed"),
    "missing_ratings": Entry("share", ASSUMED, "ratings missing at random, each variable"),
    "flat_patients": Entry("share", ASSUMED, "patients who repeat their first alliance rating"),
    "dropout_hazard": Entry(
        "probability",
        ("solved: 20% of patients drop out", "assumption"),
        "dropout after a session with mean alliance",
    ),
    "dropout_alliance_effect": Entry(
        "log hazard ratio per alliance SD",
        ("solved: d = .55 between completers and dropouts, Sharf 2010", "found"),
        "effect of the session's alliance on dropout",
    ),
    "study_end": Entry("share", ASSUMED, "patients in therapy when the study closes"),
    "alliance_mean": Entry(
        "alliance points",
        ("solved: 15% of ratings at the maximum", "assumption"),
        "mean alliance at intake",
    ),
    "alliance_sd": Entry("alliance points", ASSUMED, "total SD of the alliance at intake"),
    "alliance_therapist_share": Entry("share", ASSUMED, "alliance variance between therapists"),
    "alliance_patient_share": Entry("share", ASSUMED, "alliance variance between patients"),
    "alliance_trend": Entry("alliance points per week", ASSUMED, "mean trend of the alliance"),
    "alliance_trend_sd": Entry("alliance points per week", ASSUMED, "SD of patients' trends"),
    "outcome_mean": Entry("outcome points", REMEMBERED, "mean outcome at intake"),
    "outcome_sd": Entry("outcome points", REMEMBERED, "total SD of the outcome at intake"),
    "outcome_therapist_share": Entry("share", JOHNS, "outcome variance between therapists"),
    "outcome_patient_share": Entry("share", ASSUMED, "outcome variance between patients"),
    "outcome_trend": Entry(
        "outcome points per week",
        ("solved: change of d = 1 from intake to the last session", "memory"),
        "mean trend",
    ),
    "outcome_trend_sd": Entry("outcome points per week", ASSUMED, "SD of patients' trends"),
    "alliance_ar": Entry("SD per SD", ASSUMED, "alliance deviation to the next one"),
    "outcome_ar": Entry("SD per SD", ASSUMED, "outcome deviation to the next one"),
    "lagged_effect": Entry(
        "SD per SD",
        ("below the .16 to .21 of Falkenstrom 2020 (Kenya)", "found"),
        "alliance deviation to the outcome deviation of the next session",
    ),
    "reverse_effect": Entry(
        "SD per SD", ASSUMED, "outcome deviation to the alliance deviation of the next session"
    ),
    "within_effect": Entry(SLOPE, ASSUMED, "mean effect of the alliance's innovation i"),
    "within_effect_sd": Entry(SLOPE, ASSUMED, "SD of patients' within effects"),
    "patient_between_effect": Entry(
        SLOPE,
        ("solved: early alliance and last outcome correlate -.28, Fluckiger 2018", "found"),
        "effect of the patient component u",
    ),
    "therapist_between_effect": Entry(SLOPE, ASSUMED, "effect of the therapist component v"),
    "improvement_alliance": Entry(
        "alliance points per SD", ASSUMED, "alliance raised by the pre-existing improvement m"
    ),
    "improvement_outcome": Entry(
        "outcome points per SD", ASSUMED, "outcome lowered by the pre-existing improvement m"
    ),
    "therapist_ratings": Entry("1 = yes", ASSUMED, "therapists rate the alliance too"),
    "dyad_correlation": Entry(
        "correlation",
        ("solved: r = .36, Tryon 2007", "found"),
        "patient and therapist rating of a session",
    ),
    "dyad_difference": Entry(
        "SD", ("solved: d = .63, Tryon 2007", "found"), "by how much patients rate higher"
    ),
    "therapist_change": Entry("share", ASSUMED, "patients who change their therapist"),
    "therapist_free": Entry("share", ASSUMED, "patients treated without a therapist"),
    "alliance_range": Entry("alliance points", ("range of the WAI-SR total", "memory"), "limit"),
    "outcome_range": Entry("outcome points", ("range of the PHQ-9 total", "memory"), "limit"),
}


def codebook_frame(given: SessionParameters, defaults: Mapping[str, object]) -> pd.DataFrame:
    """One row a parameter, then quantities that follow from them; `estimand` is left missing.

    A parameter whose value is not its default has the source "given in the call".
    """
    rows = [
        *parameter_rows(asdict(given), defaults, ENTRIES, EFFECTS),
        *contextual_rows(given),
        *residual_rows(residual_variances(given)),
        *standardised_rows(given),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


Row = tuple[str, float, str, str, str, float, float, str]


def parameter_rows(
    values: Mapping[str, Any],
    defaults: Mapping[str, object],
    entries: Mapping[str, Entry],
    effects: Collection[str],
) -> Iterator[Row]:
    """One row a parameter, two a range; those of `effects` are structural values."""
    for name, value in values.items():
        unit, basis, meaning = entries[name]
        basis = basis if value == defaults[name] else GIVEN
        if name.endswith("_range"):
            low, high = value or (nan, nan)
            yield (f"{name}_low", float(low), unit, *basis, nan, nan, f"lower {meaning}")
            yield (f"{name}_high", float(high), unit, *basis, nan, nan, f"upper {meaning}")
        else:
            structural = float(value) if name in effects else nan
            yield (name, float(value), unit, *basis, structural, nan, meaning)


def contextual_rows(given: SessionParameters) -> Iterator[Row]:
    """Differences of the alliance's effects between units."""
    contextual = {
        "patient_contextual_effect": (
            given.patient_between_effect - given.within_effect,
            "patient-between minus within",
        ),
        "therapist_contextual_effect": (
            given.therapist_between_effect - given.patient_between_effect,
            "therapist-between minus patient-between",
        ),
    }
    for name, (value, meaning) in contextual.items():
        yield (name, value, SLOPE, *DERIVED, value, nan, meaning)


def residual_rows(residual: UnitVariances) -> Iterator[Row]:
    """SDs of what the outcome varies by apart from the effects."""
    for unit in ("therapist", "patient", "session"):
        sd = sqrt(getattr(residual, unit))
        meaning = f"SD of the outcome between {unit}s apart from alliance, paths and trends"
        yield (f"outcome_residual_sd_{unit}", sd, "outcome points", *DERIVED, nan, nan, meaning)


def standardised_rows(given: SessionParameters) -> Iterator[Row]:
    """The alliance's effects in SDs of each unit."""
    for unit, value in standardised_effects(given).items():
        meaning = f"effect in SDs of {unit} components at intake"
        yield (f"standardised_effect_{unit}", value, "SD per SD", *DERIVED, value, nan, meaning)


def standardised_effects(given: SessionParameters) -> dict[str, float]:
    """Structural effects in SDs of the unit's components; NaN where the outcome cannot vary."""
    alliance, outcome = alliance_variances(given), outcome_variances(given)
    effects = {
        "therapist": given.therapist_between_effect,
        "patient": given.patient_between_effect,
        "session": given.within_effect,
    }
    return {
        unit: effect * sqrt(getattr(alliance, unit) / getattr(outcome, unit))
        if getattr(outcome, unit) > 0
        else nan
        for unit, effect in effects.items()
    }
