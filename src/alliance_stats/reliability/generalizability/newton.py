"""Newton steps to the minimum of a deviance in variances that may not be negative.

A variance at zero whose derivative is positive is held there; the others move along the Newton
step of a Hessian made positive definite, cut at zero and halved until the deviance falls.
Derivatives are by complex steps, exact to rounding (Squire & Trapp, 1998, SIAM Review 40).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.errors import DataError

#: A step so small that its square vanishes.
STEP = 1e-40
#: Predicted decrease of the deviance at which the search ends.
TOLERANCE = 1e-11
MAX_STEPS = 200
MAX_HALVINGS = 50
#: Step of differences of gradients, relative to the variance.
DIFFERENCE = 1e-6
#: The smallest error variance that is tried, relative to the step before.
LEAST_ERROR = 1e-2

#: An error variance below this share of all is none.
LEAST_SHARE = 1e-9
NO_ERROR = (
    "the components explain these few ratings without any error, so their likelihood has no "
    "maximum. Use fewer facets, or more data."
)

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
    curvature : ndarray (k, k)
        The Hessian; zero for variances at zero.
    converged : bool
    """

    variance: np.ndarray
    covariance: np.ndarray
    curvature: np.ndarray
    converged: bool


def minimise_variances(
    deviance: Deviance,
    start: np.ndarray,
    moving: np.ndarray,
    *,
    curvature: np.ndarray | None = None,
) -> VarianceMinimum:
    """Minimise over the variances in `moving` (positions); the others stay as they start.

    Parameters
    ----------
    deviance : callable
        Of all variances (k,), real or complex.
    start : ndarray (k,)
    moving : ndarray of int
    curvature : ndarray (k, k), optional
        A guess of the Hessian, corrected by BFGS updates on the way; for deviances that are
        costly. By default the Hessian is computed at every step.

    Raises
    ------
    DataError
        If the deviance falls without end as the error variance vanishes, on very few rows.
    """
    try:
        found = _minimum(deviance, start, moving, curvature)
    except np.linalg.LinAlgError:
        raise DataError(NO_ERROR) from None
    if not found.variance[-1] > LEAST_SHARE * found.variance.sum():
        raise DataError(NO_ERROR)
    return found


def _minimum(
    deviance: Deviance, start: np.ndarray, moving: np.ndarray, curvature: np.ndarray | None
) -> VarianceMinimum:
    """The steps of `minimise_variances`."""
    x, converged = start.astype(float), False
    value = float(np.real(deviance(x)))
    slope = _gradient(deviance, x, moving)
    guess = None if curvature is None else curvature[np.ix_(moving, moving)].copy()
    for _ in range(MAX_STEPS):
        free = (x[moving] > 0) | (slope < 0)
        if guess is None:
            used = _hessian(deviance, x, moving[free], slope[free])
        else:
            used = guess[np.ix_(free, free)]
        step = np.zeros_like(x)
        step[moving[free]] = -_positive_solve(used, slope[free], x[-1])
        expected = float(np.abs(slope[free] @ step[moving[free]])) / 2.0
        if expected < TOLERANCE + 1e-14 * abs(value):
            converged = True
            break
        moved = _descend(deviance, x, step, value)
        if moved is None:
            converged = expected < 1e3 * TOLERANCE
            break
        before, slope_before = x, slope
        x, value = moved
        slope = _gradient(deviance, x, moving)
        if guess is not None:
            guess = _corrected(guess, (x - before)[moving], slope - slope_before)
    return VarianceMinimum(x, *_covariance(deviance, x, moving), converged)


def _corrected(guess: np.ndarray, moved: np.ndarray, change: np.ndarray) -> np.ndarray:
    """BFGS update of a Hessian; unchanged where the slope does not rise along the step."""
    along = float(moved @ change)
    if along <= 1e-12 * float(np.linalg.norm(moved) * np.linalg.norm(change)):
        return guess
    pressed = guess @ moved
    return np.asarray(
        guess
        + np.outer(change, change) / along
        - np.outer(pressed, pressed) / float(moved @ pressed)
    )


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


def _hessian(deviance: Deviance, x: np.ndarray, free: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Second derivatives by differences of exact gradients, of which `slope` is that at x."""
    found = np.empty((len(free), len(free)))
    for row, j in enumerate(free):
        moved = x.copy()
        moved[j] += DIFFERENCE * max(x[j], 1e-2 * x[-1])
        found[row] = (_gradient(deviance, moved, free) - slope) / (moved[j] - x[j])
    return (found + found.T) / 2.0


def _positive_solve(curvature: np.ndarray, slope: np.ndarray, unit: float) -> np.ndarray:
    """Curvature⁻¹ slope with the eigenvalues' sizes in place of the eigenvalues."""
    values, vectors = np.linalg.eigh(curvature)
    sizes = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-12 / unit**2)
    return np.asarray(vectors @ ((vectors.T @ slope) / sizes))


def _covariance(
    deviance: Deviance, x: np.ndarray, moving: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Twice the inverse Hessian, and the Hessian; NaN and zero for variances at zero."""
    free = moving[x[moving] > 0]
    covariance, whole = np.full((len(x), len(x)), np.nan), np.zeros((len(x), len(x)))
    curvature = _hessian(deviance, x, free, _gradient(deviance, x, free))
    whole[np.ix_(free, free)] = curvature
    if (np.linalg.eigvalsh(curvature) > 0).all():
        covariance[np.ix_(free, free)] = 2.0 * np.linalg.inv(curvature)
    return covariance, whole
