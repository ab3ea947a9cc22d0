"""Cross-products of nested grouping factors, and what is left when their effects are eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.kernels import (
    LevelState,
    backward,
    conditional_means,
    forward,
    marginal_blocks,
)


@dataclass(frozen=True, eq=False)
class NestedElimination:
    """The model with all random effects eliminated, at one set of factors Λ_l.

    Attributes
    ----------
    states : list of LevelState
        One a level, innermost first.
    parents : sequence of ndarray
        For every level but the outermost: the parent of each group.
    top : ndarray (m, m)
        U'V⁻¹U of the unique columns U.
    """

    states: list[LevelState]
    parents: Sequence[np.ndarray]
    top: np.ndarray

    @property
    def logdet(self) -> float:
        """log|V|."""
        return sum(state.logdet for state in self.states)

    @property
    def information(self) -> list[np.ndarray]:
        """Z_k'V_k⁻¹Z_k (q_l, q_l, G_l) of every level, V_k without the levels above."""
        return [state.n for state in self.states]

    @cached_property
    def precisions(self) -> list[np.ndarray]:
        """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every level, with all levels in V."""
        return marginal_blocks(self.states, self.parents)

    def gradients(self, adjoint: np.ndarray, *, logdet: bool = True) -> list[np.ndarray]:
        """∂/∂Σ_l of log|V| (if asked for) plus a function of `top` with this adjoint (m, m)."""
        return backward(self.states, self.parents, adjoint, logdet=logdet)

    def means(self, weights: np.ndarray) -> list[np.ndarray]:
        """Conditional means (q_l, G_l) of the random effects for the residual U·weights."""
        return conditional_means(self.states, self.parents, weights)


@dataclass(frozen=True, eq=False)
class NestedProducts:
    """Gram matrices of the innermost groups, and how these nest.

    Attributes
    ----------
    grams : ndarray (m, m, G_1)
    z : sequence of ndarray (q_l,)
        Positions of every level's columns among the unique ones.
    starts : sequence of ndarray
        For every level but the innermost: the first child of each group.
    parents : sequence of ndarray
        For every level but the outermost: the parent of each group.
    """

    grams: np.ndarray
    z: Sequence[np.ndarray]
    starts: Sequence[np.ndarray]
    parents: Sequence[np.ndarray]

    @cached_property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) over all rows."""
        return np.asarray(self.grams.sum(axis=-1))

    def eliminate(self, factors: Sequence[np.ndarray]) -> NestedElimination:
        """Eliminate the random effects with factors Λ_l (q_l, q_l)."""
        states, top = forward(self.grams, self.z, self.starts, factors)
        return NestedElimination(states, self.parents, top)
