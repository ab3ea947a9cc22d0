"""Minimising the deviance over the covariances of the random effects and β together.

The search moves in the symmetric roots of every Σ_l and in β, as in `lmm.minimum`; ends on the
boundary are folded and examined there, with β held, and the search goes on where they can fall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats._base.errors import DataError
from alliance_stats.lmm.factors import (
    is_singular,
    n_theta,
    roots,
    unpack,
    unpack_roots,
)
from alliance_stats.lmm.glmm.criterion import GlmmCriterion, GlmmEvaluation
from alliance_stats.lmm.glmm.start import fixed_only
from alliance_stats.lmm.information import root_expansion
from alliance_stats.lmm.minimum import (
    MAX_RESTARTS,
    SECOND_START,
    SINGULAR,
    WORTHWHILE,
    escape_of,
    fold,
)
from alliance_stats.numeric.optimise import Optimum, descent, drive

#: Standard deviation of standardised random effects to start from.
START = 1.0
#: A standard deviation of random effects beyond it is taken for one that grows without end; the
#: second is for searches that did not come to an end.
ENDLESS, FAR = 30.0, 8.0
#: Entries of Λ that are not looked at.
LARGEST = 200.0


@dataclass(frozen=True, eq=False)
class GlmmMinimum:
    """The end of a minimisation.

    Attributes
    ----------
    theta : ndarray (k,)
        Canonical: non-negative diagonals, vanished columns exactly zero.
    beta : ndarray (p,)
        Coefficients of the standardised fixed columns.
    deviance : float
    converged, singular : bool
    restarts : int
        How often a saddle on the boundary was left.
    log : tuple of float
        The deviance at every evaluation.
    message : str
    duals : list of ndarray
        Where the search for the modes at this point may start.
    """

    theta: np.ndarray
    beta: np.ndarray
    deviance: float
    converged: bool
    singular: bool
    restarts: int
    log: tuple[float, ...]
    message: str
    duals: list[np.ndarray]


def minimise_glmm(criterion: GlmmCriterion) -> GlmmMinimum:
    """Minimise from the fit without random effects; a singular end is tried from a second start."""
    beta = fixed_only(criterion.design)
    first = _search(criterion, [START * np.eye(q) for q in criterion.sizes], beta)
    if not first.singular:
        return first
    again = [SECOND_START * np.eye(q) for q in criterion.sizes]
    second = _search(criterion, again, beta)
    best = second if second.deviance < first.deviance - WORTHWHILE else first
    return replace(best, log=(*first.log, *second.log))


class Objective:
    """The deviance, gradient and guess of the Hessian, each search for modes from the last."""

    def __init__(self, criterion: GlmmCriterion, duals: list[np.ndarray] | None = None) -> None:
        self.criterion = criterion
        self.duals = duals

    def at(self, factors: list[np.ndarray], beta: np.ndarray) -> GlmmEvaluation | None:
        """The evaluation, or None where the deviance is undefined or Λ out of the question."""
        if not max(float(np.abs(f).max()) for f in factors) < LARGEST:
            return None
        try:
            found = self.criterion.evaluate(factors, beta, self.duals)
        except np.linalg.LinAlgError:
            return None
        if not (found.modes.converged and np.isfinite(found.deviance)):
            return None
        self.duals = found.modes.duals
        return found

    def expand(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Value, gradient, guess of the Hessian at the entries of symmetric roots and β."""
        with np.errstate(all="ignore"):  # far trial points overflow, and are refused
            value, slope, hessian = self._expanded(point)
        if np.isfinite(slope).all() and np.isfinite(hessian).all():
            return value, slope, hessian
        return np.inf, np.zeros(len(point)), np.eye(len(point))

    def _expanded(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        sizes = self.criterion.sizes
        k = n_theta(sizes)
        found = self.at(unpack_roots(point[:k], sizes), point[k:])
        if found is None:
            return np.inf, np.zeros(len(point)), np.eye(len(point))
        slope, hessian = np.empty(len(point)), np.zeros((len(point), len(point)))
        slope[:k], hessian[:k, :k] = root_expansion(
            found.information, found.factors, found.in_sigma
        )
        slope[k:], hessian[k:, k:] = found.in_beta, found.in_beta_twice
        return found.deviance, slope, hessian

    def beta_at(self, factors: list[np.ndarray], beta: np.ndarray) -> Optimum:
        """The best β with the covariances held."""

        def expand(point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            found = self.at(factors, point)
            if found is None:
                return np.inf, np.zeros(len(point)), np.eye(len(point))
            return found.deviance, found.in_beta, found.in_beta_twice

        return drive(descent(beta), expand)


@dataclass(frozen=True, eq=False)
class _AtBeta:
    """The deviance as a function of θ with β held, for what is done at a boundary."""

    objective: Objective
    beta: np.ndarray

    @property
    def sizes(self) -> list[int]:
        return self.objective.criterion.sizes

    def profile(self, theta: np.ndarray) -> GlmmEvaluation:
        found = self.objective.criterion
        return found.evaluate(unpack(theta, self.sizes), self.beta, self.objective.duals)

    def gradients(self, profile: GlmmEvaluation) -> list[np.ndarray]:
        return profile.in_sigma

    def information(self, profile: GlmmEvaluation) -> list[np.ndarray]:
        return profile.information


def _search(criterion: GlmmCriterion, factors: list[np.ndarray], beta: np.ndarray) -> GlmmMinimum:
    """One search, leaving saddles on the boundary as often as it takes."""
    objective = Objective(criterion)
    k = n_theta(criterion.sizes)
    log: list[float] = []
    restarts = 0
    while True:
        found = drive(descent(np.concatenate([roots(factors), beta])), objective.expand)
        log.extend(found.log)
        ends, beta = unpack_roots(found.x[:k], criterion.sizes), found.x[k:]
        _check_finite(criterion, ends, ENDLESS if found.converged else FAR)
        theta, value, _ = fold(_AtBeta(objective, beta), ends, found.value)
        if is_singular(unpack(theta, criterion.sizes), tolerance=SINGULAR) and len(beta):
            polished = objective.beta_at(unpack(theta, criterion.sizes), beta)
            log.extend(polished.log)
            beta, value = polished.x, polished.value
        escape = escape_of(_AtBeta(objective, beta), theta, None)
        if escape is None or restarts == MAX_RESTARTS:
            break
        factors, restarts = unpack(escape, criterion.sizes), restarts + 1
    return GlmmMinimum(
        theta=theta,
        beta=beta,
        deviance=value,
        converged=found.converged and escape is None,
        singular=is_singular(unpack(theta, criterion.sizes), tolerance=SINGULAR),
        restarts=restarts,
        log=tuple(log),
        message=found.message if escape is None else "a saddle on the boundary could not be left",
        duals=objective.duals or criterion.design.cells.zeros(),
    )


def _check_finite(criterion: GlmmCriterion, factors: list[np.ndarray], most: float) -> None:
    """Raise DataError where the variance of a factor grows without end."""
    sizes = iter(factors)
    for level in criterion.design.levels:
        largest = max(float(np.abs(next(sizes)).max()) for _ in level.blocks)
        if not largest <= most:
            raise DataError(
                f"the variance between groups of '{level.name}' grows without end: nearly every "
                "group holds only one outcome, so the likelihood has no maximum. Leave the term "
                "out, or use data with more rows a group."
            )
