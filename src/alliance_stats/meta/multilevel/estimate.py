"""Variances of largest likelihood: Newton steps in free parameters, with a check of boundaries.

The deviance is even in a parameter whose square is a variance: at zero its slope vanishes even
where the deviance falls on leaving it. So a minimum with a variance of zero counts only if the
gradient in the variance itself (for T of rank below m the smallest eigenvalue of ∂deviance/∂T)
is not negative; else the search starts again along that direction.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.meta.multilevel.criterion import Point, Problem
from alliance_stats.meta.multilevel.held import Held
from alliance_stats.meta.multilevel.structures import Structure
from alliance_stats.numeric.optimise import Optimum, descent, drive

#: A variance below this share of the typical sampling variance counts as zero.
ZERO = 1e-9
#: Times a search starts again from a saddle.
RESTARTS = 5
#: The flattest curvature, as a share of the steepest, that a step trusts.
FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class Estimate:
    """Variances at the end of a search.

    Attributes
    ----------
    point : Point
    theta : array
        Free parameters.
    converged : bool
    evaluations : int
    """

    point: Point
    theta: np.ndarray
    converged: bool
    evaluations: int

    @property
    def natural(self) -> np.ndarray:
        """Natural parameters (k,)."""
        return self.point.natural


@dataclass(frozen=True, eq=False)
class Parameters:
    """The free parameters of all random terms, one after the other."""

    structures: tuple[Structure | Held, ...]

    @cached_property
    def _places(self) -> tuple[list[slice], list[slice]]:
        """Where every term stands among the natural and among the free parameters."""
        places: tuple[list[slice], list[slice]] = [], []
        for found, sizes in zip(
            places,
            ([s.n_natural for s in self.structures], [s.n_theta for s in self.structures]),
            strict=True,
        ):
            ends = np.cumsum([0, *sizes]).tolist()
            found += [slice(low, high) for low, high in itertools.pairwise(ends)]
        return places

    def by_term(self, natural: np.ndarray) -> list[np.ndarray]:
        """Natural parameters of every term."""
        return [natural[place] for place in self._places[0]]

    def of_terms(self, theta: np.ndarray) -> list[np.ndarray]:
        """Free parameters of every term."""
        return [theta[place] for place in self._places[1]]

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """Natural parameters at θ."""
        parts = self.of_terms(theta)
        return np.concatenate(
            [s.natural(part) for s, part in zip(self.structures, parts, strict=True)]
        )

    def expand(self, problem: Problem, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Deviance, gradient and a positive definite Hessian at θ; inf where undefined."""
        try:
            point = problem.at(self.natural(theta))
            value = point.deviance
        except np.linalg.LinAlgError:
            value = float("nan")
        if not np.isfinite(value):
            return float("inf"), np.zeros_like(theta), np.eye(len(theta))
        jacobian = self.jacobian(theta)
        hessian = jacobian.T @ point.observed @ jacobian + self.curvature(theta, point.gradient)
        return value, jacobian.T @ point.gradient, _positive(hessian)

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Derivatives (k, n_theta) of the natural parameters."""
        natural, free = self._places
        found = np.zeros((natural[-1].stop, free[-1].stop))
        for s, row, column in zip(self.structures, natural, free, strict=True):
            found[row, column] = s.jacobian(theta[column])
        return found

    def curvature(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂θ∂θ' for the gradient g in the natural parameters."""
        natural, free = self._places
        found = np.zeros((len(theta), len(theta)))
        for s, row, column in zip(self.structures, natural, free, strict=True):
            found[column, column] = s.curvature(theta[column], gradient[row])
        return found


def _positive(hessian: np.ndarray) -> np.ndarray:
    """The matrix with the sizes of its eigenvalues: down along directions of falling slope too."""
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2.0)
    sizes = np.abs(values)
    return np.asarray((vectors * np.maximum(sizes, FLAT * sizes.max() + 1e-300)) @ vectors.T)


def estimate(
    problem: Problem,
    parameters: Parameters,
    start: np.ndarray,
    *,
    unit: float,
    tolerance: float = 1e-12,
) -> Estimate:
    """The variances of largest likelihood.

    Parameters
    ----------
    problem : Problem
    parameters : Parameters
    start : array
        Free parameters.
    unit : float
        Typical sampling variance, the yardstick of a zero.
    """
    theta, evaluations = start, 0
    for _ in range(RESTARTS):
        found = search(problem, parameters, theta, tolerance)
        evaluations += len(found.log)
        theta = _cleaned(parameters, _polished(problem, parameters, found), unit)
        point = problem.at(parameters.natural(theta))
        if point.deviance > found.value + 1e-9:
            theta, point = found.x, problem.at(parameters.natural(found.x))
        better = _off_the_saddle(parameters, theta, point.gradient, unit)
        if better is None:
            break
        theta = better
    return Estimate(point, theta, found.converged, evaluations)


def search(
    problem: Problem, parameters: Parameters, start: np.ndarray, tolerance: float
) -> Optimum:
    """The search from one start."""
    steps = descent(start, tolerance=tolerance, memory=0)
    return drive(steps, lambda theta: parameters.expand(problem, theta))


def _polished(problem: Problem, parameters: Parameters, found: Optimum) -> np.ndarray:
    """One more Newton step: it squares an error that the deviance no longer shows."""
    if not (found.converged and len(found.x)):
        return found.x
    _, gradient, hessian = parameters.expand(problem, found.x)
    return np.asarray(found.x - np.linalg.solve(hessian, gradient))


def _cleaned(parameters: Parameters, theta: np.ndarray, unit: float) -> np.ndarray:
    """Variances that are zero but for rounding as zeros, signs positive."""
    parts = []
    for structure, part in zip(parameters.structures, parameters.of_terms(theta), strict=True):
        if isinstance(structure, Structure) and structure.squares:
            part = np.where(part**2 < ZERO * unit, 0.0, np.abs(part))
        parts.append(part)
    return np.concatenate(parts)


def _off_the_saddle(
    parameters: Parameters, theta: np.ndarray, gradient: np.ndarray, unit: float
) -> np.ndarray | None:
    """Free parameters beside a saddle, where the deviance falls; None at a minimum."""
    parts, moved = [], False
    terms = zip(
        parameters.structures, parameters.of_terms(theta), parameters.by_term(gradient), strict=True
    )
    for structure, part, slope in terms:
        better = _beside(structure, part, slope, unit)
        moved = moved or better is not None
        parts.append(part if better is None else better)
    return np.concatenate(parts) if moved else None


def _beside(
    structure: Structure | Held, theta: np.ndarray, slope: np.ndarray, unit: float
) -> np.ndarray | None:
    if isinstance(structure, Held):
        return None
    enough = 1e-6 / unit  # a slope that lowers the deviance by 1e-8 over a hundredth of the unit
    if structure.squares:
        falling = (theta == 0) & (slope < -enough)
        return np.where(falling, 0.1 * np.sqrt(unit), theta) if falling.any() else None
    if structure.kind == "HCS":
        return None
    values, vectors = np.linalg.eigh(structure.gradient_matrix(slope))
    matrix = structure.matrix(structure.natural(theta))
    singular = np.linalg.eigvalsh(matrix)[0] < ZERO * unit
    if not (singular and values[0] < -enough):
        return None
    moved = matrix + 0.01 * unit * np.outer(vectors[:, 0], vectors[:, 0])
    moved += 1e-12 * unit * np.eye(structure.m)
    return np.asarray(np.linalg.cholesky(moved)[structure.pairs])
