"""Profile-likelihood intervals of one parameter of a selection model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from alliance_stats.meta.bias.selection.search import Point, Search

#: Steps outwards, each 1.6 times the one before, after which an interval counts as open.
MAX_STEPS = 25
GROWTH = 1.6
#: A weight below the exponential of this, or above that of its negative, is 0 or infinite.
LOG_LIMIT = -14.0


def profile_interval(
    search: Search, best: Point, position: int, conf_level: float, width: float
) -> tuple[float, float]:
    """Where the profile of parameter `position` of (β, τ², η) crosses the level, both sides.

    Parameters
    ----------
    search : Search
    best : Point
        The maximum.
    position : int
    conf_level : float
    width : float
        A first guess of half the interval, on the scale searched on.

    Returns
    -------
    low, high : float
        On the natural scale: weights and not their logarithms; 0 or inf where the profile never
        crosses.
    """
    drop = _Drop(search, best, position, 0.5 * float(chdtri(1.0, 1.0 - conf_level)))
    ends = [_end(drop, side, width) for side in (-1.0, 1.0)]
    return drop.natural(ends[0]), drop.natural(ends[1])


class _Drop:
    """How far the profile lies below the level, along one parameter."""

    def __init__(self, search: Search, best: Point, position: int, allowed: float) -> None:
        self.search, self.best, self.position, self.allowed = search, best, position, allowed
        p = search.p
        self.kind = "beta" if position < p else "tau2" if position == p else "eta"
        self.held = search.held()
        self.held[position] = True
        self.last = best

    @property
    def centre(self) -> float:
        """The estimate on the scale searched on."""
        p = self.search.p
        if self.kind == "beta":
            return float(self.best.beta[self.position])
        if self.kind == "tau2":
            return self.best.tau2
        eta = float(self.best.eta[self.position - p - 1])
        return float(np.log1p(eta)) if self.search.beta_scale else eta

    @property
    def lowest(self) -> float:
        """Below this there is nothing."""
        return {"beta": -np.inf, "tau2": 0.0, "eta": LOG_LIMIT}[self.kind]

    def natural(self, value: float) -> float:
        """A value searched on, as it is read."""
        if self.kind != "eta":
            return value
        if value <= LOG_LIMIT:
            return 0.0
        return float(np.exp(value)) if value < -LOG_LIMIT else np.inf

    def __call__(self, value: float) -> float:
        """Below 0 inside the interval."""
        found = self.search.highest(self._at(value), held=self.held)
        if found.converged:
            self.last = found
        return self.best.loglik - found.loglik - self.allowed

    def _at(self, value: float) -> Point:
        last, p = self.last, self.search.p
        if self.kind == "beta":
            beta = last.beta.copy()
            beta[self.position] = value
            return replace(last, beta=beta)
        if self.kind == "tau2":
            return replace(last, tau2=value)
        eta = last.eta.copy()
        eta[self.position - p - 1] = np.expm1(value) if self.search.beta_scale else value
        return replace(last, eta=eta)


def _end(drop: _Drop, side: float, width: float) -> float:
    """Where the drop crosses 0 on one side of the estimate."""
    drop.last = drop.best
    inside, step = drop.centre, width
    for _ in range(MAX_STEPS):
        outside = max(inside + side * step, drop.lowest)
        if outside > -LOG_LIMIT and drop.kind == "eta":
            return np.inf
        if drop(outside) > 0:
            return _crossing(drop, inside, outside)
        if outside == drop.lowest:
            return outside
        inside, step = outside, step * GROWTH
    return side * np.inf


def _crossing(drop: Callable[[float], float], inside: float, outside: float) -> float:
    if inside == outside:
        return inside
    if drop(inside) >= 0:
        return inside
    return float(brentq(drop, inside, outside, xtol=1e-12, rtol=1e-9))
