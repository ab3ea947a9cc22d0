"""The criterion of many resampled data sets at once: one set of array operations for all.

The algebra is that of the module `kernels`; the predictors' Gram blocks are shared, θ and the
response are not. A group of the highest factor that was drawn c times counts c times in every sum
over groups, so resampled groups share all blocks too. Arrays carry the data sets on their first
axis and the groups on their last: S and P are (A, q, m, G), N is (A, q, q, G).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import symmetric_basis
from alliance_stats.lmm.information import level_hessian
from alliance_stats.lmm.resampling.replicate import Replicate, nested_products


@dataclass(frozen=True, eq=False)
class Expansions:
    """Values at one point of every data set.

    Attributes
    ----------
    value : ndarray (A,)
        Deviances; inf where undefined.
    slope, hessian : ndarray (A, k), (A, k, k)
    beta, sigma2 : ndarray (A, p), (A,)
    root : ndarray (A, p, p)
        L⁻¹ of X'V⁻¹X = LL'.
    """

    value: np.ndarray
    slope: np.ndarray
    hessian: np.ndarray
    beta: np.ndarray
    sigma2: np.ndarray
    root: np.ndarray


@dataclass(frozen=True, eq=False)
class _State:
    """One level of the forward pass: S_z, J, T, and the weights of the groups."""

    rows: np.ndarray
    j: np.ndarray
    t: np.ndarray
    weights: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Lockstep:
    """Data sets in a fixed number of slots, and their criteria evaluated together.

    Parameters
    ----------
    criterion : Criterion
        Of the data that are resampled; its factors are nested.
    width : int
        Number of slots.
    weighted : bool
        Whether the data sets are groups drawn again rather than responses drawn anew.
    """

    criterion: Criterion
    width: int
    weighted: bool

    def fill(self, slot: int, replicate: Replicate) -> None:
        """Put a data set into a slot."""
        for level, z in enumerate(self._z):
            self._y[level][slot] = self._sum_up(replicate.along[z], 0, level)
        self._total[slot] = self._shared_total
        if replicate.counts is None:
            self._total[slot, -1, :-1] = self._total[slot, :-1, -1] = replicate.along.sum(axis=-1)
            self._total[slot, -1, -1] = replicate.square
        else:
            self._total[slot] = self._group_totals @ replicate.counts
            for level, top in enumerate(self._top_of):
                self._weights[level][slot] = replicate.counts[top]
        self._degrees[slot] = replicate.criterion.degrees

    def expand(self, slots: np.ndarray, entries: np.ndarray) -> Expansions:
        """Evaluate the data sets of some slots (A,) at symmetric roots' entries (A, k)."""
        blocks = self._roots(entries)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            states, top, logdet = self._forward(slots, self.criterion.by_level(blocks))
            return self._expansions(slots, blocks, states, top, logdet)

    # ------------------------------------------------------------ what all data sets share

    @cached_property
    def _z(self) -> list[np.ndarray]:
        return list(nested_products(self.criterion).z)

    @cached_property
    def _k(self) -> int:
        """Number of unique columns without the response, its position."""
        return self.criterion.design.y

    @cached_property
    def _shared_total(self) -> np.ndarray:
        return self.criterion.design.products.total

    @cached_property
    def _firsts(self) -> list[list[np.ndarray]]:
        """For levels j < l, [j][l − j − 1]: the first group of j in each group of l."""
        starts = list(nested_products(self.criterion).starts)
        found = []
        for level in range(len(starts)):
            composed = [starts[level]]
            for above in starts[level + 1 :]:
                composed.append(composed[-1][above])
            found.append(composed)
        return [*found, []]

    @cached_property
    def _parents(self) -> list[list[np.ndarray]]:
        """For levels j < l, [j][l − j − 1]: the group of l that holds each group of j."""
        parents = list(nested_products(self.criterion).parents)
        found = []
        for level in range(len(parents)):
            composed = [parents[level]]
            for above in parents[level + 1 :]:
                composed.append(above[composed[-1]])
            found.append(composed)
        return [*found, []]

    @cached_property
    def _top_of(self) -> list[np.ndarray]:
        """The group of the highest factor that holds each group, a level each."""
        n = len(self.criterion.design.levels[-1].labels)
        return [*(parents[-1] for parents in self._parents[:-1]), np.arange(n)]

    @cached_property
    def _group_totals(self) -> np.ndarray:
        """Gram matrices (m, m, G_L) of the groups of the highest factor."""
        grams = nested_products(self.criterion).grams
        return self._sum_up(grams, 0, len(self._z) - 1)

    @cached_property
    def _rows(self) -> list[np.ndarray]:
        """The Z rows (q_l, m − 1, G_l) of the predictors' Gram matrices of every level."""
        grams = nested_products(self.criterion).grams
        return [self._sum_up(grams[z, :-1], 0, level) for level, z in enumerate(self._z)]

    def _sum_up(self, values: np.ndarray, level: int, above: int) -> np.ndarray:
        """Sums of values (…, G) of a level's groups over the groups of a level above."""
        if above == level:
            return values
        return np.asarray(np.add.reduceat(values, self._firsts[level][above - level - 1], axis=-1))

    # ------------------------------------------------------------ what a slot holds

    @cached_property
    def _y(self) -> list[np.ndarray]:
        levels = self.criterion.design.levels
        return [np.empty((self.width, len(v.z), len(v.labels))) for v in levels]

    @cached_property
    def _weights(self) -> list[np.ndarray]:
        return [np.empty((self.width, len(v.labels))) for v in self.criterion.design.levels]

    @cached_property
    def _total(self) -> np.ndarray:
        return np.empty((self.width, self._k + 1, self._k + 1))

    @cached_property
    def _degrees(self) -> np.ndarray:
        return np.empty(self.width)

    # ------------------------------------------------------------ factors

    def _roots(self, entries: np.ndarray) -> list[np.ndarray]:
        """Symmetric roots (A, q, q) of every block."""
        found, first = [], 0
        for q in self.criterion.sizes:
            basis = symmetric_basis(q)
            last = first + basis.shape[1]
            found.append((entries[:, first:last] @ basis.T).reshape(-1, q, q))
            first = last
        return found

    # ------------------------------------------------------------ elimination

    def _forward(
        self, slots: np.ndarray, factors: list[np.ndarray]
    ) -> tuple[list[_State], np.ndarray, np.ndarray]:
        """All levels eliminated: their states, U'V⁻¹U (A, m, m) and log|V| (A,)."""
        top = self._total[slots]
        logdet = np.zeros(len(slots))
        states: list[_State] = []
        for level, factor in enumerate(factors):
            rows = self._rows_left(slots, level, states)
            weights = self._weights[level][slots] if self.weighted else None
            state, pivots = _eliminate(rows, self._z[level], factor, weights)
            states.append(state)
            wide = state.t.transpose(0, 2, 1, 3)
            other = wide if weights is None else wide * weights[:, None, None]
            shape = len(slots), self._k + 1, -1
            top -= other.reshape(shape) @ wide.reshape(shape).transpose(0, 2, 1)
            logs = np.log(pivots)
            logdet += _group_sum(logs, weights)
        return states, top, logdet

    def _rows_left(self, slots: np.ndarray, level: int, below: list[_State]) -> np.ndarray:
        """S_z (A, q, m, G) of a level, the levels below taken out."""
        rows = self._all_rows(slots, level)
        for inner, state in enumerate(below):
            for a, column in enumerate(self._z[level]):
                taken = state.t[:, 0, column, None] * state.t[:, 0]
                for i in range(1, state.t.shape[1]):
                    taken += state.t[:, i, column, None] * state.t[:, i]
                rows[:, a] -= self._sum_up(taken, inner, level)
        return rows

    def _all_rows(self, slots: np.ndarray, level: int) -> np.ndarray:
        """The Z rows (A, q, m, G) of the Gram matrices of a level: the predictors' are shared."""
        shared, y = self._rows[level], self._y[level]
        q, k, g = shared.shape
        rows = np.empty((len(slots), q, k + 1, g))
        rows[:, :, :-1] = shared
        rows[:, :, -1] = y[slots]
        return rows

    # ------------------------------------------------------------ value and derivatives

    def _expansions(
        self,
        slots: np.ndarray,
        blocks: list[np.ndarray],
        states: list[_State],
        top: np.ndarray,
        logdet: np.ndarray,
    ) -> Expansions:
        p, m = len(self.criterion.design.x), self._degrees[slots]
        inverse, xx = _inverse_root(top[:, :p, :p])
        half = (inverse @ top[:, :p, -1:])[..., 0]
        residual = top[:, -1, -1] - (half**2).sum(axis=-1)
        if self.criterion.reml:
            logdet = logdet + xx
        sigma2 = residual / m
        value = logdet + m * (1.0 + np.log(2.0 * np.pi * sigma2))
        beta = (np.swapaxes(inverse, 1, 2) @ half[..., None])[..., 0]
        good = np.isfinite(value) & (sigma2 > 0)
        slope, hessian = self._derivatives(blocks, states, inverse, beta, sigma2, good)
        return Expansions(np.where(good, value, np.inf), slope, hessian, beta, sigma2, inverse)

    def _derivatives(
        self,
        blocks: list[np.ndarray],
        states: list[_State],
        inverse: np.ndarray,
        beta: np.ndarray,
        sigma2: np.ndarray,
        good: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Slope (A, k) and guess of the Hessian (A, k, k) in the entries of the roots."""
        size = self.criterion.n_theta
        slope, hessian = np.zeros((len(good), size)), np.zeros((len(good), size, size))
        residual = np.zeros((len(good), 1, self._k + 1))
        residual[:, 0, -1] = 1.0
        residual[:, 0, : beta.shape[1]] -= beta
        first = 0
        remaining = iter(blocks)
        for level, part in enumerate(self.criterion.design.levels):
            p, n = self._whole(states, level)
            gradient = self._gradient(p, n, states[level].weights, inverse, residual, sigma2)
            for block in part.blocks:
                root, columns = next(remaining), block.columns
                own = gradient[:, columns, columns]
                own[~good] = 0.0
                squared = _squares(n[:, columns, columns], states[level].weights)
                squared[~good] = 0.0
                last = first + symmetric_basis(root.shape[-1]).shape[1]
                flat = (own @ root).reshape(len(good), -1)
                slope[:, first:last] = 2.0 * flat @ symmetric_basis(root.shape[-1])
                hessian[:, first:last, first:last] = level_hessian(squared, root, own)
                first = last
        return slope, hessian

    def _whole(self, states: list[_State], level: int) -> tuple[np.ndarray, np.ndarray]:
        """P and N of a level with all levels in V (module `kernels`)."""
        state, z = states[level], self._z[level]
        p = _less_products(state.rows.copy(), state.t[:, :, z], state.t)
        n = p[:, :, z]
        for above in range(level + 1, len(states)):
            over, group = states[above], self._parents[level][above - level - 1]
            j = over.j.take(group, axis=-1)
            left = j[:, :, 0, None] * p[:, None, :, self._z[above][0]]
            for k, column in enumerate(self._z[above][1:], start=1):
                left += j[:, :, k, None] * p[:, None, :, column]
            _less_products(n, left, left)
            _less_products(p, left, over.t.take(group, axis=-1))
        return p, n

    def _gradient(
        self,
        p: np.ndarray,
        n: np.ndarray,
        weights: np.ndarray | None,
        inverse: np.ndarray,
        residual: np.ndarray,
        sigma2: np.ndarray,
    ) -> np.ndarray:
        """∂deviance/∂Σ (A, q, q) of a level."""
        along = (residual[:, None] @ p)[:, :, 0]
        gradient = _group_sum(n, weights) - _outer(along, weights) / sigma2[:, None, None]
        fixed = inverse.shape[1]
        if self.criterion.reml and fixed:
            seen = inverse[:, None] @ p[:, :, :fixed]
            for row in range(fixed):
                gradient -= _outer(seen[:, :, row], weights)
        return np.asarray((gradient + gradient.transpose(0, 2, 1)) / 2)


def _less_products(values: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """values (A, a, b, G) less Σ_i left[i, a] right[i, b], in place."""
    product = np.empty_like(values)
    for i in range(left.shape[1]):
        values -= np.multiply(left[:, i, :, None], right[:, i, None], out=product)
    return values


def _eliminate(
    rows: np.ndarray, z: np.ndarray, factor: np.ndarray, weights: np.ndarray | None
) -> tuple[_State, np.ndarray]:
    """One level's step for all data sets; also the product of the pivots (A, G)."""
    a, q, m, g = rows.shape
    turned = factor.transpose(0, 2, 1)
    t = (turned @ rows.reshape(a, q, m * g)).reshape(a, q, m, g)
    left = turned[:, None] @ t[:, :, z]
    lower = np.empty((a, q, q, g))
    j = np.repeat(turned[..., None], g, axis=-1)
    pivots = np.ones((a, g))
    for i in range(q):
        pivot = left[:, i, i] + 1.0
        for k in range(i):
            entry = left[:, i, k]
            for r in range(k):
                entry = entry - lower[:, i, r] * lower[:, k, r]
            lower[:, i, k] = entry / lower[:, k, k]
            pivot -= lower[:, i, k] ** 2
            t[:, i] -= lower[:, i, k, None] * t[:, k]
            j[:, i] -= lower[:, i, k, None] * j[:, k]
        pivots *= pivot
        lower[:, i, i] = np.sqrt(pivot)
        t[:, i] /= lower[:, i, i, None]
        j[:, i] /= lower[:, i, i, None]
    return _State(rows, j, t, weights), pivots


def _group_sum(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Sums (A, …) of values (A, …, G) over the groups."""
    if weights is None:
        return np.asarray(values.sum(axis=-1))
    return np.asarray(np.einsum("a...g,ag->a...", values, weights))


def _outer(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Σ_g v v' (A, q, q) of values (A, q, G)."""
    other = values if weights is None else values * weights[:, None]
    return np.asarray(other @ values.transpose(0, 2, 1))


def _squares(n: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Σ_g N_g ⊗ N_g (A, q², q²) of N (A, q, q, G)."""
    a, q = n.shape[:2]
    flat = n.reshape(a, q * q, -1)
    both = _outer(flat, weights).reshape(a, q, q, q, q)
    return both.transpose(0, 1, 3, 2, 4).reshape(a, q * q, q * q)


def _inverse_root(xx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L⁻¹ and log|LL'| of every matrix (A, p, p); NaN where it is not positive definite."""
    try:
        lower = np.linalg.cholesky(xx)
    except np.linalg.LinAlgError:
        lower = np.array([_root(matrix) for matrix in xx])
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    return np.linalg.inv(lower), 2.0 * np.log(diagonal).sum(axis=-1)


def _root(matrix: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return np.where(np.eye(len(matrix)) > 0, np.nan, 0.0)
