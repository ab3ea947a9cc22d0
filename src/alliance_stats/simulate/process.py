"""Latent alliance and outcome of every planned session, on a scale without limits.

With therapist k, patient j of therapist k, session t and w the weeks since intake::

    alliance_tjk = alliance_mean + v_k + u_jk + (alliance_trend + s_jk) w_tjk + e_tjk
    outcome_tjk  = outcome_mean + (outcome_trend + c_jk) w_tjk
                   + therapist_between_effect v_k + patient_between_effect u_jk
                   + (within_effect + d_jk) e_tjk + p_k + q_jk + r_tjk

All letters are independent normal variables with mean 0. The structural effects act on the latent
parts v, u and e, not on observed means, and the trends act on neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import (
    Range,
    SessionParameters,
    alliance_variances,
    residual_variances,
)
from alliance_stats.simulate.streams import Streams
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """Random parts by the letters of the module's equations, each with one value a unit."""

    v: Floats
    p: Floats
    u: Floats
    q: Floats
    s: Floats
    c: Floats
    d: Floats
    e: Floats
    r: Floats


def draw_components(given: SessionParameters, structure: Structure, streams: Streams) -> Components:
    """Draw the parts of therapists (v, p), patients (u, q, s, c, d) and sessions (e, r)."""
    alliance, residual = alliance_variances(given), residual_variances(given)
    k, j, rows = given.n_therapists, given.n_patients, len(structure.patient)

    def normal(rng: np.random.Generator, n: int, sd: float) -> Floats:
        return sd * rng.standard_normal(n)

    return Components(
        v=normal(streams.therapists, k, sqrt(alliance.therapist)),
        p=normal(streams.therapists, k, sqrt(residual.therapist)),
        u=normal(streams.patients, j, sqrt(alliance.patient)),
        q=normal(streams.patients, j, sqrt(residual.patient)),
        s=normal(streams.patients, j, given.alliance_trend_sd),
        c=normal(streams.patients, j, given.outcome_trend_sd),
        d=normal(streams.patients, j, given.within_effect_sd),
        e=normal(streams.sessions, rows, sqrt(alliance.session)),
        r=normal(streams.sessions, rows, sqrt(residual.session)),
    )


def latent_alliance(given: SessionParameters, structure: Structure, parts: Components) -> Floats:
    """Alliance of every planned session, without limits and rounding."""
    patient, therapist = structure.patient, structure.therapist
    level = given.alliance_mean + parts.v[therapist] + parts.u[patient]
    slope = given.alliance_trend + parts.s[patient]
    return np.asarray(level + slope * structure.week + parts.e)


def latent_outcome(given: SessionParameters, structure: Structure, parts: Components) -> Floats:
    """Outcome of every planned session, without limits and rounding."""
    patient, therapist = structure.patient, structure.therapist
    of_therapist = given.therapist_between_effect * parts.v + parts.p
    of_patient = given.patient_between_effect * parts.u + parts.q
    level = given.outcome_mean + of_therapist[therapist] + of_patient[patient]
    slope = given.outcome_trend + parts.c[patient]
    within = (given.within_effect + parts.d[patient]) * parts.e
    return np.asarray(level + slope * structure.week + within + parts.r)


def on_scale(values: Floats, limits: Range) -> Floats:
    """Whole numbers within `limits`; unchanged if `limits` is None."""
    if limits is None:
        return values
    return np.clip(np.rint(values), *limits) + 0.0  # adding 0 turns -0.0 into 0.0
