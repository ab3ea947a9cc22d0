"""find_ruptures: falls of the alliance and their repair, beside what chance brings about."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import is_whole, one_of
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.ruptures.analysis import analyse
from alliance_stats.models.ruptures.ratings import Ends, ratings_from
from alliance_stats.models.ruptures.result import RuptureResult
from alliance_stats.models.ruptures.rule import (
    LEAST_OWN,
    WINDOW,
    Autocorrelation,
    Rule,
    RuleName,
    rule_from,
)
from alliance_stats.models.ruptures.trends import Trend

SIMULATIONS = 999
#: Fewer simulations cannot show p = .05.
LEAST_SIMULATIONS = 19


def find_ruptures(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    rule: RuleName = "criterion",
    drop: float | None = None,
    sd: str | float = "own",
    lookback: int | None = 1,
    window: int = WINDOW,
    tolerance: float | None = None,
    penalty: float | None = None,
    autocorrelation: Autocorrelation | None = None,
    min_sessions: int = LEAST_OWN,
    reliability: float | None = None,
    trend: Literal["none", "common"] = "none",
    scale: Ends = "observed",
    step: float | str | None = "observed",
    simulations: int = SIMULATIONS,
    rng: RandomSource = 1,
) -> RuptureResult:
    """Find ruptures of the alliance, and say how many chance alone would bring about.

    Ratings go up and down without anything having happened. Sixteen ratings around a constant
    level fall by one of the patient's own standard deviations three to four times, in nearly every
    patient, and about half of these falls are "repaired" within two sessions. So every count
    stands beside its expectation in simulated ratings without ruptures, and what is tested is the
    excess.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session, numbered. A frame needs `roles`. The alliance column is raw, higher
        being better.
    roles : Roles or dict, optional
    rule : {"criterion", "control_chart", "partition", "regression"}
        ``"criterion"``: a fall of `drop` standard deviations from the sessions just before.
        ``"control_chart"``: a rating below the lower limit of a chart of individual ratings.
        ``"partition"``: the series is cut into segments of a high and a low level.
        ``"regression"``: a departure from the patient's own line over sessions.
    drop : float, optional
        How far, in standard deviations. Unless given 1 (criterion, and distance of the two levels
        of a partition), 3 (control chart: limits at mean ± 2.66 mean moving ranges) or 2
        (regression, in residual standard deviations).
    sd : {"own", "pooled"} or float
        Standard deviation of the criterion: the patient's own, that within patients pooled over
        them, or a known one. Own ones need 8 ratings.
    lookback : int or None
        Sessions before, of whose ratings the highest is what the criterion falls from; 1 is the
        session before, None all sessions so far. Session numbers are counted strictly: with 1 a
        rating after a session without a rating has nothing to fall from.
    window : int
        Session numbers after a rupture's first in which a return is a repair. A rupture that is
        not repaired by then is closed, and another may follow.
    tolerance : float, optional
        A return is one to within this many standard deviations of the level before (criterion:
        the reference; chart: the mean; regression: the line). 0.5 unless given; a partition has
        none: it is repaired where the high level is entered again.
    penalty : float, optional
        Cost of a change of level in a partition, in mean squares within levels; log n (BIC)
        unless given.
    autocorrelation : {"widen", "refuse"}, optional
        Limits of a control chart hold for independent ratings. ``"widen"`` (the default) corrects
        them for the correlation of neighbouring sessions; ``"refuse"`` raises where the
        correlation differs from 0.
    min_sessions : int
        Patients with fewer ratings are left out and counted; at least 8 where the standard
        deviation is the patient's own.
    reliability : float, optional
        Reliability of one session's rating within patients. Without it all of a rating is taken
        to be autocorrelated; with it, a share 1 − reliability of the variance is error.
    trend : {"none", "common"}
        Whether ratings without ruptures stay at the patient's level, or rise and fall with the
        slope over sessions that all patients share. Rising ratings fall less often. The
        regression rule has the patient's own lines.
    scale : (float, float), "observed" or None
        Lowest and highest possible rating; those of the file, or none. A ceiling limits how far
        ratings rise and fall.
    step : float, "observed" or None
        Smallest difference of ratings; as the file shows it, or none.
    simulations : int
    rng : int, SeedSequence or Generator
        Random numbers of the simulations.

    Returns
    -------
    RuptureResult

    Raises
    ------
    DataError
        No patient that can be judged; session numbers that are not whole; no neighbouring
        sessions; ratings beyond the scale; correlated neighbours with
        ``autocorrelation="refuse"``.
    ArgumentError
        For arguments that are unknown, out of range, or belong to another rule.

    Warns
    -----
    DataWarning
        Patients left out; an autocorrelation at the end of what can be matched.

    Notes
    -----
    In the ratings without ruptures every patient keeps mean, standard deviation and pattern of
    rated sessions; all share a first-order autoregression, matched to the observed pooled
    autocorrelation so that the bias of short series is undone. Counts are those of patterns in
    ratings: whether anything happened between the two people they do not show, in excess of chance
    or not.

    References
    ----------
    Eubanks-Carter, C., Gorman, B. S., & Muran, J. C. (2012). Quantitative naturalistic methods for
    detecting change points in psychotherapy research: An illustration with alliance ruptures.
    Psychotherapy Research, 22(6), 621–637.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> sessions = pd.DataFrame({
    ...     "patient": np.repeat(np.arange(40), 12), "session": np.tile(np.arange(1, 13), 40),
    ...     "wai": 50 + rng.normal(0, 6, 480), "phq": 10.0})
    >>> result = al.models.find_ruptures(sessions, al.Roles(alliance="wai", outcome="phq"))
    >>> found = result.chance.set_index("measure").loc["ruptures"]
    >>> bool(found["expected_low"] <= found["observed"] <= found["expected_high"])
    True
    """
    data = sessions_from(sessions, roles)
    if data.roles is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    chosen = rule_from(
        rule, drop=drop, sd=sd, lookback=lookback, window=window, tolerance=tolerance,
        penalty=penalty, autocorrelation=autocorrelation, min_sessions=min_sessions,
    )  # fmt: skip
    check_simulations(simulations)
    share = reliability_share(reliability)
    generator = as_generator(rng)
    ratings = ratings_from(data.frame, data.roles, chosen, ends=scale, step=step)
    analysis = analyse(
        ratings.series, chosen, scale=ratings.scale, reliability=share, simulations=simulations,
        rng=generator, trend=_trend(trend, chosen),
    )  # fmt: skip
    _check_correlation(chosen, analysis.z_autocorrelation, analysis.null.autocorrelation)
    result = RuptureResult(
        ratings, chosen, analysis, data.roles, rng if isinstance(rng, int) else None
    )
    for message in result.messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return result


def check_simulations(simulations: object) -> None:
    """Raise ArgumentError for a number of simulations that shows no p = .05."""
    if not is_whole(simulations) or simulations < LEAST_SIMULATIONS:
        raise ArgumentError(
            f"simulations={simulations!r} is not a usable number. Give a whole number from "
            f"{LEAST_SIMULATIONS}, such as {SIMULATIONS}."
        )


def reliability_share(reliability: float | None) -> float:
    """The share of a rating's variance that is no error; raise for one that is none."""
    if reliability is None:
        return 1.0
    is_number = isinstance(reliability, int | float | np.number)
    if not is_number or isinstance(reliability, bool) or not 0 < float(reliability) <= 1:
        raise ArgumentError(
            f"reliability={reliability!r} is not above 0 and at most 1. Give the reliability of "
            "one session's rating within patients, such as 0.8."
        )
    return float(reliability)


def _trend(trend: Trend, rule: Rule) -> Trend:
    one_of(trend, ("none", "common"), name="trend")
    if trend != "none" and rule.trend:
        raise ArgumentError(
            f"trend={trend!r} would be ignored: with rule='regression' every patient has a line of "
            "their own. Leave it out."
        )
    return trend


def _check_correlation(rule: Rule, z: float, r: float) -> None:
    """Raise where a control chart shall be refused for ratings that are not independent."""
    if rule.autocorrelation == "refuse" and abs(z) > 1.96:
        raise DataError(
            f"neighbouring ratings correlate {r:.2f} within patients (z = {z:.1f} against none): "
            "limits of a control chart hold for independent ratings. Use "
            "autocorrelation='widen'."
        )
