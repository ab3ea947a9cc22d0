"""Tests of several effects over imputations, on arrays: D1, D2 and D3.

D1 and D2: Li, Raghunathan and Rubin (1991), Li, Meng, Raghunathan and Rubin (1991); D3: Meng and
Rubin (1992); degrees of freedom of D1 with finite complete-data ones: Reiter (2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from alliance_stats.lmm.inference.contrasts import DEPENDENT
from alliance_stats.lmm.pooling.rubin import combined_df, observed_df, rubin, rubin_df


@dataclass(frozen=True)
class JointTest:
    """An F test over imputations.

    Attributes
    ----------
    statistic : float
        F; below zero where D2 finds less than what the imputations differ by.
    df_numerator : int
    df_denominator : float
    p_value : float
    riv : float
        Average relative increase in variance.
    """

    statistic: float
    df_numerator: int
    df_denominator: float
    p_value: float
    riv: float


def independent(estimates: np.ndarray, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contrasts (m, k) and covariances (m, k, k) without those that others determine."""
    within = covariances.mean(axis=0)
    spread = np.sqrt(np.diag(within))
    size = 1.0 / np.where(spread > 0.0, spread, np.inf)
    values, vectors = np.linalg.eigh(within * np.outer(size, size))
    along = vectors[:, values > DEPENDENT * values[-1]].T * size
    return estimates @ along.T, along @ covariances @ along.T


def wald_statistics(estimates: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """χ² statistics (m,) of contrasts (m, k) with covariances (m, k, k)."""
    solved = np.linalg.solve(covariances, estimates[..., None])[..., 0]
    return np.einsum("mk,mk->m", estimates, solved)


def d1(estimates: np.ndarray, covariances: np.ndarray, complete: float) -> JointTest:
    """Wald test with the pooled covariance (1 + r) Ū.

    Parameters
    ----------
    estimates : ndarray (m, k)
    covariances : ndarray (m, k, k)
        Of full rank: see `independent`.
    complete : float
        Denominator degrees of freedom without missing values.
    """
    m, k = estimates.shape
    pooled = rubin(estimates, covariances)
    inverse = np.linalg.inv(pooled.within)
    r = (1.0 + 1.0 / m) * float(np.sum(pooled.between * inverse)) / k
    f = float(pooled.estimate @ inverse @ pooled.estimate) / (k * (1.0 + r))
    return _tested(f, k, _d1_df(r, k, m, complete), r)


def d2(statistics: np.ndarray, k: int) -> JointTest:
    """The test from χ² statistics (m,) on k degrees of freedom alone."""
    m = len(statistics)
    r = (1.0 + 1.0 / m) * float(np.var(np.sqrt(np.maximum(statistics, 0.0)), ddof=1))
    f = (float(statistics.mean()) / k - (m + 1.0) / (m - 1.0) * r) / (1.0 + r)
    df = float(k ** (-3.0 / m) * rubin_df(np.array(r), m))
    return _tested(f, k, df, r)


def d3(own: np.ndarray, at_pooled: np.ndarray, k: int) -> JointTest:
    """Likelihood-ratio test.

    Parameters
    ----------
    own : ndarray (m,)
        2 (log-likelihood of the larger model − that of the smaller), each at its own estimates.
    at_pooled : ndarray (m,)
        The same at the estimates pooled over imputations.
    k : int
        Difference of the numbers of parameters.
    """
    m = len(own)
    r = max(0.0, (m + 1.0) / (k * (m - 1.0)) * float(own.mean() - at_pooled.mean()))
    f = float(at_pooled.mean()) / (k * (1.0 + r))
    return _tested(f, k, large_sample_df(r, k, m), r)


def large_sample_df(r: float, k: int, m: int) -> float:
    """Denominator degrees of freedom of D1 and D3 where the complete-data ones are infinite."""
    if r <= 0.0:
        return float("inf")
    t = k * (m - 1.0)
    if t > 4.0:
        return 4.0 + (t - 4.0) * (1.0 + (1.0 - 2.0 / t) / r) ** 2
    return t * (1.0 + 1.0 / k) * (1.0 + 1.0 / r) ** 2 / 2.0


def _d1_df(r: float, k: int, m: int, complete: float) -> float:
    """Of one contrast those of its t test; else Reiter's, or a mean where his are not defined."""
    if k == 1:
        return float(combined_df(rubin_df(np.array(r), m), r, complete))
    large = large_sample_df(r, k, m)
    if np.isinf(complete):
        return large
    reiter = _reiter_df(r, k * (m - 1.0), float(observed_df(complete)))
    return float(combined_df(large, r, complete)) if reiter is None else reiter


def _reiter_df(r: float, t: float, observed: float) -> float | None:
    """Reiter's (2007) degrees of freedom; None without enough imputations or complete-data df."""
    if t <= 4.0:
        return None
    a = r * t / (t - 2.0)
    one, two = observed - 2.0 * (1.0 + a), observed - 4.0 * (1.0 + a)
    if two <= 0.0:
        return None
    moments = (
        a**2 * one / ((1.0 + a) ** 2 * two)
        + 8.0 * a**2 * one / ((1.0 + a) * two**2)
        + 4.0 * a**2 / ((1.0 + a) * two)
        + 4.0 * a**2 / (two * one)
        + 16.0 * a**2 * one / two**3
        + 8.0 * a**2 / two**2
    )
    return 4.0 + 1.0 / (1.0 / two + moments / (t - 4.0))


def _tested(f: float, k: int, df: float, r: float) -> JointTest:
    if np.isnan(f) or np.isnan(df):
        p = float("nan")
    elif f <= 0.0:
        p = 1.0
    else:
        p = float(chdtrc(k, k * f)) if np.isinf(df) else float(fdtrc(k, df, f))
    return JointTest(f, k, df, p, r)
