"""Coefficients of consistency from covariances: alpha, its standard error and its intervals.

With C the covariances of k items, T = 1'C1 and t = tr C (Cronbach, 1951, Psychometrika 16(3)):

    α = k/(k − 1) (1 − t/T),   standardised: k r̄/(1 + (k − 1) r̄).

Standard error: van Zyl, Neudecker & Nel (2000, Psychometrika 65(3)); Duhachek & Iacobucci (2004,
J. Appl. Psychol. 89(5)). Intervals: Feldt (1965, Psychometrika 30(3)); Bonett (2002, J. Educ.
Behav. Stat. 27(4)).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, ndtri

Floats = NDArray[np.float64]


def alpha(covariances: Floats) -> Floats:
    """Alpha of covariances (…, k, k); NaN where the total does not vary.

    Examples
    --------
    >>> float(alpha(np.array([[1.0, 0.5], [0.5, 1.0]])).round(4))
    0.6667
    """
    k = covariances.shape[-1]
    trace = np.trace(covariances, axis1=-2, axis2=-1)
    total = covariances.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, trace / np.where(total > 0, total, 1.0), np.nan)
    return np.asarray(k / (k - 1.0) * (1.0 - share))


def correlations(covariances: Floats) -> Floats:
    """Correlations of covariances (…, k, k); NaN for items that do not vary."""
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    sd = np.sqrt(np.where(variances > 0, variances, np.nan))
    return np.asarray(covariances / (sd[..., :, None] * sd[..., None, :]))


def average_correlation(covariances: Floats) -> Floats:
    """Mean correlation of different items."""
    k = covariances.shape[-1]
    return np.asarray((correlations(covariances).sum(axis=(-2, -1)) - k) / (k * (k - 1.0)))


def standardised_alpha(covariances: Floats) -> Floats:
    """Alpha of standardised items."""
    return alpha(correlations(covariances))


def all_three(covariances: Floats) -> Floats:
    """Alpha, standardised alpha and average correlation (…, 3)."""
    r = correlations(covariances)
    k = covariances.shape[-1]
    average = (r.sum(axis=(-2, -1)) - k) / (k * (k - 1.0))
    return np.stack([alpha(covariances), alpha(r), average], axis=-1)


def alpha_standard_error(covariance: Floats, n: int) -> float:
    """Standard error of alpha under normality, for n rows."""
    k = len(covariance)
    total, trace = float(covariance.sum()), float(np.trace(covariance))
    squares = float(np.sum(covariance**2))
    of_squares = float(np.sum(covariance.sum(axis=0) ** 2))
    inner = total * (squares + trace**2) - 2.0 * trace * of_squares
    return math.sqrt(max(0.0, 2.0 * k**2 / (k - 1.0) ** 2 * inner / total**3 / n))


def feldt_interval(estimate: float, n: int, k: int, conf_level: float) -> tuple[float, float]:
    """Feldt's interval: (1 − α)/(1 − α̂) is distributed as F with n − 1 and (n − 1)(k − 1) df.

    Examples
    --------
    >>> [round(end, 3) for end in feldt_interval(0.8, 100, 10, 0.95)]
    [0.736, 0.854]
    """
    tail = (1.0 - conf_level) / 2.0
    df1, df2 = n - 1.0, (n - 1.0) * (k - 1.0)
    low, high = (1.0 - (1.0 - estimate) * float(fdtri(df1, df2, p)) for p in (1.0 - tail, tail))
    return low, high


def bonett_interval(estimate: float, n: int, k: int, conf_level: float) -> tuple[float, float]:
    """Bonett's interval, normal on the scale of log(1 − α).

    Examples
    --------
    >>> [round(end, 3) for end in bonett_interval(0.8, 100, 10, 0.95)]
    [0.734, 0.853]
    """
    if estimate >= 1.0:
        return 1.0, 1.0
    centre = math.log(1.0 - estimate) - math.log(n / (n - 1.0))
    half = float(ndtri((1.0 + conf_level) / 2.0)) * math.sqrt(2.0 * k / ((k - 1.0) * (n - 2.0)))
    return 1.0 - math.exp(centre + half), 1.0 - math.exp(centre - half)
