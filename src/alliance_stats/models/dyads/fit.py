"""fit_dyads: what each of two members rates, from what they and the other rated.

The actor-partner interdependence model of distinguishable members over sessions (Kashy & Kenny,
2000; Kenny, Kashy & Cook, 2006): two rows a session, own effects of each member, random
intercepts that correlate, and a 2 × 2 residual block a session.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats._base.random import RandomSource, seed_of
from alliance_stats.data.lags import Gap
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.models.dyads.members import Given, Pair, check_concurrent, pair_of
from alliance_stats.models.dyads.prepare import Lag, prepare_dyads
from alliance_stats.models.dyads.result import DyadResult
from alliance_stats.models.dyads.specification import (
    SLOPES,
    DyadSpecification,
    check_rows,
    fit_dyad_model,
)
from alliance_stats.models.prepare import Time, TimeColumn
from alliance_stats.models.slopes import Slopes, checked_slopes

TIMES = ("linear", "log", "patient", "none")
SLOPES_ALLOWED = {"patient": SLOPES, "therapist": SLOPES}
BIAS_SIMULATIONS = 200
#: Fewer simulated studies than this do not show a bias of half a standard error.
LEAST_SIMULATIONS = 50


def fit_dyads(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    members: Given | None = None,
    lagged: bool | None = None,
    step: int | None = None,
    gap: Gap | None = None,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | None = None,
    therapist_level: bool | None = None,
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
    bias_simulations: int | None = None,
    rng: RandomSource = 0,
) -> DyadResult:
    """Estimate what goes with each member's rating: the own predictor, the other member's.

    Use it where patient and therapist, or two partners, both rate each session: does the
    therapist's view follow the patient's, or the patient's the therapist's? The effect of the own
    predictor is called actor effect, that of the other one partner effect. Each member has an
    intercept, trend, actor and partner effect of their own; intercepts of the members correlate
    over patients, and their residuals within a session. It estimates associations.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session, with the columns of both members. A frame needs `roles`. Ratings are
        raw: predictors are centred on all observed ratings of the patient first, then lagged.
    roles : Roles or dict, optional
    members : mapping, optional
        The two members by name, each with the columns ``predictor`` and ``outcome``:
        ``{"patient": {"predictor": "wai", "outcome": "phq9"}, "partner": {…}}``. By default
        patient and therapist with the roles ``alliance`` and ``alliance_therapist`` as predictor
        and outcome. Their scales may differ; see *Notes*.
    lagged : bool, optional
        Whether predictors are of an earlier session than outcomes. By default where the members'
        predictors are their outcomes (which ratings of the same session cannot be).
    step, gap
        Lagged models only, as in `fit_lagged`; by default 1 and ``"strict"``.
    time : {"linear", "log", "patient", "none"}
        How each member's trend enters; ``"patient"`` is a linear one that differs between patients.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    random_slopes : mapping, optional
        Effects that differ between members of a unit, of both members of the dyad:
        ``{"patient": ["actor", "partner"]}``. Default ``{}``: the same for all. With slopes the
        covariance of patients' effects has 10 (one slope) or 21 parameters, which needs many
        patients.
    therapist_level : bool, optional
        Whether both members' intercepts differ between therapists too, and predictors are split
        between patients and therapists. By default if there is a role ``therapist``.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, with counts, or count for the
        therapist of their earliest session with a known one.
    reml : bool
        Restricted (default) or full maximum likelihood.
    bias_simulations : int, optional
        Simulated studies behind each row of ``result.bias`` (200 by default, 0 for none), which
        is computed when first asked for. Only for lagged models of members' own past ratings.
    rng : int, SeedSequence or Generator
        Random numbers of these studies, and of the Monte Carlo interval of k in what is printed.

    Returns
    -------
    DyadResult

    Raises
    ------
    ArgumentError
        For members that are not two with columns of their own; arguments that are unknown or
        would be ignored.
    UnsupportedError
        If both members have the same outcome: one outcome with two raters.
    DataError
        For a member who never rates or never varies, centred or lagged columns, too few sessions
        with an earlier one, patients with several therapists.

    Warns
    -----
    DataWarning, FitWarning
        Sessions lost to a member; a singular or failed fit. Also kept in ``result.messages``.

    Notes
    -----
    A session in which one member's rating is missing keeps the other member's row. k, equality and
    distinguishability compare raw coefficients, and mean something only where both members rate
    on one scale.

    References
    ----------
    Kashy, D. A., & Kenny, D. A. (2000). The analysis of data from dyads and groups. In H. T. Reis
    & C. M. Judd (Eds.), Handbook of research methods in social and personality psychology.
    Kenny, D. A., Kashy, D. A., & Cook, W. L. (2006). Dyadic data analysis. Guilford.
    Kenny, D. A., & Ledermann, T. (2010). Detecting, measuring, and testing dyadic patterns in the
    actor–partner interdependence model. Journal of Family Psychology, 24, 359–366.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.models.fit_dyads(al.load_example("dyads"), bias_simulations=0)
    >>> result.effects[["effect", "group"]].to_numpy().tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['actor', 'patient'], ['actor', 'therapist'], ['partner', 'patient'],
     ['partner', 'therapist']]
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    pair = pair_of(members, known)
    lag = _lag(lagged, step, gap, pair)
    _check_choices(time, time_column, reml)
    known = _with_therapists(known, therapist_level, therapist_change)
    if random_slopes is not None and not isinstance(random_slopes, Mapping):
        raise ArgumentError(
            f"random_slopes={random_slopes!r} is not known. Give {{'patient': ['actor', "
            "'partner']}, one of the two, or {} for none (the default)."
        )
    n_simulations = _simulations(bias_simulations, lag, pair)
    slopes = checked_slopes(
        random_slopes, {}, SLOPES_ALLOWED, therapists=known.therapist is not None
    )
    chosen = DyadSpecification(
        time, time_column, {unit: names for unit, names in slopes.items() if names}, reml
    )
    prepared = prepare_dyads(
        data, known, pair, lag, time=time, time_column=time_column,
        therapist_change=therapist_change,
    )  # fmt: skip
    check_rows(prepared, chosen)
    fit = fit_dyad_model(prepared, chosen)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in fit.messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    return DyadResult(fit, prepared, chosen, data, n_simulations, seed_of(rng))


def _lag(lagged: bool | None, step: int | None, gap: Gap | None, pair: Pair) -> Lag:
    """The earlier session that predictors are of, by the arguments."""
    one_of(lagged, (True, False, None), name="lagged")
    if lagged is None:
        lagged = any(member.predictor in pair.outcomes for member in pair.both)
    if not lagged:
        for name, value in (("step", step), ("gap", gap)):
            if value is not None:
                raise ArgumentError(
                    f"{name}={value!r} would be ignored: predictors are of the same session. "
                    f"Leave {name} out, or give lagged=True."
                )
        check_concurrent(pair)
        return Lag(0, "strict")
    one_of(gap, ("strict", "previous", None), name="gap")
    step = 1 if step is None else step
    if not is_whole(step) or step < 1:
        raise ArgumentError(
            f"step={step!r} is not a number of sessions back. Give 1, 2, 3, …; "
            "later sessions are not looked at."
        )
    return Lag(int(step), gap or "strict")


def _check_choices(time: str, time_column: str, reml: bool) -> None:
    one_of(time, TIMES, name="time")
    one_of(time_column, ("session", "time"), name="time_column")
    one_of(reml, (True, False), name="reml")
    if time == "none" and time_column != "session":
        raise ArgumentError(
            f"time_column={time_column!r} would be ignored with time='none'. Leave one out."
        )


def _with_therapists(roles: Roles, level: bool | None, change: TherapistChange) -> Roles:
    """The roles, without a therapist where therapists are left out."""
    one_of(level, (True, False, None), name="therapist_level")
    if level and roles.therapist is None:
        raise ArgumentError(
            "therapist_level=True needs the role 'therapist'. Give roles=Roles(therapist=…), or "
            "leave it out."
        )
    roles = replace(roles, therapist=None) if level is False else roles
    check_way(change, roles.therapist)
    if change in ("dyad", "crossed"):
        raise ArgumentError(
            f"therapist_change={change!r} is not possible in fit_dyads: a patient's sessions are "
            "of one dyad. Use therapist_change='first', or therapist_level=False."
        )
    return roles


def _simulations(n: int | None, lag: Lag, pair: Pair) -> int:
    """Simulated studies; none where there is no bias to simulate."""
    possible = lag.step > 0 and pair.own_past
    if n is None:
        return BIAS_SIMULATIONS if possible else 0
    if not possible and n:
        raise ArgumentError(
            f"bias_simulations={n!r} would be ignored: only lagged models of members' own earlier "
            "ratings are simulated. Leave it out."
        )
    if not is_whole(n) or (n != 0 and n < LEAST_SIMULATIONS):
        raise ArgumentError(
            f"bias_simulations={n!r} is not a usable number of simulated studies. Give a whole "
            f"number from {LEAST_SIMULATIONS}, such as {BIAS_SIMULATIONS}, or 0 for none."
        )
    return int(n)
