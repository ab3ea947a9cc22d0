"""FittedGlmm: what was fitted of a generalised linear mixed model, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats.lmm.design.blocks import join_blocks
from alliance_stats.lmm.factors import n_theta, unpack
from alliance_stats.lmm.glmm.criterion import GlmmCriterion, GlmmEvaluation
from alliance_stats.lmm.glmm.hessian import covariance_of
from alliance_stats.lmm.glmm.minimum import GlmmMinimum
from alliance_stats.lmm.prediction.conditional import covariance_frames, level_transform


@dataclass(frozen=True, eq=False, repr=False)
class FittedGlmm:
    """The half of a `GlmmResult` that questions about a fit are asked of.

    Attributes
    ----------
    formula, criterion, minimum, about_data, about_fit
        As in `GlmmResult`, which adds the questions.
    """

    formula: str
    criterion: GlmmCriterion
    minimum: GlmmMinimum
    about_data: tuple[str, ...] = ()
    about_fit: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return (*self.about_data, *self.criterion.design.crossings, *self.about_fit)

    @cached_property
    def evaluation(self) -> GlmmEvaluation:
        """The deviance and the modes at the optimum, in standardised columns."""
        factors = unpack(self.minimum.theta, self.criterion.sizes)
        return self.criterion.evaluate(factors, self.minimum.beta, self.minimum.duals)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.criterion.design.names

    @property
    def family(self) -> str:
        """``binomial`` or ``poisson``."""
        return self.criterion.design.response.family.name

    @property
    def link(self) -> str:
        """``logit``, ``cloglog``, ``probit`` or ``log``."""
        return self.criterion.design.response.family.link

    @property
    def n_agq(self) -> int:
        """Points of the quadrature; 1 is Laplace."""
        return self.criterion.n_points

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return self.criterion.design.n_obs

    @property
    def converged(self) -> bool:
        """Whether the optimiser reached its tolerance."""
        return self.minimum.converged

    @property
    def singular(self) -> bool:
        """Whether a random-effect variance is zero or a correlation ±1."""
        return self.minimum.singular

    @property
    def loglik(self) -> float:
        """Log-likelihood: the whole of it, constants included."""
        return -0.5 * self.minimum.deviance

    @property
    def n_parameters(self) -> int:
        """Fixed effects and variance parameters."""
        return len(self.names) + n_theta(self.criterion.sizes)

    @cached_property
    def beta(self) -> pd.Series:
        """Fixed effects, on the link's scale and in the units of the columns."""
        values = self.criterion.design.transform @ self.minimum.beta
        return pd.Series(values, index=list(self.names), name="estimate")

    @cached_property
    def standard_vcov(self) -> np.ndarray:
        """Covariance (p, p) of the coefficients of standardised columns."""
        p = len(self.names)
        whole = covariance_of(self.criterion, self.minimum, self.evaluation)
        return whole[len(whole) - p :, len(whole) - p :]

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects: their part of the inverse Hessian.

        The Hessian is that of the whole deviance over variances and fixed effects, as in glmer.
        NaN where it is not positive definite.
        """
        transform = self.criterion.design.transform
        values = transform @ self.standard_vcov @ transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrix of the random effects of every grouping factor."""
        return covariance_frames(self.criterion.design.levels, self.effect_roots)

    @cached_property
    def effect_roots(self) -> list[np.ndarray]:
        """Roots C (q_l, q_l) of the covariances CC' of the random effects, in units of columns."""
        levels = self.criterion.design.levels
        joined = join_blocks(levels, self.evaluation.factors)
        return [level_transform(level) @ f for level, f in zip(levels, joined, strict=True)]

    @cached_property
    def effect_arrays(self) -> list[np.ndarray]:
        """Conditional modes (q_l, G_l) of every factor, in the units of the columns."""
        levels = self.criterion.design.levels
        modes = self.evaluation.modes.effects
        return [level_transform(level) @ b for level, b in zip(levels, modes, strict=True)]
