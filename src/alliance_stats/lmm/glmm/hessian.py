"""Second derivatives of the deviance at the fit, and the covariance of β.

The covariance of (θ, β) is 2H⁻¹, H the Hessian of the whole deviance over θ and β together: the
standard errors of β hold the uncertainty of the variances, as those of glmer do. H comes from
central differences of the exact gradient. Columns of Λ that vanished are left out: the deviance is
even in their sign, so they do not touch β.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.factors import gradient_in_theta, n_theta, unpack
from alliance_stats.lmm.glmm.criterion import GlmmCriterion, GlmmEvaluation
from alliance_stats.lmm.glmm.minimum import GlmmMinimum
from alliance_stats.lmm.inference.satterthwaite import free_parameters
from alliance_stats.lmm.information import twice_inverse

#: Step of the differences, in standard errors of the parameter, and its upper limit.
STEP = 1e-2
LONGEST = 1e-3


def covariance_of(criterion: GlmmCriterion, minimum: GlmmMinimum, at: GlmmEvaluation) -> np.ndarray:
    """Covariance (f + p, f + p) of the free θ and β in standardised columns; NaN if undefined."""
    return twice_inverse(deviance_hessian(criterion, minimum, at), flat=1e-12)


def deviance_hessian(
    criterion: GlmmCriterion, minimum: GlmmMinimum, at: GlmmEvaluation
) -> np.ndarray:
    """∂²D over the free θ and β (f + p, f + p)."""
    sizes = criterion.sizes
    k = n_theta(sizes)
    free = np.concatenate([free_parameters(minimum.theta, sizes), k + np.arange(len(minimum.beta))])
    point = np.concatenate([minimum.theta, minimum.beta])

    def gradient(x: np.ndarray) -> np.ndarray:
        found = criterion.evaluate(unpack(x[:k], sizes), x[k:], at.modes.duals)
        in_theta = gradient_in_theta(found.in_sigma, found.factors)
        return np.concatenate([in_theta, found.in_beta])[free]

    curvature = np.concatenate([np.full(k, 2.0 * (STEP / LONGEST) ** 2), np.diag(at.in_beta_twice)])
    steps = np.minimum(STEP * np.sqrt(2.0 / curvature), LONGEST)
    hessian = np.empty((len(free), len(free)))
    for row, position in enumerate(free):
        move = np.zeros(len(point))
        move[position] = steps[position]
        hessian[row] = (gradient(point + move) - gradient(point - move)) / (2.0 * steps[position])
    return (hessian + hessian.T) / 2.0
