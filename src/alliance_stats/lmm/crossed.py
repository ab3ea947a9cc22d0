"""Crossed grouping factors: the largest is eliminated by blocks, the others densely.

Let factor 1 have the most groups and V₁ hold its random effects only. With Z_R the columns of all
groups of the other factors and U the unique columns (module `kernels`),

    K = Z_R'V₁⁻¹Z_R,   C = Z_R'V₁⁻¹U,   A = Λ'KΛ + I = LL',   Y = L⁻¹Λ',
    U'V⁻¹U = U'V₁⁻¹U − (YC)'(YC),   log|V| = log|V₁| + log|A|   (Bates et al., 2015, section 3).

K and C follow from products of the rows of every *link*, a pair of a group of factor 1 and a group
of another factor that occur together; they are formed once. With J = L₁⁻¹Λ₁' and T = JS_z of factor
1's step and R the products of the links, H = JR gives ``K = Z_R'Z_R − H'H``, ``C = Z_R'U − H'T``.

Derivatives need Z'V⁻¹Z and Z'V⁻¹U of every group; with R̃ = R − T_z'H = Z₁'V₁⁻¹Z_R and P of factor 1

    Z_R'V⁻¹Z_R = K − (YK)'(YK),          Z_R'V⁻¹U = C − (YK)'(YC),
    Z₁'V⁻¹Z₁ = N₁ − (R̃Y')(R̃Y')',         Z₁'V⁻¹U = P − R̃Y'(YC),
    Z₁'V⁻¹Z_R = R̃(I − Y'YK),
    ∂deviance/∂Σ_l = Σ_k Z_k'V⁻¹Z_k − (Z_k'V⁻¹U) B (Z_k'V⁻¹U)'   for an adjoint B of U'V⁻¹U.

Columns of Z_R run over factors, then effects, then groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array

from alliance_stats.lmm.kernels import LevelState, eliminate, group_grams

#: Entries of a dense block of rows at a time.
CHUNK = 4_000_000
#: Above this share of links a dense product is faster than a sparse one.
DENSE = 0.2


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of a group of factor 1 and a group of one other factor that occur together.

    Attributes
    ----------
    first, other : ndarray (n_links,)
        The two groups of every pair, in the order of the first.
    products : ndarray (q_1, q_l, n_links)
        Z₁'Z_l over the rows of every pair.
    """

    first: np.ndarray
    other: np.ndarray
    products: np.ndarray


@dataclass(frozen=True, eq=False)
class CrossedProducts:
    """All cross-products of a model with crossed factors.

    Attributes
    ----------
    grams : ndarray (m, m, G_1)
        Gram matrices of the groups of factor 1.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones, factor 1 first.
    groups : sequence of int
        Number of groups of every factor.
    links : sequence of Links
        One a factor but the first.
    between : ndarray (Q, Q)
        Z_R'Z_R.
    along : ndarray (Q, m)
        Z_R'U.
    """

    grams: np.ndarray
    z: Sequence[np.ndarray]
    groups: Sequence[int]
    links: Sequence[Links]
    between: np.ndarray
    along: np.ndarray

    @cached_property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) over all rows."""
        return np.asarray(self.grams.sum(axis=-1))

    @cached_property
    def pattern(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the entries of all links stand in a sparse matrix (q_1·G_1, Q).

        Order that sorts them by row, their columns in this order, and the first of every row.
        """
        q = len(self.z[0])
        rows: list[np.ndarray] = []
        columns: list[np.ndarray] = []
        for links, (start, _), z in zip(self.links, self.spans, self.z[1:], strict=True):
            n = self.groups[1 + len(rows)]
            at = np.arange(q)[:, None, None], np.arange(len(z))[None, :, None]
            shape = links.products.shape
            rows.append(np.broadcast_to(links.first * q + at[0], shape).ravel())
            columns.append(np.broadcast_to(start + at[1] * n + links.other, shape).ravel())
        row, column = np.concatenate(rows), np.concatenate(columns)
        order = np.lexsort((column, row))
        ends = np.cumsum(np.bincount(row, minlength=q * self.groups[0]))
        return order, column[order], np.concatenate([[0], ends])

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last column of every factor but the first in Z_R."""
        widths = [len(z) * n for z, n in zip(self.z[1:], self.groups[1:], strict=True)]
        ends = np.cumsum([0, *widths])
        return [(int(a), int(b)) for a, b in zip(ends, ends[1:], strict=False)]

    def sparse(self, blocks: Sequence[np.ndarray]) -> csr_array:
        """Matrix (q_1·G_1, Q) of one block (q_1, q_l, n_links) a link."""
        order, columns, starts = self.pattern
        data = np.concatenate([block.ravel() for block in blocks])[order]
        return csr_array((data, columns, starts), shape=(len(starts) - 1, len(self.along)))

    def eliminate(self, factors: Sequence[np.ndarray]) -> CrossedElimination:
        """Eliminate the random effects with factors Λ_l (q_l, q_l)."""
        first = eliminate(self.grams, self.z[0], factors[0])
        h = [
            np.einsum("rag,abg->rbg", first.j.take(links.first, axis=-1), links.products)
            for links in self.links
        ]
        sparse = self.sparse(h)
        if sparse.nnz > DENSE * sparse.shape[0] * sparse.shape[1]:
            wide = sparse.toarray()
            reduced = self.between - wide.T @ wide
        else:
            reduced = self.between - (sparse.T @ sparse).toarray()
        t = first.t.transpose(2, 0, 1).reshape(sparse.shape[0], -1)
        along = self.along - sparse.T @ t
        left = self.scale(factors, self.scale(factors, reduced).T)
        left[np.diag_indices(len(left))] += 1.0
        lower = np.linalg.cholesky(left)
        seen = solve_triangular(lower, self.scale(factors, along), lower=True, check_finite=False)
        top = self.total - t.T @ t - seen.T @ seen
        return CrossedElimination(self, list(factors), first, h, reduced, along, lower, seen, top)

    def scale(self, factors: Sequence[np.ndarray], matrix: np.ndarray) -> np.ndarray:
        """Λ' (Q, Q) times a matrix with Q rows."""
        out = np.empty(matrix.shape)
        for (start, end), factor in zip(self.spans, factors[1:], strict=True):
            rows = matrix[start:end].reshape(len(factor), -1)
            out[start:end] = (factor.T @ rows).reshape(end - start, -1)
        return out

    def by_group(self, matrix: np.ndarray) -> list[np.ndarray]:
        """Rows of a matrix (Q, w) as one array (q_l, w, G_l) a factor but the first."""
        return [
            matrix[start:end].reshape(len(z), -1, matrix.shape[1]).transpose(0, 2, 1)
            for (start, end), z in zip(self.spans, self.z[1:], strict=True)
        ]


@dataclass(frozen=True, eq=False)
class CrossedElimination:
    """The model with all random effects eliminated, at one set of factors Λ_l.

    Attributes
    ----------
    products : CrossedProducts
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

    products: CrossedProducts
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
        return [inner, *self.products.by_group(rest)]

    @cached_property
    def precisions(self) -> list[np.ndarray]:
        """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every factor."""
        products = self.products
        blocks = [self._first_blocks()]
        for (start, end), z in zip(products.spans, products.z[1:], strict=True):
            q = len(z)
            n = (end - start) // q
            each = np.arange(n)
            k = self.reduced[start:end, start:end].reshape(q, n, q, n)[:, each, :, each]
            y = self._half_reduced[:, start:end].reshape(-1, q, n)
            blocks.append(k.transpose(1, 2, 0) - np.einsum("rak,rbk->abk", y, y))
        return blocks

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Z_j'V⁻¹Z_k (q_l, q_a, n) of groups j of a factor and k of a later one, in pairs."""
        columns = self._positions(above, second)
        if level:
            return self._rest[self._positions(level, first)[:, None], columns]
        q = len(self.first.z)
        rows = self._links[(first[:, None] * q + np.arange(q)).ravel()]
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        found = np.empty((q, len(columns), len(first)))
        for b, column in enumerate(columns):
            values = rows.data * self._remaining[rows.indices, column[row // q]]
            found[:, b] = np.bincount(row, values, rows.shape[0]).reshape(-1, q).T
        return found

    def _positions(self, level: int, groups: np.ndarray) -> np.ndarray:
        """Columns (q_l, n) of Z_R that belong to groups of a factor but the first."""
        start, n = self.products.spans[level - 1][0], self.products.groups[level]
        return start + np.arange(len(self.products.z[level]))[:, None] * n + groups

    @cached_property
    def _remaining(self) -> np.ndarray:
        """I − Y'YK (Q, Q)."""
        return np.asarray(np.eye(len(self.lower)) - self._half.T @ self._half_reduced)

    @cached_property
    def _rest(self) -> np.ndarray:
        """Z_R'V⁻¹Z_R (Q, Q)."""
        return np.asarray(self.reduced - self._half_reduced.T @ self._half_reduced)

    @cached_property
    def _half(self) -> np.ndarray:
        """Y (Q, Q)."""
        scaled = self.products.scale(self.factors, np.eye(len(self.lower)))
        return np.asarray(solve_triangular(self.lower, scaled, lower=True, check_finite=False))

    @cached_property
    def _half_reduced(self) -> np.ndarray:
        """YK (Q, Q)."""
        scaled = self.products.scale(self.factors, self.reduced)
        return np.asarray(solve_triangular(self.lower, scaled, lower=True, check_finite=False))

    @cached_property
    def _links(self) -> csr_array:
        """R̃ (q_1·G_1, Q)."""
        t = self.first.t[:, self.first.z]
        return self.products.sparse(
            [
                links.products - np.einsum("rag,rbg->abg", t.take(links.first, axis=-1), h)
                for links, h in zip(self.products.links, self.h, strict=True)
            ]
        )

    def _first_blocks(self) -> np.ndarray:
        """Z_k'V⁻¹Z_k (q_1, q_1, G_1) of factor 1, a part of its groups at a time."""
        q, links, half = len(self.first.z), self._links, self._half.T
        blocks = self.first.n.copy()
        step = max(CHUNK // (q * len(half)), 1)
        for start in range(0, blocks.shape[-1], step):
            rows = (links[start * q : (start + step) * q] @ half).reshape(-1, q, len(half))
            over = rows @ rows.transpose(0, 2, 1)
            blocks[:, :, start : start + step] -= over.transpose(1, 2, 0)
        return blocks


def crossed_products(
    columns: np.ndarray, codes: Sequence[np.ndarray], z: Sequence[np.ndarray]
) -> CrossedProducts:
    """Form the cross-products of crossed factors.

    Parameters
    ----------
    columns : ndarray (m, n)
        The unique columns, one a row, in any order of the rows of the data.
    codes : sequence of ndarray (n,)
        Group of every row, a factor each; the factor with most groups first.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones.
    """
    order = np.lexsort(tuple(reversed(codes)))
    sorted_codes = [c[order] for c in codes]
    new = np.any([np.diff(c, prepend=-1) != 0 for c in sorted_codes], axis=0)
    starts = np.flatnonzero(new)
    cells = group_grams(columns[:, order], starts)
    members = [c[starts] for c in sorted_codes]
    groups = [int(c.max()) + 1 for c in codes]
    first = members[0]
    grams = np.add.reduceat(cells, np.flatnonzero(np.diff(first, prepend=-1)), axis=-1)
    links = [
        _links(cells, first, member, n, z[0], columns_of)
        for member, n, columns_of in zip(members[1:], groups[1:], z[1:], strict=True)
    ]
    between, along = _rest(cells, members[1:], groups[1:], z[1:])
    return CrossedProducts(grams, z, groups, links, between, along)


def _links(
    cells: np.ndarray, first: np.ndarray, other: np.ndarray, n: int, z1: np.ndarray, z: np.ndarray
) -> Links:
    """The pairs of two factors, from the Gram matrices of cells."""
    pairs, of_cell = np.unique(first.astype(np.int64) * n + other, return_inverse=True)
    products = np.empty((len(z1), len(z), len(pairs)))
    for a, row in enumerate(z1):
        for b, column in enumerate(z):
            products[a, b] = np.bincount(of_cell, cells[row, column], len(pairs))
    return Links(pairs // n, pairs % n, products)


def _rest(
    cells: np.ndarray, members: Sequence[np.ndarray], groups: Sequence[int], z: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Z_R'Z_R (Q, Q) and Z_R'U (Q, m) from the Gram matrices of cells."""
    blocks: list[list[np.ndarray]] = []
    along: list[np.ndarray] = []
    for member, n, rows in zip(members, groups, z, strict=True):
        for row in rows:
            along.append(np.array([np.bincount(member, c, n) for c in cells[row]]).T)
            blocks.append(
                [
                    _table(member * n2 + member2, cells[row, column], n, n2)
                    for member2, n2, columns in zip(members, groups, z, strict=True)
                    for column in columns
                ]
            )
    return np.block(blocks), np.concatenate(along)


def _table(position: np.ndarray, values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Sums of `values` by their position in a table."""
    return np.bincount(position, values, rows * columns).reshape(rows, columns)
