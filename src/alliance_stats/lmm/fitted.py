"""FittedModel: what was fitted of a linear mixed model, and the numbers that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.inference.kenward_roger import KenwardRoger, kenward_roger
from alliance_stats.lmm.inference.satterthwaite import Satterthwaite, satterthwaite
from alliance_stats.lmm.minimum import Minimum
from alliance_stats.lmm.prediction.conditional import covariance_frames, effect_roots
from alliance_stats.lmm.residual.fitted import FittedResidual


@dataclass(frozen=True, eq=False, repr=False)
class FittedModel:
    """The half of a `MixedModelResult` that questions about a fit are asked of.

    Attributes
    ----------
    formula, criterion, minimum, about_data, about_fit
        As in `MixedModelResult`, which adds the questions.
    """

    formula: str
    criterion: Criterion
    minimum: Minimum
    about_data: tuple[str, ...] = ()
    about_fit: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return (*self.about_data, *self.criterion.design.crossings, *self.about_fit)

    @cached_property
    def profile(self) -> Profile:
        """The criterion at the optimum, in standardised columns."""
        return self.criterion.profile(self.minimum.theta)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.criterion.design.names

    @property
    def reml(self) -> bool:
        """Whether the fit is by REML."""
        return self.criterion.reml

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

    @cached_property
    def unit_variance(self) -> float:
        """Residual variance of a row with the mean weight."""
        return self.profile.sigma2 * self.criterion.design.scale**2

    @cached_property
    def sigma2(self) -> float:
        """Residual variance; that of a row of weight 1, and of the reference level."""
        return self.unit_variance * self.criterion.design.mean_weight

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.sigma2))

    @cached_property
    def beta(self) -> pd.Series:
        """Fixed effects, in the units of the columns."""
        design = self.criterion.design
        values = design.transform @ self.profile.beta * design.scale + design.least_squares
        return pd.Series(values, index=list(self.names), name="estimate")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects."""
        transform = self.criterion.design.transform
        values = self.unit_variance * transform @ self.profile.unscaled @ transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrix of the random effects of every grouping factor."""
        roots = effect_roots(self.criterion, self.profile)
        return covariance_frames(self.criterion.design.levels, roots)

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood, or restricted log-likelihood for REML."""
        design = self.criterion.design
        deviance = self.minimum.deviance + 2.0 * self.criterion.degrees * np.log(design.scale)
        deviance -= design.log_weights
        if self.reml:
            deviance += 2.0 * design.log_scales
        return -0.5 * float(deviance)

    @property
    def residual(self) -> FittedResidual | None:
        """The residual structure with its parameters; None where residuals are independent."""
        return self.criterion.design.residual

    @property
    def n_parameters(self) -> int:
        """Fixed effects, variance parameters, those of the residuals and their variance."""
        return len(self.names) + self.criterion.n_theta + self.criterion.design.n_residual + 1

    @cached_property
    def satterthwaite(self) -> Satterthwaite:
        """Degrees of freedom after Satterthwaite, of standardised contrasts."""
        return satterthwaite(self.criterion, self.minimum.theta)

    @cached_property
    def kenward_roger(self) -> KenwardRoger:
        """Adjusted covariance and degrees of freedom after Kenward and Roger; REML fits only."""
        return kenward_roger(self.criterion, self.profile)
