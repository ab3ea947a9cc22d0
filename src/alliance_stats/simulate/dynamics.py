"""Session deviations of alliance and outcome: a bivariate process over a patient's sessions.

With e the alliance's and f the outcome's deviation of patient j at session t::

    e_t = alliance_ar e_{t-1} + reverse f_{t-1} + i_t
    f_t = outcome_ar f_{t-1} + lagged e_{t-1} + (within_effect + d_j) i_t + r_t

i and r are independent innovations; `lagged` and `reverse` are the standardised paths in points.
The contemporaneous effect acts on the innovation i, so `lagged` is the whole path from the last
session's alliance, as a regression of f_t on e_{t-1} and f_{t-1} estimates it. The process runs
through missed sessions and starts in its stationary distribution, so that variances are the same
at every session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import SessionMoments, SessionParameters, session_moments
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Deviations:
    """e and f of the module's equations, one value a planned session; f at intake a patient."""

    e: Floats
    f: Floats
    f_intake: Floats


def session_deviations(
    given: SessionParameters, structure: Structure, slope: Floats, noise: Floats, intake: Floats
) -> Deviations:
    """Run the process of every patient.

    Parameters
    ----------
    slope : array, one a patient
        Contemporaneous effect of the patient, ``within_effect + d``.
    noise : array (planned sessions, 2)
        Standard normal numbers behind i and r.
    intake : array, one a patient
        Standard normal numbers of the intake rating.
    """
    moments = session_moments(given)
    shock = noise * np.sqrt([moments.alliance_innovation, moments.own_innovation])
    e, f = np.empty(len(noise)), np.empty(len(noise))
    first, length = structure.first_row, structure.planned
    e[first], f[first] = _start(given, moments, slope, noise[first])
    f_intake = intake_deviation(given, f[first], _stationary(given, moments, slope)[2], intake)
    for t in range(1, int(length.max())):
        patient = np.flatnonzero(length > t)
        row = first[patient] + t
        past_e, past_f = e[row - 1], f[row - 1]
        i, r = shock[row].T
        e[row] = given.alliance_ar * past_e + moments.reverse * past_f + i
        f[row] = given.outcome_ar * past_f + moments.lagged * past_e + slope[patient] * i + r
    return Deviations(e=e, f=f, f_intake=f_intake)


def _stationary(
    given: SessionParameters, moments: SessionMoments, slope: Floats
) -> tuple[Floats, Floats, Floats]:
    """Variance of e, covariance and variance of f of each patient: S = A S A' + Q."""
    paths = np.array([[given.alliance_ar, moments.reverse], [moments.lagged, given.outcome_ar]])
    shared = moments.alliance_innovation * slope
    own = shared * slope + moments.own_innovation
    q = np.column_stack([np.full(len(slope), moments.alliance_innovation), shared, shared, own])
    s = np.linalg.solve(np.eye(4) - np.kron(paths, paths), q.T)
    return s[0], s[1], s[3]


def _start(
    given: SessionParameters, moments: SessionMoments, slope: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Deviations at the first session, from the patient's stationary distribution."""
    var_e, cov, var_f = _stationary(given, moments, slope)
    e = np.sqrt(var_e) * noise[:, 0]
    f = cov / var_e * e + np.sqrt(var_f - cov**2 / var_e) * noise[:, 1]
    return e, f


def intake_deviation(
    given: SessionParameters, first: Floats, variance: Floats, noise: Floats
) -> Floats:
    """Outcome deviation at intake: as far from session 1 as two sessions in a row."""
    carried = given.outcome_ar
    return np.asarray(carried * first + np.sqrt((1 - carried**2) * variance) * noise)
