"""PooledFits: fits of one mixed model to several imputed data sets, and their pooled numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats.lmm.inference.contrasts import joint_test
from alliance_stats.lmm.pooling.messages import pooling_messages
from alliance_stats.lmm.pooling.rubin import Pooled, rubin
from alliance_stats.lmm.result import MixedModelResult

Complete = Literal["satterthwaite", "infinite"] | float


@dataclass(frozen=True, eq=False, repr=False)
class PooledFits:
    """The half of a `PooledResult` that questions about the fits are asked of.

    Attributes
    ----------
    fits, df_complete
        As in `PooledResult`, which adds the questions.
    """

    fits: tuple[MixedModelResult, ...]
    df_complete: Complete = "satterthwaite"

    @property
    def n_imputations(self) -> int:
        """Number of data sets, m."""
        return len(self.fits)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax."""
        return self.fits[0].formula

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.fits[0].names

    @property
    def reml(self) -> bool:
        """Whether the fits are by REML."""
        return self.fits[0].reml

    @cached_property
    def pooled(self) -> Pooled:
        """Fixed effects after Rubin's rules, as arrays."""
        return rubin(*contrast_estimates(self, np.eye(len(self.names))))

    @cached_property
    def beta(self) -> pd.Series:
        """Pooled fixed effects: their means."""
        return pd.Series(self.pooled.estimate, index=list(self.names), name="estimate")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Total covariance matrix of the fixed effects: within and between imputations."""
        names = list(self.names)
        return pd.DataFrame(self.pooled.total, index=names, columns=names)

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrices of the random effects of every grouping factor: their means."""
        return {
            level.name: sum(
                (fit.covariances[level.name] for fit in self.fits[1:]),
                start=self.fits[0].covariances[level.name],
            )
            / self.n_imputations
            for level in self.fits[0].criterion.design.levels
        }

    @cached_property
    def sigma2(self) -> float:
        """Residual variance, with classes of it that of the reference: its mean."""
        return float(np.mean([fit.sigma2 for fit in self.fits]))

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """What a reader must know of the fits and the imputations."""
        return pooling_messages(self.fits, self.names, self.pooled)


def contrast_estimates(result: PooledFits, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contrasts (m, k) and their covariances (m, k, k) in every data set."""
    estimates = np.array([weights @ fit.beta.to_numpy() for fit in result.fits])
    covariances = np.array([weights @ fit.vcov.to_numpy() @ weights.T for fit in result.fits])
    return estimates, covariances


def complete_df(result: PooledFits, weights: np.ndarray) -> float:
    """Degrees of freedom of one or several contrasts without missing values."""
    if isinstance(result.df_complete, str):
        if result.df_complete == "infinite":
            return float("inf")
        return float(np.mean([_satterthwaite(fit, weights) for fit in result.fits]))
    return float(result.df_complete)


def _satterthwaite(fit: MixedModelResult, weights: np.ndarray) -> float:
    """Degrees of freedom of one contrast (1, p), or the denominator's of several (k, p)."""
    if len(weights) > 1:
        return joint_test(fit, weights, "satterthwaite")[2]
    return float(fit.satterthwaite.df(weights[0] @ fit.criterion.design.transform))
