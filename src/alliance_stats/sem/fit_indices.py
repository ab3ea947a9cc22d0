"""Fit indices from test statistics and residuals, under lavaan's conventions.

CFI: Bentler (1990, Psychol. Bull. 107). TLI: Tucker & Lewis (1973). RMSEA, its interval and test
of close fit: Steiger (1990); Browne & Cudeck (1992). Scaled and robust variants under
non-normality: Brosseau-Liard & Savalei (2014, Multivar. Behav. Res. 49). SRMR: Bentler (1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr

Floats = NDArray[np.float64]

#: Level of the interval of the RMSEA, and the RMSEA that counts as close fit.
RMSEA_LEVEL, CLOSE = 0.90, 0.05


@dataclass(frozen=True, slots=True)
class Statistic:
    """A likelihood ratio against the saturated model.

    Attributes
    ----------
    value : float
        −2 log likelihood ratio, not scaled.
    df : int
    scaling : float
        What the statistic is divided by under non-normality; 1 without.
    """

    value: float
    df: int
    scaling: float = 1.0

    @property
    def scaled(self) -> float:
        """The statistic over its scaling factor."""
        return self.value / self.scaling if self.df else 0.0

    @property
    def excess(self) -> float:
        """Value less what it is expected to be if the model holds: value − scaling · df."""
        return self.value - self.scaling * self.df if self.df else self.value


def p_value(statistic: float, df: int) -> float:
    """Upper tail of chi-squared; NaN without degrees of freedom."""
    return float(chdtrc(df, max(statistic, 0.0))) if df else float("nan")


def cfi(excess: float, baseline: float) -> float:
    """Comparative fit index from the excesses of the model and of the baseline."""
    worst = max(excess, baseline, 0.0)
    return 1.0 - max(excess, 0.0) / worst if worst > 0 else 1.0


def tli(excess: float, df: int, baseline: float, baseline_df: int) -> float:
    """Tucker-Lewis index: 1 − (excess/df) / (baseline's excess/df)."""
    if not df:
        return 1.0
    return 1.0 - excess * baseline_df / (baseline * df) if baseline else float("nan")


def rmsea(excess: float, df: int, n: float, groups: int) -> float:
    """Root mean square error of approximation."""
    return float(np.sqrt(max(excess, 0.0) / (n * df) * groups)) if df else 0.0


def rmsea_interval(
    statistic: float, df: float, n: float, groups: int, *, stretch: float = 1.0
) -> tuple[float, float]:
    """Interval of the RMSEA from the non-centrality of chi-squared.

    Parameters
    ----------
    statistic : float
        Distributed as chi-squared if the model holds.
    stretch : float
        The scaling factor, for the robust RMSEA.
    """
    if not df:
        return 0.0, 0.0
    tail = (1.0 - RMSEA_LEVEL) / 2.0
    ends = [_noncentrality(statistic, df, level) for level in (1.0 - tail, tail)]
    low, high = (float(np.sqrt(stretch * end / (n * df) * groups)) for end in ends)
    return low, high


def _noncentrality(statistic: float, df: float, level: float) -> float:
    """The non-centrality at which the statistic is that quantile; 0 if there is none."""
    if chndtr(statistic, df, 0.0) <= level:
        return 0.0
    high = max(statistic, 10.0)
    while chndtr(statistic, df, high) > level:
        high *= 2.0
    return float(brentq(lambda nc: chndtr(statistic, df, nc) - level, 0.0, high, xtol=1e-10))


def close_fit(statistic: float, df: float, n: float, groups: int, *, stretch: float = 1.0) -> float:
    """p value of the hypothesis that the RMSEA is at most .05."""
    if not df:
        return float("nan")
    return 1.0 - float(chndtr(statistic, df, n * df * CLOSE**2 / groups / stretch))


def srmr(
    sigma: Floats, mu: Floats, sample_sigma: Floats, sample_mu: Floats, *, means: bool
) -> float:
    """Standardised root mean square residual of one part, by the sample's SDs."""
    sds = np.sqrt(sample_sigma.diagonal())
    residual = (sample_sigma - sigma) / np.outer(sds, sds)
    total = float((residual[np.tril_indices(len(sds))] ** 2).sum())
    n = len(sds) * (len(sds) + 1) / 2
    if means:
        total += float((((sample_mu - mu) / sds) ** 2).sum())
        n += len(sds)
    return float(np.sqrt(total / n))


def srmr_of_level(sigma: Floats, sample_sigma: Floats) -> float:
    """The same of one level of a two-level model: residuals of correlations, without means."""
    with np.errstate(invalid="ignore"):  # NaN where an implied variance is negative
        one, two = (
            s / np.sqrt(np.outer(s.diagonal(), s.diagonal())) for s in (sigma, sample_sigma)
        )
    return float(np.sqrt(((one - two)[np.tril_indices(len(one))] ** 2).mean()))
