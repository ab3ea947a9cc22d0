"""The inverse covariance of nested effect sizes in closed form: no matrix of rows is formed.

M = D + Σ_l Σ_g γ_l u_lg u_lg' with D diagonal and u_lg the part of u_l in group g of a partition,
the partitions nested in each other: u is 1 for a random intercept of variance γ, and √v for a
correlation γ = ρ of the sampling errors, which leaves (1 − ρ)v in D. One rank-one update after
the other (Sherman–Morrison), from the smallest to the largest groups, gives

    M⁻¹ = D⁻¹ − Σ_l Σ_g k_lg w_lg w_lg',   w_l = M_(l−1)⁻¹ u_l,   k = γ/(1 + γ u'w),

so that products with M⁻¹, z_a'M⁻¹z_a and Σ_ab (z_a'M⁻¹z_b)² over the groups of two partitions
are sums over groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.meta.multilevel.partitions import Chain


@dataclass(frozen=True, eq=False)
class Update:
    """One rank-one update of all groups of a level.

    Attributes
    ----------
    level : int
        Position of the partition in the chain.
    w : array (n,)
    k : array (groups,)
    """

    level: int
    w: np.ndarray
    k: np.ndarray


@dataclass(frozen=True, eq=False)
class NestedPrecision:
    """M⁻¹ of nested random intercepts.

    Attributes
    ----------
    chain : Chain
    units : tuple of int
        Level in the chain of every random intercept.
    inverse : array (n,)
        D⁻¹.
    updates : tuple of Update
    log_det : float
        log |M|.
    """

    chain: Chain
    units: tuple[int, ...]
    inverse: np.ndarray
    updates: tuple[Update, ...]
    log_det: float

    def solve(self, b: np.ndarray) -> np.ndarray:
        """M⁻¹b (n, m)."""
        return _solve(self.chain, self.inverse, self.updates, b)

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Diagonal (n,) of M⁻¹."""
        found = self.inverse.copy()
        for update in self.updates:
            found -= self.chain[update.level].spread(update.k) * update.w**2
        return found

    def _finer(self, update: int, unit: int) -> int:
        return min(self.updates[update].level, self.units[unit])

    @cached_property
    def _sums(self) -> list[list[np.ndarray]]:
        """Sums of w of every update over what its groups share with those of every intercept."""
        return [
            [self.chain[min(update.level, unit)].sums(update.w) for unit in self.units]
            for update in self.updates
        ]

    @cached_property
    def _of_units(self) -> list[np.ndarray]:
        """z_a'D⁻¹z_a by intercept."""
        return [self.chain[unit].sums(self.inverse) for unit in self.units]

    def _k(self, update: int, level: int) -> np.ndarray:
        """k of an update for the groups of a lower level."""
        return self.chain.lift(self.updates[update].k, level, self.updates[update].level)

    def quadratic(self, unit: int) -> np.ndarray:
        """z_a'M⁻¹z_a (groups,) for the groups a of one intercept."""
        return self._quadratic(unit, below=len(self.chain))

    def _quadratic(self, unit: int, below: int) -> np.ndarray:
        """The same with the updates below a level only."""
        found = self._of_units[unit].copy()
        for number, update in enumerate(self.updates):
            if update.level < below:
                at = self._finer(number, unit)
                part = self._k(number, at) * self._sums[number][unit] ** 2
                found -= self.chain.gather(part, at, self.units[unit])
        return found

    def traces(self) -> np.ndarray:
        """tr M⁻¹Q_i of every intercept, Q_i = Σ z_a z_a'."""
        return np.array([self.quadratic(unit).sum() for unit in range(len(self.units))])

    def products(self) -> np.ndarray:
        """tr M⁻¹Q_iM⁻¹Q_j (k, k) = Σ_ab (z_a'M⁻¹z_b)²."""
        k = len(self.units)
        found = np.empty((k, k))
        for i in range(k):
            for j in range(i + 1):
                low, high = (i, j) if self.units[i] <= self.units[j] else (j, i)
                found[i, j] = found[j, i] = self._product(low, high)
        return found

    def _product(self, i: int, j: int) -> float:
        """Σ_ab (z_a'M⁻¹z_b)² for the intercepts i and j, the groups of i within those of j.

        Updates of smaller groups than a concern a alone; the others join several a.
        """
        chain, unit = self.chain, self.units[i]
        own = self._quadratic(i, below=unit)
        above = [m for m, update in enumerate(self.updates) if update.level >= unit]
        total = float(own @ own)
        for place, m in enumerate(above):
            second = self.updates[m]
            ends = self._sums[m][i] * chain.lift(self._sums[m][j], unit, self._finer(m, j))
            total -= 2.0 * float((own * self._k(m, unit)) @ ends)
            for n in above[: place + 1]:
                level = self.updates[n].level
                k = self.updates[n].k * chain.lift(second.k, level, second.level)
                both = float(k @ (self._shared(n, m, i) * self._shared(n, m, j)))
                total += both if n == m else 2.0 * both
        return total

    @cached_property
    def _known(self) -> dict[tuple[int, int, int], np.ndarray]:
        return {}

    def _shared(self, low: int, high: int, unit: int) -> np.ndarray:
        """`_joint`, computed once."""
        key = low, high, unit
        if key not in self._known:
            self._known[key] = self._joint(low, high, unit)
        return self._known[key]

    def _joint(self, low: int, high: int, unit: int) -> np.ndarray:
        """Σ_a (w_lg'z_a)(w_mh'z_a) for the groups g of the lower update, each in an h."""
        inner = self._finer(low, unit)
        outer = self.chain.lift(self._sums[high][unit], inner, self._finer(high, unit))
        shared = self._sums[low][unit] * outer
        return self.chain.gather(shared, inner, self.updates[low].level)


def nested_precision(
    chain: Chain,
    units: Sequence[int],
    tau2: np.ndarray,
    vi: np.ndarray,
    rho: float = 0.0,
    cluster: int = 0,
) -> NestedPrecision:
    """The inverse covariance at given variances.

    Parameters
    ----------
    chain : Chain
    units : sequence of int
        Level in the chain of every random intercept.
    tau2 : array (k,)
        Their variances.
    vi : array (n,)
        Sampling variances.
    rho : float
        Correlation of the sampling errors in a group of level `cluster`.

    Examples
    --------
    >>> from alliance_stats.meta.multilevel.partitions import partition_of
    >>> chain = Chain((partition_of(np.arange(3)), partition_of(np.array([0, 0, 1]))))
    >>> found = nested_precision(chain, (1,), np.array([1.0]), np.ones(3))
    >>> found.solve(np.eye(3)).round(4).tolist()
    [[0.6667, -0.3333, 0.0], [-0.3333, 0.6667, 0.0], [0.0, 0.0, 0.5]]
    """
    correlated = rho > 0 and cluster > 0
    diagonal = (1.0 - rho) * vi if correlated else vi.copy()
    for unit, variance in zip(units, tau2, strict=True):
        if unit == 0:
            diagonal = diagonal + variance
    inverse = 1.0 / diagonal
    steps = [(cluster, np.sqrt(vi), rho)] if correlated else []
    ones = np.ones(len(vi))
    steps += [(u, ones, float(t)) for u, t in zip(units, tau2, strict=True) if u > 0 and t != 0]
    log_det = float(np.log(diagonal).sum())
    updates: list[Update] = []
    for level, u, gamma in sorted(steps, key=lambda step: step[0]):
        w = _solve(chain, inverse, updates, u[:, None])[:, 0]
        grown = 1.0 + gamma * chain[level].sums(u * w)
        log_det += float(np.log(grown).sum())
        updates.append(Update(level, w, gamma / grown))
    return NestedPrecision(chain, tuple(units), inverse, tuple(updates), log_det)


def _solve(
    chain: Chain, inverse: np.ndarray, updates: Sequence[Update], b: np.ndarray
) -> np.ndarray:
    found = inverse[:, None] * b
    for update in updates:
        groups, w = chain[update.level], update.w[:, None]
        found -= w * groups.spread(update.k[:, None] * groups.sums(w * b))
    return found
