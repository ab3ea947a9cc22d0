"""Slices at a fixed standard deviation or correlation of one block of random effects.

The block is Λ = AL, where the first columns of A belong to the effects in question, in the units
of their columns up to a factor:

    SD of the first effect fixed:   L = [[s/σ, 0], [v, R]],
    correlation sin φ fixed:        L = [[a, 0, 0], [b sin φ, b cos φ, 0], [V, R]],   a, b > 0.

The derivative in the entries of L is K = 2A'GΛ with G = ∂deviance/∂Σ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import n_theta, pack, symmetric_basis, unpack_roots
from alliance_stats.lmm.inference.slices import (
    ELSEWHERE,
    VANISHED,
    Point,
    at_sigma,
    off_saddles,
    root_gradients,
    roots_but,
    symmetric_root,
    with_others,
)

#: Largest logarithm of a relative standard deviation.
EXTREME = 40.0


@dataclass(frozen=True, eq=False)
class DeviationSlice:
    """The standard deviation s of an effect of one block; first of the free is log σ, then v, R.

    Attributes
    ----------
    block : int
    basis : ndarray (q, q)
        A.
    """

    criterion: Criterion
    fitted: Profile
    block: int
    basis: np.ndarray
    bounds: tuple[float, float] = (0.0, np.inf)

    @property
    def start(self) -> float:
        """The estimate."""
        own = self._fitted_block
        return float(np.sqrt(self.fitted.sigma2 * own[0, 0]))

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self._fitted_block
        first = np.sqrt(own[0, 0])
        v = own[1:, 0] / first if first > VANISHED else np.zeros(len(own) - 1)
        sigma = 0.5 * np.log(self.fitted.sigma2)
        inner = pack([symmetric_root(own[1:, 1:] - np.outer(v, v))])
        return np.concatenate([[sigma], v, inner, roots_but(self.fitted, self.block)])

    @cached_property
    def _fitted_block(self) -> np.ndarray:
        return _in_basis(self.fitted.factors[self.block], self.basis)

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        q, sizes = len(self.basis), self.criterion.sizes
        others = sizes[: self.block] + sizes[self.block + 1 :]
        diagonal = [ELSEWHERE * np.eye(n) for n in (q - 1, *others)]
        return np.concatenate([0.5 * np.log([self.fitted.sigma2]), np.zeros(q - 1), pack(diagonal)])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this standard deviation."""
        if abs(free[0]) > EXTREME:
            return None
        q = len(self.basis)
        share = value * np.exp(-free[0])
        inner = np.zeros((q, q))
        inner[0, 0], inner[1:, 0] = share, free[1:q]
        end = q + n_theta([q - 1])
        inner[1:, 1:] = unpack_roots(free[q:end], [q - 1])[0]
        factors = with_others(self.criterion, self.block, self.basis @ inner, free[end:])
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        pinned, in_log = at_sigma(self.criterion, profile, float(free[0]))
        in_sigma = self.criterion.gradients(pinned)
        k = 2.0 * self.basis.T @ in_sigma[self.block] @ factors[self.block]
        own = [[in_log - k[0, 0] * share], k[1:, 0], k[1:, 1:].ravel() @ symmetric_basis(q - 1)]
        gradient = np.concatenate([*own, root_gradients(in_sigma, factors, self.block)])
        slope = float(k[0, 0] * np.exp(-free[0]))
        return Point(pinned.deviance, gradient, slope, in_sigma, pinned)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.criterion, free, point, self.block, self.basis, 1)


@dataclass(frozen=True, eq=False)
class CorrelationSlice:
    """The angle φ of the correlation sin φ of two effects; the free are log a, log b, V, R."""

    criterion: Criterion
    fitted: Profile
    block: int
    basis: np.ndarray
    bounds: tuple[float, float] = (-np.pi / 2, np.pi / 2)

    @property
    def start(self) -> float:
        """The estimate."""
        own = self._fitted_block
        found = own[0, 1] / np.sqrt(own[0, 0] * own[1, 1])
        return float(np.arcsin(np.clip(found, -1.0, 1.0)))

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self._fitted_block
        a, b = np.sqrt(own[0, 0]), np.sqrt(own[1, 1])
        left = np.array([[a, 0.0], [b * np.sin(self.start), b * np.cos(self.start)]])
        v = own[2:, :2] @ np.linalg.pinv(left.T, rcond=VANISHED)
        inner = pack([symmetric_root(own[2:, 2:] - v @ v.T)])
        others = roots_but(self.fitted, self.block)
        return np.concatenate([[np.log(a), np.log(b)], v.ravel(), inner, others])

    @cached_property
    def _fitted_block(self) -> np.ndarray:
        return _in_basis(self.fitted.factors[self.block], self.basis)

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        q, sizes = len(self.basis), self.criterion.sizes
        others = sizes[: self.block] + sizes[self.block + 1 :]
        diagonal = [ELSEWHERE * np.eye(n) for n in (q - 2, *others)]
        return np.concatenate(
            [np.log([ELSEWHERE, ELSEWHERE]), np.zeros(2 * (q - 2)), pack(diagonal)]
        )

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this angle."""
        if max(free[:2]) > EXTREME:
            return None
        q = len(self.basis)
        a, b = np.exp(free[0]), np.exp(free[1])
        sine, cosine = np.sin(value), np.cos(value)
        inner = np.zeros((q, q))
        inner[0, 0], inner[1, :2] = a, (b * sine, b * cosine)
        middle = 2 + 2 * (q - 2)
        end = middle + n_theta([q - 2])
        inner[2:, :2] = free[2:middle].reshape(q - 2, 2)
        inner[2:, 2:] = unpack_roots(free[middle:end], [q - 2])[0]
        factors = with_others(self.criterion, self.block, self.basis @ inner, free[end:])
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        in_sigma = self.criterion.gradients(profile)
        k = 2.0 * self.basis.T @ in_sigma[self.block] @ factors[self.block]
        own = [
            [a * k[0, 0], b * (sine * k[1, 0] + cosine * k[1, 1])],
            k[2:, :2].ravel(),
            k[2:, 2:].ravel() @ symmetric_basis(q - 2),
        ]
        gradient = np.concatenate([*own, root_gradients(in_sigma, factors, self.block)])
        slope = float(b * (cosine * k[1, 0] - sine * k[1, 1]))
        return Point(profile.deviance, gradient, slope, in_sigma, profile)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.criterion, free, point, self.block, self.basis, 2)


def block_basis(rows: np.ndarray) -> np.ndarray:
    """A (q, q) with rows (k, q) @ A = (I, 0): the effects of `rows` first, then the rest."""
    k, q = rows.shape
    _, _, right = np.linalg.svd(rows)
    return np.concatenate([np.linalg.pinv(rows), right[k:].T.reshape(q, q - k)], axis=1)


def _in_basis(factor: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Covariance (q, q) of the effects A⁻¹b."""
    left = np.linalg.solve(basis, factor)
    return np.asarray(left @ left.T)
