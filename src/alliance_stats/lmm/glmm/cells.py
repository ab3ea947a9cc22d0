"""Rows and their groups: sums over groups, effects spread to rows, weighted cross-products.

In a linear mixed model the rows are seen once. Here every change of the linear predictor changes
the weights, so the rows stay, but only to form sums over *cells*: the rows that share one group of
every factor, brought together. Nested factors have the groups of the innermost as cells.

With weights w and a working response ỹ of which w∘ỹ is given, the Gram matrices of √w∘[columns, ỹ]
are formed cell by cell; from there on the algebra is that of `lmm.algebra`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination, Products

#: Cross-products of a model from the Gram matrices (m, m, C) of its cells and the positions of
#: every factor's columns among the m.
FromCells = Callable[[np.ndarray, Sequence[np.ndarray]], Products]


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of a model, cell by cell, and the groups of every cell.

    Attributes
    ----------
    columns : ndarray (m, n)
        Standardised unique columns, sorted by cell: the fixed ones, then those of random terms
        only.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among them.
    starts : ndarray (C,)
        First row of every cell.
    members : sequence of ndarray (C,)
        Group of every cell, a factor each.
    groups : sequence of int
        Number of groups of every factor.
    products : callable
        Cross-products of the model from those of its cells.
    """

    columns: np.ndarray
    z: Sequence[np.ndarray]
    starts: np.ndarray
    members: Sequence[np.ndarray]
    groups: Sequence[int]
    products: FromCells

    @cached_property
    def random(self) -> np.ndarray:
        """Positions (k,) of the columns that random terms use."""
        return np.unique(np.concatenate(list(self.z)))

    @cached_property
    def places(self) -> list[np.ndarray]:
        """Positions of every factor's columns among the `random` ones."""
        return [np.searchsorted(self.random, z) for z in self.z]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Rows (C,) of every cell."""
        return np.diff(self.starts, append=self.columns.shape[1])

    @cached_property
    def _ones(self) -> list[bool]:
        return [bool((self.columns[j] == 1.0).all()) for j in self.random]

    def zeros(self) -> list[np.ndarray]:
        """Effects (q_l, G_l) of every factor, all zero."""
        return [np.zeros((len(z), n)) for z, n in zip(self.z, self.groups, strict=True)]

    def spread(self, effects: Sequence[np.ndarray]) -> np.ndarray:
        """Σ_l Z_l b_l (n,) of effects b_l (q_l, G_l)."""
        total = np.zeros(self.columns.shape[1])
        for j, one, values in zip(self.random, self._ones, self.by_cell(effects), strict=True):
            rows = np.repeat(values, self.lengths)
            total += rows if one else self.columns[j] * rows
        return total

    def by_cell(self, effects: Sequence[np.ndarray]) -> np.ndarray:
        """Coefficients (k, C) of the random columns in every cell."""
        total = np.zeros((len(self.random), len(self.starts)))
        for place, member, effect in zip(self.places, self.members, effects, strict=True):
            total[place] += effect.take(member, axis=1)
        return total

    def cell_sums(self, values: np.ndarray) -> np.ndarray:
        """Sums (k, C) of the random columns times `values` (n,) over the rows of every cell."""
        sums = np.empty((len(self.random), len(self.starts)))
        for k, (j, one) in enumerate(zip(self.random, self._ones, strict=True)):
            product = values if one else self.columns[j] * values
            sums[k] = np.add.reduceat(product, self.starts)
        return sums

    def by_group(self, sums: np.ndarray) -> list[np.ndarray]:
        """Sums (k, C) of cells added up to Z_l'v (q_l, G_l) of every factor."""
        found = []
        for place, member, n in zip(self.places, self.members, self.groups, strict=True):
            if n == len(member):
                total = np.empty((len(place), n))
                total[:, member] = sums[place]
            else:
                total = np.array([np.bincount(member, row, n) for row in sums[place]])
            found.append(total)
        return found

    def squares(self, weights: np.ndarray) -> np.ndarray:
        """Gram matrices (k, k, C) of the random columns, weighted."""
        k = len(self.random)
        grams = np.empty((k, k, len(self.starts)))
        for a, (j, one) in enumerate(zip(self.random, self._ones, strict=True)):
            weighted = weights if one else weights * self.columns[j]
            for b in range(a + 1):
                product = weighted if self._ones[b] else weighted * self.columns[self.random[b]]
                grams[a, b] = np.add.reduceat(product, self.starts)
                grams[b, a] = grams[a, b]
        return grams

    def eliminate(
        self, grams: np.ndarray, along: np.ndarray, factors: Sequence[np.ndarray]
    ) -> Elimination:
        """The model of the random columns and w other columns, without its random effects.

        `grams` (k, k, C) are those of `squares`, `along` (k, w, C) the weighted products of the
        random columns with the others, which come after the k. Products of the others with
        each other count as zero: add them to the ``top`` of the elimination where needed.
        """
        k, w, n = along.shape
        whole = np.zeros((k + w, k + w, n))
        whole[:k, :k] = grams
        whole[:k, k:] = along
        whole[k:, :k] = along.transpose(1, 0, 2)
        return self.products(whole, self.places).eliminate(factors)

    def leverages(self, eliminated: Elimination) -> np.ndarray:
        """z_i'Cz_i (n,) of every row, C the covariance of the effects given the response."""
        k = len(self.random)
        covariance = np.zeros((k, k, len(self.starts)))
        for level, (place, member) in enumerate(zip(self.places, self.members, strict=True)):
            own = eliminated.conditional[level].take(member, axis=-1)
            covariance[place[:, None], place] += own
            for above in range(level + 1, len(self.z)):
                shared = eliminated.between(level, above, member, self.members[above])
                covariance[place[:, None], self.places[above]] += shared
                covariance[self.places[above][:, None], place] += shared.transpose(1, 0, 2)
        found = np.zeros(self.columns.shape[1])
        for a, one in enumerate(self._ones):
            inner = np.zeros(self.columns.shape[1])
            for b in range(a + 1):
                rows = np.repeat(covariance[a, b] * (1.0 if a == b else 2.0), self.lengths)
                inner += rows if self._ones[b] else rows * self.columns[self.random[b]]
            found += inner if one else inner * self.columns[self.random[a]]
        return found
