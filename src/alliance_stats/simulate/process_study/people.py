"""Patients' and therapists' parts of a process study that `process` does not draw.

With u the patient's part of the alliance in SDs and independent normal o's::

    x = r_x u + sqrt(1 - r_x^2) o_x      expectation before therapy, in SDs
    h = r_h u + sqrt(1 - r_h^2) o_h      the patient's part of motivation, in SDs
    s = o_s                              severity before therapy

The outcome's level holds severity_effect s + expectation_effect x besides the alliance's effects;
the patient's part of motivation has no effect on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import SessionParameters, alliance_variances
from alliance_stats.simulate.process import People, latent_outcome
from alliance_stats.simulate.process_study.dynamics import StudyDeviations
from alliance_stats.simulate.process_study.parameters import (
    DEPARTURES,
    StudyParameters,
    adherence_variances,
    motivation_variances,
    severity_variance,
)
from alliance_stats.simulate.streams import StudyStreams
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StudyPeople:
    """Parts in points by unit; `arm` is the position of each patient's treatment."""

    arm: Ints
    severity: Floats
    expectation: Floats
    motivation: Floats
    adherence: Floats
    adherence_therapist: Floats


def draw_study_people(
    given: SessionParameters,
    study: StudyParameters,
    structure: Structure,
    people: People,
    streams: StudyStreams,
) -> StudyPeople:
    """Draw treatments of therapists, and what patients bring."""
    n = given.n_patients
    u = people.u / sqrt(alliance_variances(given).patient) if people.u.any() else people.u
    adherence = adherence_variances(study)
    before, levels = streams.before, streams.adherence
    severity = sqrt(severity_variance(given)) * before.standard_normal(n)
    tied = study.expectation_alliance_correlation
    expectation = study.expectation_sd * _tied(tied, u, before)
    tied = study.motivation_alliance_correlation
    motivation = sqrt(motivation_variances(study).patient) * _tied(tied, u, streams.motivation)
    of_therapist = streams.treatments.permutation(np.arange(given.n_therapists) % 3)
    return StudyPeople(
        arm=of_therapist[structure.therapist[structure.first_row]],
        severity=severity,
        expectation=expectation,
        motivation=motivation,
        adherence=sqrt(adherence.patient) * levels.standard_normal(n),
        adherence_therapist=sqrt(adherence.therapist) * levels.standard_normal(given.n_therapists),
    )


def _tied(correlation: float, u: Floats, rng: np.random.Generator) -> Floats:
    own = rng.standard_normal(len(u))
    return np.asarray(correlation * u + sqrt(1 - correlation**2) * own)


def departures(difference: float, arm: Ints) -> Floats:
    """By how much each patient's treatment departs from the mean effect."""
    return np.asarray(difference * np.asarray(DEPARTURES)[arm])


def study_outcome(
    given: SessionParameters,
    study: StudyParameters,
    structure: Structure,
    people: People,
    own: StudyPeople,
    deviations: StudyDeviations,
) -> Floats:
    """Outcome of every planned session, without limits and rounding."""
    plain = latent_outcome(given, structure, people, deviations.shared)
    first_therapist = structure.therapist[structure.first_row]
    between = departures(study.treatment_between_difference, own.arm)
    level = between * (people.u + people.v[first_therapist])
    level += study.severity_effect * own.severity + study.expectation_effect * own.expectation
    return np.asarray(plain + level[structure.patient])


def study_intake(given: SessionParameters, own: StudyPeople, deviations: StudyDeviations) -> Floats:
    """Outcome of every patient at intake: severity and the deviation of that day."""
    return np.asarray(given.outcome_mean + own.severity + deviations.shared.f_intake)


def study_motivation(
    study: StudyParameters, structure: Structure, own: StudyPeople, deviations: StudyDeviations
) -> Floats:
    """Motivation of every planned session, without limits and rounding."""
    level = study.motivation_mean + own.motivation
    return np.asarray(level[structure.patient] + deviations.motivation)


def study_adherence(
    study: StudyParameters, structure: Structure, own: StudyPeople, deviations: StudyDeviations
) -> Floats:
    """Adherence of every planned session, without limits and rounding."""
    level = study.adherence_mean + own.adherence_therapist[structure.therapist]
    return np.asarray(level + own.adherence[structure.patient] + deviations.adherence)
