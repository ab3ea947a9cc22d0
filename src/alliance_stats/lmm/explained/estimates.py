"""The components of a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alliance_stats.lmm.explained.components import Components, components_of
from alliance_stats.lmm.explained.moments import Moments

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult


def fitted_components(fit: MixedModelResult, moments: Moments) -> Components:
    """The variances that a fit implies."""
    criterion, design = fit.criterion, fit.criterion.design
    beta = np.linalg.solve(design.transform, fit.beta.to_numpy())
    factors = criterion.by_level(fit.profile.factors)
    covariances = [fit.unit_variance * factor @ factor.T for factor in factors]
    ratio = 1.0 if fit.residual is None else fit.residual.mean_variance
    return components_of(design, moments, beta, covariances, fit.unit_variance * ratio)
