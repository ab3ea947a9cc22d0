"""What chance brings about: ratings without ruptures, fitted to the patients at hand.

Each patient keeps mean, standard deviation, number of sessions and missing ratings; all share one
autoregression. Its coefficient is the one whose simulated studies have on average the pooled
lag-one autocorrelation that is observed (indirect inference), which undoes the bias of short
series, of missing ratings, of rounding and of the ends of the scale at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from alliance_stats.models.ruptures.latent import latent_moments, spread_factor
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Floats, Series, lag_one
from alliance_stats.models.ruptures.simulate import Scale, draw_noise, ratings_of
from alliance_stats.models.ruptures.trends import Trend, centred_time, residuals, slopes

#: Ends of the search for the coefficient.
LOWEST, HIGHEST = -0.9, 0.97
#: Simulated series behind the match, at least and at most this many studies.
_MATCH_SERIES, _LEAST, _MOST = 6_000, 80, 500
#: Fewer studies where they would hold more ratings than this together.
_FEWEST, _MATCH_RATINGS = 20, 12_000_000
#: Half the difference of coefficients between which slopes are taken.
STEP = 0.04


@dataclass(frozen=True, eq=False)
class Null:
    """A study without ruptures.

    Attributes
    ----------
    series : Series
        The data.
    rho : float
        Coefficient of the autoregression.
    autocorrelation : float
        The observed pooled lag-one autocorrelation that it matches.
    slope : float
        Change of the mean simulated autocorrelation with rho.
    matched : bool
        False where rho is at an end of its search.
    reliability : float
    scale : Scale
    trend : {"none", "common", "own"}
        Whether levels follow one slope of all patients, or the patient's own line.
    same_spread : bool
        Whether every simulated series is given the patient's own sample mean and standard
        deviation (before rounding and cutting), as it must be where the rule's standard deviation
        is not the patient's own: what is left to chance is the shape.
    """

    series: Series
    rho: float
    autocorrelation: float
    slope: float
    matched: bool
    reliability: float
    scale: Scale
    trend: Trend
    same_spread: bool

    def studies(self, rng: np.random.Generator, n: int, *, rho: float | None = None) -> Series:
        """Simulate `n` studies."""
        shape = (*self.series.seen.shape, n)
        noise = draw_noise(rng, shape, self.reliability)
        use = self.rho if rho is None else rho
        level, sigma = level_sigma(
            self.series, use, self.reliability, self.scale, trend=self.trend,
            as_seen=self.same_spread,
        )  # fmt: skip
        return ratings_of(
            noise, level=level, sigma=sigma[:, None], rho=use, reliability=self.reliability,
            scale=self.scale, like=self.series, standardised=self.same_spread,
        )  # fmt: skip

    def rhos(self, series: Series) -> tuple[Floats, Floats]:
        """Coefficient of each study as it would be estimated from it, and its autocorrelation."""
        seen = autocorrelation(series, trend=self.trend)
        if not self.matched:
            return np.full(len(seen), self.rho), seen
        own = self.rho + (seen - self.autocorrelation) / self.slope
        return np.clip(own, LOWEST, HIGHEST), seen

    def neighbours(self, rho: Floats) -> Floats:
        """Correlation of neighbouring ratings, error included."""
        return self.reliability * rho


def autocorrelation(series: Series, *, trend: Trend) -> Floats:
    """Pooled lag-one autocorrelation around the patients' means or lines (n_studies,)."""
    return lag_one(residuals(series, trend), series)


def level_sigma(
    series: Series,
    rho: float,
    reliability: float,
    scale: Scale,
    *,
    trend: Trend,
    as_seen: bool = False,
) -> tuple[Floats, Floats]:
    """Level at every session (n_sessions, n_patients) and σ (n_patients,) of the data.

    With `as_seen` σ is the standard deviation of the ratings themselves, not of their process.
    """
    left = residuals(series, trend)
    df = series.n[:, 0] - 1.0 - (trend == "own")
    squares = np.einsum("tpm,tpm->p", left, left) / df
    factor = 1.0 if as_seen else np.maximum(spread_factor(series, rho, reliability), 0.05)
    level, sigma = latent_moments(series.mean[:, 0], np.sqrt(squares / factor), scale)
    return level + centred_time(series) * slopes(series, trend)[:, 0], sigma


def estimate_null(
    series: Series,
    rule: Rule,
    *,
    scale: Scale,
    reliability: float,
    rng: np.random.Generator,
    trend: Trend = "none",
) -> Null:
    """Match the autoregression to the data; the same random numbers at every coefficient tried."""
    trend = "own" if rule.trend else trend
    observed = float(autocorrelation(series, trend=trend)[0])
    n = int(np.clip(_MATCH_SERIES // series.seen.shape[1], _LEAST, _MOST))
    n = min(n, max(_FEWEST, _MATCH_RATINGS // series.seen.size))
    noise = draw_noise(rng, (*series.seen.shape, n), reliability)

    def mean_at(rho: float) -> float:
        level, sigma = level_sigma(series, rho, reliability, scale, trend=trend)
        drawn = ratings_of(
            noise, level=level, sigma=sigma[:, None], rho=rho, reliability=reliability,
            scale=scale, like=series,
        )  # fmt: skip
        return float(autocorrelation(drawn, trend=trend).mean())

    start = float(np.clip(observed / reliability, LOWEST + 0.1, HIGHEST - 0.1))
    rho, matched = _root(lambda value: mean_at(value) - observed, start)
    ends = max(rho - STEP, LOWEST), min(rho + STEP, HIGHEST)
    slope = (mean_at(ends[1]) - mean_at(ends[0])) / (ends[1] - ends[0])
    return Null(
        series, rho, observed, slope, matched, reliability, scale, trend,
        same_spread=rule.name == "criterion" and rule.sd != "own",
    )  # fmt: skip


def _root(f: Callable[[float], float], start: float) -> tuple[float, bool]:
    """Where f crosses 0 next to `start`, rising; else the end of the search, and False.

    At coefficients near 1 a series hardly leaves its own mean, and error makes its autocorrelation
    fall again: so the search walks away from the start and stops at the first crossing.
    """
    at, value = start, f(start)
    step = 0.1 if value < 0.0 else -0.1
    best = (value, at)
    while True:
        then = float(np.clip(at + step, LOWEST, HIGHEST))
        if then == at:
            return best[1], False
        after = f(then)
        if (after < 0.0) != (value < 0.0):
            return float(brentq(f, min(at, then), max(at, then), xtol=1e-3)), True
        at = then
        best = max(best, (after, at)) if step > 0 else min(best, (after, at))
