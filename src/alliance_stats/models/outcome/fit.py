"""fit_outcome: whether the early alliance predicts the post-treatment outcome.

The quantity behind the meta-analytic correlation of alliance and outcome, with the two usual
objections in the model: patients who are better off at intake, and patients who have improved
already when the alliance is rated, may rate it higher.
"""

from __future__ import annotations

import warnings

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats._base.random import RandomSource
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.models.outcome.correlations import bootstrap_correlations
from alliance_stats.models.outcome.patient_fit import fit_patients
from alliance_stats.models.outcome.prepare import Split, prepare_patients
from alliance_stats.models.outcome.result import OutcomeResult
from alliance_stats.models.windows import session_window

N_BOOT = 2000
#: Fewer resamples than this do not show the ends of an interval.
LEAST_BOOT = 100


def fit_outcome(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    alliance_window: tuple[int, int] = (3, 5),
    min_ratings: int = 1,
    split: Split = "none",
    therapist_change: TherapistChange = "raise",
    rng: RandomSource | None = None,
    n_boot: int = N_BOOT,
) -> OutcomeResult:
    """Estimate how the early alliance predicts the post-treatment outcome.

    Use it for the effect that meta-analyses of alliance and outcome pool. One row a patient: the
    mean alliance over a window of early sessions predicts the last outcome after the window,
    given the score at intake and the change from intake to the window's first session (patients
    who have improved by then may rate the alliance higher). With a therapist role therapists
    have a random intercept; without, the model is ordinary least squares.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The role ``baseline`` is required; the alliance
        column is raw.
    roles : Roles or dict, optional
    alliance_window : (int, int)
        First and last session of the early alliance, both included; the same twice for one
        session. Patients without an outcome at its first session are dropped and counted.
    min_ratings : int
        Fewest alliance ratings in the window; patients with fewer are dropped and counted.
    split : {"none", "therapist"}
        ``"therapist"`` gives the therapist's mean early alliance and the patient's deviation
        from it a coefficient each.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, with counts, or count for the
        therapist of their earliest session with a known one. A patient is one row here, so that
        the other ways of `fit_within_between` are refused.
    rng : int, SeedSequence or Generator, optional
        Random numbers of the bootstrap. Without it there is no bootstrap, and the intervals that
        need one are missing.
    n_boot : int
        Resamples, of therapists with all their patients or, without therapists, of patients.

    Returns
    -------
    OutcomeResult

    Raises
    ------
    DataError
        For a window without ratings, no outcome after it, fewer patients than the coefficients
        need, columns that do not vary or depend on each other, patients with several therapists
        (``therapist_change="raise"``),
        an alliance column that is already centred.
    ArgumentError
        Without the role ``baseline``; for arguments that are unknown or would be ignored.

    Warns
    -----
    DataWarning, FitWarning
        Dropped patients; resamples not used; singular or failed fits. Also in ``result.messages``.

    References
    ----------
    Flückiger, C., Del Re, A. C., Wampold, B. E., & Horvath, A. O. (2018). The alliance in adult
    psychotherapy: A meta-analytic synthesis. Psychotherapy, 55(4), 316–340.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> patient, session = np.repeat(np.arange(40), 8), np.tile(np.arange(1, 9), 40)
    >>> intake, bond = rng.normal(15, 4, 40), rng.normal(0, 1, 40)
    >>> sessions = pd.DataFrame({
    ...     "patient": patient, "session": session, "intake": intake[patient],
    ...     "wai": 4 + bond[patient] + rng.normal(0, 0.5, 320),
    ...     "phq": intake[patient] - (0.6 + 0.2 * bond[patient]) * session + rng.normal(0, 2, 320)})
    >>> roles = al.Roles(alliance="wai", outcome="phq", outcome_better="lower", baseline="intake")
    >>> result = al.fit_outcome(sessions, roles)
    >>> result.effects["effect"].tolist()
    ['early_alliance']
    >>> result.to_effect()["ni"].tolist()
    [40]
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    window = session_window(alliance_window, name="alliance_window")
    check_min_ratings(min_ratings, window)
    _check_split(split, known)
    check_change(therapist_change, known, caller="fit_outcome")
    _check_n_boot(n_boot, rng)
    prepared = prepare_patients(
        data, known, window=window, min_ratings=min_ratings, split=split,
        therapist_change=therapist_change,
    )  # fmt: skip
    bootstrap = None if rng is None else bootstrap_correlations(prepared, n_boot, rng)
    result = OutcomeResult(fit_patients(prepared), prepared, bootstrap)
    about_fit = result.fit.messages
    for message in result.messages:
        category = FitWarning if message in about_fit else DataWarning
        warnings.warn(message, category, stacklevel=2)
    return result


def check_min_ratings(min_ratings: int, window: tuple[int, int]) -> None:
    """Raise unless `min_ratings` is a whole number that the window can hold."""
    if not is_whole(min_ratings) or min_ratings < 1:
        raise ArgumentError(
            f"min_ratings={min_ratings!r} is not a number of ratings. Give a whole number from 1."
        )
    held = window[1] - window[0] + 1
    if min_ratings > held:
        raise ArgumentError(
            f"min_ratings={min_ratings} is more than alliance_window={window} can hold: {held}. "
            "Give fewer, or a wider window."
        )


def _check_split(split: str, roles: Roles) -> None:
    one_of(split, ("none", "therapist"), name="split")
    if split == "therapist" and roles.therapist is None:
        raise ArgumentError(
            "split='therapist' needs therapists, but there is no therapist role. "
            "Give roles=Roles(therapist=…), or leave it out."
        )


def check_change(therapist_change: TherapistChange, roles: Roles, *, caller: str) -> None:
    """Raise for a way with several therapists a patient, where a patient is one row."""
    check_way(therapist_change, roles.therapist)
    if therapist_change in ("dyad", "crossed"):
        raise ArgumentError(
            f"therapist_change={therapist_change!r} is not possible in {caller}: a patient is "
            "one row and has one therapist. Use therapist_change='first', or leave the therapist "
            "role out."
        )


def _check_n_boot(n_boot: int, rng: RandomSource | None) -> None:
    if not is_whole(n_boot) or n_boot < LEAST_BOOT:
        raise ArgumentError(
            f"n_boot={n_boot!r} is not a usable number of resamples. "
            f"Give a whole number from {LEAST_BOOT}, such as {N_BOOT}."
        )
    if rng is None and n_boot != N_BOOT:
        raise ArgumentError(
            f"n_boot={n_boot} would be ignored: without rng= there is no bootstrap. "
            "Give rng=1, say, or leave n_boot out."
        )
