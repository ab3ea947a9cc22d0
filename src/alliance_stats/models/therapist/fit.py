"""fit_therapist: whether the therapist's or the patient's alliance goes with outcome.

After Baldwin, Wampold and Imel (2007): one row a patient, the early alliance split into the mean
of the therapist's patients and the patient's deviation from it, therapists with a random intercept.
"""

from __future__ import annotations

import warnings

import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.models.outcome.fit import check_min_ratings
from alliance_stats.models.outcome.prepare import PreparedPatients, prepare_patients
from alliance_stats.models.slopes import Slopes, checked_slopes
from alliance_stats.models.therapist.fits import SLOPE, fit_models
from alliance_stats.models.therapist.result import TherapistResult
from alliance_stats.models.windows import session_window

#: With two therapists their means fix the line, and no variance is left.
LEAST_THERAPISTS = 3


def fit_therapist(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    alliance_window: tuple[int, int] = (3, 5),
    min_ratings: int = 1,
    early_change: bool = True,
    random_slopes: Slopes | None = None,
    therapist_change: TherapistChange = "raise",
) -> TherapistResult:
    """Estimate whether it is the therapist's or the patient's alliance that goes with outcome.

    Use it to ask whose alliance counts: do therapists whose patients rate the alliance higher on
    average have better outcomes (between therapists), or patients who rate it higher than the
    therapist's other patients (between patients)? And how much do therapists differ in outcome,
    before and after the alliance is taken into account? It estimates associations.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The roles ``therapist`` and ``baseline`` are
        required; the alliance column is raw.
    roles : Roles or dict, optional
    alliance_window : (int, int)
        First and last session of the early alliance, as in `fit_outcome`.
    min_ratings : int
        Fewest alliance ratings in the window; patients with fewer are dropped and counted.
    early_change : bool
        Whether the change from intake to the window's first session is held constant beside the
        intake score. Without it the model is that of Baldwin, Wampold and Imel, and patients
        without an outcome at that session stay in.
    random_slopes : dict, optional
        ``{"therapist": ["patient_between"]}`` lets the coefficient between patients differ between
        therapists and tests whether it does; by default it does not differ.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, with counts, or count for the
        therapist of their earliest session with a known one.

    Returns
    -------
    TherapistResult

    Raises
    ------
    ArgumentError
        Without the roles ``therapist`` and ``baseline``; for arguments that are unknown.
    DataError
        For fewer than three therapists, one patient for (nearly) every therapist, and as
        `fit_outcome`.
    UnsupportedError
        For ``therapist_change="dyad"`` or ``"crossed"``, which need several rows a patient.

    Warns
    -----
    DataWarning, FitWarning
        Dropped patients, therapists of one patient; singular or failed fits. Also in
        ``result.messages``.

    Notes
    -----
    Therapists' intraclass correlations have Wald's exact interval: with λ = τ²/σ² a ratio of sums
    of squares W(λ) has an F distribution whatever the caseloads and the number of therapists, if
    effects and residuals are normal, and the interval holds every λ that it does not reject.
    Neither a profile likelihood nor a bootstrap keeps its level with few therapists.

    Observed means of therapists with few patients are unreliable, which pulls their coefficient
    towards that between patients: ``result.alliance_means`` says by how much, and
    ``result.comparison`` has the estimate with latent means beside it.

    References
    ----------
    Baldwin, S. A., Wampold, B. E., & Imel, Z. E. (2007). Untangling the alliance-outcome
    correlation: Exploring the relative importance of therapist and patient variability in the
    alliance. Journal of Consulting and Clinical Psychology, 75(6), 842–852.

    Harville, D. A., & Fenech, A. P. (1985). Confidence intervals for a variance ratio, or for
    heritability, in an unbalanced mixed linear model. Biometrics, 41(1), 137–152.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.models.fit_therapist(al.load_example("therapist_share"))
    >>> result.tidy()["effect"].tolist()[:3]
    ['patient_between', 'therapist_between', 'contextual']
    >>> result.shares()["model"].tolist()
    ['before', 'after', 'alliance']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    window = session_window(alliance_window, name="alliance_window")
    check_min_ratings(min_ratings, window)
    one_of(early_change, (True, False), name="early_change")
    _check_therapists(known, therapist_change)
    slopes = checked_slopes(random_slopes, {}, {"therapist": (SLOPE,)}, therapists=True)
    prepared = prepare_patients(
        data, known, window=window, min_ratings=min_ratings, split="therapist",
        therapist_change=therapist_change, early_change=early_change,
    )  # fmt: skip
    _check_comparisons(prepared)
    result = TherapistResult(fit_models(prepared, slopes=bool(slopes.get("therapist"))), prepared)
    for message in result.messages:
        category = FitWarning if message in result.about_fit else DataWarning
        warnings.warn(message, category, stacklevel=2)
    return result


def _check_therapists(roles: Roles, way: TherapistChange) -> None:
    """Raise without a therapist role, and for ways that need several rows a patient."""
    if roles.therapist is None:
        raise ArgumentError(
            "there is no therapist role, and therapists are what is compared. "
            "Give roles=Roles(therapist=…), or use fit_outcome for patients alone."
        )
    check_way(way, roles.therapist)
    if way in ("dyad", "crossed"):
        raise UnsupportedError(
            f"therapist_change={way!r} needs several rows a patient, and a patient is one row with "
            "one therapist here. Use therapist_change='first', or fit_within_between "
            f"(therapist_change={way!r}), which keeps sessions apart."
        )


def _check_comparisons(prepared: PreparedPatients) -> None:
    """Raise where therapists, or patients of one therapist, are too few to compare."""
    counts = prepared.counts()
    if counts["therapist"] < LEAST_THERAPISTS:
        raise DataError(
            f"the patients in the model have {counts['therapist']} therapists: what therapists "
            "differ in and what their alliance goes with cannot be told apart. At least "
            f"{LEAST_THERAPISTS} are needed, or use fit_outcome without therapist role."
        )
    beside, needed = counts["patient"] - counts["therapist"], len(prepared.controls) + 2
    if beside < needed:
        raise DataError(
            f"{counted(counts['patient'], 'patient')} of {counts['therapist']:,} therapists leave "
            f"{beside:,} to compare with another patient of the same therapist: too few for the "
            f"coefficients between patients. At least {needed} are needed (patients less "
            "therapists)."
        )
