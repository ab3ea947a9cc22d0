"""The inverse covariance with crossed random intercepts: the nested part by blocks, the rest dense.

M_f = M + ZGZ' with Z the indicators (n, q) of the crossed units and G diagonal. With K = Z'M⁻¹Z
and N = G^½(I + G^½KG^½)⁻¹G^½, M_f⁻¹ = M⁻¹ − M⁻¹ZNZ'M⁻¹ (Woodbury); only q × q is dense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.meta.multilevel.criterion import Direction
from alliance_stats.meta.multilevel.precision import Precision


@dataclass(frozen=True, eq=False)
class Crossing:
    """Which random terms are crossed with the others.

    Attributes
    ----------
    z : array (n, q)
        Indicators of the groups of all crossed terms.
    owners : array (q,) of int
        Natural parameter of every group.
    inside : array of int
        Natural parameters of the other terms, in their order.
    directions : sequence of Direction
        Q of those.
    """

    z: np.ndarray
    owners: np.ndarray
    inside: np.ndarray
    directions: Sequence[Direction]


@dataclass(frozen=True, eq=False)
class CrossedPrecision:
    """M_f⁻¹.

    Attributes
    ----------
    base : Precision
        M⁻¹, without the crossed units.
    crossing : Crossing
    natural : array (k,)
    """

    base: Precision
    crossing: Crossing
    natural: np.ndarray

    @cached_property
    def _wz(self) -> np.ndarray:
        return self.base.solve(self.crossing.z)

    @cached_property
    def _k(self) -> np.ndarray:
        return np.asarray(self.crossing.z.T @ self._wz)

    @cached_property
    def _inner(self) -> tuple[np.ndarray, float]:
        """N and log |I + G^½KG^½|."""
        root = np.sqrt(self.natural[self.crossing.owners])
        lower = np.linalg.cholesky(np.eye(len(root)) + root[:, None] * self._k * root)
        half = np.linalg.solve(lower, np.diag(root))
        return half.T @ half, 2.0 * float(np.log(np.diag(lower)).sum())

    @property
    def log_det(self) -> float:
        """log |M_f|."""
        return self.base.log_det + self._inner[1]

    def solve(self, b: np.ndarray) -> np.ndarray:
        """M_f⁻¹b (n, m)."""
        return np.asarray(self.base.solve(b) - self._wz @ (self._inner[0] @ (self._wz.T @ b)))

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Diagonal (n,) of M_f⁻¹."""
        taken = np.einsum("nq,nq->n", self._wz @ self._inner[0], self._wz)
        return np.asarray(self.base.diagonal - taken)

    @cached_property
    def _full_k(self) -> np.ndarray:
        """Z'M_f⁻¹Z."""
        return np.asarray(self._k - self._k @ self._inner[0] @ self._k)

    @cached_property
    def _turned(self) -> list[np.ndarray]:
        """Q_aM⁻¹Z of the other terms."""
        return [direction.times(self._wz) for direction in self.crossing.directions]

    @cached_property
    def _between(self) -> list[np.ndarray]:
        """Z'M⁻¹Q_aM⁻¹Z of the other terms."""
        return [np.asarray(self._wz.T @ turned) for turned in self._turned]

    def traces(self) -> np.ndarray:
        """tr M_f⁻¹Q_a (k,)."""
        found = np.bincount(
            self.crossing.owners, weights=np.diag(self._full_k), minlength=len(self.natural)
        )
        taken = [float(np.sum(self._inner[0] * between)) for between in self._between]
        found[self.crossing.inside] = self.base.traces() - np.array(taken)
        return found

    def products(self) -> np.ndarray:
        """tr M_f⁻¹Q_aM_f⁻¹Q_b (k, k)."""
        inside, owners, k = self.crossing.inside, self.crossing.owners, len(self.natural)
        member = np.zeros((len(owners), k))
        member[np.arange(len(owners)), owners] = 1.0
        found = member.T @ self._full_k**2 @ member
        spread = self._wz - self._wz @ (self._inner[0] @ self._k)  # M_f⁻¹Z
        for a, direction in zip(inside, self.crossing.directions, strict=True):
            shared = np.einsum("nq,nq->q", spread, direction.times(spread)) @ member
            found[a] += shared
            found[:, a] += shared
        found[np.ix_(inside, inside)] = self._products_inside()
        return np.asarray(found)

    def _products_inside(self) -> np.ndarray:
        """The same among the other terms."""
        found = self.base.products()
        n = self._inner[0]
        moved = [self.base.solve(turned) for turned in self._turned]
        taken = [n @ between for between in self._between]
        for a, turned in enumerate(self._turned):
            for b, other in enumerate(moved):
                found[a, b] += np.sum(taken[a] * taken[b].T) - 2.0 * np.sum(n * (turned.T @ other))
        return np.asarray(found)
