"""Omitted-variable bias in partial R² (Cinelli & Hazlett, 2020, JRSS-B 82, 39–67).

With Z an unobserved confounder, R²_D its partial R² with the predictor and R²_Y its partial R² with
the outcome given the predictor::

    |bias| = SE √df √(R²_Y R²_D / (1 − R²_D))
    SE with Z = SE √((1 − R²_Y) / (1 − R²_D)) √(df / (df − 1))

SE √df is the ratio of the residual SDs of outcome and predictor, so SE here is that of independent
errors, whatever the standard error of the test is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient and what its sensitivity is computed from.

    Attributes
    ----------
    estimate, se, df : float
        With the degrees of freedom of its test.
    unit : float
        Its standard error with independent errors.
    unit_df : float
        Residual degrees of freedom of the regression behind `unit`.
    """

    estimate: float
    se: float
    df: float
    unit: float
    unit_df: float

    @property
    def partial_r2(self) -> float:
        """R² of the predictor with the outcome, given all else: t² / (t² + df).

        Also the extreme scenario: what a confounder that leaves nothing of the outcome would have
        to share with the predictor to explain the coefficient away.
        """
        t = self.estimate / self.unit
        return t * t / (t * t + self.unit_df)

    def bias(self, r2_d: np.ndarray | float, r2_y: np.ndarray | float) -> np.ndarray:
        """Size of the bias by a confounder of this strength."""
        strength = np.asarray(r2_y) * np.asarray(r2_d) / (1.0 - np.asarray(r2_d))
        return np.asarray(self.unit * np.sqrt(self.unit_df * strength))

    def adjusted(self, r2_d: np.ndarray | float, r2_y: np.ndarray | float) -> np.ndarray:
        """The estimate less the bias, which is taken to be away from zero."""
        size = abs(self.estimate) - self.bias(r2_d, r2_y)
        return np.asarray(np.copysign(1.0, self.estimate) * size)

    def adjusted_se(self, r2_d: np.ndarray | float, r2_y: np.ndarray | float) -> np.ndarray:
        """Standard error with the confounder in the model."""
        shrunk = (1.0 - np.asarray(r2_y)) / (1.0 - np.asarray(r2_d))
        return np.asarray(self.se * np.sqrt(shrunk * self.unit_df / (self.unit_df - 1.0)))

    def critical(self, alpha: float) -> float:
        """Two-sided critical value of t with the confounder in the model."""
        return float(stdtrit(self.df - 1.0, 1.0 - alpha / 2.0))

    def p_value(self, statistic: np.ndarray) -> np.ndarray:
        """Two-sided p with the confounder in the model."""
        return np.asarray(2.0 * stdtr(self.df - 1.0, -np.abs(statistic)))

    def robustness(self, q: float) -> float:
        """RV_q: strength with both at which a confounder takes away the share q."""
        return _equal_strength(q * abs(self.estimate) / (self.unit * np.sqrt(self.unit_df)))

    def robustness_alpha(self, q: float, alpha: float) -> float:
        """RV_{q,α}: strength with both at which the difference from (1 − q) b loses its p < α.

        Where the critical value is so large that a confounder weaker with the outcome does more
        (it leaves a larger standard error), the maximum over all strengths up to RV.
        """
        f = q * abs(self.estimate) / (self.unit * np.sqrt(self.unit_df))
        least = self.critical(alpha) * self.se / (self.unit * np.sqrt(self.unit_df - 1.0))
        if f <= least:
            return 0.0
        equal = _equal_strength(f - least)
        if equal + least**2 <= 1.0:
            return equal
        return (f * f - least**2) / (1.0 + f * f)


def _equal_strength(f: float) -> float:
    """R² with R / √(1 − R) = f."""
    return 0.5 * (float(np.sqrt(f**4 + 4.0 * f * f)) - f * f)


def bounds(r2_d: float, r2_y: float, k_d: float, k_y: float) -> tuple[float, float]:
    """Partial R² of a confounder k times as strong as an observed covariate (section 4.4).

    Parameters
    ----------
    r2_d : float
        Partial R² of the covariate with the predictor, given the other covariates.
    r2_y : float
        Partial R² of the covariate with the outcome, given predictor and other covariates.
    k_d, k_y : float
        How many times as strong with the predictor, and with the outcome.

    Returns
    -------
    tuple of float
        With the predictor; with the outcome, at most 1. NaN if no confounder is that strong.

    Examples
    --------
    >>> [round(r2, 4) for r2 in bounds(0.01, 0.05, 1, 1)]
    [0.0101, 0.0537]
    """
    with_d = k_d * r2_d / (1.0 - r2_d)
    if with_d >= 1.0 or k_d * r2_d >= 1.0:
        return float("nan"), float("nan")
    tied = k_d * r2_d**2 / ((1.0 - k_d * r2_d) * (1.0 - r2_d))
    if tied >= 1.0:
        return float("nan"), float("nan")
    eta = (np.sqrt(k_y) + np.sqrt(tied)) / np.sqrt(1.0 - tied)
    return float(with_d), float(min(eta**2 * r2_y / (1.0 - r2_y), 1.0))
