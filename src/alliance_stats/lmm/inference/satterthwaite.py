"""Satterthwaite degrees of freedom from derivatives of the same Gram blocks.

For a contrast c'β with variance v(φ), φ = (θ, σ²), or (θ, ψ, σ²) with residuals structured by ψ,
df = 2v² / (∇v' A ∇v), where A = 2H⁻¹ is the asymptotic covariance of φ and H the Hessian of the
deviance with σ² not profiled out (Fai & Cornelius, 1996; Kuznetsova, Brockhoff & Christensen,
2017, J. Stat. Softw. 82(13)).
∇v is exact; H comes from central differences of the exact gradient. On a singular fit the
vanished columns of Λ are left out of φ. So is a direction in which neither the deviance nor v
changes, where the model has more variances than the data can tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.derivatives import gradients
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import gradient_in_theta, triangle, unpack

STEP = 1e-4
#: An eigenvalue of the Hessian, scaled to a unit diagonal, below which a direction is flat.
FLAT = 1e-6
#: Share of the length of ∇v along a flat direction that is rounding.
ROUNDING = 1e-4


@dataclass(frozen=True, eq=False)
class Satterthwaite:
    """Degrees of freedom of contrasts at a fitted θ.

    Attributes
    ----------
    criterion : Criterion
    profile : Profile
        At the optimum.
    free : ndarray of int
        Positions of the θ that are not fixed at zero.
    scale : ndarray (h,)
        Makes the diagonal of the Hessian in (θ_free, ψ_free, σ²) one.
    curvatures, directions : ndarray (h,), (h, h)
        Eigenvalues and eigenvectors of the scaled Hessian.
    """

    criterion: Criterion
    profile: Profile
    free: np.ndarray
    scale: np.ndarray
    curvatures: np.ndarray
    directions: np.ndarray

    def df(self, contrast: np.ndarray) -> float:
        """Degrees of freedom of one contrast (p,) of the standardised coefficients.

        Not a number where the Hessian is not positive definite in a direction that matters.
        """
        profile = self.profile
        moved = profile.unscaled @ contrast
        unscaled = float(contrast @ moved)
        in_theta = -profile.sigma2 * _quadratic_gradient(self.criterion, profile, moved)
        in_psi = -profile.sigma2 * np.einsum("kpr,p,r->k", self._psi_slopes, moved, moved)
        gradient = np.concatenate([in_theta[self.free], in_psi, [unscaled]])
        return float(self._from_gradients(gradient[:, None], np.array([unscaled]))[0])

    def dfs(self, contrasts: np.ndarray) -> np.ndarray:
        """Degrees of freedom (n,) of many contrasts (p, n), as `df` of each."""
        moved = self.profile.unscaled @ contrasts
        unscaled = np.einsum("pn,pn->n", contrasts, moved)
        slopes = np.concatenate([self._slopes[self.free], self._psi_slopes])
        gradients = np.empty((len(slopes) + 1, len(unscaled)))
        for row, slope in enumerate(slopes):
            gradients[row] = -self.profile.sigma2 * np.einsum("pn,pn->n", moved, slope @ moved)
        gradients[-1] = unscaled
        return self._from_gradients(gradients, unscaled)

    def covariance(self, gradients: np.ndarray) -> np.ndarray:
        """∇'A∇ (n, n) of functions of φ with the gradients ∇ (h, n) in (θ_free, ψ_free, σ²).

        Not a number where the Hessian is not positive definite in a direction that matters.
        """
        along, matters, defined = self._along(gradients)
        with np.errstate(divide="ignore", invalid="ignore"):
            half = np.where(matters, along / np.sqrt(np.abs(self.curvatures))[:, None], 0.0)
        both = defined[:, None] & defined
        return np.where(both, 2.0 * half.T @ half, np.nan)

    def _from_gradients(self, gradients: np.ndarray, unscaled: np.ndarray) -> np.ndarray:
        """Degrees of freedom (n,) from ∇v (h, n) and v/σ² (n,)."""
        along, matters, defined = self._along(gradients)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(matters, along**2 / self.curvatures[:, None], 0.0)
            variance = 2.0 * shares.sum(axis=0)
            found = 2.0 * (self.profile.sigma2 * unscaled) ** 2 / variance
        return np.where(defined & (variance > 0), found, np.nan)

    def _along(self, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gradients along the Hessian's directions (h, n), which matter; what is defined."""
        along = self.directions.T @ (self.scale[:, None] * gradients)
        flat = np.abs(self.curvatures) < FLAT
        small = np.abs(along) <= ROUNDING * np.linalg.norm(along, axis=0)
        matters = ~(flat[:, None] & small)
        defined = ~(matters & (self.curvatures <= 1e-8)[:, None]).any(axis=0)
        return along, matters, defined

    @property
    def _psi_slopes(self) -> np.ndarray:
        """∂(X'V⁻¹X)/∂ψ (k, p, p); none where residuals are independent."""
        design = self.criterion.design
        p = len(design.x)
        if design.residual is None:
            return np.empty((0, p, p))
        return design.residual.curvature.slopes[design.residual.free, :p, :p]

    @cached_property
    def _slopes(self) -> np.ndarray:
        """∂(X'V⁻¹X)/∂θ (k, p, p)."""
        criterion, factors = self.criterion, iter(self.profile.factors)
        found = []
        for level, columns in zip(
            criterion.design.levels, self.profile.eliminated.with_columns, strict=True
        ):
            fixed = columns[:, criterion.design.x]
            q, p, n = fixed.shape
            flat = fixed.reshape(q * p, n)
            products = (flat @ flat.T).reshape(q, p, q, p)
            for block in level.blocks:
                inner = products[block.columns, :, block.columns]
                slopes = -2.0 * np.einsum("qarb,rs->qsab", inner, next(factors))
                found.append(slopes[triangle(len(block.names))])
        p = len(criterion.design.x)
        return np.concatenate([np.empty((0, p, p)), *found])


def satterthwaite(criterion: Criterion, theta: np.ndarray) -> Satterthwaite:
    """Prepare the degrees of freedom at the optimum θ (canonical)."""
    profile = criterion.profile(theta)
    free = free_parameters(theta, criterion.sizes)
    hessian = profiled_hessian(criterion, theta, free)
    m, s2 = criterion.degrees, profile.sigma2
    weights = criterion.residual_weights(profile)
    residual = _gradient_of(criterion, profile, np.outer(weights, weights))[free]
    if (fitted := criterion.design.residual) is not None:
        slopes = fitted.curvature.slopes[fitted.free]
        in_psi = np.einsum("kab,a,b->k", slopes, weights, weights)
        residual = np.append(residual, in_psi)
    cross = -residual / s2**2  # ∂²deviance/∂(θ, ψ)∂σ²
    corner = m / s2**2  # ∂²deviance/∂σ⁴ at the optimum
    full = np.empty((len(residual) + 1, len(residual) + 1))
    full[:-1, :-1] = hessian + np.outer(cross, cross) / corner
    full[-1, :-1] = full[:-1, -1] = cross
    full[-1, -1] = corner
    scale = 1.0 / np.sqrt(np.abs(np.diag(full)))
    values, vectors = np.linalg.eigh(full * np.outer(scale, scale))
    return Satterthwaite(criterion, profile, free, scale, values, vectors)


def free_parameters(theta: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Positions of the θ in columns of Λ that have not vanished."""
    keep = [
        factor[j, j] > 0
        for factor in unpack(theta, sizes)
        for _, j in zip(*triangle(len(factor)), strict=True)
    ]
    return np.flatnonzero(keep)


def profiled_hessian(criterion: Criterion, theta: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Hessian of the profiled deviance over the free θ, then the free ψ, by differences."""
    fitted = criterion.design.residual
    alone = _theta_hessian(criterion, theta, free)
    if fitted is None:
        return alone
    cross = fitted.curvature.cross[np.ix_(fitted.free, free)]
    inner = fitted.curvature.inner[np.ix_(fitted.free, fitted.free)]
    return np.block([[alone, cross.T], [cross, inner]])


def _theta_hessian(criterion: Criterion, theta: np.ndarray, free: np.ndarray) -> np.ndarray:
    hessian = np.empty((len(free), len(free)))
    for row, position in enumerate(free):
        step = STEP * max(1.0, abs(theta[position]))
        up, down = theta.copy(), theta.copy()
        up[position] += step
        down[position] -= step
        hessian[row] = (criterion(up)[1][free] - criterion(down)[1][free]) / (2.0 * step)
    return (hessian + hessian.T) / 2.0


def _gradient_of(criterion: Criterion, profile: Profile, adjoint: np.ndarray) -> np.ndarray:
    """Gradient in θ of a function of the top matrix only."""
    in_sigma = gradients(profile.eliminated, adjoint, logdet=False)
    return gradient_in_theta(criterion.by_block(in_sigma), profile.factors)


def _quadratic_gradient(
    criterion: Criterion, profile: Profile, direction: np.ndarray
) -> np.ndarray:
    """Gradient in θ of d'(X'V⁻¹X)d for a fixed direction d (p,)."""
    wide = np.zeros(criterion.design.y + 1)
    wide[criterion.design.x] = direction
    return _gradient_of(criterion, profile, np.outer(wide, wide))
