"""The relative variances of every subset: Newton's method, all subsets side by side.

Where the Hessian is not safely positive definite its expectation takes its place (Fisher
scoring). Variances stay at zero where the deviance would only rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.subsets.criterion import Point, SubsetCriterion

#: Most steps of a search.
STEPS = 60
#: Largest factor by which a step may raise a variance.
LEAP = 10.0
#: A variance that starts below this starts here.
SMALLEST = 1e-3
#: Share of the expected Hessian that a Hessian must keep to be used.
SAFE = 0.1
#: Rise of the deviance that counts as none: this, and rounding of the deviance itself.
RISE = 1e-8
ROUNDING = 1e-12
#: Subsets worked on at a time: their arrays stay in the cache.
CHUNK = 64


@dataclass(frozen=True, eq=False)
class Solution:
    """The fits of A subsets.

    Attributes
    ----------
    theta : ndarray (A, L)
        Relative variances of the intercepts, inner first.
    beta : ndarray (A, m − 1)
    sigma2 : ndarray (A,)
    converged : ndarray (A,) of bool
    """

    theta: np.ndarray
    beta: np.ndarray
    sigma2: np.ndarray
    converged: np.ndarray


def solve_subsets(criterion: SubsetCriterion, start: np.ndarray, *, tolerance: float) -> Solution:
    """Minimise the deviance of every subset.

    Parameters
    ----------
    criterion : SubsetCriterion
    start : ndarray (A, L)
        Where to begin.
    tolerance : float
        Predicted decrease of the deviance below which the next step is the last one. What that
        step leaves is of the square of this.
    """
    rows = np.arange(len(criterion.masks))
    parts = [
        _solved(criterion, rows[first : first + CHUNK], start[first : first + CHUNK], tolerance)
        for first in range(0, len(rows), CHUNK)
    ]
    return Solution(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("theta", "beta", "sigma2", "converged")
        )
    )


def _solved(
    criterion: SubsetCriterion, rows: np.ndarray, start: np.ndarray, tolerance: float
) -> Solution:
    """The searches of some subsets, each as long as it needs."""
    theta = np.where(start < SMALLEST, SMALLEST, start)
    active = np.arange(len(rows))
    at = criterion.evaluate(theta, rows)
    value, step = at.value, _steps(theta, at)
    best = theta
    theta, done = theta.copy(), np.zeros(len(rows), dtype=bool)
    for _ in range(STEPS):
        move, decrease = step
        new = best + move
        last = decrease < tolerance
        theta[active] = new
        done[active[last]] = True
        keep = ~last
        if not keep.any():
            break
        active, best, value, new = active[keep], best[keep], value[keep], new[keep]
        found = criterion.evaluate(new, rows[active])
        fresh = _steps(new, found)
        worse = ~(found.value <= value + RISE + ROUNDING * np.abs(value))
        best = np.where(worse[:, None], best, new)
        value = np.where(worse, value, found.value)
        step = (
            np.where(worse[:, None], move[keep] / 4.0, fresh[0]),
            np.where(worse, np.inf, fresh[1]),
        )
    end = criterion.evaluate(theta, rows, derive=False)
    return Solution(theta, end.beta, end.sigma2, done & np.isfinite(end.value))


def _steps(theta: np.ndarray, at: Point) -> tuple[np.ndarray, np.ndarray]:
    """Steps (A, L) within the bounds, and the decrease (A,) that they promise."""
    slope, hessian = at.slope, _safe(at.hessian, at.expected)
    low, high = -theta, np.maximum(LEAP * theta, LEAP * SMALLEST) - theta
    free = (theta > 0) | (slope < 0)
    wanted = _newton(slope, hessian, free, np.zeros_like(theta))
    step = np.clip(wanted, low, high)
    hit = step != wanted
    if hit.any():  # the others move with what is left of this step
        step = np.clip(_newton(slope, hessian, free & ~hit, np.where(hit, step, 0.0)), low, high)
    curved = np.einsum("ai,aij,aj->a", step, hessian, step)
    decrease = -(slope * step).sum(axis=-1) - curved / 2.0
    return step, np.where(np.isfinite(at.value), np.abs(decrease), np.inf)


def _newton(
    slope: np.ndarray, hessian: np.ndarray, free: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """The step (A, L) to the minimum of the free parameters, the others moved as given."""
    held = np.where(free[:, :, None] & free[:, None], hessian, 0.0)
    at = np.arange(slope.shape[1])
    held[:, at, at] += ~free
    rise = slope + (hessian @ given[..., None])[..., 0]
    return given - np.linalg.solve(held, np.where(free, rise, 0.0)[..., None])[..., 0]


def _safe(hessian: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The Hessian, or its expectation where it is not a good part of that."""
    root = np.linalg.inv(np.linalg.cholesky(expected))
    relative = root @ hessian @ np.swapaxes(root, 1, 2)
    good = np.linalg.eigvalsh(relative)[:, 0] > SAFE
    return np.where(good[:, None, None], hessian, expected)
