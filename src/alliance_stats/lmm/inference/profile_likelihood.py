"""Profile likelihood of one parameter: its deviance with all others at their best, and its ends.

An interval holds the values at which the best deviance is at most z² above the minimum, z the
normal quantile. With ζ the root of that difference, the ends are where ζ = z. ζ is nearly linear
in the parameter, and the slope of the deviance along the profile is its partial derivative there,
so a cubic through two points and their slopes finds an end in two or three steps.

A step starts from the curve of earlier points, whose tangent at the fit follows from second
derivatives there; the same second derivatives guide the search over the other parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from alliance_stats.lmm.factors import is_singular
from alliance_stats.lmm.inference.slices import Point, Slice
from alliance_stats.numeric.optimise import minimise_smooth

STEP = 1e-4
#: Predicted decrease of the deviance at which the search over the other parameters stops.
TOLERANCE = 1e-6
#: An end is found where ζ is this close to z; a last step along the slope is then exact enough.
CLOSE = 1e-3
#: A deviance so much below that of the fit belongs to a better one.
BETTER = 1e-4
MAX_STEPS = 60
#: Most lengths of the first step by which one step lengthens the way.
STRETCH = 4.0
#: An end further away than so many first steps does not exist.
FARTHEST = 1e8
#: Smallest curvature in units of the free coordinates, as a share of the largest.
FLAT = 1e-5
MAX_LIFTS = 5
#: Iterations after which second derivatives are taken anew, and how often.
ROUND = 12
MAX_ROUNDS = 8
MAX_JUMPS = 3
#: A relative standard deviation below it counts as zero.
SINGULAR = 1e-3


class BetterFit(Exception):
    """The profile came upon a point with a higher likelihood than the fit."""

    def __init__(self, point: Point) -> None:
        super().__init__("a higher likelihood than that of the fit")
        self.point = point


@dataclass(eq=False)
class ProfilePath:
    """The best other parameters along one parameter, from the fit outwards.

    Attributes
    ----------
    slice : Slice
    minimum : float
        The deviance of the fit.
    evaluations : int
        How often the deviance was computed.
    """

    slice: Slice
    minimum: float
    evaluations: int = field(default=0, init=False)
    _hessian: np.ndarray = field(init=False, repr=False)
    _tangent: np.ndarray = field(init=False, repr=False)
    curvature: float = field(init=False)

    def __post_init__(self) -> None:
        """Take second derivatives at the fit."""
        start, free = self.slice.start, self.slice.free
        whole = self._second(start, free, self._must(start, free))
        self._hessian = positive(whole[:-1, :-1])
        self._tangent = -np.linalg.solve(self._hessian, whole[:-1, -1])
        self.curvature = float(whole[-1, -1] + whole[-1, :-1] @ self._tangent)

    def _second(self, value: float, free: np.ndarray, at: Point) -> np.ndarray:
        """Second derivatives (f + 1, f + 1) in the free coordinates and the target."""
        f = len(free)
        whole = np.empty((f + 1, f + 1))
        for k in range(f):
            step, moved = STEP * max(1.0, abs(free[k])), free.copy()
            moved[k] += step
            whole[k] = _slopes(self._must(value, moved), at) / step
        step = STEP * max(1e-2, abs(value))
        step = step if value + step <= self.slice.bounds[1] else -step
        whole[f] = _slopes(self._must(value + step, free), at) / step
        if not np.isfinite(whole).all():
            raise FloatingPointError("the deviance has no second derivatives there")
        return (whole + whole.T) / 2.0

    def _must(self, value: float, free: np.ndarray) -> Point:
        self.evaluations += 1
        point = self.slice.at(value, free)
        if point is None:
            raise FloatingPointError("the deviance is not defined beside the fit")
        return point

    def best(self, value: float, start: np.ndarray) -> tuple[np.ndarray, Point]:
        """The free coordinates with the lowest deviance at this value of the target."""
        free, point = self._descend(value, start)
        for _ in range(MAX_LIFTS):
            better = self.slice.lifted(free, point)
            if better is None:
                break
            free, point = self._descend(value, better)
        return free, point

    def _descend(self, value: float, start: np.ndarray) -> tuple[np.ndarray, Point]:
        """One search over the free coordinates."""
        seen: dict[int, Point] = {}
        places = []  # kept, so that no two have the same id

        def expand(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            self.evaluations += 1
            point = self.slice.at(value, x)
            if point is None:
                return np.inf, np.zeros(len(x)), self._hessian
            places.append(x)
            seen[id(x)] = point
            return point.deviance, point.gradient, self._hessian

        x = start
        for _ in range(MAX_ROUNDS):
            found = minimise_smooth(expand, x, tolerance=TOLERANCE, max_iterations=ROUND)
            x = found.x
            if id(x) not in seen:
                raise FloatingPointError("the deviance is not defined on the profile")
            if found.converged:
                break
            self._hessian = positive(self._second(value, x, seen[id(x)])[:-1, :-1])
        return x, seen[id(x)]


def _slopes(there: Point, at: Point) -> np.ndarray:
    """Change of all derivatives, the target's last."""
    return np.append(there.gradient - at.gradient, there.slope - at.slope)


def positive(matrix: np.ndarray) -> np.ndarray:
    """A positive definite matrix near a symmetric one."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-10 * np.abs(matrix).max(initial=1e-10)))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    values = np.maximum(np.abs(values), FLAT)
    return np.asarray((vectors * values) @ vectors.T * np.outer(scale, scale))


@dataclass(frozen=True, eq=False)
class Step:
    """A point of the profile on one side: distance from the fit, ζ and dζ/d distance."""

    distance: float
    zeta: float
    rate: float
    free: np.ndarray
    singular: bool = False


def find_end(path: ProfilePath, side: int, z: float) -> float:
    """The end of the interval on one side, ±1; a bound that is reached, or ±inf."""
    begin = path.slice.start
    bound = path.slice.bounds[0 if side < 0 else 1]
    farthest = abs(bound - begin)
    if farthest <= 0.0:
        return bound
    rate = np.sqrt(max(path.curvature, 0.0) / 2.0)
    first = z / rate if rate > 0 else max(1.0, abs(begin))
    low = Step(0.0, 0.0, rate if rate > 0 else z / first, path.slice.free)
    done = [low]
    high: Step | None = None
    jumps = 0
    distance = min(first, farthest)
    for _ in range(MAX_STEPS):
        step = _step(path, side, distance, done)
        done.append(step)
        if distance >= farthest and step.zeta <= z:
            return bound
        if abs(step.zeta - z) <= CLOSE * z and step.rate > 0:
            other = _other_branch(path, side, step) if jumps < MAX_JUMPS else None
            if other is None:
                end = begin + side * (distance + (z - step.zeta) / step.rate)
                return float(np.clip(end, *path.slice.bounds))
            step, high, jumps, done = other, None, jumps + 1, [done[0], other]
        if step.zeta < z:
            low = step
        else:
            high = step
        distance = _next(low, high, z, first, farthest)
        if distance > FARTHEST * first:
            return side * np.inf
        if high is not None and high.distance - low.distance <= 1e-7 * high.distance:
            break
    return begin + side * distance


def _step(path: ProfilePath, side: int, distance: float, done: list[Step]) -> Step:
    """The profile at a distance from the fit."""
    return _step_from(path, side, distance, _predict(path, side, distance, done))


def _other_branch(path: ProfilePath, side: int, step: Step) -> Step | None:
    """A lower deviance at the same place, if others are zero there that need not be.

    Where a variance is zero, the deviance can have a second minimum without it being zero.
    """
    if not step.singular:
        return None
    other = _step_from(path, side, step.distance, path.slice.elsewhere)
    return other if other.zeta**2 < step.zeta**2 - BETTER else None


def _step_from(path: ProfilePath, side: int, distance: float, free: np.ndarray) -> Step:
    """The profile at a distance from the fit, sought from `free`."""
    value = float(np.clip(path.slice.start + side * distance, *path.slice.bounds))
    free, point = path.best(value, free)
    excess = point.deviance - path.minimum
    if excess < -BETTER:
        raise BetterFit(point)
    zeta = float(np.sqrt(max(excess, 0.0)))
    rate = side * point.slope / (2.0 * zeta) if zeta > 0 else 0.0
    singular = is_singular(point.factors, tolerance=SINGULAR)
    return Step(distance, zeta, rate, free, singular)


def _predict(path: ProfilePath, side: int, distance: float, done: list[Step]) -> np.ndarray:
    """Free coordinates on a curve through the fit, with its tangent, and the last points."""
    start = done[0].free
    linear = side * path._tangent
    points = sorted(done[1:], key=lambda step: abs(step.distance - distance))[:2]
    if not points:
        return start + distance * linear
    off = [(p.free - start - p.distance * linear) / p.distance**2 for p in points]
    bend = off[0]
    if len(points) == 2 and points[0].distance != points[1].distance:
        change = (off[1] - off[0]) / (points[1].distance - points[0].distance)
        bend = bend + change * (distance - points[0].distance)
    return start + distance * linear + distance**2 * bend


def _next(low: Step, high: Step | None, z: float, first: float, farthest: float) -> float:
    """Where ζ is likely to be z: between the steps, or outwards."""
    if high is None:
        ahead = (z - low.zeta) / low.rate if low.rate > 0 else np.inf
        longest = STRETCH * max(low.distance, first)
        return float(min(low.distance + min(1.02 * ahead, longest), farthest))
    gap, width = high.zeta - low.zeta, high.distance - low.distance
    share = (z - low.zeta) / gap
    guess = low.distance + share * width
    if low.rate > 0 and high.rate > 0:
        s = share
        guess = (
            (1 + 2 * s) * (1 - s) ** 2 * low.distance
            + s * (1 - s) ** 2 * gap / low.rate
            + s**2 * (3 - 2 * s) * high.distance
            - s**2 * (1 - s) * gap / high.rate
        )
    inside = low.distance + 0.02 * width < guess < high.distance - 0.02 * width
    return float(guess if inside else low.distance + np.clip(share, 0.1, 0.9) * width)
