"""Latent alliance and outcome of every planned session, on a scale without limits.

With therapist k, patient j of therapist k, session t and w the weeks since the first session::

    alliance_tjk = alliance_mean + v_k + u_jk + (alliance_trend + s_jk) w_tjk
                   + improvement_alliance m_jk g(w_tjk) + e_tjk
    outcome_tjk  = outcome_mean + (outcome_trend + c_jk) w_tjk
                   + therapist_between_effect v_k + patient_between_effect u_jk + p_k + q_jk
                   + improvement_outcome m_jk g(w_tjk) + f_tjk

All letters but g, e and f are independent normal variables with mean 0; e and f are the process
of the module `dynamics`. m is a pre-existing improvement (SD 1) that raises the alliance and
lowers the outcome without any path between the two; g rises from 0 at the first session to 1 two
weeks later. The structural effects act on the latent parts v, u and e, not on observed means, and
the trends act on neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.dynamics import Deviations, session_deviations
from alliance_stats.simulate.parameters import (
    Range,
    SessionParameters,
    UnitVariances,
    alliance_variances,
    residual_variances,
)
from alliance_stats.simulate.streams import Streams
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]
IMPROVEMENT_WEEKS = 2.0


@dataclass(frozen=True, eq=False)
class People:
    """Random parts of therapists and patients by the letters of the module's equations.

    `pace` is c in its SDs; it is drawn even where trends do not differ.
    """

    v: Floats
    p: Floats
    u: Floats
    q: Floats
    s: Floats
    c: Floats
    d: Floats
    m: Floats
    pace: Floats


def draw_people(
    given: SessionParameters, streams: Streams, residual: UnitVariances | None = None
) -> People:
    """Draw the parts of therapists (v, p) and patients (u, q, s, c, d, m).

    `residual` are the variances of p and q; None takes what the alliance leaves of the outcome's.
    """
    alliance = alliance_variances(given)
    residual = residual_variances(given) if residual is None else residual
    k, j = given.n_therapists, given.n_patients

    def normal(rng: np.random.Generator, n: int, sd: float) -> Floats:
        return sd * rng.standard_normal(n)

    v, p = (
        normal(streams.therapists, k, sqrt(variance))
        for variance in (alliance.therapist, residual.therapist)
    )
    u = normal(streams.patients, j, sqrt(alliance.patient))
    q = normal(streams.patients, j, sqrt(residual.patient))
    s = normal(streams.patients, j, given.alliance_trend_sd)
    pace = normal(streams.patients, j, 1.0)
    return People(
        v=v,
        p=p,
        u=u,
        q=q,
        s=s,
        c=given.outcome_trend_sd * pace,
        d=normal(streams.patients, j, given.within_effect_sd),
        m=normal(streams.improvement, j, 1.0),
        pace=pace,
    )


def draw_deviations(
    given: SessionParameters, structure: Structure, people: People, streams: Streams
) -> Deviations:
    """Draw the innovations of every planned session and run the process through them."""
    rows = len(structure.patient)
    noise = np.column_stack([streams.sessions.standard_normal(rows) for _ in range(2)])
    intake = streams.intake.standard_normal(given.n_patients)
    return session_deviations(given, structure, given.within_effect + people.d, noise, intake)


def latent_alliance(
    given: SessionParameters, structure: Structure, people: People, deviations: Deviations
) -> Floats:
    """Alliance of every planned session, without limits and rounding."""
    patient, therapist = structure.patient, structure.therapist
    of_therapist = np.where(structure.treated[patient], people.v[therapist], 0.0)
    level = given.alliance_mean + of_therapist + people.u[patient]
    slope = given.alliance_trend + people.s[patient]
    early = given.improvement_alliance * people.m[patient] * early_share(structure.week)
    return np.asarray(level + slope * structure.week + early + deviations.e)


def latent_outcome(
    given: SessionParameters, structure: Structure, people: People, deviations: Deviations
) -> Floats:
    """Outcome of every planned session, without limits and rounding."""
    patient = structure.patient
    level = outcome_level(given, structure, people)
    slope = given.outcome_trend + people.c[patient]
    early = given.improvement_outcome * people.m[patient] * early_share(structure.week)
    return np.asarray(level + slope * structure.week + early + deviations.f)


def latent_intake(
    given: SessionParameters, structure: Structure, people: People, deviations: Deviations
) -> Floats:
    """Outcome of every patient at intake, before session 1, without limits and rounding."""
    level = outcome_level(given, structure, people)[structure.first_row]
    return np.asarray(level + deviations.f_intake)


def outcome_level(given: SessionParameters, structure: Structure, people: People) -> Floats:
    """Outcome of every planned session apart from trends and deviations."""
    patient, therapist = structure.patient, structure.therapist
    of_therapist = (given.therapist_between_effect * people.v + people.p)[therapist]
    of_therapist = np.where(structure.treated[patient], of_therapist, 0.0)
    of_patient = given.patient_between_effect * people.u + people.q
    return np.asarray(given.outcome_mean + of_therapist + of_patient[patient])


def early_share(week: Floats) -> Floats:
    """Share of the pre-existing improvement reached by `week`."""
    return np.asarray(np.minimum(week / IMPROVEMENT_WEEKS, 1.0))


def on_scale(values: Floats, limits: Range) -> Floats:
    """Whole numbers within `limits`; unchanged if `limits` is None."""
    if limits is None:
        return values
    return np.clip(np.rint(values), *limits) + 0.0  # adding 0 turns -0.0 into 0.0


def with_flat(
    alliance: Floats, structure: Structure, share: float, rng: np.random.Generator
) -> Floats:
    """Ratings in which about `share` of the patients repeat their first one at every session."""
    flat = rng.random(len(structure.planned)) < share
    first = alliance[structure.first_row]
    return np.where(flat[structure.patient], first[structure.patient], alliance)
