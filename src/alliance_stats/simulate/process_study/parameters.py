"""Parameters of a process study beyond those of `simulate_sessions`, and what follows from them.

The session process in SDs, with state s = (e, h, g, f): deviations of alliance, motivation,
adherence and outcome::

    s_t = A s_{t-1} + B (i, n, o, r)_t

Its innovation variances are solved so that every deviation has the variance asked at every
session: S = A S A' + E[B D B'] with the diagonal of S known is linear in the rest of S and in D.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import (
    Range,
    SessionParameters,
    UnitVariances,
    alliance_variances,
    outcome_variances,
)

Floats = NDArray[np.float64]
TREATMENTS = ("cbt", "psychodynamic", "supportive")
#: By how much of a treatment difference each treatment departs from the mean effect.
DEPARTURES = (-0.5, 0.0, 0.5)
STATE = ("alliance", "motivation", "adherence", "outcome")
#: What `simulate_sessions` can do and a process study does not.
FIXED: Mapping[str, object] = {
    "therapist_ratings": True,
    "therapist_change": 0.0,
    "therapist_free": 0.0,
}


@dataclass(frozen=True, slots=True)
class StudyParameters:
    """Arguments of `simulate_process_study` that `simulate_sessions` does not have."""

    treatment_within_difference: float
    treatment_between_difference: float
    treatment_lagged_difference: float
    therapist_observer_correlation: float
    observer_correlation: float
    observer_difference: float
    motivation_mean: float
    motivation_sd: float
    motivation_patient_share: float
    motivation_alliance_correlation: float
    motivation_ar: float
    alliance_to_motivation: float
    motivation_to_outcome: float
    outcome_to_motivation: float
    adherence_mean: float
    adherence_sd: float
    adherence_therapist_share: float
    adherence_patient_share: float
    adherence_alliance: float
    adherence_to_outcome: float
    expectation_mean: float
    expectation_sd: float
    expectation_alliance_correlation: float
    expectation_effect: float
    severity_effect: float
    motivation_range: Range
    adherence_range: Range
    expectation_range: Range


@dataclass(frozen=True, eq=False)
class SessionProcess:
    """The process in SDs: paths A, SDs of the innovations (i, n, o, r), SDs of the deviations."""

    paths: Floats
    innovation_sd: Floats
    sd: Floats


def split_arguments(arguments: Mapping[str, object]) -> tuple[SessionParameters, StudyParameters]:
    """The arguments of a call as those shared with `simulate_sessions` and the others."""
    shared, own = (
        {field.name: arguments[field.name] for field in fields(kind) if field.name in arguments}
        for kind in (SessionParameters, StudyParameters)
    )
    return SessionParameters(**shared, **FIXED), StudyParameters(**own)  # type: ignore[arg-type]


def motivation_variances(study: StudyParameters) -> UnitVariances:
    """Variances of motivation: patients and sessions; therapists have no part in it."""
    total, patient = study.motivation_sd**2, study.motivation_patient_share
    return UnitVariances(therapist=0.0, patient=patient * total, session=(1 - patient) * total)


def adherence_variances(study: StudyParameters) -> UnitVariances:
    """Variances of adherence by its shares."""
    total = study.adherence_sd**2
    therapist, patient = study.adherence_therapist_share, study.adherence_patient_share
    return UnitVariances(therapist * total, patient * total, (1 - therapist - patient) * total)


def severity_variance(given: SessionParameters) -> float:
    """Variance of the severity before therapy: all of the outcome's but its sessions' part."""
    outcome = outcome_variances(given)
    return outcome.therapist + outcome.patient


def patient_level_residual(given: SessionParameters, study: StudyParameters) -> UnitVariances:
    """Variances of p (therapists) and q (patients) that effects leave; sessions apart."""
    alliance, outcome = alliance_variances(given), outcome_variances(given)
    u, x = sqrt(alliance.patient), study.expectation_sd
    b, c = given.patient_between_effect, study.expectation_effect
    explained = (b * u) ** 2 + (c * x) ** 2
    explained += 2 * b * c * u * x * study.expectation_alliance_correlation
    explained += study.severity_effect**2 * severity_variance(given)
    return UnitVariances(
        therapist=outcome.therapist - given.therapist_between_effect**2 * alliance.therapist,
        patient=outcome.patient - explained,
        session=0.0,
    )


def session_process(given: SessionParameters, study: StudyParameters) -> SessionProcess:
    """Paths and innovations of the mean process, over treatments and patients."""
    sd = deviation_sds(given, study)
    paths = path_matrix(given, study, given.lagged_effect)
    return SessionProcess(paths, np.sqrt(_innovations(given, study, paths, sd)), sd)


def deviation_sds(given: SessionParameters, study: StudyParameters) -> Floats:
    """SDs of the deviations (e, h, g, f), in points."""
    by_variable = (
        alliance_variances(given),
        motivation_variances(study),
        adherence_variances(study),
        outcome_variances(given),
    )
    return np.sqrt([variances.session for variances in by_variable])


def path_matrix(given: SessionParameters, study: StudyParameters, lagged: float) -> Floats:
    """A of the module's equation, with `lagged` as the alliance's path to the next outcome."""
    return np.array(
        [
            [given.alliance_ar, 0.0, 0.0, given.reverse_effect],
            [study.alliance_to_motivation, study.motivation_ar, 0.0, study.outcome_to_motivation],
            [0.0, 0.0, 0.0, 0.0],
            [lagged, study.motivation_to_outcome, study.adherence_to_outcome, given.outcome_ar],
        ]
    )


def shock_covariance(shared: float, effect: Floats, spread: float, variances: Floats) -> Floats:
    """E[B D B'], shape (…, 4, 4), of innovations with these `variances`.

    `shared` leads from i to adherence, `effect` from i to the outcome, with variance `spread`.
    """
    i, n, o, r = variances
    effect = np.asarray(effect, dtype=float)
    q = np.zeros((*effect.shape, 4, 4))
    q[..., 0, 0], q[..., 1, 1] = i, n
    q[..., 2, 2] = shared**2 * i + o
    q[..., 3, 3] = (effect**2 + spread) * i + r
    q[..., 0, 2] = q[..., 2, 0] = shared * i
    q[..., 0, 3] = q[..., 3, 0] = effect * i
    q[..., 2, 3] = q[..., 3, 2] = shared * effect * i
    return q


def _innovations(
    given: SessionParameters, study: StudyParameters, paths: Floats, sd: Floats
) -> Floats:
    """Variances of (i, n, o, r): S - A S A' - E[B D B'] = 0 is affine in what is unknown."""
    effect, spread = given.within_effect * sd[0] / sd[3], given.within_effect_sd * sd[0] / sd[3]
    upper, above = np.triu_indices(4), np.triu_indices(4, k=1)

    def left(unknown: Floats) -> Floats:
        s = np.eye(4)
        s[above] = s[above[::-1]] = unknown[:6]
        q = shock_covariance(study.adherence_alliance, np.array(effect), spread**2, unknown[6:])
        return np.asarray((s - paths @ s @ paths.T - q)[upper])

    constant = left(np.zeros(10))
    slopes = np.column_stack([left(unit) - constant for unit in np.eye(10)])
    return np.asarray(np.linalg.solve(slopes, -constant)[6:])
