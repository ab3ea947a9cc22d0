"""Second derivatives of the deviance in ψ at the fit, from differences of the exact gradient."""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.factors import gradient_in_theta
from alliance_stats.lmm.residual.fitted import Curvature
from alliance_stats.lmm.residual.problem import ResidualProblem, Whitened

STEP = 1e-4


def curvature_at(problem: ResidualProblem, model: Whitened, theta: np.ndarray) -> Curvature:
    """What inference needs to know of ψ, while the rows are at hand."""
    psi = model.covariance.psi
    rows = np.empty((len(psi), len(theta) + len(psi)))
    for k, unit in enumerate(np.eye(len(psi))):
        step = STEP * max(1.0, abs(float(psi[k])))
        up = _gradient(problem, theta, psi + step * unit)
        down = _gradient(problem, theta, psi - step * unit)
        rows[k] = (up - down) / (2.0 * step)
    inner = rows[:, len(theta) :]
    slopes = problem.top_slopes(model, model.criterion.profile(theta))
    return Curvature((inner + inner.T) / 2.0, rows[:, : len(theta)], slopes)


def _gradient(problem: ResidualProblem, theta: np.ndarray, psi: np.ndarray) -> np.ndarray:
    """Gradient of the deviance in (θ, ψ)."""
    model = problem.whitened(psi)
    profile = model.criterion.profile(theta)
    in_theta = gradient_in_theta(model.criterion.gradients(profile), profile.factors)
    return np.append(in_theta, problem.gradient(model, profile))
