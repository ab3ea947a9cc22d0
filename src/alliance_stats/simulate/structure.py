"""Who sees whom, how many sessions each patient has and which of them are missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

from alliance_stats.simulate.parameters import SessionParameters
from alliance_stats.simulate.streams import Streams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_A_WEEK = 7
SHIFT_MAX = 3  # days; sessions keep their order


@dataclass(frozen=True, eq=False)
class Structure:
    """Planned sessions in rows, ordered by patient, then session; positions count from 0.

    Attributes
    ----------
    therapist_of_patient : array of int, one a patient
    patient : array of int, one a planned session
        Position of the session's patient.
    session : array of int
        Number of the session within the patient, from 1; missed sessions are counted.
    day : array of int
        Days since the first session.
    held : array of bool
        False for missed sessions: they exist in the process and are absent from the data.
    """

    therapist_of_patient: Ints
    patient: Ints
    session: Ints
    day: Ints
    held: NDArray[np.bool_]

    @property
    def therapist(self) -> Ints:
        """Position of the therapist of each planned session."""
        return self.therapist_of_patient[self.patient]

    @property
    def planned(self) -> Ints:
        """Number of planned sessions of each patient."""
        return np.bincount(self.patient)

    @property
    def first_row(self) -> Ints:
        """Row of the first session of each patient."""
        return np.asarray(np.cumsum(self.planned) - self.planned)

    @property
    def week(self) -> Floats:
        """Weeks since the first session, to two decimals."""
        return np.asarray(np.round(self.day / DAYS_A_WEEK, 2))


def draw_structure(given: SessionParameters, pace: Floats, streams: Streams) -> Structure:
    """Draw caseloads, numbers of planned sessions, their days and missed sessions.

    `pace` is the standardised outcome trend of each patient, to which the length is tied.
    """
    caseloads = draw_caseloads(given, streams.caseloads)
    therapists = np.repeat(np.arange(given.n_therapists), caseloads)
    planned = draw_lengths(given, pace, streams.lengths)
    patient = np.repeat(np.arange(given.n_patients), planned)
    first_row = np.cumsum(planned) - planned
    session = np.arange(len(patient)) - first_row[patient] + 1
    missed = streams.missed.random(len(patient)) < given.missing_sessions
    return Structure(
        therapist_of_patient=streams.caseloads.permutation(therapists),
        patient=patient,
        session=session,
        day=draw_days(given, session, streams.days),
        held=~missed | (session == 1),
    )


def draw_caseloads(given: SessionParameters, rng: np.random.Generator) -> Ints:
    """Patients of each therapist: 1 to `caseload_max`, shared out by gamma weights."""
    weights = gamma_weights(rng, given.caseload_cv, given.n_therapists)
    quota = limited_quota(weights, given.n_patients - given.n_therapists, given.caseload_max - 1)
    return 1 + largest_remainder(quota, given.n_patients - given.n_therapists)


def draw_lengths(given: SessionParameters, pace: Floats, rng: np.random.Generator) -> Ints:
    """Planned sessions of each patient: rounded gamma with the median asked, within limits.

    Its normal scores correlate `length_improvement` with `pace`: a normal copula.
    """
    tie = given.length_improvement
    score = tie * pace + np.sqrt(1 - tie**2) * rng.standard_normal(len(pace))
    relative = gamma_quantile(given.sessions_cv, ndtr(score)) / gamma_median(given.sessions_cv)
    lengths = np.rint(given.sessions_median * relative)
    return np.clip(lengths, 1, given.sessions_max).astype(np.int64)


def draw_days(given: SessionParameters, session: Ints, rng: np.random.Generator) -> Ints:
    """Days since the first session: weekly, each later one shifted by up to three days."""
    shift = np.rint(given.day_sd * rng.standard_normal(len(session)))
    shift = np.clip(shift, -SHIFT_MAX, SHIFT_MAX).astype(np.int64)
    return DAYS_A_WEEK * (session - 1) + np.where(session == 1, 0, shift)


def gamma_quantile(cv: float, share: Floats) -> Floats:
    """Quantiles of the gamma distribution with mean 1 and coefficient of variation `cv`."""
    return np.ones(len(share)) if cv == 0 else np.asarray(gammaincinv(cv**-2, share) * cv**2)


def gamma_weights(rng: np.random.Generator, cv: float, n: int) -> Floats:
    """`n` positive numbers with mean 1 and coefficient of variation `cv`."""
    if cv == 0:
        return np.ones(n)
    shape = cv**-2
    return np.asarray(rng.standard_gamma(shape, size=n) / shape)


def gamma_median(cv: float) -> float:
    """Median of the gamma distribution with mean 1 and coefficient of variation `cv`."""
    return 1.0 if cv == 0 else float(gammaincinv(cv**-2, 0.5)) * cv**2


def limited_quota(weights: Floats, total: int, limit: int) -> Floats:
    """Cut `total` in proportion to `weights`, no part above `limit`; the rest goes to the others.

    Ends after at most as many rounds as there are parts: every round fills one to its limit.
    """
    quota = np.zeros(len(weights))
    full = np.zeros(len(weights), dtype=bool)
    while not full.all():
        left = total - limit * full.sum()
        quota = np.where(full, float(limit), left * weights / weights[~full].sum())
        above = quota > limit
        if not above.any():
            break
        full |= above
    return np.minimum(quota, limit)


def largest_remainder(quota: Floats, total: int) -> Ints:
    """Whole numbers nearest to `quota` with sum `total`; ties go to the first."""
    whole = np.floor(quota + 1e-9).astype(np.int64)
    order = np.argsort(whole - quota, kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return whole
