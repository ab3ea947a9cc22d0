"""Newton steps to the minimum of a deviance in variances that may not be negative.

A variance at zero whose derivative is positive is held there; the others move along the Newton
step of a Hessian made positive definite, cut at zero and halved until the deviance falls.
Derivatives are by complex steps, exact to rounding (Squire & Trapp, 1998, SIAM Review 40).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: A step so small that its square vanishes.
STEP = 1e-40
#: Predicted decrease of the deviance at which the search ends.
TOLERANCE = 1e-11
MAX_STEPS = 200
MAX_HALVINGS = 50
#: The smallest error variance that is tried, relative to the step before.
LEAST_ERROR = 1e-2

Deviance = Callable[[np.ndarray], complex]


@dataclass(frozen=True, eq=False)
class VarianceMinimum:
    """Where the search ended.

    Attributes
    ----------
    variance : ndarray (k,)
        None negative; the last is the error's.
    covariance : ndarray (k, k)
        Twice the inverse Hessian; NaN for variances at zero.
    converged : bool
    """

    variance: np.ndarray
    covariance: np.ndarray
    converged: bool


def minimise_variances(
    deviance: Deviance, start: np.ndarray, moving: np.ndarray
) -> VarianceMinimum:
    """Minimise over the variances in `moving` (positions); the others stay as they start."""
    x, converged = start.astype(float), False
    value = float(np.real(deviance(x)))
    for _ in range(MAX_STEPS):
        slope = _gradient(deviance, x, moving)
        free = moving[(x[moving] > 0) | (slope < 0)]
        slope = slope[np.isin(moving, free)]
        curvature = _hessian(deviance, x, free)
        step = np.zeros_like(x)
        step[free] = -_positive_solve(curvature, slope, x[-1])
        expected = float(np.abs(slope @ step[free])) / 2.0
        if expected < TOLERANCE + 1e-14 * abs(value):
            converged = True
            break
        moved = _descend(deviance, x, step, value)
        if moved is None:
            converged = expected < 1e3 * TOLERANCE
            break
        x, value = moved
    return VarianceMinimum(x, _covariance(deviance, x, moving), converged)


def _descend(
    deviance: Deviance, x: np.ndarray, step: np.ndarray, value: float
) -> tuple[np.ndarray, float] | None:
    """The first point along the step, halved, where the deviance is lower."""
    length = 1.0
    for _ in range(MAX_HALVINGS):
        candidate = np.maximum(x + length * step, 0.0)
        candidate[-1] = max(candidate[-1], LEAST_ERROR * x[-1])
        found = float(np.real(deviance(candidate)))
        if found < value:
            return candidate, found
        length /= 2.0
    return None


def _gradient(deviance: Deviance, x: np.ndarray, moving: np.ndarray) -> np.ndarray:
    found = np.empty(len(moving))
    for row, j in enumerate(moving):
        moved = x.astype(complex)
        moved[j] += 1j * STEP
        found[row] = np.imag(deviance(moved)) / STEP
    return found


def _hessian(deviance: Deviance, x: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Second derivatives by central differences of exact gradients."""
    found = np.empty((len(free), len(free)))
    for row, j in enumerate(free):
        step = 1e-4 * max(x[j], 1e-2 * x[-1])
        up, down = x.copy(), x.copy()
        up[j] += step
        down[j] -= step
        found[row] = (_gradient(deviance, up, free) - _gradient(deviance, down, free)) / (
            2.0 * step
        )
    return (found + found.T) / 2.0


def _positive_solve(curvature: np.ndarray, slope: np.ndarray, unit: float) -> np.ndarray:
    """Curvature⁻¹ slope with the eigenvalues' sizes in place of the eigenvalues."""
    values, vectors = np.linalg.eigh(curvature)
    sizes = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-12 / unit**2)
    return np.asarray(vectors @ ((vectors.T @ slope) / sizes))


def _covariance(deviance: Deviance, x: np.ndarray, moving: np.ndarray) -> np.ndarray:
    free = moving[x[moving] > 0]
    found = np.full((len(x), len(x)), np.nan)
    curvature = _hessian(deviance, x, free)
    if (np.linalg.eigvalsh(curvature) > 0).all():
        found[np.ix_(free, free)] = 2.0 * np.linalg.inv(curvature)
    return found
