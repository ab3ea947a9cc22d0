"""Sampling covariances of variances and covariances of random effects.

With φ = (θ, σ²), or (θ, ψ, σ²) with residuals structured by ψ, and A = 2H⁻¹ its asymptotic
covariance (see `satterthwaite`), entries σ_ij of the covariance matrices σ²·TΛΛ'T' have the
covariance ∇'A∇. Their gradients are exact, H comes from differences of the exact gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats.lmm.factors import triangle
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.conditional import level_transform

#: Grouping factor, and the names of two of its random effects.
Entry = tuple[str, str, str]


def component_covariance(fit: FittedModel, entries: Sequence[Entry]) -> np.ndarray:
    """Sampling covariance (k, k) of entries of the random effects' covariance matrices.

    Where the fit is singular, what vanished is taken as known. NaN where the data do not tell the
    entries apart from other parameters.
    """
    gradients = np.array([_gradient(fit, entry) for entry in entries])
    return fit.satterthwaite.covariance(gradients.T)


def _gradient(fit: FittedModel, entry: Entry) -> np.ndarray:
    """Derivatives (h,) of one entry in (θ_free, ψ_free, σ²) of the standardised problem."""
    criterion = fit.criterion
    design, profile = criterion.design, fit.profile
    parts, value = [], 0.0
    factors = iter(profile.factors)
    for level in design.levels:
        transform = level_transform(level)
        for block in level.blocks:
            factor = next(factors)
            rows, columns = triangle(len(factor))
            slope = np.zeros(len(rows))
            if level.name == entry[0]:
                i, j = (level.effects.index(name) for name in entry[1:])
                half = transform[:, block.columns] @ factor
                at_i, at_j = transform[i, block.columns], transform[j, block.columns]
                change = np.outer(at_i, half[j]) + np.outer(at_j, half[i])
                slope = change[rows, columns]
                value += float(half[i] @ half[j])
            parts.append(slope)
    scale = design.scale**2
    in_theta = profile.sigma2 * scale * np.concatenate(parts)
    residual = design.residual
    in_psi = np.zeros(0 if residual is None else len(residual.free))
    free = fit.satterthwaite.free
    return np.concatenate([in_theta[free], in_psi, [value * scale]])
