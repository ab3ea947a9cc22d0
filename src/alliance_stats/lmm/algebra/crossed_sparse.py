"""Crossed factors of which most groups never meet: patients who change therapist, say.

The algebra is that of the module `crossed_dense`, but ``A = Λ'KΛ + I`` has an entry only where two
groups share a group of factor 1. It is eliminated sparsely, and all that is needed of its inverse
lies on its pattern. With x = A⁻¹Λ'C and S = A⁻¹,

    Z_R'V⁻¹U = Λ⁻ᵀx,                     Z_k'V⁻¹Z_k = Λ⁻ᵀ(I − S_kk)Λ⁻¹,
    Z₁'V⁻¹U = P − R̃Λx,                   Z₁'V⁻¹Z₁ = N₁ − R̃ΛSΛ'R̃',

where Λ⁻¹ asks for factors of full rank: singular ones are moved off the boundary by a hair for
these products, not for the deviance.

Given y and β the effects u₁ and u_R have, over σ² and with H = JR (Λ may be singular here),

    Var(u_R) = ΛSΛ',   Cov(u₁, u_R) = −J'HΛSΛ',   Var(u₁) = J'J + J'HΛSΛ'H'J.

An *entry* is one column of Z_R within one group of factor 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.crossings import Crossings
from alliance_stats.lmm.algebra.kernels import LevelState, eliminate
from alliance_stats.lmm.algebra.selected_inverse import (
    SparseCholesky,
    SparsePattern,
    pairs_within,
    sparse_cholesky,
    sparse_pattern,
)

#: Smallest singular value of Λ in the products for derivatives.
FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class SparseProducts:
    """Cross-products of crossed factors, for sparse elimination.

    Attributes
    ----------
    crossings : Crossings
    pattern : SparsePattern
        Of A.
    order : ndarray (n_entries,)
        Sorts the entries of all links by the group of factor 1.
    group, column : ndarray (n_entries,)
        Group of factor 1 and column of Z_R of every entry.
    first, second, target : ndarray
        Pairs of entries of one group, and where they stand on the pattern.
    base : list of ndarray
        For every pair of factors but the first, where its blocks stand on the pattern.
    """

    crossings: Crossings
    pattern: SparsePattern
    order: np.ndarray
    group: np.ndarray
    column: np.ndarray
    first: np.ndarray
    second: np.ndarray
    target: np.ndarray
    base: list[np.ndarray]

    @property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) over all rows."""
        return self.crossings.total

    def eliminate(self, factors: Sequence[np.ndarray]) -> SparseElimination:
        """Eliminate the random effects with factors Λ_l (q_l, q_l)."""
        found = self.crossings
        first = eliminate(found.grams, found.z[0], factors[0])
        scaled = [
            np.einsum("abg,bc->acg", links.products, factor)
            for links, factor in zip(found.links, factors[1:], strict=True)
        ]
        h = self.entries(
            [
                np.einsum("rag,abg->rbg", first.j.take(links.first, axis=-1), block)
                for links, block in zip(found.links, scaled, strict=True)
            ]
        )
        n = len(self.pattern.row)
        entries = (self.pattern.row == self.pattern.column).astype(float)
        for at, block in zip(self.base, self._blocks(factors), strict=True):
            entries += np.bincount(at, block.ravel(), n)
        for row in h:
            entries -= np.bincount(self.target, row[self.first] * row[self.second], n)
        cholesky = sparse_cholesky(self.pattern, entries)
        t = first.t.take(self.group, axis=-1)
        along = found.scale(factors, found.along)
        along -= self._by_column(np.einsum("re,rae->ea", h, t))
        x = cholesky.solve(along)
        wide = first.t.transpose(1, 0, 2).reshape(len(self.total), -1)
        top = self.total - wide @ wide.T - along.T @ x
        return SparseElimination(self, list(factors), first, scaled, cholesky, x, (top + top.T) / 2)

    def entries(self, blocks: Sequence[np.ndarray]) -> np.ndarray:
        """Blocks (q_1, q_l, n_links) of all links as (q_1, n_entries)."""
        q = len(blocks[0])
        return np.concatenate([block.reshape(q, -1) for block in blocks], axis=1)[:, self.order]

    def _by_column(self, values: np.ndarray) -> np.ndarray:
        """Sums (Q, w) of the rows of `values`, one an entry, by their column of Z_R."""
        n = len(self.crossings.along)
        return np.array([np.bincount(self.column, column, n) for column in values.T]).T

    def _blocks(self, factors: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Blocks of Λ'Z_R'Z_RΛ (q_l, q_l', n) of every pair of factors."""
        rest = factors[1:]
        return [
            np.einsum("ac,abn,bd->cdn", rest[pair.first], pair.blocks, rest[pair.second])
            for pair in self.crossings.meetings
        ]


@dataclass(frozen=True, eq=False)
class SparseElimination:
    """The model with all random effects eliminated, at one set of factors Λ_l.

    Attributes
    ----------
    products : SparseProducts
    factors : list of ndarray (q_l, q_l)
    first : LevelState
        Factor 1's step.
    scaled : list of ndarray (q_1, q_l, n_links)
        RΛ of every link.
    cholesky : SparseCholesky
        A, eliminated.
    x : ndarray (Q, m)
        A⁻¹Λ'C.
    top : ndarray (m, m)
        U'V⁻¹U.
    """

    products: SparseProducts
    factors: list[np.ndarray]
    first: LevelState
    scaled: list[np.ndarray]
    cholesky: SparseCholesky
    x: np.ndarray
    top: np.ndarray

    @property
    def logdet(self) -> float:
        """log|V|."""
        return self.first.logdet + self.cholesky.logdet

    @property
    def with_columns(self) -> list[np.ndarray]:
        """Z_k'V⁻¹U (q_l, m, G_l) of every factor."""
        return self._regular._with_columns

    @property
    def precisions(self) -> list[np.ndarray]:
        """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every factor."""
        return self._regular._precisions

    @cached_property
    def shrunk(self) -> list[np.ndarray]:
        """Σ_k Z_k'V⁻¹U (q_l, m, G_l) of every factor."""
        by_group = self.products.crossings.by_group(self.x)
        rest = [
            np.einsum("ab,bmg->amg", factor, block)
            for factor, block in zip(self.factors[1:], by_group, strict=True)
        ]
        return [self._taken_out(self.first.hand_down, self._down), *rest]

    @cached_property
    def conditional(self) -> list[np.ndarray]:
        """Covariances (q_l, q_l, G_l) over σ² of every factor's effects given y and β."""
        inner = self._squares(self._down)
        rest = [
            np.einsum("ca,abg,db->cdg", factor, self._own_inverse(k), factor)
            for k, factor in enumerate(self.factors[1:])
        ]
        return [self.first.outer + inner, *rest]

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Covariances (q_l, q_a, n) over σ² of effects of groups j and k, in pairs."""
        found = self.products.crossings
        columns = found.columns_of(above - 1, second)
        if level:
            rows = np.broadcast_arrays(found.columns_of(level - 1, first)[:, None], columns)
            inverse = self.cholesky.inverse_at(rows[0].ravel(), rows[1].ravel(), self._inverse)
            inner = inverse.reshape(rows[0].shape)
            return np.einsum("ca,abn,db->cdn", self.factors[level], inner, self.factors[above])
        pair, entry = self._entries_of(first)
        inner = np.empty((len(self.first.z), len(columns), len(first)))
        for b, column in enumerate(columns):
            inverse = self.cholesky.inverse_at(
                self.products.column[entry], column[pair], self._inverse
            )
            for a, row in enumerate(self._down):
                inner[a, b] = -np.bincount(pair, row[entry] * inverse, len(first))
        return np.einsum("abn,db->adn", inner, self.factors[above])

    def _entries_of(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The entries of groups of factor 1: the position in `groups` of each, and the entry."""
        starts = np.searchsorted(self.products.group, groups)
        counts = np.searchsorted(self.products.group, groups, side="right") - starts
        pair = np.repeat(np.arange(len(groups)), counts)
        offset = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        return pair, starts[pair] + offset

    @cached_property
    def _inverse(self) -> np.ndarray:
        """A⁻¹ on the pattern."""
        return self.cholesky.inverse()

    @cached_property
    def _down(self) -> np.ndarray:
        """J'HΛ (q_1, n_entries)."""
        outer = self.first.outer
        return self.products.entries(
            [
                np.einsum("abg,bcg->acg", outer.take(links.first, axis=-1), scaled)
                for links, scaled in zip(self.products.crossings.links, self.scaled, strict=True)
            ]
        )

    def _taken_out(self, inner: np.ndarray, links: np.ndarray) -> np.ndarray:
        """Columns (q_1, m, G_1) of factor 1 less the entries' products with x."""
        products, x = self.products, self.x
        found = inner.copy()
        for a, row in enumerate(links):
            for k in range(x.shape[1]):
                taken = row * x[products.column, k]
                found[a, k] -= np.bincount(products.group, taken, found.shape[-1])
        return found

    def _squares(self, links: np.ndarray) -> np.ndarray:
        """MSM' (q_1, q_1, G_1) of the entries (q_1, n_entries) of every group of factor 1."""
        products = self.products
        seen = self._inverse[products.target]
        group = products.group[products.first]
        q, n = len(links), self.first.lower.shape[-1]
        found = np.empty((q, q, n))
        for a, left in enumerate(links):
            moved = left[products.first] * seen
            for b, right in enumerate(links):
                values = moved * right[products.second]
                found[a, b] = np.bincount(group, values, n)
        return found

    def _own_inverse(self, k: int) -> np.ndarray:
        """Blocks (q_l, q_l, G_l) of A⁻¹ that belong to the groups of a factor but the first."""
        found, pattern = self.products.crossings, self.products.pattern
        columns = found.columns_of(k, np.arange(found.groups[1 + k]))
        rows = np.repeat(columns, len(columns), axis=0).ravel()
        at = pattern.position(rows, np.tile(columns.ravel(), len(columns)))
        return self._inverse[at].reshape(len(columns), *columns.shape)

    @cached_property
    def _regular(self) -> SparseElimination:
        """The same with factors of full rank: itself unless a factor is (nearly) singular."""
        moved = [self.factors[0], *(_off_boundary(factor) for factor in self.factors[1:])]
        if all(a is b for a, b in zip(moved, self.factors, strict=True)):
            return self
        return self.products.eliminate(moved)

    @cached_property
    def _links(self) -> np.ndarray:
        """R̃Λ (q_1, n_entries)."""
        t, j = self.first.t[:, self.first.z], self.first.j
        blocks = []
        for links, scaled in zip(self.products.crossings.links, self.scaled, strict=True):
            h = np.einsum("rag,abg->rbg", j.take(links.first, axis=-1), scaled)
            blocks.append(scaled - np.einsum("rag,rbg->abg", t.take(links.first, axis=-1), h))
        return self.products.entries(blocks)

    @cached_property
    def _with_columns(self) -> list[np.ndarray]:
        inner = self._taken_out(self.first.p, self._links)
        found = self.products.crossings
        rest = [
            np.einsum("ab,bmg->amg", np.linalg.inv(factor).T, block)
            for factor, block in zip(self.factors[1:], found.by_group(self.x), strict=True)
        ]
        return [inner, *rest]

    @cached_property
    def _precisions(self) -> list[np.ndarray]:
        blocks = [self.first.n - self._squares(self._links)]
        for k, factor in enumerate(self.factors[1:]):
            whole = np.eye(len(factor))[:, :, None] - self._own_inverse(k)
            back = np.linalg.inv(factor)
            blocks.append(np.einsum("ca,cdg,db->abg", back, whole, back))
        return blocks


def _off_boundary(factor: np.ndarray) -> np.ndarray:
    """The factor itself, or one of full rank next to it."""
    left, values, right = np.linalg.svd(factor)
    if values[-1] >= FLOOR:
        return factor
    return np.asarray((left * np.maximum(values, FLOOR)) @ right)


def sparse_products(crossings: Crossings, *, most_pairs: int) -> SparseProducts | None:
    """Plan sparse elimination; None where the groups meet so often that it would not pay."""
    columns, groups = [], []
    for factor, links in enumerate(crossings.links):
        column = crossings.columns_of(factor, links.other)
        columns.append(column.ravel())
        groups.append(np.broadcast_to(links.first, column.shape).ravel())
    group, column = np.concatenate(groups), np.concatenate(columns)
    if float((np.bincount(group).astype(float) ** 2).sum()) > most_pairs:
        return None
    order = np.lexsort((column, group))
    group, column = group[order], column[order]
    first, second = pairs_within(group)
    pattern = sparse_pattern(len(crossings.along), column[first], column[second])
    base = []
    for pair in crossings.meetings:
        row = crossings.columns_of(pair.first, pair.one)[:, None]
        other = crossings.columns_of(pair.second, pair.other)[None, :]
        row, other = np.broadcast_arrays(row, other)
        base.append(pattern.position(row.ravel(), other.ravel()))
    target = pattern.position(column[first], column[second])
    return SparseProducts(crossings, pattern, order, group, column, first, second, target, base)
