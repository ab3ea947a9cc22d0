"""Many refits side by side: each search as in a fit, the criteria evaluated together."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.errors import DataError
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import canonical, pack, unpack
from alliance_stats.lmm.minimum import Minimum, search
from alliance_stats.lmm.resampling.lockstep import Lockstep
from alliance_stats.lmm.resampling.replicate import Replicate
from alliance_stats.numeric.optimise import Values, drive

#: Numbers of one array over all groups that are worked on at a time: they stay in the cache.
CACHE = 60_000
#: Most searches side by side.
MOST = 64
#: Smallest relative standard deviation to start from, of any combination of a block's effects.
FLOOR = 0.1


@dataclass(frozen=True, eq=False)
class Refit:
    """One data set fitted again.

    Attributes
    ----------
    criterion : Criterion
    minimum : Minimum
    beta : ndarray (p,)
        Standardised, as in `Profile`.
    sigma2 : float
    """

    criterion: Criterion
    minimum: Minimum
    beta: np.ndarray
    sigma2: float


@dataclass(eq=False)
class _Task:
    """A search under way."""

    number: int
    replicate: Replicate
    steps: Generator[np.ndarray, Values, Minimum]
    point: np.ndarray


def refit_all(
    criterion: Criterion,
    theta: np.ndarray,
    draw: Callable[[int], Replicate],
    keep: Callable[[int, Refit | None], None],
    *,
    n: int,
    weighted: bool = False,
) -> None:
    """`refit_each` where factors are nested, `refit_in_turn` where they cross."""
    if isinstance(criterion.design.products, NestedProducts):
        refit_each(criterion, theta, draw, keep, n=n, weighted=weighted)
    else:
        refit_in_turn(criterion, theta, draw, keep, n=n)


def refit_each(
    criterion: Criterion,
    theta: np.ndarray,
    draw: Callable[[int], Replicate],
    keep: Callable[[int, Refit | None], None],
    *,
    n: int,
    weighted: bool = False,
) -> None:
    """Draw data sets and fit each from the θ of the fit, in one search.

    Parameters
    ----------
    criterion : Criterion
        Of the fit; its factors are nested.
    theta : ndarray (k,)
        Of the fit.
    draw : callable
        Gives data set number 0 … n − 1.
    keep : callable
        Is given the number of a data set and its fit, or None where there is none.
    n : int
    weighted : bool
        Whether the data sets are groups drawn again.
    """
    start = interior(theta, criterion.sizes)
    first = criterion.design.levels[0]
    size = len(first.z) * (criterion.design.y + 1) * len(first.labels)
    width = int(np.clip(CACHE // size, 1, min(MOST, n)))
    lockstep = Lockstep(criterion, width, weighted)
    numbers = iter(range(n))
    tasks: dict[int, _Task] = {}

    def begin(slot: int) -> None:
        number = next(numbers, None)
        if number is None:
            tasks.pop(slot, None)
            return
        replicate = draw(number)
        lockstep.fill(slot, replicate)
        steps = search(replicate.criterion, start)
        tasks[slot] = _Task(number, replicate, steps, next(steps))

    for slot in range(width):
        begin(slot)
    while tasks:
        slots = np.array(list(tasks))
        found = lockstep.expand(slots, np.array([task.point for task in tasks.values()]))
        for row, slot in enumerate(slots.tolist()):
            task = tasks[slot]
            values = float(found.value[row]), found.slope[row], found.hessian[row]
            try:
                task.point = task.steps.send(values)
            except StopIteration as end:
                keep(
                    task.number,
                    _refit(task, end.value, values[0], found.beta[row], float(found.sigma2[row])),
                )
                begin(slot)
            except (DataError, np.linalg.LinAlgError):
                keep(task.number, None)
                begin(slot)


def refit_in_turn(
    criterion: Criterion,
    theta: np.ndarray,
    draw: Callable[[int], Replicate],
    keep: Callable[[int, Refit | None], None],
    *,
    n: int,
) -> None:
    """As `refit_each`, one data set after the other: for crossed factors."""
    start = interior(theta, criterion.sizes)
    for number in range(n):
        own = draw(number).criterion
        try:
            minimum = drive(search(own, start), own.expand)
            profile = own.profile(minimum.theta)
        except (DataError, np.linalg.LinAlgError):
            keep(number, None)
            continue
        finite = np.isfinite(minimum.deviance)
        keep(number, Refit(own, minimum, profile.beta, profile.sigma2) if finite else None)


def _refit(
    task: _Task, minimum: Minimum, value: float, beta: np.ndarray, sigma2: float
) -> Refit | None:
    """The end of a search; evaluated again where it is not the last point looked at."""
    if not np.isfinite(minimum.deviance):
        return None
    criterion = task.replicate.criterion
    if minimum.deviance != value:
        profile = criterion.profile(minimum.theta)
        beta, sigma2 = profile.beta, profile.sigma2
    return Refit(criterion, minimum, beta, sigma2)


def interior(theta: np.ndarray, sizes: list[int]) -> np.ndarray:
    """θ moved off the boundary: a search that starts at zero cannot see past it."""
    found = []
    for factor in unpack(theta, sizes):
        values, vectors = np.linalg.eigh(factor @ factor.T)
        covariance = (vectors * np.maximum(values, FLOOR**2)) @ vectors.T
        found.append(canonical(covariance, tolerance=0.0))
    return pack(found)
