"""Rubin's rules on arrays (Rubin, 1987), with degrees of freedom after Barnard and Rubin (1999).

With m estimates Q_i and their covariances U_i, the means Q̄ and Ū and the covariance B of the Q_i
give the total covariance T = Ū + (1 + 1/m) B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pooled:
    """Estimates of m imputed data sets, pooled.

    Attributes
    ----------
    m : int
    estimate : ndarray (p,)
        Q̄.
    within, between, total : ndarray (p, p)
        Ū, B and T.
    """

    m: int
    estimate: np.ndarray
    within: np.ndarray
    between: np.ndarray
    total: np.ndarray

    @property
    def riv(self) -> np.ndarray:
        """Relative increase in variance (p,): (1 + 1/m) B / Ū of every estimate."""
        with np.errstate(invalid="ignore"):
            return (1.0 + 1.0 / self.m) * np.diag(self.between) / np.diag(self.within)


def rubin(estimates: np.ndarray, covariances: np.ndarray) -> Pooled:
    """Pool estimates (m, p) and their covariances (m, p, p)."""
    m = len(estimates)
    shifts = estimates - estimates[0]  # exactly zero where the imputations agree
    away = shifts - shifts.mean(axis=0)
    within, between = covariances.mean(axis=0), away.T @ away / (m - 1)
    estimate = estimates[0] + shifts.mean(axis=0)
    return Pooled(m, estimate, within, between, within + (1.0 + 1.0 / m) * between)


def barnard_rubin(riv: np.ndarray, m: int, complete: np.ndarray | float) -> np.ndarray:
    """Degrees of freedom of pooled t tests; Rubin's where the complete-data ones are infinite.

    Parameters
    ----------
    riv : ndarray
        Relative increase in variance.
    m : int
    complete : ndarray or float
        Degrees of freedom that the test would have without missing values.
    """
    return combined_df(rubin_df(riv, m), riv, complete)


def rubin_df(riv: np.ndarray, m: int) -> np.ndarray:
    """Rubin's (m − 1)(1 + 1/r)²: infinite where the imputations agree."""
    with np.errstate(divide="ignore"):
        return np.asarray((m - 1) * (1.0 + 1.0 / riv) ** 2)


def combined_df(
    large: np.ndarray | float, riv: np.ndarray | float, complete: np.ndarray | float
) -> np.ndarray:
    """Those of the imputations and the observed data together: 1/ν = 1/ν_m + 1/ν_obs."""
    observed = observed_df(complete) / (1.0 + np.asarray(riv))
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (1.0 / np.asarray(large) + 1.0 / observed))


def observed_df(complete: np.ndarray | float) -> np.ndarray:
    """ν (ν + 1)/(ν + 3), before the share of missing information is taken off."""
    df = np.asarray(complete, dtype=float)
    finite = np.where(np.isinf(df), 1.0, df)
    return np.where(np.isinf(df), np.inf, finite * (finite + 1.0) / (finite + 3.0))


def missing_information(riv: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Fraction of missing information: (r + 2/(ν + 3))/(r + 1) with the pooled test's ν."""
    return np.asarray((riv + 2.0 / (df + 3.0)) / (riv + 1.0))
