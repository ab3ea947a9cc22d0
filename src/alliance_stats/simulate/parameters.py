"""The parameters of a session simulation, and the variances that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class SessionParameters:
    """Arguments of `simulate_sessions` in one value; see there for meanings and units."""

    n_patients: int
    n_therapists: int
    caseload_cv: float
    caseload_max: int
    sessions_median: float
    sessions_cv: float
    sessions_max: int
    length_improvement: float
    day_sd: float
    missing_sessions: float
    missing_ratings: float
    flat_patients: float
    dropout_hazard: float
    dropout_alliance_effect: float
    study_end: float
    alliance_mean: float
    alliance_sd: float
    alliance_therapist_share: float
    alliance_patient_share: float
    alliance_trend: float
    alliance_trend_sd: float
    outcome_mean: float
    outcome_sd: float
    outcome_therapist_share: float
    outcome_patient_share: float
    outcome_trend: float
    outcome_trend_sd: float
    alliance_ar: float
    outcome_ar: float
    lagged_effect: float
    reverse_effect: float
    within_effect: float
    within_effect_sd: float
    patient_between_effect: float
    therapist_between_effect: float
    improvement_alliance: float
    improvement_outcome: float
    therapist_ratings: bool
    dyad_correlation: float
    dyad_difference: float
    therapist_change: float
    therapist_free: float
    alliance_range: Range
    outcome_range: Range


@dataclass(frozen=True, slots=True)
class UnitVariances:
    """Variances of one variable between therapists, between patients and between sessions."""

    therapist: float
    patient: float
    session: float


def alliance_variances(given: SessionParameters) -> UnitVariances:
    """Var(v), Var(u) and Var(e): the alliance's total variance cut by its shares."""
    return _cut(given.alliance_sd, given.alliance_therapist_share, given.alliance_patient_share)


def outcome_variances(given: SessionParameters) -> UnitVariances:
    """Total variances of the outcome at intake, alliance effects included."""
    return _cut(given.outcome_sd, given.outcome_therapist_share, given.outcome_patient_share)


def residual_variances(given: SessionParameters) -> UnitVariances:
    """Variances of the outcome left for everything but the alliance: total minus explained.

    Between sessions it is the variance of the outcome's own innovation r, which the paths of the
    process lower too.
    """
    alliance, total = alliance_variances(given), outcome_variances(given)
    return UnitVariances(
        therapist=total.therapist - given.therapist_between_effect**2 * alliance.therapist,
        patient=total.patient - given.patient_between_effect**2 * alliance.patient,
        session=session_moments(given).own_innovation,
    )


@dataclass(frozen=True, slots=True)
class SessionMoments:
    """The session process (see `dynamics`) in points: paths, innovations and covariance.

    Attributes
    ----------
    lagged, reverse : float
        Paths alliance to next outcome and outcome to next alliance, in points per point.
    alliance_innovation : float
        Variance of the alliance's innovation.
    own_innovation : float
        Variance of the outcome's innovation apart from what it shares with the alliance's.
    covariance : float
        Mean covariance of alliance and outcome deviations of one session.
    """

    lagged: float
    reverse: float
    alliance_innovation: float
    own_innovation: float
    covariance: float


def session_moments(given: SessionParameters) -> SessionMoments:
    """Innovation variances that give both deviations their variances at every session.

    Solves S = A S A' + Q for the covariance and the two innovation variances, where the
    variances in S are those asked and Q is its mean over patients.
    """
    x, y = alliance_variances(given).session, outcome_variances(given).session
    lagged, reverse = given.lagged_effect * (y / x) ** 0.5, given.reverse_effect * (x / y) ** 0.5
    a, b, w = given.alliance_ar, given.outcome_ar, given.within_effect
    alone = x * (1 - a * a) - reverse**2 * y
    covariance = (a * lagged * x + reverse * b * y + w * alone) / (
        1 - a * b - reverse * lagged + 2 * w * a * reverse
    )
    innovation = alone - 2 * a * reverse * covariance
    shared = (w * w + given.within_effect_sd**2) * innovation
    own = y * (1 - b * b) - lagged**2 * x - 2 * lagged * b * covariance - shared
    return SessionMoments(lagged, reverse, innovation, own, covariance)


def _cut(sd: float, therapist_share: float, patient_share: float) -> UnitVariances:
    total = sd * sd
    return UnitVariances(
        therapist=therapist_share * total,
        patient=patient_share * total,
        session=(1.0 - therapist_share - patient_share) * total,
    )
