"""Cross-products of nested grouping factors, and what is left when their effects are eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.kernels import LevelState, forward, whole_products


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

    @property
    def shrunk(self) -> list[np.ndarray]:
        """Σ_k Z_k'V⁻¹U (q_l, m, G_l) of every level."""
        return [columns for columns, _ in self._shrunk]

    @cached_property
    def conditional(self) -> list[np.ndarray]:
        """Covariances (q_l, q_l, G_l) over σ² of every level's effects given y and β.

        J'J of the level itself, and what the uncertainty of every level above adds.
        """
        found = []
        for level, (_, lefts) in enumerate(self._shrunk):
            covariance = self.states[level].outer
            each = np.arange(covariance.shape[-1])
            for above, left in enumerate(lefts, start=level + 1):
                group = self.ancestors(level, above, each)
                outer = self.states[above].outer.take(group, axis=-1)
                covariance = covariance + np.einsum("qsg,srg,prg->qpg", left, outer, left)
            found.append(covariance)
        return found

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Covariances (q_l, q_a, n) over σ² of effects of groups j and k, in pairs.

        Groups that have no group in common at any level above do not covary.
        """
        lower, upper = self._shrunk[level][1], self._shrunk[above][1]
        left = lower[above - level - 1].take(first, axis=-1)
        outer = self.states[above].outer.take(second, axis=-1)
        held = self.ancestors(level, above, first) == second
        found = -np.einsum("qsn,srn->qrn", left, outer) * held
        for top in range(above + 1, len(self.states)):
            one, two = self.ancestors(level, top, first), self.ancestors(above, top, second)
            left = lower[top - level - 1].take(first, axis=-1)
            outer = self.states[top].outer.take(one, axis=-1)
            right = upper[top - above - 1].take(second, axis=-1)
            found += np.einsum("qsn,srn,prn->qpn", left, outer, right) * (one == two)
        return found

    def ancestors(self, level: int, above: int, groups: np.ndarray) -> np.ndarray:
        """The group of level `above` that holds each of the groups of `level`."""
        for parents in self.parents[level:above]:
            groups = parents[groups]
        return groups

    @cached_property
    def _shrunk(self) -> list[tuple[np.ndarray, list[np.ndarray]]]:
        """F of every level, and FE before each level above takes its part out.

        The level alone has F = J'T; a level above takes F ← F − (FE) J'T.
        """
        found = []
        for level, state in enumerate(self.states):
            columns, lefts = state.hand_down, []
            each = np.arange(columns.shape[-1])
            for above in range(level + 1, len(self.states)):
                over = self.states[above]
                group = self.ancestors(level, above, each)
                lefts.append(columns[:, over.z])
                down = over.hand_down.take(group, axis=-1)
                columns = columns - np.einsum("qsg,sag->qag", lefts[-1], down)
            found.append((columns, lefts))
        return found

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
