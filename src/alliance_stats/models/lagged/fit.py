"""fit_lagged: does a better session alliance precede improvement, or the reverse?

Two equations, one for each direction, built from the order in which the ratings are made: each
rating is predicted by the other one's last rating before it and by its own.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats._base.random import RandomSource, seed_of
from alliance_stats.data.lags import Gap
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.equations import Equation
from alliance_stats.models.lagged.prepare import PreparedLags, prepare_lags
from alliance_stats.models.lagged.result import LaggedResult
from alliance_stats.models.lagged.specification import (
    SLOPES,
    LaggedSpecification,
    check_rows,
    fit_equation,
    too_few_rows,
)
from alliance_stats.models.prepare import TIMES, Time, TimeColumn, check_clock
from alliance_stats.models.slopes import Slopes, checked_slopes

DEFAULT_SLOPES: dict[str, tuple[str, ...]] = {"patient": ("cross",)}
SLOPES_ALLOWED = {"patient": SLOPES, "therapist": SLOPES}
BIAS_SIMULATIONS = 200
#: Fewer simulated studies than this do not show a bias of half a standard error.
LEAST_SIMULATIONS = 50


def fit_lagged(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    step: int = 1,
    gap: Gap = "strict",
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | Literal["auto"] | None = None,
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
    bias_simulations: int = BIAS_SIMULATIONS,
    rng: RandomSource = 0,
) -> LaggedResult:
    """Estimate whether the alliance predicts the later outcome, and the outcome the alliance.

    Use it for ratings at many sessions, where the order of events within patients is the
    question. Both directions are in one table, each given what the predicted rating was before.
    Multilevel models of this kind are biased in short treatments; ``result.bias`` shows how much
    in studies like this one, and where it is large the result says so and reports no test.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. Both ratings are raw columns: they are centred
        on all observed ratings of the patient first, then lagged. With a therapist role the
        model has three levels.
    roles : Roles or dict, optional
        With ``alliance_at`` and ``outcome_at``: which rating is made before and which after the
        session decides what predicts what. Usually the outcome is rated before session t and the
        alliance after it: the outcome of session t then predicts the alliance of session t, and
        the alliance of session t the outcome of session t + 1.
    step : int
        Sessions between a rating and the one it predicts, for ratings at every `step`-th session.
    gap : {"strict", "previous"}
        What counts as earlier: session t - `step` exactly, or the session that is `step` rows
        before, however long ago.
    time : {"linear", "log", "factor", "patient", "none"}
        How the common trend enters, as in `fit_within_between`.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    random_slopes : mapping or "auto", optional
        What differs between members of a unit, in both equations: ``"cross"`` (the path from the
        other rating), ``"autoregression"``. Default ``{"patient": ["cross"]}``, kept even where
        its variance is estimated as zero (then said). ``{}`` for none. ``"auto"`` drops the slope
        of an equation only if the fit with it is singular or fails.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, with counts, or count for the
        therapist of their earliest session with a known one.
    reml : bool
        Restricted (default) or full maximum likelihood.
    bias_simulations : int
        Simulated studies behind each row of ``result.bias``, which is computed when first asked
        for (printing asks for it); 0 for none.
    rng : int, SeedSequence or Generator
        Random numbers of these studies. From a Generator a seed is taken at once.

    Returns
    -------
    LaggedResult

    Raises
    ------
    ArgumentError
        Without the roles ``alliance_at`` and ``outcome_at``; for arguments that are unknown or
        would be ignored.
    DataError
        For ratings at every k-th session (the message names ``step=k``), too few sessions with
        an earlier one, a rating that is constant within patients, centred or lagged columns,
        patients with several therapists.

    Warns
    -----
    DataWarning, FitWarning
        Sessions lost to gaps and missing ratings; singular or failed fits. Also kept in
        ``result.messages``.

    References
    ----------
    Falkenström, F., Solomonov, N., & Rubel, J. (2022). How to model and interpret cross-lagged
    effects in psychotherapy mechanisms of change research. Journal of Consulting and Clinical
    Psychology, 90, 446–458.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_lagged(al.load_example("sessions"), bias_simulations=0)
    >>> result.effects["effect"].tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['alliance_to_outcome', 'outcome_to_alliance', 'outcome_autoregression',
     'alliance_autoregression']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_choices(step, gap, time, time_column, reml)
    _check_change(therapist_change, known)
    _check_simulations(bias_simulations)
    slopes = checked_slopes(
        random_slopes, DEFAULT_SLOPES, SLOPES_ALLOWED, therapists=known.therapist is not None
    )
    prepared = prepare_lags(
        data, known, step=int(step), gap=gap, time_column=time_column,
        therapist_change=therapist_change,
    )  # fmt: skip
    chosen = LaggedSpecification(
        time=time,
        time_column=time_column,
        slopes={equation.side: slopes for equation in prepared.equations},
        reml=reml,
    )
    fits: dict[str, MixedModelResult] = {}
    path: list[str] = []
    for equation in prepared.equations:
        if random_slopes == "auto":
            fits[equation.side], chosen, said = _auto(prepared, equation, chosen)
            path += said
        else:
            check_rows(prepared, equation, chosen)
            fits[equation.side] = fit_equation(prepared, equation, chosen)
    result = LaggedResult(fits, prepared, chosen, data, bias_simulations, seed_of(rng), tuple(path))
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in (*path, *result.about_fits):
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _check_choices(step: int, gap: str, time: str, time_column: str, reml: bool) -> None:
    one_of(gap, ("strict", "previous"), name="gap")
    one_of(time, TIMES, name="time")
    one_of(time_column, ("session", "time"), name="time_column")
    one_of(reml, (True, False), name="reml")
    if not is_whole(step) or step < 1:
        raise ArgumentError(
            f"step={step!r} is not a number of sessions back. Give 1, 2, 3, …; "
            "later sessions are not looked at."
        )
    check_clock(time, time_column)


def _check_change(therapist_change: TherapistChange, roles: Roles) -> None:
    check_way(therapist_change, roles.therapist)
    if therapist_change in ("dyad", "crossed"):
        raise ArgumentError(
            f"therapist_change={therapist_change!r} is not possible in fit_lagged: what precedes "
            "what runs through all sessions of a patient. Use therapist_change='first', or leave "
            "the therapist role out."
        )


def _check_simulations(n: int) -> None:
    if not is_whole(n) or (n != 0 and n < LEAST_SIMULATIONS):
        raise ArgumentError(
            f"bias_simulations={n!r} is not a usable number of simulated studies. Give a whole "
            f"number from {LEAST_SIMULATIONS}, such as {BIAS_SIMULATIONS}, or 0 for none."
        )


def _auto(
    prepared: PreparedLags, equation: Equation, chosen: LaggedSpecification
) -> tuple[MixedModelResult, LaggedSpecification, list[str]]:
    """Fit with the default slope; without it only if that fit is singular or fails."""
    simpler = replace(chosen, slopes=chosen.slopes | {equation.side: {}})
    if too_few_rows(prepared, equation, chosen):
        reason = "could not be fitted with so few sessions a patient"
    else:
        fit = fit_equation(prepared, equation, chosen)
        if fit.converged and not fit.singular:
            return fit, chosen, []
        reason = "was singular" if fit.singular else "did not converge"
    check_rows(prepared, equation, simpler)
    said = (
        f"random_slopes='auto': the model of {equation.response} with a slope of each patient "
        f"{reason}; the slope was dropped."
    )
    return fit_equation(prepared, equation, simpler), simpler, [said]
