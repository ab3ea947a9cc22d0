"""Blocks of random effects with a standard deviation or a correlation held fixed.

The block is Λ = AL, where the first columns of A belong to the effects in question, in the units
of their columns up to a factor:

    SD of the first effect fixed:   L = [[s, 0], [v, R]],
    correlation sin φ fixed:        L = [[a, 0, 0], [b sin φ, b cos φ, 0], [V, R]],   a, b > 0.

Own coordinates are v, R or log a, log b, V, R. The derivative in the entries of L is K = 2A'GΛ
with G = ∂deviance/∂Σ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from alliance_stats.lmm.factors import n_theta, pack, symmetric_basis, unpack_roots
from alliance_stats.lmm.inference.slices import ELSEWHERE, VANISHED, symmetric_root

#: Largest logarithm of a relative standard deviation.
EXTREME = 40.0


class BlockShape(Protocol):
    """What is held fixed in a block of q effects."""

    @property
    def basis(self) -> np.ndarray:
        """A (q, q)."""

    @property
    def pinned(self) -> int:
        """The first effects of L that are not part of the root R."""

    @property
    def size(self) -> int:
        """Number of own coordinates."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of what is fixed."""

    def start(self, covariance: np.ndarray) -> float:
        """The fixed value of a covariance (q, q) of the effects A⁻¹b."""

    def coordinates(self, covariance: np.ndarray) -> np.ndarray:
        """The own coordinates of a covariance (q, q) of the effects A⁻¹b."""

    @property
    def elsewhere(self) -> np.ndarray:
        """Own coordinates of independent effects."""

    def factor(self, value: float, own: np.ndarray) -> np.ndarray | None:
        """Λ (q, q), or None where it would overflow."""

    def derivatives(self, value: float, own: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, float]:
        """Derivatives in the own coordinates and in the value, from K."""


@dataclass(frozen=True, eq=False)
class DeviationShape:
    """The standard deviation s of the first effect."""

    basis: np.ndarray
    pinned: int = 1
    bounds: tuple[float, float] = (0.0, np.inf)

    @property
    def size(self) -> int:
        """Entries of v and R."""
        q = len(self.basis)
        return q - 1 + n_theta([q - 1])

    def start(self, covariance: np.ndarray) -> float:
        """The standard deviation."""
        return float(np.sqrt(covariance[0, 0]))

    def coordinates(self, covariance: np.ndarray) -> np.ndarray:
        """v and the entries of R."""
        first = np.sqrt(covariance[0, 0])
        v = covariance[1:, 0] / first if first > VANISHED else np.zeros(len(covariance) - 1)
        return np.concatenate([v, pack([symmetric_root(covariance[1:, 1:] - np.outer(v, v))])])

    @property
    def elsewhere(self) -> np.ndarray:
        """Independent effects."""
        q = len(self.basis)
        return np.concatenate([np.zeros(q - 1), pack([ELSEWHERE * np.eye(q - 1)])])

    def factor(self, value: float, own: np.ndarray) -> np.ndarray:
        """Λ."""
        q = len(self.basis)
        inner = np.zeros((q, q))
        inner[0, 0], inner[1:, 0] = value, own[: q - 1]
        inner[1:, 1:] = unpack_roots(own[q - 1 :], [q - 1])[0]
        return np.asarray(self.basis @ inner)

    def derivatives(self, value: float, own: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, float]:
        """In v and R, and in s."""
        basis = symmetric_basis(len(k) - 1)
        return np.concatenate([k[1:, 0], k[1:, 1:].ravel() @ basis]), float(k[0, 0])


@dataclass(frozen=True, eq=False)
class CorrelationShape:
    """The angle φ of the correlation sin φ of the first two effects."""

    basis: np.ndarray
    pinned: int = 2
    bounds: tuple[float, float] = (-np.pi / 2, np.pi / 2)

    @property
    def size(self) -> int:
        """log a, log b and the entries of V and R."""
        q = len(self.basis)
        return 2 + 2 * (q - 2) + n_theta([q - 2])

    def start(self, covariance: np.ndarray) -> float:
        """The angle."""
        found = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
        return float(np.arcsin(np.clip(found, -1.0, 1.0)))

    def coordinates(self, covariance: np.ndarray) -> np.ndarray:
        """log a, log b, V and the entries of R."""
        a, b = np.sqrt(covariance[0, 0]), np.sqrt(covariance[1, 1])
        angle = self.start(covariance)
        left = np.array([[a, 0.0], [b * np.sin(angle), b * np.cos(angle)]])
        v = covariance[2:, :2] @ np.linalg.pinv(left.T, rcond=VANISHED)
        inner = pack([symmetric_root(covariance[2:, 2:] - v @ v.T)])
        return np.concatenate([[np.log(a), np.log(b)], v.ravel(), inner])

    @property
    def elsewhere(self) -> np.ndarray:
        """Independent effects but for the correlation."""
        q = len(self.basis)
        logs = np.log([ELSEWHERE, ELSEWHERE])
        return np.concatenate([logs, np.zeros(2 * (q - 2)), pack([ELSEWHERE * np.eye(q - 2)])])

    def factor(self, value: float, own: np.ndarray) -> np.ndarray | None:
        """Λ, or None where a standard deviation would overflow."""
        if max(own[:2]) > EXTREME:
            return None
        q = len(self.basis)
        a, b = np.exp(own[0]), np.exp(own[1])
        inner = np.zeros((q, q))
        inner[0, 0], inner[1, :2] = a, (b * np.sin(value), b * np.cos(value))
        middle = 2 + 2 * (q - 2)
        inner[2:, :2] = own[2:middle].reshape(q - 2, 2)
        inner[2:, 2:] = unpack_roots(own[middle:], [q - 2])[0]
        return np.asarray(self.basis @ inner)

    def derivatives(self, value: float, own: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, float]:
        """In log a, log b, V and R, and in φ."""
        a, b = np.exp(own[0]), np.exp(own[1])
        sine, cosine = np.sin(value), np.cos(value)
        found = [
            [a * k[0, 0], b * (sine * k[1, 0] + cosine * k[1, 1])],
            k[2:, :2].ravel(),
            k[2:, 2:].ravel() @ symmetric_basis(len(k) - 2),
        ]
        return np.concatenate(found), float(b * (cosine * k[1, 0] - sine * k[1, 1]))


def block_basis(rows: np.ndarray) -> np.ndarray:
    """A (q, q) with rows (k, q) @ A = (I, 0): the effects of `rows` first, then the rest."""
    k, q = rows.shape
    _, _, right = np.linalg.svd(rows)
    return np.concatenate([np.linalg.pinv(rows), right[k:].T.reshape(q, q - k)], axis=1)


def in_basis(factor: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Covariance (q, q) of the effects A⁻¹b."""
    left = np.linalg.solve(basis, factor)
    return np.asarray(left @ left.T)
