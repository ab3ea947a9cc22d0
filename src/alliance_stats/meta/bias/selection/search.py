"""Highest point of the likelihood of a selection model, also with parameters held.

Newton's method with the curvature made positive, on β, τ and the logarithms of what must be
positive. τ is free in sign: at 0 the likelihood is flat along it, so that a fit which comes near 0
is compared with the fit at 0 exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alliance_stats.meta.bias.selection.likelihood import SelectionLikelihood
from alliance_stats.numeric.optimise import descent, drive

Floats = NDArray[np.float64]

#: Half the decrease of the likelihood that a Newton step still promises at the end.
TOLERANCE = 1e-12
#: A search for the variance between studies begins at this share of the typical sampling variance
#: or above: from 0 there is no slope.
FIRST = 0.1
#: A variance between studies below this share of the typical sampling variance is tried as 0.
NEAR_ZERO = 1e-3
#: A likelihood that is no more than this lower at a variance of 0 counts as no lower.
NO_LOWER = 1e-9
#: No curvature is taken to be flatter than this share of the steepest.
FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Point:
    """Where a search ended.

    Attributes
    ----------
    beta : array (p,)
    tau2 : float
    eta : array (m,)
    loglik : float
    converged : bool
    """

    beta: Floats
    tau2: float
    eta: Floats
    loglik: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Search:
    """A likelihood with the scale of its weights.

    Attributes
    ----------
    likelihood : SelectionLikelihood
    beta_scale : bool
        Whether η + 1 must be positive (beta weights), and not only exp η (steps).
    equal_effects : bool
        Whether τ² is 0.
    """

    likelihood: SelectionLikelihood
    beta_scale: bool
    equal_effects: bool

    @property
    def p(self) -> int:
        """Coefficients."""
        return self.likelihood.x.shape[1]

    def held(self) -> NDArray[np.bool_]:
        """Which of (β, τ², η) are not estimated, (p + 1 + m,)."""
        mask = np.zeros(self.p + 1 + self.likelihood.weights.m, dtype=bool)
        mask[self.p] = self.equal_effects
        return mask

    def highest(self, start: Point, *, held: NDArray[np.bool_]) -> Point:
        """The nearest maximum, with those of (β, τ², η) kept that are True in `held`."""
        free = ~held
        if not free[self.p]:
            return self._climb(start, free)
        typical = float(np.median(self.likelihood.vi))
        found = self._climb(replace(start, tau2=max(start.tau2, FIRST * typical)), free)
        if found.tau2 > NEAR_ZERO * typical:
            return found
        free[self.p] = False  # a copy: ~ made it
        zero = self._climb(Point(found.beta, 0.0, found.eta, 0.0, True), free)
        return zero if zero.loglik >= found.loglik - NO_LOWER else found

    def _climb(self, start: Point, free: NDArray[np.bool_]) -> Point:
        whole = self._working(start)
        if not free.any():
            return self._point(whole, True)

        def expand(values: Floats) -> tuple[float, Floats, Floats]:
            at = whole.copy()
            at[free] = values
            value, gradient, hessian = self._expansion(at)
            return value, gradient[free], positive(hessian[np.ix_(free, free)])

        steps = descent(whole[free], tolerance=TOLERANCE, max_iterations=200, memory=0)
        optimum = drive(steps, expand)
        whole[free] = optimum.x
        return self._point(whole, optimum.converged)

    def _working(self, point: Point) -> Floats:
        eta = np.log1p(point.eta) if self.beta_scale else point.eta
        return np.concatenate([point.beta, [np.sqrt(point.tau2)], eta])

    def _natural(self, working: Floats) -> tuple[Floats, float, Floats]:
        p, eta = self.p, working[self.p + 1 :]
        with np.errstate(over="ignore"):
            return working[:p], working[p] ** 2, np.expm1(eta) if self.beta_scale else eta

    def _point(self, working: Floats, converged: bool) -> Point:
        beta, tau2, eta = self._natural(working)
        value = self.likelihood.expand(beta, tau2, eta).value
        return Point(beta, float(tau2), eta, value, converged)

    def _expansion(self, working: Floats) -> tuple[float, Floats, Floats]:
        """Minus the log-likelihood by the working parameters."""
        beta, tau2, eta = self._natural(working)
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.likelihood.expand(beta, tau2, eta)
        if not np.isfinite(found.value):
            return np.inf, -found.gradient, found.hessian
        p = self.p
        slope = np.ones_like(working)
        slope[p] = 2.0 * working[p]
        bend = np.zeros_like(working)
        bend[p] = 2.0
        if self.beta_scale:
            slope[p + 1 :] = bend[p + 1 :] = eta + 1.0
        hessian = found.hessian * np.outer(slope, slope) + np.diag(bend * found.gradient)
        return -found.value, -found.gradient * slope, -hessian


def positive(hessian: Floats) -> Floats:
    """A symmetric matrix with its curvatures made positive, on the scale of its diagonal."""
    scale = np.sqrt(np.abs(np.diagonal(hessian)))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    sizes = np.abs(values)
    sizes = np.maximum(sizes, FLAT * max(sizes.max(), FLAT))
    return (vectors * sizes) @ vectors.T * np.outer(scale, scale)
