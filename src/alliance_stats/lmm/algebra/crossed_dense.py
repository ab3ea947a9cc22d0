"""Crossed grouping factors: the largest is eliminated by blocks, the others densely.

Let factor 1 have the most groups and V₁ hold its random effects only. With Z_R the columns of all
groups of the other factors and U the unique columns (module `kernels`),

    K = Z_R'V₁⁻¹Z_R,   C = Z_R'V₁⁻¹U,   A = Λ'KΛ + I = LL',   Y = L⁻¹Λ',
    U'V⁻¹U = U'V₁⁻¹U − (YC)'(YC),   log|V| = log|V₁| + log|A|   (Bates et al., 2015, section 3).

K and C follow from products of the rows of every *link*, a pair of a group of factor 1 and a group
of another factor that occur together; they are formed once. With J = L₁⁻¹Λ₁' and T = JS_z of factor
1's step and R the products of the links, H = JR gives ``K = Z_R'Z_R − H'H``, ``C = Z_R'U − H'T``.

Derivatives need Z'V⁻¹Z and Z'V⁻¹U of every group; with R̃ = R − T_z'H = Z₁'V₁⁻¹Z_R, and P and N of
factor 1 alone,

    Z_R'V⁻¹Z_R = K − (YK)'(YK),          Z_R'V⁻¹U = C − (YK)'(YC),
    Z₁'V⁻¹Z₁ = N − (R̃Y')(R̃Y')',          Z₁'V⁻¹U = P − R̃Y'(YC).

Given y and β the effects u₁ and u_R have, over σ²,

    Var(u_R) = Y'Y,   Cov(u₁, u_R) = −J'HY'Y,   Var(u₁) = J'J + (J'HY')(J'HY')'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array

from alliance_stats.lmm.algebra.crossings import Crossings
from alliance_stats.lmm.algebra.kernels import LevelState, eliminate

#: Entries of a dense block of rows at a time.
CHUNK = 4_000_000
#: Above this share of links, or in a matrix this small, dense products are faster than sparse.
DENSE = 0.2
SMALL = 500_000


@dataclass(frozen=True, eq=False)
class DenseProducts:
    """Cross-products of crossed factors, for dense elimination of all but the first.

    Attributes
    ----------
    crossings : Crossings
    like : DenseProducts, optional
        Products of the same groups and numbers of columns, whose plan serves here too.
    """

    crossings: Crossings
    like: DenseProducts | None = None

    @property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) over all rows."""
        return self.crossings.total

    @cached_property
    def between(self) -> np.ndarray:
        """Z_R'Z_R (Q, Q)."""
        found, size = self.crossings, len(self.crossings.along)
        out = np.zeros((size, size))
        for pair in found.meetings:
            rows = found.columns_of(pair.first, pair.one)
            columns = found.columns_of(pair.second, pair.other)
            out[rows[:, None], columns[None, :]] = pair.blocks
        return out

    @cached_property
    def pattern(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the entries of all links stand in a sparse matrix (q_1·G_1, Q).

        Order that sorts them by row, their columns in this order, and the first of every row.
        """
        if self.like is not None:
            return self.like.pattern
        found, q = self.crossings, len(self.crossings.z[0])
        rows: list[np.ndarray] = []
        columns: list[np.ndarray] = []
        for factor, links in enumerate(found.links):
            shape = links.products.shape
            row = links.first * q + np.arange(q)[:, None, None]
            rows.append(np.broadcast_to(row, shape).ravel())
            column = found.columns_of(factor, links.other)
            columns.append(np.broadcast_to(column, shape).ravel())
        row, column = np.concatenate(rows), np.concatenate(columns)
        order = np.lexsort((column, row))
        ends = np.cumsum(np.bincount(row, minlength=q * found.groups[0]))
        return order, column[order], np.concatenate([[0], ends])

    @cached_property
    def places(self) -> np.ndarray | None:
        """The same as positions in a dense matrix, where that is faster."""
        if self.like is not None:
            return self.like.places
        _, columns, starts = self.pattern
        rows, width = len(starts) - 1, len(self.crossings.along)
        if rows * width > max(SMALL, len(columns) / DENSE):
            return None
        return np.repeat(np.arange(rows), np.diff(starts)) * width + columns

    def matrix(self, blocks: Sequence[np.ndarray]) -> csr_array | np.ndarray:
        """Matrix (q_1·G_1, Q) of one block (q_1, q_l, n_links) a link."""
        order, columns, starts = self.pattern
        data = np.concatenate([block.ravel() for block in blocks])[order]
        shape = len(starts) - 1, len(self.crossings.along)
        if self.places is None:
            return csr_array((data, columns, starts), shape=shape)
        dense = np.zeros(shape)
        dense.ravel()[self.places] = data
        return dense

    def eliminate(self, factors: Sequence[np.ndarray]) -> DenseElimination:
        """Eliminate the random effects with factors Λ_l (q_l, q_l)."""
        found = self.crossings
        first = eliminate(found.grams, found.z[0], factors[0])
        h = [
            np.einsum("rag,abg->rbg", first.j.take(links.first, axis=-1), links.products)
            for links in found.links
        ]
        wide = self.matrix(h)
        over = wide.T @ wide
        reduced = self.between - (over if isinstance(over, np.ndarray) else over.toarray())
        t = first.t.transpose(2, 0, 1).reshape(wide.shape[0], -1)
        along = found.along - wide.T @ t
        left = found.scale(factors, found.scale(factors, reduced).T)
        left[np.diag_indices(len(left))] += 1.0
        lower = np.linalg.cholesky(left)
        seen = solve_triangular(lower, found.scale(factors, along), lower=True, check_finite=False)
        top = self.total - t.T @ t - seen.T @ seen
        return DenseElimination(self, list(factors), first, h, reduced, along, lower, seen, top)


@dataclass(frozen=True, eq=False)
class DenseElimination:
    """The model with all random effects eliminated, at one set of factors Λ_l.

    Attributes
    ----------
    products : DenseProducts
    factors : list of ndarray (q_l, q_l)
    first : LevelState
        Factor 1's step.
    h : list of ndarray (q_1, q_l, n_links)
        JR of every link.
    reduced, along : ndarray (Q, Q), (Q, m)
        K and C of the module's equations.
    lower : ndarray (Q, Q)
        Cholesky factor of A.
    seen : ndarray (Q, m)
        YC.
    top : ndarray (m, m)
        U'V⁻¹U.
    """

    products: DenseProducts
    factors: list[np.ndarray]
    first: LevelState
    h: list[np.ndarray]
    reduced: np.ndarray
    along: np.ndarray
    lower: np.ndarray
    seen: np.ndarray
    top: np.ndarray

    @property
    def logdet(self) -> float:
        """log|V|."""
        return self.first.logdet + 2.0 * float(np.log(np.diag(self.lower)).sum())

    @cached_property
    def with_columns(self) -> list[np.ndarray]:
        """Z_k'V⁻¹U (q_l, m, G_l) of every factor."""
        q, m = self.first.t.shape[:2]
        seen = self._links @ (self._half.T @ self.seen)
        inner = self.first.p - seen.reshape(-1, q, m).transpose(1, 2, 0)
        rest = self.along - self._half_reduced.T @ self.seen
        return [inner, *self.products.crossings.by_group(rest)]

    @cached_property
    def precisions(self) -> list[np.ndarray]:
        """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every factor."""
        found = self.products.crossings
        blocks = [self._first_blocks()]
        for k, z in enumerate(found.z[1:]):
            q, n, part = len(z), found.groups[1 + k], slice(found.starts[k], found.starts[k + 1])
            each = np.arange(n)
            inner = self.reduced[part, part].reshape(q, n, q, n)[:, each, :, each]
            y = self._half_reduced[:, part].reshape(-1, q, n)
            blocks.append(inner.transpose(1, 2, 0) - np.einsum("rak,rbk->abk", y, y))
        return blocks

    @cached_property
    def shrunk(self) -> list[np.ndarray]:
        """Σ_k Z_k'V⁻¹U (q_l, m, G_l) of every factor."""
        q, m = self.first.t.shape[:2]
        rest = self._half.T @ self.seen
        seen = self._down @ rest
        inner = self.first.hand_down - seen.reshape(-1, q, m).transpose(1, 2, 0)
        return [inner, *self.products.crossings.by_group(rest)]

    @cached_property
    def conditional(self) -> list[np.ndarray]:
        """Covariances (q_l, q_l, G_l) over σ² of every factor's effects given y and β."""
        found = self.products.crossings
        blocks = [self.first.outer + self._squares(self._down)]
        for k, z in enumerate(found.z[1:]):
            y = self._half[:, found.starts[k] : found.starts[k + 1]]
            y = y.reshape(-1, len(z), found.groups[1 + k])
            blocks.append(np.einsum("rak,rbk->abk", y, y))
        return blocks

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Covariances (q_l, q_a, n) over σ² of effects of groups j and k, in pairs."""
        crossings = self.products.crossings
        columns = crossings.columns_of(above - 1, second)
        if level:
            return self._rest[crossings.columns_of(level - 1, first)[:, None], columns]
        q = len(self.first.z)
        rows = csr_array(self._down[(first[:, None] * q + np.arange(q)).ravel()])
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        found = np.empty((q, len(columns), len(first)))
        for b, column in enumerate(columns):
            values = rows.data * self._rest[rows.indices, column[row // q]]
            found[:, b] = -np.bincount(row, values, rows.shape[0]).reshape(-1, q).T
        return found

    @cached_property
    def _rest(self) -> np.ndarray:
        """Y'Y (Q, Q)."""
        return np.asarray(self._half.T @ self._half)

    @cached_property
    def _down(self) -> csr_array | np.ndarray:
        """J'H (q_1·G_1, Q)."""
        j = self.first.j
        return self.products.matrix(
            [
                np.einsum("rag,rbg->abg", j.take(links.first, axis=-1), h)
                for links, h in zip(self.products.crossings.links, self.h, strict=True)
            ]
        )

    @cached_property
    def _half(self) -> np.ndarray:
        """Y (Q, Q)."""
        scaled = self.products.crossings.scale(self.factors, np.eye(len(self.lower)))
        return np.asarray(solve_triangular(self.lower, scaled, lower=True, check_finite=False))

    @cached_property
    def _half_reduced(self) -> np.ndarray:
        """YK (Q, Q)."""
        scaled = self.products.crossings.scale(self.factors, self.reduced)
        return np.asarray(solve_triangular(self.lower, scaled, lower=True, check_finite=False))

    @cached_property
    def _links(self) -> csr_array | np.ndarray:
        """R̃ (q_1·G_1, Q)."""
        t = self.first.t[:, self.first.z]
        return self.products.matrix(
            [
                links.products - np.einsum("rag,rbg->abg", t.take(links.first, axis=-1), h)
                for links, h in zip(self.products.crossings.links, self.h, strict=True)
            ]
        )

    def _first_blocks(self) -> np.ndarray:
        """Z_k'V⁻¹Z_k (q_1, q_1, G_1) of factor 1."""
        return self.first.n - self._squares(self._links)

    def _squares(self, links: csr_array | np.ndarray) -> np.ndarray:
        """MY'YM' (q_1, q_1, G_1) of every group of factor 1, a part of the groups at a time."""
        q, half = len(self.first.z), self._half.T
        blocks = np.empty((q, q, links.shape[0] // q))
        step = max(CHUNK // (q * len(half)), 1)
        for start in range(0, blocks.shape[-1], step):
            rows = (links[start * q : (start + step) * q] @ half).reshape(-1, q, len(half))
            over = rows @ rows.transpose(0, 2, 1)
            blocks[:, :, start : start + step] = over.transpose(1, 2, 0)
        return blocks
