"""Session deviations of alliance, motivation, adherence and outcome, run through each therapy.

With e, h, g and f the deviations of patient j at session t, all in SDs::

    e_t = alliance_ar e_{t-1} + reverse_effect f_{t-1} + i_t
    h_t = motivation_ar h_{t-1} + alliance_to_motivation e_{t-1}
          + outcome_to_motivation f_{t-1} + n_t
    g_t = adherence_alliance i_t + o_t
    f_t = outcome_ar f_{t-1} + lagged e_{t-1} + motivation_to_outcome h_{t-1}
          + adherence_to_outcome g_{t-1} + (within_effect + d_j) i_t + r_t

So the alliance of session t changes motivation before session t + 1, and that the outcome before
session t + 2. The process runs through missed sessions and starts in the stationary distribution
of the patient's own effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.dynamics import Deviations, intake_deviation
from alliance_stats.simulate.parameters import SessionParameters
from alliance_stats.simulate.process_study.parameters import (
    DEPARTURES,
    SessionProcess,
    StudyParameters,
    path_matrix,
    session_process,
    shock_covariance,
)
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StudyDeviations:
    """Deviations in points, one value a planned session; `shared` are those of `dynamics`."""

    shared: Deviations
    motivation: Floats
    adherence: Floats


def study_deviations(
    given: SessionParameters,
    study: StudyParameters,
    structure: Structure,
    arm: Ints,
    slope: Floats,
    noise: Floats,
    intake: Floats,
) -> StudyDeviations:
    """Run the process of every patient.

    Parameters
    ----------
    arm : array of int, one a patient
        Position of the treatment.
    slope : array, one a patient
        Effect of i on the outcome of the same session, in points.
    noise : array (planned sessions, 4)
        Standard normal numbers behind i, n, o and r.
    intake : array, one a patient
        Standard normal numbers of the intake rating.
    """
    process = session_process(given, study)
    effect = slope * process.sd[0] / process.sd[3]
    paths = _paths_by_arm(given, study)
    stationary = _stationary(study, process, paths, arm, effect)
    state = np.empty_like(noise)
    first, length = structure.first_row, structure.planned
    state[first] = np.einsum("nij,nj->ni", np.linalg.cholesky(stationary), noise[first])
    shock = noise * process.innovation_sd
    for t in range(1, int(length.max())):
        patient = np.flatnonzero(length > t)
        row = first[patient] + t
        carried = np.einsum("nij,nj->ni", paths[arm[patient]], state[row - 1])
        state[row] = carried + _shocks(study, effect[patient], shock[row])
    state *= process.sd
    variance = stationary[:, 3, 3] * process.sd[3] ** 2
    f_intake = intake_deviation(given, state[first, 3], variance, intake)
    shared = Deviations(e=state[:, 0], f=state[:, 3], f_intake=f_intake)
    return StudyDeviations(shared, motivation=state[:, 1], adherence=state[:, 2])


def _paths_by_arm(given: SessionParameters, study: StudyParameters) -> Floats:
    """A of each treatment, shape (3, 4, 4)."""
    lagged = [given.lagged_effect + d * study.treatment_lagged_difference for d in DEPARTURES]
    return np.array([path_matrix(given, study, path) for path in lagged])


def _shocks(study: StudyParameters, effect: Floats, shock: Floats) -> Floats:
    """B (i, n, o, r)' of one session of each patient."""
    i, n, o, r = shock.T
    return np.column_stack([i, n, study.adherence_alliance * i + o, effect * i + r])


def _stationary(
    study: StudyParameters, process: SessionProcess, paths: Floats, arm: Ints, effect: Floats
) -> Floats:
    """S = A S A' + B D B' of each patient, shape (n, 4, 4)."""
    q = shock_covariance(study.adherence_alliance, effect, 0.0, process.innovation_sd**2)
    s = np.empty_like(q)
    for place, path in enumerate(paths):
        mine = arm == place
        inverse = np.linalg.inv(np.eye(16) - np.kron(path, path))
        s[mine] = (q[mine].reshape(-1, 16) @ inverse.T).reshape(-1, 4, 4)
    return s
