"""Slices at a fixed standard deviation or correlation of one block of random effects.

The block is one of the module `block_shapes`. A standard deviation is fixed in units of the
response, so log σ is free and the block holds s/σ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import pack
from alliance_stats.lmm.inference.block_shapes import (
    EXTREME,
    BlockShape,
    CorrelationShape,
    DeviationShape,
    block_basis,
    in_basis,
)
from alliance_stats.lmm.inference.slices import (
    ELSEWHERE,
    Point,
    at_sigma,
    off_saddles,
    point_of,
    root_gradients,
    roots_but,
    with_others,
)

__all__ = ["CorrelationSlice", "DeviationSlice", "block_basis"]


@dataclass(frozen=True, eq=False)
class DeviationSlice:
    """The standard deviation s of an effect of one block; the first free coordinate is log σ.

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

    @cached_property
    def shape(self) -> DeviationShape:
        """The block."""
        return DeviationShape(self.basis)

    @property
    def start(self) -> float:
        """The estimate."""
        own = in_basis(self.fitted.factors[self.block], self.basis)
        return float(np.sqrt(self.fitted.sigma2)) * self.shape.start(own)

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self.shape.coordinates(in_basis(self.fitted.factors[self.block], self.basis))
        sigma = 0.5 * np.log(self.fitted.sigma2)
        return np.concatenate([[sigma], own, roots_but(self.fitted.factors, self.block)])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        sigma = 0.5 * np.log([self.fitted.sigma2])
        others = others_elsewhere(self.criterion.sizes, self.block)
        return np.concatenate([sigma, self.shape.elsewhere, others])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this standard deviation."""
        if abs(free[0]) > EXTREME:
            return None
        share = value * np.exp(-free[0])
        own, rest = np.split(free[1:], [self.shape.size])
        factor = self.shape.factor(share, own)
        factors = with_others(self.criterion.sizes, self.block, factor, rest)
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        pinned, in_log = at_sigma(self.criterion, profile, float(free[0]))
        in_sigma = self.criterion.gradients(pinned)
        k = 2.0 * self.basis.T @ in_sigma[self.block] @ factor
        in_own, in_share = self.shape.derivatives(share, own, k)
        others = root_gradients(in_sigma, factors, self.block)
        gradient = np.concatenate([[in_log - in_share * share], in_own, others])
        slope = float(in_share * np.exp(-free[0]))
        return point_of(self.criterion, pinned, gradient, slope, in_sigma)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.criterion.sizes, free, point, self.block, self.basis, 1)


@dataclass(frozen=True, eq=False)
class CorrelationSlice:
    """The angle φ of the correlation sin φ of two effects; own coordinates come first."""

    criterion: Criterion
    fitted: Profile
    block: int
    basis: np.ndarray
    bounds: tuple[float, float] = (-np.pi / 2, np.pi / 2)

    @cached_property
    def shape(self) -> CorrelationShape:
        """The block."""
        return CorrelationShape(self.basis)

    @property
    def start(self) -> float:
        """The estimate."""
        return self.shape.start(in_basis(self.fitted.factors[self.block], self.basis))

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self.shape.coordinates(in_basis(self.fitted.factors[self.block], self.basis))
        return np.concatenate([own, roots_but(self.fitted.factors, self.block)])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        others = others_elsewhere(self.criterion.sizes, self.block)
        return np.concatenate([self.shape.elsewhere, others])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this angle."""
        own, rest = np.split(free, [self.shape.size])
        factor = self.shape.factor(value, own)
        if factor is None:
            return None
        factors = with_others(self.criterion.sizes, self.block, factor, rest)
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        in_sigma = self.criterion.gradients(profile)
        in_own, slope = block_derivatives(self.shape, value, own, in_sigma[self.block], factor)
        gradient = np.concatenate([in_own, root_gradients(in_sigma, factors, self.block)])
        return point_of(self.criterion, profile, gradient, slope, in_sigma)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.criterion.sizes, free, point, self.block, self.basis, 2)


def block_derivatives(
    shape: BlockShape, value: float, own: np.ndarray, in_sigma: np.ndarray, factor: np.ndarray
) -> tuple[np.ndarray, float]:
    """Derivatives in the own coordinates of a block and in what it fixes, from ∂deviance/∂Σ."""
    return shape.derivatives(value, own, 2.0 * shape.basis.T @ in_sigma @ factor)


def others_elsewhere(sizes: list[int], block: int) -> np.ndarray:
    """Entries of the roots of all blocks but one, far from the fit."""
    found = [ELSEWHERE * np.eye(q) for k, q in enumerate(sizes) if k != block]
    return pack(found) if found else np.empty(0)
