"""Cross-products of nested grouping factors, and what is left when their effects are eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.kernels import LevelState, forward, whole_products


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
    def with_columns(self) -> list[np.ndarray]:
        """Z_k'V⁻¹U (q_l, m, G_l) of every level."""
        return self._whole[0]

    @property
    def precisions(self) -> list[np.ndarray]:
        """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every level."""
        return self._whole[1]

    @cached_property
    def _whole(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return whole_products(self.states, self.parents)


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
        states, top = forward(self.grams, self.z, self.starts, factors, self.total)
        return NestedElimination(states, self.parents, top)
