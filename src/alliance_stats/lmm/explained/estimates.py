"""The components of a fitted model, and of the refits of a bootstrap."""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.explained.components import Components, components_of
from alliance_stats.lmm.explained.moments import Moments, column_moments, drawn_moments
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.resampling.draws import Draws, Fit


def fitted_components(fit: FittedModel, moments: Moments) -> Components:
    """The variances that a fit implies."""
    profile = fit.profile
    return _components(fit, moments, fit.minimum.theta, profile.beta, np.asarray(profile.sigma2))


def drawn_components(found: Draws[Fit]) -> Components:
    """The variances that every refit implies, of the rows that it was fitted to."""
    fit = found.fit
    if found.counts is None:
        moments = column_moments(fit.criterion.design)
    else:
        moments = drawn_moments(fit.criterion, clusters_of(fit.criterion), found.counts)
    return _components(fit, moments, found.theta, found.beta, found.sigma2)


def _components(
    fit: FittedModel,
    moments: Moments,
    theta: np.ndarray,
    beta: np.ndarray,
    sigma2: np.ndarray,
) -> Components:
    """The variances at θ (…, k), β (…, p) and σ² (…) of the standardised columns."""
    criterion, design = fit.criterion, fit.criterion.design
    whole = design.scale * beta + np.linalg.solve(design.transform, design.least_squares)
    unit = design.scale**2 * sigma2
    factors = criterion.by_level(unpack(theta, criterion.sizes))
    covariances = [unit[..., None, None] * f @ np.swapaxes(f, -1, -2) for f in factors]
    residual = unit / moments.weight
    if design.residual is not None:
        residual = residual * design.residual.mean_variance
    return components_of(design, moments, whole, covariances, residual)
