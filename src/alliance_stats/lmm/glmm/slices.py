"""The deviance of a generalised linear mixed model with one parameter held fixed.

As `lmm.inference.slices`, but β is not profiled out: it stands among the free coordinates, first.
Along a direction t of the standardised fixed effects β = t v + Nγ, N spanning what is orthogonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.factors import pack, unpack_roots
from alliance_stats.lmm.glmm.criterion import GlmmEvaluation
from alliance_stats.lmm.glmm.minimum import Objective
from alliance_stats.lmm.inference.block_shapes import BlockShape, in_basis
from alliance_stats.lmm.inference.block_slices import block_derivatives, others_elsewhere
from alliance_stats.lmm.inference.slices import (
    ELSEWHERE,
    Point,
    off_saddles,
    root_gradients,
    roots_but,
    symmetric_root,
    with_others,
)


@dataclass(frozen=True, eq=False)
class GlmmFixedSlice:
    """A combination t'β of the standardised fixed effects; `direction` t has length 1."""

    objective: Objective
    fitted: GlmmEvaluation
    direction: np.ndarray
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def start(self) -> float:
        """The estimate."""
        return float(self.direction @ self.fitted.beta)

    @cached_property
    def _rest(self) -> np.ndarray:
        """N (p, p − 1)."""
        _, _, right = np.linalg.svd(self.direction[None])
        return right[1:].T

    @cached_property
    def free(self) -> np.ndarray:
        """γ and the entries of all roots."""
        roots = pack([symmetric_root(f @ f.T) for f in self.fitted.factors])
        return np.concatenate([self._rest.T @ self.fitted.beta, roots])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        roots = pack([ELSEWHERE * np.eye(q) for q in self.objective.criterion.sizes])
        return np.concatenate([self._rest.T @ self.fitted.beta, roots])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance there."""
        rest, entries = np.split(free, [len(self.direction) - 1])
        factors = unpack_roots(entries, self.objective.criterion.sizes)
        found = self.objective.at(factors, self.direction * value + self._rest @ rest)
        if found is None:
            return None
        others = root_gradients(found.in_sigma, found.factors, None)
        gradient = np.concatenate([self._rest.T @ found.in_beta, others])
        return _point(found, gradient, float(self.direction @ found.in_beta))

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.objective.criterion.sizes, free, point)


@dataclass(frozen=True, eq=False)
class GlmmBlockSlice:
    """A standard deviation or correlation of one block of random effects, by its shape."""

    objective: Objective
    fitted: GlmmEvaluation
    block: int
    shape: BlockShape

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return self.shape.bounds

    @property
    def start(self) -> float:
        """The estimate."""
        return self.shape.start(self._own)

    @cached_property
    def _own(self) -> np.ndarray:
        return in_basis(self.fitted.factors[self.block], self.shape.basis)

    @cached_property
    def free(self) -> np.ndarray:
        """β, the own coordinates of the block, and the entries of the other roots."""
        own = self.shape.coordinates(self._own)
        return np.concatenate([self.fitted.beta, own, roots_but(self.fitted.factors, self.block)])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        others = others_elsewhere(self.objective.criterion.sizes, self.block)
        return np.concatenate([self.fitted.beta, self.shape.elsewhere, others])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance there."""
        p = len(self.fitted.beta)
        beta, own, rest = np.split(free, [p, p + self.shape.size])
        factor = self.shape.factor(value, own)
        if factor is None:
            return None
        factors = with_others(self.objective.criterion.sizes, self.block, factor, rest)
        found = self.objective.at(factors, beta)
        if found is None:
            return None
        in_own, slope = block_derivatives(
            self.shape, value, own, found.in_sigma[self.block], factor
        )
        others = root_gradients(found.in_sigma, factors, self.block)
        return _point(found, np.concatenate([found.in_beta, in_own, others]), slope)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        sizes, shape = self.objective.criterion.sizes, self.shape
        return off_saddles(sizes, free, point, self.block, shape.basis, shape.pinned)


def _point(found: GlmmEvaluation, gradient: np.ndarray, slope: float) -> Point:
    return Point(
        found.deviance,
        gradient,
        slope,
        found.in_sigma,
        found.factors,
        found.beta,
        found.information,
    )
