"""Codebook of a process study: the entries `simulate_sessions` lacks, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from math import nan

import pandas as pd

from alliance_stats.simulate.codebook import (
    ASSUMED,
    COLUMNS,
    DERIVED,
    EFFECTS,
    ENTRIES,
    SLOPE,
    Entry,
    Row,
    contextual_rows,
    parameter_rows,
    residual_rows,
    standardised_rows,
)
from alliance_stats.simulate.parameters import SessionParameters, UnitVariances
from alliance_stats.simulate.process_study.parameters import (
    FIXED,
    StudyParameters,
    patient_level_residual,
    session_process,
)

SUPPORTIVE = "in supportive therapy minus in cbt, psychodynamic halfway"
STUDY_ENTRIES: Mapping[str, Entry] = {
    "treatment_within_difference": Entry(SLOPE, ASSUMED, f"within effect {SUPPORTIVE}"),
    "treatment_between_difference": Entry(SLOPE, ASSUMED, f"both between effects {SUPPORTIVE}"),
    "treatment_lagged_difference": Entry("SD per SD", ASSUMED, f"lagged effect {SUPPORTIVE}"),
    "therapist_observer_correlation": Entry(
        "correlation", ASSUMED, "therapist and observer rating of a session"
    ),
    "observer_correlation": Entry(
        "correlation", ASSUMED, "patient and observer rating of a session"
    ),
    "observer_difference": Entry("SD", ASSUMED, "by how much patients rate higher than observers"),
    "motivation_mean": Entry("motivation points", ASSUMED, "mean motivation"),
    "motivation_sd": Entry("motivation points", ASSUMED, "total SD of motivation"),
    "motivation_patient_share": Entry("share", ASSUMED, "motivation variance between patients"),
    "motivation_alliance_correlation": Entry(
        "correlation", ASSUMED, "patients' parts of motivation and alliance"
    ),
    "motivation_ar": Entry("SD per SD", ASSUMED, "motivation deviation to the next one"),
    "alliance_to_motivation": Entry(
        "SD per SD", ASSUMED, "alliance deviation to the motivation before the next session"
    ),
    "motivation_to_outcome": Entry(
        "SD per SD", ASSUMED, "motivation deviation to the outcome before the next session"
    ),
    "outcome_to_motivation": Entry(
        "SD per SD", ASSUMED, "outcome deviation to the motivation before the next session"
    ),
    "adherence_mean": Entry("adherence points", ASSUMED, "mean adherence"),
    "adherence_sd": Entry("adherence points", ASSUMED, "total SD of adherence"),
    "adherence_therapist_share": Entry("share", ASSUMED, "adherence variance between therapists"),
    "adherence_patient_share": Entry("share", ASSUMED, "adherence variance between patients"),
    "adherence_alliance": Entry(
        "SD per SD", ASSUMED, "the alliance's innovation i to adherence in the same session"
    ),
    "adherence_to_outcome": Entry(
        "SD per SD",
        ("near the r = .02 of Webb 2010", "memory"),
        "adherence deviation to the outcome before the next session",
    ),
    "expectation_mean": Entry("expectation points", ASSUMED, "mean expectation before therapy"),
    "expectation_sd": Entry("expectation points", ASSUMED, "SD of expectations"),
    "expectation_alliance_correlation": Entry(
        "correlation", ASSUMED, "expectation and the patient component u"
    ),
    "expectation_effect": Entry(
        "outcome points per expectation point",
        ("with its tie to the alliance near the r = .18 of Constantino 2018", "memory"),
        "effect on the level of the outcome",
    ),
    "severity_effect": Entry(
        "outcome points per outcome point",
        ASSUMED,
        "severity before therapy to the level of the outcome in therapy",
    ),
    "motivation_range": Entry("motivation points", ASSUMED, "limit"),
    "adherence_range": Entry("adherence points", ASSUMED, "limit"),
    "expectation_range": Entry("expectation points", ASSUMED, "limit"),
}
STUDY_EFFECTS = (
    *EFFECTS, "treatment_within_difference", "treatment_between_difference",
    "treatment_lagged_difference", "motivation_ar", "alliance_to_motivation",
    "motivation_to_outcome", "outcome_to_motivation", "adherence_alliance",
    "adherence_to_outcome", "expectation_effect", "severity_effect",
)  # fmt: skip


def study_codebook(
    given: SessionParameters, study: StudyParameters, defaults: Mapping[str, object]
) -> pd.DataFrame:
    """One row a parameter, then quantities that follow from them; `estimand` is left missing."""
    shared = {name: value for name, value in asdict(given).items() if name not in FIXED}
    entries = dict(ENTRIES) | dict(STUDY_ENTRIES)
    rows = [
        *parameter_rows(shared | asdict(study), defaults, entries, STUDY_EFFECTS),
        *contextual_rows(given),
        *residual_rows(_residual(given, study)),
        *standardised_rows(given),
        *_mediated_rows(given, study),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _residual(given: SessionParameters, study: StudyParameters) -> UnitVariances:
    process = session_process(given, study)
    session = float((process.innovation_sd[3] * process.sd[3]) ** 2)
    return replace(patient_level_residual(given, study), session=session)


def _mediated_rows(given: SessionParameters, study: StudyParameters) -> Iterator[Row]:
    """The paths by motivation in points, and their product."""
    sd = session_process(given, study).sd
    a = study.alliance_to_motivation * float(sd[1] / sd[0])
    b = study.motivation_to_outcome * float(sd[3] / sd[1])
    rows = {
        "motivation_path_a": (
            a, "motivation points per alliance point", "alliance to the next motivation"
        ),
        "motivation_path_b": (
            b, "outcome points per motivation point", "motivation to the next outcome"
        ),
        "indirect_effect": (
            a * b + 0.0, SLOPE, "alliance at t by motivation at t + 1 to the outcome at t + 2"
        ),
    }  # fmt: skip
    for name, (value, unit, meaning) in rows.items():
        yield (name, value, unit, *DERIVED, value, nan, meaning)
