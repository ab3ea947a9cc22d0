"""Profile-likelihood intervals of slopes and of their differences, which may be unbounded.

As the slope of a level grows without end, the profile deviance tends to that of the model in
which x does not vary at the level. Where this lies within the bound, no slope however large is
rejected, and the interval has no ends (compare Fieller, 1954, J. R. Stat. Soc. B 16, 175–185).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

import numpy as np
from scipy.special import ndtri

from alliance_stats.lmm.bivariate.fit import BivariateFit, held_deviance

MAX_STEPS = 60
#: An end is found when the signed root of the deviance is this near to its bound.
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class ProfileInterval:
    """Ends of an interval; infinite where no value is rejected, NaN where none was found."""

    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether both ends are numbers."""
        return bool(np.isfinite([self.low, self.high]).all())


def profile_interval(
    fit: BivariateFit, weights: np.ndarray, *, conf_level: float = 0.95
) -> ProfileInterval:
    """Interval of a slope, or of the difference of two.

    Parameters
    ----------
    fit : BivariateFit
    weights : ndarray (levels,)
        One 1, and for a difference one −1.
    conf_level : float
    """
    bound, base = _bound(conf_level), fit.evaluation.deviance
    if is_unbounded(fit, weights, conf_level=conf_level):
        return ProfileInterval(-inf, inf)
    used = np.flatnonzero(weights)
    estimate = float(weights[used] @ fit.coordinates[1 + 3 * used])
    if isnan(estimate):
        return ProfileInterval(nan, nan)
    variance = weights[used] @ fit.slope_covariance[np.ix_(used, used)] @ weights[used]
    se = sqrt(max(float(variance), 0.0)) / abs(fit.unit)
    se = se if np.isfinite(se) and se > 0 else 0.1 * max(1.0, abs(estimate))
    ends = []
    for side in (-1.0, 1.0):
        held = _held(fit, weights)
        ends.append(_end(held, base, estimate, side * se, bound))
    low, high = sorted(end * fit.unit for end in ends)
    return ProfileInterval(low, high)


def is_unbounded(fit: BivariateFit, weights: np.ndarray, *, conf_level: float = 0.95) -> bool:
    """Whether the profile interval of a slope (or difference) has no ends."""
    least = min(_without(fit, int(level)) for level in np.flatnonzero(weights))
    return bool(least - fit.evaluation.deviance <= _bound(conf_level) ** 2)


def _bound(conf_level: float) -> float:
    return float(ndtri((1.0 + conf_level) / 2.0))


def _without(fit: BivariateFit, level: int) -> float:
    """Deviance of the model in which x does not vary at a level; infinite for the innermost."""
    if level == 0:
        return inf
    k = len(fit.coordinates)
    start = np.where(np.isnan(fit.coordinates), 0.0, fit.coordinates)
    keep = np.setdiff1d(np.arange(k), [3 * level, 3 * level + 1])
    start[3 * level + 2] = float(np.hypot(*fit.factors[level][1]))
    return held_deviance(fit.criterion, start[keep], np.eye(k)[:, keep], np.zeros(k))[0]


def _held(fit: BivariateFit, weights: np.ndarray) -> Callable[[float], float]:
    """Deviance as a function of the slope (or difference); starts where the last call ended."""
    k = len(fit.coordinates)
    places = 1 + 3 * np.flatnonzero(weights)
    first = int(places[np.argmax(weights[weights != 0])])
    other = [int(place) for place in places if place != first]
    keep = np.setdiff1d(np.arange(k), [first])
    map_to = np.eye(k)[:, keep]
    for place in other:  # β_first = value + β_other
        map_to[first, np.flatnonzero(keep == place)] = 1.0
    offset = np.zeros(k)
    state = np.where(np.isnan(fit.coordinates), 0.0, fit.coordinates)[keep]

    def deviance(value: float) -> float:
        nonlocal state
        offset[first] = value
        found, at = held_deviance(fit.criterion, state, map_to, offset)
        if np.isfinite(found):
            state = at
        return found

    return deviance


def _end(
    deviance: Callable[[float], float], base: float, estimate: float, step: float, bound: float
) -> float:
    """Where the root of the deviance's rise reaches the bound, by bracketing and secants."""

    def rise(value: float) -> float:
        return sqrt(max(deviance(value) - base, 0.0)) - bound

    inner, at_inner = estimate, -bound
    outer = estimate + bound * step
    at_outer = rise(outer)
    for _ in range(MAX_STEPS):
        if at_outer >= 0:
            break
        inner, at_inner = outer, at_outer
        outer = estimate + 1.6 * (outer - estimate)
        at_outer = rise(outer)
    else:
        return nan
    for _ in range(MAX_STEPS):
        if min(abs(at_inner), abs(at_outer)) < CLOSE:
            break
        share = at_inner / (at_inner - at_outer)
        middle = inner + min(max(share, 0.05), 0.95) * (outer - inner)
        at_middle = rise(middle)
        if at_middle >= 0:
            outer, at_outer = middle, at_middle
        else:
            inner, at_inner = middle, at_middle
    return inner if abs(at_inner) < abs(at_outer) else outer
