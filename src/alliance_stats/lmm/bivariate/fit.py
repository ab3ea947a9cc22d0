"""Regression of one response on the other at every level, from their covariance matrices.

At a level with covariance matrix Σ of (x, y) the slope of y on x is β = σ_xy/σ_xx (Lüdtke et al.,
2008, Psychological Methods 13, 203–229). With Σ = LL' and L lower triangular β = l₂₁/l₁₁, so that
(l₁₁, β, l₂₂) are coordinates of Σ in which a slope can be held.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.bivariate.criterion import BivariateCriterion, Evaluation
from alliance_stats.lmm.bivariate.moments import Moments, moments_of
from alliance_stats.lmm.factors import is_singular, pack, roots, unpack, unpack_roots
from alliance_stats.lmm.information import twice_inverse
from alliance_stats.lmm.minimum import SINGULAR, escape_of, fold
from alliance_stats.numeric.optimise import minimise_smooth

MAX_RESTARTS = 10
_STEP = 1e-4
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class BivariateFit:
    """Covariance matrices of (x, y) at every level by maximum likelihood, innermost first.

    Attributes
    ----------
    criterion : BivariateCriterion
        Over responses in units of `scale`.
    theta : ndarray
        Lower factors of all levels, stacked, in those units.
    evaluation : Evaluation
        At the optimum.
    scale : ndarray (2,)
    offset : ndarray (2, p)
        Least-squares coefficients taken out of the responses before.
    converged, singular : bool
    """

    criterion: BivariateCriterion
    theta: np.ndarray
    evaluation: Evaluation
    scale: np.ndarray
    offset: np.ndarray
    converged: bool
    singular: bool

    @property
    def factors(self) -> list[np.ndarray]:
        """Lower factors in scaled units."""
        return unpack(self.theta, self.criterion.sizes)

    @property
    def covariances(self) -> list[np.ndarray]:
        """Covariance matrices (2, 2) of every level in units of the responses."""
        unit = np.outer(self.scale, self.scale)
        return [f @ f.T * unit for f in self.factors]

    @property
    def loglik(self) -> float:
        """The log-likelihood of the responses in their own units."""
        n = self.criterion.moments.n_rows
        return -0.5 * self.evaluation.deviance - n * float(np.log(self.scale).sum())

    @property
    def coefficients(self) -> np.ndarray:
        """Fixed part B (2, p)."""
        return np.asarray(self.evaluation.coefficients * self.scale[:, None] + self.offset)

    @property
    def coefficient_se(self) -> np.ndarray:
        """Standard errors of B (2, p), variances taken as known."""
        covariance = np.linalg.inv(self.evaluation.normal)
        return np.sqrt(np.diag(covariance)).reshape(2, -1) * self.scale[:, None]

    @property
    def unit(self) -> float:
        """Factor from a slope in scaled units to one in units of the responses."""
        return float(self.scale[1] / self.scale[0])

    @cached_property
    def coordinates(self) -> np.ndarray:
        """(l₁₁, β, l₂₂) of every level in scaled units; β is NaN where l₁₁ is zero."""
        return np.concatenate([coordinates_of(f) for f in self.factors])

    @property
    def slopes(self) -> np.ndarray:
        """β of every level in units of the responses."""
        return np.asarray(self.coordinates[1::3] * self.unit)

    @cached_property
    def coordinate_covariance(self) -> np.ndarray:
        """Covariance matrix of `coordinates`, from the observed information; NaN if undefined."""
        at = self.coordinates
        keep = np.flatnonzero(np.isfinite(at) & np.repeat(np.isfinite(at[1::3]), 3))
        hessian = np.empty((len(keep), len(at)))
        filled = np.where(np.isfinite(at), at, 0.0)
        for row, j in enumerate(keep):
            step = np.zeros(len(at))
            step[j] = _STEP * max(1.0, abs(filled[j]))
            up, down = (expand_coordinates(self.criterion, filled + s * step)[1] for s in (1, -1))
            hessian[row] = (up - down) / (2.0 * step[j])
        inner = hessian[:, keep]
        found = np.full((len(at), len(at)), np.nan)
        found[np.ix_(keep, keep)] = twice_inverse((inner + inner.T) / 2.0, flat=_FLAT)
        return found

    @property
    def slope_covariance(self) -> np.ndarray:
        """Covariance matrix of the slopes; NaN where undefined."""
        return np.asarray(self.coordinate_covariance[1::3, 1::3] * self.unit**2)

    @property
    def correlations(self) -> np.ndarray:
        """Correlation of x and y at every level; NaN where one of the two does not vary."""
        found = []
        for s in self.covariances:
            both = float(np.sqrt(s[0, 0] * s[1, 1]))
            found.append(s[0, 1] / both if both > 0 else np.nan)
        return np.array(found)

    @property
    def correlation_z_se(self) -> np.ndarray:
        """Standard error of Fisher's z of every correlation, by the delta method.

        z = arsinh(l₁₁β/l₂₂). NaN where the correlation is undefined or perfect.
        """
        found = np.full(len(self.factors), np.nan)
        for level, (a, b, m) in enumerate(self.coordinates.reshape(-1, 3)):
            if not np.isfinite(b) or m < SINGULAR:
                continue
            t = a * b / m
            slope = np.array([b, a, -t]) / (m * np.sqrt(1.0 + t * t))
            own = slice(3 * level, 3 * level + 3)
            variance = slope @ self.coordinate_covariance[own, own] @ slope
            found[level] = np.sqrt(variance) if variance > 0 else np.nan
        return found


def fit_bivariate(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, outer: np.ndarray | None = None
) -> BivariateFit:
    """Fit the covariance matrices of two responses at two or three nested levels.

    Parameters
    ----------
    x : ndarray (n, p)
        Regressors of both responses, of full column rank.
    y : ndarray (n, 2)
        The responses: first the one that slopes are on.
    group : ndarray (n,) of int
        Codes 0, 1, … without gaps.
    outer : ndarray (n,) of int, optional
        Codes of groups of groups.

    Returns
    -------
    BivariateFit

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> group = np.repeat(np.arange(60), 5)
    >>> between = rng.normal(size=(60, 2)) @ [[1.0, 0.8], [0.0, 0.5]]
    >>> y = between[group] + rng.normal(size=(300, 2))
    >>> fit_bivariate(np.ones((300, 1)), y, group).slopes.shape
    (2,)
    """
    offset = np.linalg.lstsq(x, y, rcond=None)[0]
    left = y - x @ offset  # keeps digits
    moments = moments_of(x, left, group, outer)
    degrees = moments.n_rows - moments.n_groups
    scale = np.sqrt(np.diag(moments.within_yy) / max(degrees, 1))
    return _search(moments_of(x, left / scale, group, outer), scale, offset.T)


def _search(moments: Moments, scale: np.ndarray, offset: np.ndarray) -> BivariateFit:
    """Minimise from independent effects, leaving saddles on the boundary."""
    criterion = BivariateCriterion(moments)
    point = pack([np.eye(2), *(0.7 * np.eye(2) for _ in criterion.sizes[1:])])
    for _ in range(MAX_RESTARTS):
        found = minimise_smooth(criterion.expand, roots(unpack(point, criterion.sizes)))
        theta, _, profile = fold(criterion, unpack_roots(found.x, criterion.sizes), found.value)
        escape = escape_of(criterion, theta, profile)
        if escape is None:
            break
        point = escape
    return BivariateFit(
        criterion=criterion,
        theta=theta,
        evaluation=criterion.profile(theta),
        scale=scale,
        offset=offset,
        converged=found.converged and escape is None,
        singular=is_singular(unpack(theta, criterion.sizes), tolerance=SINGULAR),
    )


def coordinates_of(factor: np.ndarray) -> np.ndarray:
    """(l₁₁, β, l₂₂) of a lower factor; β is NaN where l₁₁ is zero."""
    if factor[0, 0] < SINGULAR:
        return np.array([0.0, np.nan, float(np.hypot(factor[1, 0], factor[1, 1]))])
    return np.array([factor[0, 0], factor[1, 0] / factor[0, 0], factor[1, 1]])


def expand_coordinates(
    criterion: BivariateCriterion, at: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Deviance, gradient and a guess of the Hessian in (l₁₁, β, l₂₂) of all levels."""
    levels = at.reshape(-1, 3)
    factors = [np.array([[a, 0.0], [b * a, m]]) for a, b, m in levels]
    k = len(at)
    try:
        found = criterion.at([f @ f.T for f in factors])
    except np.linalg.LinAlgError:
        return np.inf, np.zeros(k), np.eye(k)
    slope, hessian = np.empty(k), np.zeros((k, k))
    for level, (a, b, m) in enumerate(levels):
        own = slice(3 * level, 3 * level + 3)
        jacobian = _jacobian(a, b, m)
        gradient, n = found.gradients[level], found.information[level]
        slope[own] = jacobian.T @ gradient.ravel()
        moved = np.einsum("abg,bck->acgk", n, jacobian.reshape(2, 2, 3))
        block = np.einsum("acgk,cagl->kl", moved, moved)
        positive = max(gradient[0, 0] + 2 * b * gradient[0, 1] + b * b * gradient[1, 1], 0.0)
        block[0, 0] += 2.0 * positive
        block[2, 2] += 2.0 * max(gradient[1, 1], 0.0)
        block[np.diag_indices(3)] += 1e-4 * np.trace(block) / 3 + 1e-8
        hessian[own, own] = block
    return found.deviance, slope, hessian


def _jacobian(a: float, b: float, m: float) -> np.ndarray:
    """Derivatives (4, 3) of Σ, row by row, by (l₁₁, β, l₂₂)."""
    return np.array(
        [
            [2 * a, 0.0, 0.0],
            [2 * b * a, a * a, 0.0],
            [2 * b * a, a * a, 0.0],
            [2 * b * b * a, 2 * b * a * a, 2 * m],
        ]
    )


def held_deviance(
    criterion: BivariateCriterion, start: np.ndarray, map_to: np.ndarray, offset: np.ndarray
) -> tuple[float, np.ndarray]:
    """The smallest deviance over q with coordinates ``map_to @ q + offset``, and q."""

    def expand(q: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope, hessian = expand_coordinates(criterion, map_to @ q + offset)
        return value, map_to.T @ slope, map_to.T @ hessian @ map_to

    found = minimise_smooth(expand, start, tolerance=1e-9)
    return found.value, found.x
