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
    therapist : array of int, one a planned session
        Position of the session's therapist; it also counts patients without one.
    treated : array of bool, one a patient
        False for patients of the arm without therapists.
    patient : array of int, one a planned session
        Position of the session's patient.
    session : array of int
        Number of the session within the patient, from 1; missed sessions are counted.
    day : array of int
        Days since the first session.
    held : array of bool
        False for missed sessions: they exist in the process and are absent from the data.
    """

    therapist: Ints
    treated: NDArray[np.bool_]
    patient: Ints
    session: Ints
    day: Ints
    held: NDArray[np.bool_]

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
    first = streams.caseloads.permutation(therapists)
    treated = draw_treated(given, streams.arms)
    return Structure(
        therapist=draw_changes(given, first, patient, session, streams.changes),
        treated=treated,
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


def draw_treated(given: SessionParameters, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which patients have a therapist: all but a random `therapist_free` share of them."""
    n_free = round(given.therapist_free * given.n_patients)
    return np.asarray(rng.permutation(given.n_patients) >= n_free)


def draw_changes(
    given: SessionParameters, first: Ints, patient: Ints, session: Ints, rng: np.random.Generator
) -> Ints:
    """Therapist of each planned session, from the `first` one of each patient.

    A `therapist_change` share of the patients with two sessions or more go on with another
    therapist from a random later session.
    """
    if given.therapist_change == 0:
        return first[patient]
    planned = np.bincount(patient)
    changes = (rng.random(len(first)) < given.therapist_change) & (planned > 1)
    when = 2 + np.floor(rng.random(len(first)) * (planned - 1)).astype(np.int64)
    shift = rng.integers(1, given.n_therapists, size=len(first))
    second = (first + shift) % given.n_therapists
    changed = changes[patient] & (session >= when[patient])
    return np.where(changed, second[patient], first[patient])


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
