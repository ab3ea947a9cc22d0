"""Minimising a smooth function of few parameters, keeping a log of every evaluation.

At every point the function gives its value, gradient and a positive definite guess of its
Hessian; for likelihoods that is the expected information. The last secant pairs correct the guess
by BFGS updates, so that the curvature the guess leaves out is learned on the way. Line search:
bisection and expansion until the weak Wolfe conditions hold (Lewis & Overton, 2013, Math.
Program. 141, 135–163).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

End = TypeVar("End")
#: Value, gradient (k,) and guess of the Hessian (k, k) at a point (k,).
Expansion = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]]
Values = tuple[float, np.ndarray, np.ndarray]
Point = tuple[np.ndarray, float, np.ndarray, np.ndarray]

ARMIJO = 1e-4
CURVATURE = 0.9
MAX_HALVINGS = 40
MEMORY = 2
ROUNDING = 1e-13  # relative noise of one function value


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where a minimisation ended, and how it got there.

    Attributes
    ----------
    x : ndarray (k,)
        The parameters at the end.
    value : float
        The function there.
    gradient : ndarray (k,)
        Its gradient there.
    converged : bool
        True if the predicted further decrease is below the tolerance, or below a thousand times
        it where rounding lets the line search find no lower value.
    message : str
        Why it stopped, in words.
    log : tuple of float
        The value at every evaluation, in order.
    """

    x: np.ndarray
    value: float
    gradient: np.ndarray
    converged: bool
    message: str
    log: tuple[float, ...]


def minimise_smooth(
    expand: Expansion, start: np.ndarray, *, tolerance: float = 1e-10, max_iterations: int = 200
) -> Optimum:
    """Minimise a function from `start`.

    Parameters
    ----------
    expand : callable
        Returns value, gradient and a positive definite guess of the Hessian. The value may be
        inf where the function is undefined, but not at the start.
    start : ndarray (k,)
    tolerance : float
        Stop when half the Newton decrement, ½ g'H⁻¹g, is below it: the predicted decrease of
        the function, in its own units.
    max_iterations : int

    Returns
    -------
    Optimum
    """
    return drive(descent(start, tolerance=tolerance, max_iterations=max_iterations), expand)


def drive(
    steps: Generator[np.ndarray, Values, End], expand: Expansion, first: Values | None = None
) -> End:
    """Answer every point that `steps` asks for, and return where it ends.

    `first` are the values at the first point, where they are known.
    """
    x = next(steps)
    while True:
        try:
            x = steps.send(expand(x) if first is None else first)
        except StopIteration as end:
            return end.value
        first = None


def descent(
    start: np.ndarray,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 200,
    memory: int = MEMORY,
) -> Generator[np.ndarray, Values, Optimum]:
    """The search of `minimise_smooth` as a generator: it yields points and is sent their values.

    So many searches can run side by side, their functions evaluated together. Where the guess of
    the Hessian is good everywhere, secant pairs of earlier points only blur it: ``memory=0``.
    """
    log: list[float] = []
    point = yield from _evaluated(np.array(start, dtype=float), log)
    pairs: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=memory)
    message, converged = f"stopped after {max_iterations} iterations", False
    for _ in range(max_iterations):
        x, value, gradient, hessian = point
        inverse = np.linalg.inv(hessian)
        for moved, change in pairs:
            inverse = _update(inverse, moved, change)
        step = -inverse @ gradient
        slope = float(gradient @ step)
        if -slope / 2 <= tolerance + ROUNDING * abs(value):
            message, converged = "the predicted decrease is below the tolerance", True
            break
        found = yield from _wolfe(point, step, slope, log)
        if found is None:
            converged = -slope / 2 <= 1e3 * (tolerance + ROUNDING * abs(value))
            message = "no lower value along the search direction"
            break
        pairs.append((found[0] - x, found[2] - gradient))
        point = found
    return Optimum(point[0], point[1], point[2], converged, message, tuple(log))


def _evaluated(x: np.ndarray, log: list[float]) -> Generator[np.ndarray, Values, Point]:
    value, gradient, hessian = yield x
    log.append(value)
    return x, value, gradient, hessian


def _wolfe(
    point: Point, step: np.ndarray, slope: float, log: list[float]
) -> Generator[np.ndarray, Values, Point | None]:
    """A point along `step` that satisfies the weak Wolfe conditions, or None."""
    x, value = point[0], point[1]
    low, high, length = 0.0, np.inf, 1.0
    best: Point | None = None
    slack = ROUNDING * abs(value)
    for _ in range(MAX_HALVINGS):
        candidate = yield from _evaluated(x + length * step, log)
        if not candidate[1] <= value + ARMIJO * length * slope + slack:
            high = length
        elif candidate[2] @ step < CURVATURE * slope:
            best, low = candidate, length
        else:
            return candidate
        length = 2 * low if np.isinf(high) else (low + high) / 2
        if high - low < 1e-10:
            break
    return best


def _update(inverse: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    """BFGS update of the inverse Hessian; skipped where the curvature is not positive."""
    curvature = float(step @ change)
    if curvature <= 1e-14 * float(np.sqrt((step @ step) * (change @ change))):
        return inverse
    moved = inverse @ change
    scale = (1 + float(change @ moved) / curvature) / curvature
    cross = moved[:, None] * (step / curvature)
    return inverse + scale * step[:, None] * step - cross - cross.T
