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

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Z_j'V⁻¹Z_k (q_l, q_a, n) of groups j of one level and k of a level above, in pairs.

        Groups in different groups of every level above share nothing.
        """
        over, lefts = self.states[above], self._whole[2]
        left = lefts[level][above - level - 1].take(first, axis=-1)
        own = over.gram[over.z[:, None], over.z].take(second, axis=-1)
        taken = np.einsum("qsn,srn,rpn->qpn", left, over.outer.take(second, axis=-1), own)
        found = (left - taken) * (self._ancestors(level, above, first) == second)
        for top in range(above + 1, len(self.states)):
            one, two = self._ancestors(level, top, first), self._ancestors(above, top, second)
            outer = self.states[top].outer.take(one, axis=-1)
            left = lefts[level][top - level - 1].take(first, axis=-1)
            right = lefts[above][top - above - 1].take(second, axis=-1)
            found -= np.einsum("qsn,srn,prn->qpn", left, outer, right) * (one == two)
        return found

    def _ancestors(self, level: int, above: int, groups: np.ndarray) -> np.ndarray:
        """The group of level `above` that holds each of the groups of `level`."""
        for parents in self.parents[level:above]:
            groups = parents[groups]
        return groups

    @cached_property
    def _whole(self) -> tuple[list[np.ndarray], list[np.ndarray], list[list[np.ndarray]]]:
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
