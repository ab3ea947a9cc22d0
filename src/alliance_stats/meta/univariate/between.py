"""Estimators of the variance τ² between studies, many data sets side by side.

DL: DerSimonian & Laird (1986, Control. Clin. Trials 7, 177–188). HE: Hedges & Olkin (1985,
Statistical methods for meta-analysis). HS, HSk: Hunter & Schmidt (2004), k of them corrected for
the coefficients. SJ: Sidik & Jonkman (2005, J. R. Stat. Soc. C 54, 367–384). PM: Paule & Mandel
(1982, J. Res. Natl. Bur. Stand. 87, 377–385), the same root as EB, empirical Bayes: Morris (1983,
J. Am. Stat. Assoc. 78, 47–55). ML and REML: Viechtbauer (2005, J. Educ. Behav. Stat. 30, 261–293).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from alliance_stats.meta.univariate.kernel import (
    DataSets,
    Floats,
    Weighted,
    fit_at,
    weighted_fit,
)

Method = Literal["REML", "ML", "DL", "HE", "HS", "HSk", "SJ", "PM", "EB", "EE"]
METHODS: tuple[Method, ...] = get_args(Method)
#: Those that a closed formula gives, which may fall below 0.
CLOSED = ("DL", "HE", "HS", "HSk", "SJ")

MAX_ITERATIONS = 100
#: Effect sizes looked at in one step of the grid, at most.
MAX_CELLS = 50_000
#: A Newton step this small, relative, leaves an error of its square.
CLOSE = 1e-8
ROUNDING = 1e-14
#: Points of the grid on which likelihoods are looked at first: 0 and these shares of the bound.
GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 20)])


@dataclass(frozen=True, eq=False)
class Between:
    """τ² of every data set.

    Attributes
    ----------
    tau2 : array (B,)
        At least 0.
    raw : array (B,)
        What a closed formula gave before it was cut at 0; else `tau2`.
    converged : array (B,) of bool
    """

    tau2: Floats
    raw: Floats
    converged: np.ndarray


def estimate_between(data: DataSets, method: Method, start: Floats | None = None) -> Between:
    """Estimate τ² of every data set.

    Parameters
    ----------
    data : DataSets
    method : str
        One of `METHODS`; ``"EE"`` gives 0.
    start : array (B,), optional
        Where ML, REML, PM and EB begin: near the solution, as in data sets that differ in one
        study. Without it likelihoods are looked at over a grid first, for they can have several
        maxima; from a start near the lower of two, that one is found.
    """
    b = len(data.k)
    if method == "EE":
        zero = np.zeros(b)
        return Between(zero, zero, np.ones(b, dtype=bool))
    if method in CLOSED:
        raw = _closed(data, method)
        return Between(np.maximum(raw, 0.0), raw, np.ones(b, dtype=bool))
    solve = _root_of_q if method in ("PM", "EB") else _highest
    tau2, converged = solve(data, method, start)
    return Between(tau2, tau2, converged)


def _closed(data: DataSets, method: Method) -> Floats:
    """The estimators by moments."""
    if method == "HE":
        plain = weighted_fit(data, data.keep)
        expected = _expected(plain, data.vi)
        return (plain.ypy - expected) / data.df
    if method == "SJ":
        first = crude_variance(data)
        return first * fit_at(data, first).ypy / data.df
    fit = fit_at(data, np.zeros(len(data.k)))
    if method == "DL":
        return (fit.ypy - data.df) / fit.trace_p
    if method == "HS":
        return (fit.ypy - data.k) / data.sums(fit.w)
    return (fit.ypy * data.k / data.df - data.k) / data.sums(fit.w)


def _expected(fit: Weighted, variances: Floats) -> Floats:
    """tr PΣ of a diagonal Σ: the expectation of y'Py, (B,)."""
    data = fit.data
    hat = fit.inverse @ data.crossed(fit.squared * variances)
    return data.sums(fit.w * variances) - np.trace(hat, axis1=-2, axis2=-1)


def crude_variance(data: DataSets) -> Floats:
    """Mean squared deviation of the effect sizes from their mean, (B,): where SJ begins."""
    mean = data.sums(data.keep * data.yi) / data.k
    return data.sums(data.keep * (data.yi - mean[:, None]) ** 2) / data.k


def _root_of_q(data: DataSets, _: Method, start: Floats | None) -> tuple[Floats, np.ndarray]:
    """Where y'P(τ²)y = k − p."""
    return solve_q(data, data.df, start)


def solve_q(
    data: DataSets, target: Floats, start: Floats | None = None
) -> tuple[Floats, np.ndarray]:
    """The τ² at which y'P(τ²)y falls to `target` (B,), 0 where it is lower at once.

    The function falls and is convex, so that Newton steps from 0 rise to the root; from a start
    above it the first step falls below.
    """

    def step(some: DataSets, at: Floats, goal: Floats) -> Floats:
        fit = fit_at(some, at)
        return np.maximum(at + (fit.ypy - goal[0]) / fit.yppy, 0.0)

    tau2 = np.zeros(len(data.k)) if start is None else np.maximum(start, 0.0)
    return iterate(data, step, tau2, target[None])


def _highest(data: DataSets, method: Method, start: Floats | None) -> tuple[Floats, np.ndarray]:
    """Where the (restricted) likelihood is highest."""
    reml, high = method == "REML", upper_bound(data)
    if start is not None:
        bounds = np.stack([np.full(len(high), -1.0), high])
        return _climb(data, reml, np.clip(start, 0.0, high), bounds)
    peak, of = _peaks(data, reml, high)
    low = np.where(peak == 0, -1.0, GRID[np.maximum(peak - 1, 0)] * high[of])
    above = GRID[np.minimum(peak + 1, len(GRID) - 1)] * high[of]
    whole = len(of) == len(high)
    some = data if whole else data.take(of)
    tau2, converged = _climb(some, reml, GRID[peak] * high[of], np.stack([low, above]))
    if whole:
        return tau2, converged
    value = log_likelihoods_at(some, tau2, reml)
    order = np.lexsort((-value, of))
    best = order[np.searchsorted(of[order], np.arange(len(high)))]
    return tau2[best], converged[best]


def _climb(data: DataSets, reml: bool, start: Floats, bounds: Floats) -> tuple[Floats, np.ndarray]:
    """Newton steps to a maximum, kept between bounds (2, B).

    The lower bound is −1 until the likelihood is known to rise somewhere below.
    """

    def step(some: DataSets, at: Floats, bounds: Floats) -> Floats:
        slope, curvature, information = likelihood_slopes(fit_at(some, at), reml)
        np.copyto(bounds[0], at, where=slope > 0)
        np.copyto(bounds[1], at, where=slope <= 0)
        low, high = bounds
        new = at + slope / np.where(curvature > 0, curvature, information)
        new = np.where(low < 0, np.maximum(new, 0.0), new)
        middle = 0.5 * (np.maximum(low, 0.0) + high)
        return np.where((new > low) & (new < high), new, middle)

    return iterate(data, step, start, bounds)


def likelihood_slopes(fit: Weighted, reml: bool) -> tuple[Floats, Floats, Floats]:
    """Slope of the log-likelihood in τ², observed and expected information, (B,) each."""
    trace = fit.trace_p if reml else fit.data.sums(fit.w)
    trace2 = fit.trace_pp if reml else fit.data.sums(fit.squared)
    slope = 0.5 * (fit.yppy - trace)
    return slope, fit.ypppy - 0.5 * trace2, 0.5 * trace2


def upper_bound(data: DataSets) -> Floats:
    """A τ² above which both likelihoods only fall, (B,).

    With s = RSS/(k − p) of the unweighted fit and the largest v, it is s + v.
    """
    plain = weighted_fit(data, data.keep)
    return plain.ypy / data.df + (data.keep * data.vi).max(axis=1)


def _peaks(data: DataSets, reml: bool, high: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Points of the grid no lower than their neighbours, and the data sets they are of.

    Sorted by data set; nearly all have a single peak.
    """
    at_once = max(1, MAX_CELLS // data.keep.size)
    pieces = [GRID[i : i + at_once] for i in range(0, len(GRID), at_once)]
    values = np.concatenate([_over_shares(data, reml, shares, high) for shares in pieces])
    outside = np.full((1, len(high)), -np.inf)
    around = np.concatenate([outside, values, outside])
    highest = (values > around[:-2]) & (values >= around[2:])
    of, peak = np.nonzero(highest.T)
    return peak, of


def _over_shares(data: DataSets, reml: bool, shares: Floats, high: Floats) -> Floats:
    """Log-likelihood at every share of the bounds `high` (B,), as (shares, B)."""
    b = len(high)
    if len(shares) > 1:
        data = data.take(np.tile(np.arange(b), len(shares)))
    return log_likelihoods_at(data, (shares[:, None] * high).ravel(), reml).reshape(-1, b)


def log_likelihoods_at(data: DataSets, tau2: Floats, reml: bool) -> Floats:
    """The (restricted) log-likelihood of every data set at its τ², (B,)."""
    return fit_at(data, tau2).log_likelihoods(data.vi + tau2[:, None])[int(reml)]


def iterate(
    data: DataSets,
    step: Callable[[DataSets, Floats, Floats], Floats],
    start: Floats,
    bounds: Floats,
) -> tuple[Floats, np.ndarray]:
    """Step every data set until it stands; those that do are left out of further steps.

    `step` takes data sets, their τ² and what goes with each, such as bounds (2, B), which it may
    narrow.
    """
    tau2, some = start.astype(float), data
    active = np.arange(len(tau2))
    size = data.sums(data.keep * data.vi) / data.k
    for _ in range(MAX_ITERATIONS):
        new = step(some, tau2[active], bounds)
        moving = np.abs(new - tau2[active]) > CLOSE * new + ROUNDING * size[active]
        tau2[active] = new
        if not moving.all():
            active, some, bounds = active[moving], some.take(moving), bounds[:, moving]
        if not len(active):
            break
    converged = np.ones(len(tau2), dtype=bool)
    converged[active] = False
    return tau2, converged
