"""Ratings without ruptures: a patient's level, spread and autocorrelation within the scale.

y = level + σ(√R·a + √(1 − R)·u), rounded to the scale's steps and cut at its ends; a is a
stationary first-order autoregression with coefficient ρ and variance 1, u independent error and
R the reliability of one rating within patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.models.ruptures.series import Floats, Series


@dataclass(frozen=True, eq=False)
class Scale:
    """Ends and steps of the ratings; infinite or None where there are none."""

    low: float
    high: float
    step: float | None

    def put(self, y: Floats) -> Floats:
        """Ratings as the scale allows them, in place."""
        if self.step is not None:
            base = self.low if np.isfinite(self.low) else 0.0
            y -= base
            y /= self.step
            np.rint(y, out=y)
            y *= self.step
            y += base
        if np.isfinite(self.low) or np.isfinite(self.high):
            np.clip(y, self.low, self.high, out=y)
        return y


def autoregression(z: Floats, rho: float) -> Floats:
    """Stationary series of variance 1 from independent standard normal numbers, over axis 0."""
    a = np.empty_like(z)
    a[0] = z[0]
    share = np.sqrt(1.0 - rho**2)
    for t in range(1, len(z)):
        np.multiply(z[t], share, out=a[t])
        a[t] += rho * a[t - 1]
    return a


def ratings_of(
    noise: tuple[Floats, Floats | None],
    *,
    level: Floats,
    sigma: Floats,
    rho: float,
    reliability: float,
    scale: Scale,
    like: Series,
    standardised: bool = False,
) -> Series:
    """Simulated studies of the patients of `like`, with its pattern of rated sessions.

    Parameters
    ----------
    noise : two arrays (n_sessions, n_patients, n_studies)
        Standard normal numbers of the autoregression and, with a reliability below 1, of the
        error; else None.
    level : array (n_sessions, n_patients)
    sigma : array (n_patients, n_studies) or (n_patients, 1)
    standardised : bool
        Whether every series has mean 0 and standard deviation 1 before it gets level and sigma.
    """
    y = autoregression(noise[0], rho)
    if noise[1] is not None:
        y *= np.sqrt(reliability)
        y += np.sqrt(1.0 - reliability) * noise[1]
    if standardised:
        plain = Series(y, like.seen)
        y = (y - plain.mean) / plain.sd
    y *= sigma
    y += level[:, :, None]
    scale.put(y)
    if not like.complete:
        y[~like.seen] = np.nan
    return Series(y, like.seen)


def draw_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], reliability: float
) -> tuple[Floats, Floats | None]:
    """Standard normal numbers for `ratings_of`."""
    first = rng.standard_normal(shape)
    return first, rng.standard_normal(shape) if reliability < 1.0 else None
