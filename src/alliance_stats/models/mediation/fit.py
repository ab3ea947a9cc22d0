"""fit_mediation: through what does the alliance go with the outcome?

The alliance may go with the outcome because it goes with something else that does: motivation,
homework, disclosure, insight. The indirect effect is the product of two paths, from the alliance
to the mediator and from the mediator to the outcome, level by level.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats._base.random import RandomSource, seed_of
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Moment, Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.models.mediation.bootstrap import bootstrap_draws
from alliance_stats.models.mediation.draws import Draws, Interval
from alliance_stats.models.mediation.estimates import level_estimates
from alliance_stats.models.mediation.monte_carlo import monte_carlo_draws
from alliance_stats.models.mediation.prepare import PreparedMediation, prepare_mediation
from alliance_stats.models.mediation.result import MediationResult
from alliance_stats.models.mediation.specification import (
    PATHS,
    MediationFits,
    MediationSpecification,
    check_rows,
    fit_mediation_models,
    too_few_rows,
)
from alliance_stats.models.prepare import TIMES, Time, TimeColumn
from alliance_stats.models.slopes import Slopes, checked_slopes

SLOPES_ALLOWED = {"patient": tuple(PATHS), "therapist": tuple(PATHS)}
N_DRAWS = 5000
N_BOOT = 1000
#: Fewer draws than this do not show the ends of an interval.
LEAST_DRAWS = {"monte-carlo": 1000, "bootstrap": 100}


def fit_mediation(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    mediator: str,
    predictor: str | None = None,
    mediator_at: Moment | None = None,
    contemporaneous: bool = False,
    step: int = 1,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | Literal["auto"] | None = None,
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
    interval: Interval = "monte-carlo",
    n_draws: int | None = None,
    n_boot: int | None = None,
    rng: RandomSource = 0,
) -> MediationResult:
    """Estimate how much of what goes with the alliance goes through a mediator, level by level.

    Use it for ratings at many sessions and a mediator that is rated at sessions too. Effects are
    statistical: products of regression coefficients. That one rating comes before the other is
    built into the model; that nothing else moves mediator and outcome is not, and no data show it.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. Ratings are raw columns: they are centred on all
        observed ratings of the patient first, then lagged. With a therapist role the model has
        three levels.
    roles : Roles or dict, optional
        With ``outcome_at``, and ``alliance_at`` unless `predictor` is given.
    mediator : str
        Column of the mediator, rated at sessions.
    predictor : str, optional
        Column of a predictor that is one value a patient, such as expectation, early alliance or
        treatment (numbers or two categories): the design 2-1-1, in which effects are between
        patients (or therapists) only. By default the predictor is the alliance at every session:
        1-1-1, with an effect within patients and effects between them.
    mediator_at : {"before", "after"}, optional
        Whether the mediator is rated before or after the session. Together with the roles
        ``alliance_at`` and ``outcome_at`` it decides which session's ratings are the steps of the
        chain: each is followed by the earliest one of the next kind. It must be given unless
        `contemporaneous`.
    contemporaneous : bool
        Whether to take all three ratings from the same session, without earlier ones. Nothing
        then says which comes first, and the result cautions about it.
    step : int
        Sessions between successive ratings, for ratings at every `step`-th session. Gaps are never
        bridged.
    time : {"linear", "log", "factor", "patient", "none"}
        How the common trend enters both equations, as in `fit_within_between`.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    random_slopes : mapping or "auto", optional
        Paths within patients that differ between members of a unit: ``"a"`` (to the mediator),
        ``"b"`` (from the mediator), ``"direct"``. Default ``{"patient": ["a", "b"]}`` (2-1-1:
        ``["b"]``), kept even where a variance is estimated as zero (then said). Where a and b both
        vary, both equations are fitted as one model and the indirect effect holds the covariance
        of the two paths. ``{}`` for none. ``"auto"`` drops them only if a fit is singular or fails.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, with counts, or count for the
        therapist of their earliest session with a known one.
    reml : bool
        Restricted (default) or full maximum likelihood.
    interval : {"monte-carlo", "bootstrap"}
        Percentiles of effects over draws of the parameters from their joint normal distribution;
        or over refits to resampled patients (therapists, where there are any).
    n_draws, n_boot : int, optional
        Number of Monte Carlo draws (5,000) or of resamples (1,000).
    rng : int, SeedSequence or Generator

    Returns
    -------
    MediationResult

    Raises
    ------
    ArgumentError
        If the order of the ratings is not known; for arguments that are unknown or would be
        ignored; if the mediator is the alliance, the outcome or the predictor.
    DataError
        For a mediator that is constant within patients, a predictor that varies within them,
        centred or lagged columns, too few sessions in a row, patients with several therapists.

    Warns
    -----
    DataWarning, FitWarning
        Sessions lost to gaps and missing ratings; singular or failed fits. Also kept in
        ``result.messages``.

    References
    ----------
    Bauer, D. J., Preacher, K. J., & Gil, K. M. (2006). Conceptualizing and testing random indirect
    effects and moderated mediation in multilevel models. Psychological Methods, 11, 142–163.

    Preacher, K. J., Zyphur, M. J., & Zhang, Z. (2010). A general multilevel SEM framework for
    assessing multilevel mediation. Psychological Methods, 15, 209–233.

    Maxwell, S. E., & Cole, D. A. (2007). Bias in cross-sectional analyses of longitudinal
    mediation. Psychological Methods, 12, 23–44.

    Examples
    --------
    >>> import numpy as np
    >>> import alliance_stats as al
    >>> data = al.load_example("sessions")
    >>> noise = np.random.default_rng(1).normal(size=len(data.frame))
    >>> frame = data.frame.assign(motivation=0.05 * data.frame["wai_total"] + noise)
    >>> result = al.models.fit_mediation(
    ...     frame, data.roles, mediator="motivation", mediator_at="before", random_slopes={})
    >>> result.prepared.chain.words()
    'wai_total after session t -> motivation before session t + 1 -> phq9 before session t + 2'
    >>> result.tidy()["effect"].tolist()[:5]
    ['within_total', 'within_indirect', 'within_direct', 'within_a', 'within_b']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_choices(time, time_column, reml, contemporaneous, mediator_at, step)
    _check_change(therapist_change, known)
    n = _check_draws(interval, n_draws, n_boot)
    seed = seed_of(rng)
    slopes = checked_slopes(
        random_slopes,
        {"patient": ("a", "b") if predictor is None else ("b",)},
        SLOPES_ALLOWED if predictor is None else dict.fromkeys(SLOPES_ALLOWED, ("b",)),
        therapists=known.therapist is not None,
    )
    prepared = prepare_mediation(
        data, known, predictor=predictor, mediator=mediator, mediator_at=mediator_at,
        contemporaneous=contemporaneous, step=int(step), time_column=time_column,
        therapist_change=therapist_change,
    )  # fmt: skip
    chosen = MediationSpecification(time, time_column, slopes, reml)
    path: tuple[str, ...] = ()
    if random_slopes == "auto":
        fits, chosen, path = _auto(prepared, chosen)
    else:
        check_rows(prepared, chosen)
        fits = fit_mediation_models(prepared, chosen)
    levels = level_estimates(fits, prepared, chosen)
    if interval == "monte-carlo":
        drawn = Draws(interval, n, seed, monte_carlo_draws(levels, n, seed))
    else:
        drawn = bootstrap_draws(fits, prepared, chosen, n, seed)
    result = MediationResult(fits, prepared, chosen, levels, drawn, path)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in (*path, *result.about_fits, *drawn.messages):
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _auto(
    prepared: PreparedMediation, chosen: MediationSpecification
) -> tuple[MediationFits, MediationSpecification, tuple[str, ...]]:
    """Fit with the default slopes; without them only if a fit with them is singular or fails."""
    simpler = replace(chosen, slopes={})
    if too_few_rows(prepared, chosen) is not None:
        reason = "could not be fitted with so few sessions a patient"
    else:
        fits = fit_mediation_models(prepared, chosen)
        all_fits = fits.named().values() if fits.joint is None else (fits.joint,)
        if all(fit.converged and not fit.singular for fit in all_fits):
            return fits, chosen, ()
        failed = any(not fit.converged for fit in all_fits)
        reason = "did not converge" if failed else "was singular"
    check_rows(prepared, simpler)
    said = (
        f"random_slopes='auto': the model with paths that differ between patients {reason}; the "
        "slopes were dropped."
    )
    return fit_mediation_models(prepared, simpler), simpler, (said,)


def _check_choices(
    time: str,
    time_column: str,
    reml: bool,
    contemporaneous: bool,
    mediator_at: str | None,
    step: int,
) -> None:
    one_of(time, TIMES, name="time")
    one_of(time_column, ("session", "time"), name="time_column")
    one_of(reml, (True, False), name="reml")
    one_of(contemporaneous, (True, False), name="contemporaneous")
    one_of(mediator_at, ("before", "after", None), name="mediator_at")
    if not is_whole(step) or step < 1:
        raise ArgumentError(
            f"step={step!r} is not a number of sessions back. Give 1, 2, 3, …; "
            "later sessions are not looked at."
        )
    if time == "none" and time_column != "session":
        raise ArgumentError(
            f"time_column={time_column!r} would be ignored with time='none'. Leave one out."
        )
    if contemporaneous and (mediator_at is not None or step != 1):
        given = f"mediator_at={mediator_at!r}" if mediator_at is not None else f"step={step!r}"
        raise ArgumentError(
            f"{given} would be ignored with contemporaneous=True, which takes all ratings from "
            "one session. Leave one out."
        )


def _check_change(therapist_change: TherapistChange, roles: Roles) -> None:
    check_way(therapist_change, roles.therapist)
    if therapist_change in ("dyad", "crossed"):
        raise ArgumentError(
            f"therapist_change={therapist_change!r} is not possible in fit_mediation: what "
            "precedes what runs through all sessions of a patient. Use therapist_change='first', "
            "or leave the therapist role out."
        )


def _check_draws(interval: str, n_draws: int | None, n_boot: int | None) -> int:
    """The number of draws; raises for one that is too small or would be ignored."""
    one_of(interval, ("monte-carlo", "bootstrap"), name="interval")
    names = {"monte-carlo": ("n_draws", n_draws, N_DRAWS), "bootstrap": ("n_boot", n_boot, N_BOOT)}
    other = next(name for key, (name, value, _) in names.items() if key != interval)
    ignored = n_boot if interval == "monte-carlo" else n_draws
    if ignored is not None:
        raise ArgumentError(
            f"{other}={ignored!r} would be ignored with interval={interval!r}. Leave it out."
        )
    name, given, default = names[interval]
    n = default if given is None else given
    least = LEAST_DRAWS[interval]
    if not is_whole(n) or n < least:
        raise ArgumentError(
            f"{name}={n!r} is no usable number of draws. Give a whole number from {least:,}, such "
            f"as {default:,}."
        )
    return int(n)
