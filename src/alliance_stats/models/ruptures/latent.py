"""Level and spread before rounding and the ends of the scale, patient by patient.

Moments of a normal number cut at both ends (Tobin 1958): the level and σ are those whose cut
ratings have the patient's observed mean and standard deviation. Rounding to steps h adds h²/12 to
a variance (Sheppard), and a mean of n autocorrelated ratings takes Var(ȳ) from it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from alliance_stats.models.ruptures.series import Floats, Series
from alliance_stats.models.ruptures.simulate import Scale

_ROUNDS = 40
#: Moments this near, as a share of the scale, are reached.
_NEAR = 2e-4
#: An end this many σ away is as far as one at infinity.
_FAR = 38.0
#: Standard normal density at 0.
_AT_ZERO = 1.0 / np.sqrt(2.0 * np.pi)
#: A level may lie this many observed ranges beyond an end of the scale, not further.
_BEYOND = 1.0


def spread_factor(series: Series, rho: float, reliability: float) -> Floats:
    """E[s²]/σ² of each patient's ratings (n_patients,): below 1 where neighbours correlate."""
    numbers = np.arange(len(series.seen))
    apart = np.abs(numbers[:, None] - numbers)
    r = reliability * np.where(apart > 0, np.sign(rho) ** apart * abs(rho) ** apart, 0.0)
    np.fill_diagonal(r, 1.0)
    seen = series.seen.astype(float)
    n = seen.sum(axis=0)
    of_mean = np.einsum("tp,ts,sp->p", seen, r, seen) / n
    return np.asarray((n - of_mean) / (n - 1.0))


def latent_moments(mean: Floats, sd: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """Level and σ of normal numbers that, cut to the scale, have this mean and SD (n_patients,)."""
    step = scale.step or 0.0
    target = np.sqrt(np.maximum(sd**2 - step**2 / 12.0, 0.05 * sd**2))
    if not (np.isfinite(scale.low) or np.isfinite(scale.high)):
        return mean, target
    level, sigma = mean.copy(), target.copy()
    span = np.nanmax([target.max(), scale.high - scale.low if _both(scale) else target.max()])
    for _ in range(_ROUNDS):
        m, s = cut_moments(level, sigma, scale)
        if np.abs(mean - m).max() < _NEAR * span and np.abs(target - s).max() < _NEAR * span:
            break
        level = np.clip(level + (mean - m), scale.low - _BEYOND * span, scale.high + _BEYOND * span)
        sigma = np.minimum(sigma * np.clip(target / np.maximum(s, 1e-12), 0.5, 2.0), 3.0 * span)
    return level, sigma


def cut_moments(level: Floats, sigma: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """Mean and SD of normal numbers cut at the ends of the scale."""
    a = np.clip((scale.low - level) / sigma, -_FAR, _FAR)
    b = np.clip((scale.high - level) / sigma, -_FAR, _FAR)
    below, above = ndtr(a), ndtr(-b)
    da, db = _density(a), _density(b)
    mean = da - db + a * below + b * above
    square = 1.0 - below - above + a * da - b * db + a**2 * below + b**2 * above
    return level + sigma * mean, sigma * np.sqrt(np.maximum(square - mean**2, 0.0))


def _both(scale: Scale) -> bool:
    return bool(np.isfinite(scale.low) and np.isfinite(scale.high))


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z**2) * _AT_ZERO)
