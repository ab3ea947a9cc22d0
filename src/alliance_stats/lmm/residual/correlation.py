"""Correlation matrices R of residual blocks: their inverse roots, determinants, derivatives.

An autoregression is whitened row by row (Jones, 1993): with r the correlation of a row with the
one before it in its block, ``(u_t − r u_{t−1}) / √(1 − r²)`` are independent with variance 1, and
log|R| = Σ log(1 − r²). An unstructured R is cut to the roles present, R = LL', and whitened by
L⁻¹, for all blocks with the same roles at once.

Columns are arrays (m, n) with the rows on the last axis, in the order of `Blocks`. A derivative
is given as a change dU* of the whitened columns U* with dU*'U* + U*'dU* = U'd(R⁻¹)U.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import expit, logit

from alliance_stats.lmm.residual.blocks import Blocks

#: Correlation of neighbouring rows at the two starts of an autoregression.
LOW, HIGH = 0.15, 0.65


class Correlation(Protocol):
    """R at one value of its unconstrained parameters."""

    @property
    def logdet(self) -> float:
        """log|R|."""

    @property
    def logdet_slopes(self) -> np.ndarray:
        """∂log|R| (k,) in the parameters."""

    @property
    def information(self) -> np.ndarray:
        """tr(R⁻¹dR R⁻¹dR) (k, k): a guess of second derivatives of the deviance."""

    def whiten(self, columns: np.ndarray) -> np.ndarray:
        """U* (m, n), whose rows are independent."""

    def slopes(self, whitened: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
        """dU* (m, n) in every parameter."""

    def colour(self, noise: np.ndarray) -> np.ndarray:
        """Values (n,) with covariance R from independent ones."""


@dataclass(frozen=True, eq=False)
class Independent:
    """R = I: no parameters."""

    logdet = 0.0
    logdet_slopes = np.empty(0)
    information = np.empty((0, 0))

    def whiten(self, columns: np.ndarray) -> np.ndarray:
        """The columns themselves."""
        return columns

    def slopes(self, whitened: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
        """Nothing."""
        return iter(())

    def colour(self, noise: np.ndarray) -> np.ndarray:
        """The noise itself."""
        return noise


@dataclass(frozen=True, eq=False)
class Markov:
    """An autoregression: ρ = tanh ψ over whole numbers, or expit ψ over a typical time.

    Attributes
    ----------
    blocks : Blocks
    psi : float
    unit : float or None
        In continuous time: the time over which the correlation is expit ψ.
    """

    blocks: Blocks
    psi: float
    unit: float | None = None

    @cached_property
    def _gaps(self) -> np.ndarray:
        return self.blocks.gaps if self.unit is None else self.blocks.gaps / self.unit

    @property
    def rho(self) -> float:
        """Correlation over one session, or over `unit`."""
        return float(np.tanh(self.psi) if self.unit is None else expit(self.psi))

    @cached_property
    def _later(self) -> np.ndarray:
        """Whether a row (n,) has one before it in its block."""
        return self.blocks.gaps > 0

    @cached_property
    def _r(self) -> np.ndarray:
        """Correlation (n,) with the row before, 0 at the first of a block."""
        return np.where(self._later, np.power(self.rho, self._gaps), 0.0)

    @cached_property
    def _left(self) -> np.ndarray:
        """1 − r² (n,), without differences of nearly equal numbers."""
        if self.rho == 0.0:
            return np.ones(len(self._r))
        if self.unit is not None:
            log_rho = -np.logaddexp(0.0, -self.psi)
        else:
            log_rho = np.log1p(-2.0 * expit(-2.0 * abs(self.psi)))
        return np.where(self._later, -np.expm1(2.0 * self._gaps * log_rho), 1.0)

    @cached_property
    def _change(self) -> np.ndarray:
        """dr/dψ (n,)."""
        gaps, rho = self._gaps, self.rho
        if self.unit is not None:
            return self._r * gaps * expit(-self.psi)
        rest = np.power(rho, np.maximum(gaps - 1.0, 0.0))
        slope = 4.0 * expit(2.0 * self.psi) * expit(-2.0 * self.psi)
        return np.where(self._later, gaps * rest * slope, 0.0)

    @property
    def logdet(self) -> float:
        """log|R|."""
        return float(np.log(self._left).sum())

    @property
    def logdet_slopes(self) -> np.ndarray:
        """∂log|R|/∂ψ (1,)."""
        return np.array([-2.0 * (self._r * self._change / self._left).sum()])

    @property
    def information(self) -> np.ndarray:
        """That of neighbouring pairs (1, 1)."""
        r, left = self._r, self._left
        return np.array([[2.0 * (self._change**2 * (1.0 + r**2) / left**2).sum()]])

    def whiten(self, columns: np.ndarray) -> np.ndarray:
        """Innovations of every column."""
        found = columns.copy()
        found[:, 1:] -= self._r[1:] * columns[:, :-1]
        found /= np.sqrt(self._left)
        return found

    def slopes(self, whitened: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
        """The change of the innovations with ψ."""
        found = self._r * columns
        found[:, 1:] -= columns[:, :-1]
        found *= self._change / self._left**1.5
        yield found

    def colour(self, noise: np.ndarray) -> np.ndarray:
        """An autoregression driven by the noise."""
        found = noise * np.sqrt(self._left)
        starts = self.blocks.starts
        lengths = np.diff(starts, append=len(noise))
        for step in range(1, int(lengths.max(initial=1))):
            rows = starts[lengths > step] + step
            found[rows] += self._r[rows] * found[rows - 1]
        return found


@dataclass(frozen=True, eq=False)
class Unstructured:
    """Any correlation matrix of roles, from the entries of a Cholesky factor with unit rows.

    Attributes
    ----------
    blocks : Blocks
    psi : ndarray (K(K − 1)/2,)
        Row by row, the entries left of the diagonal over that on it.
    n_roles : int
    """

    blocks: Blocks
    psi: np.ndarray
    n_roles: int

    @cached_property
    def matrix(self) -> np.ndarray:
        """R (K, K) of all roles."""
        rows = self._rows
        return np.asarray(rows @ rows.T)

    @cached_property
    def _lengths(self) -> np.ndarray:
        raw = np.eye(self.n_roles)
        raw[np.tril_indices(self.n_roles, -1)] = self.psi
        return np.linalg.norm(raw, axis=1)

    @cached_property
    def _rows(self) -> np.ndarray:
        raw = np.eye(self.n_roles)
        raw[np.tril_indices(self.n_roles, -1)] = self.psi
        return raw / self._lengths[:, None]

    @cached_property
    def changes(self) -> np.ndarray:
        """dR (k, K, K) in every parameter."""
        found = []
        for i, j in zip(*np.tril_indices(self.n_roles, -1), strict=True):
            row = -self._rows[i, j] * self._rows[i]
            row[j] += 1.0
            row /= self._lengths[i]
            change = np.zeros((self.n_roles, self.n_roles))
            change[i] = row @ self._rows.T
            found.append(change + change.T)
        return np.array(found).reshape(-1, self.n_roles, self.n_roles)

    @cached_property
    def _inverses(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For every set of roles: its rows (B, s), L and L⁻¹."""
        found = []
        for roles, rows in patterns(self.blocks, self.n_roles):
            lower = np.linalg.cholesky(self.matrix[np.ix_(roles, roles)])
            inverse = solve_triangular(lower, np.eye(len(roles)), lower=True)
            found.append((roles, rows, inverse))
        return found

    @property
    def logdet(self) -> float:
        """log|R|."""
        return sum(
            -2.0 * len(rows) * float(np.log(np.diag(inverse)).sum())
            for _, rows, inverse in self._inverses
        )

    def _turned(self, roles: np.ndarray, inverse: np.ndarray) -> np.ndarray:
        """L⁻¹ dR L⁻¹' (k, s, s) of one set of roles."""
        changes = self.changes[:, roles[:, None], roles]
        return np.asarray(inverse @ changes @ inverse.T)

    @property
    def logdet_slopes(self) -> np.ndarray:
        """tr(R⁻¹dR) (k,)."""
        total = np.zeros(len(self.psi))
        for roles, rows, inverse in self._inverses:
            total += len(rows) * np.trace(self._turned(roles, inverse), axis1=1, axis2=2)
        return total

    @property
    def information(self) -> np.ndarray:
        """tr(R⁻¹dR R⁻¹dR) (k, k)."""
        total = np.zeros((len(self.psi), len(self.psi)))
        for roles, rows, inverse in self._inverses:
            flat = self._turned(roles, inverse).reshape(len(self.psi), -1)
            total += len(rows) * flat @ flat.T
        return total

    def whiten(self, columns: np.ndarray) -> np.ndarray:
        """L⁻¹ on the rows of every block."""
        found = np.empty_like(columns)
        for _, rows, inverse in self._inverses:
            found[:, rows] = columns[:, rows] @ inverse.T
        return found

    def slopes(self, whitened: np.ndarray, columns: np.ndarray) -> Iterator[np.ndarray]:
        """−½ L⁻¹ dR L⁻¹' U* in every parameter."""
        turned = [(rows, self._turned(roles, inverse)) for roles, rows, inverse in self._inverses]
        for k in range(len(self.psi)):
            found = np.empty_like(whitened)
            for rows, change in turned:
                found[:, rows] = -0.5 * whitened[:, rows] @ change[k]
            yield found

    def colour(self, noise: np.ndarray) -> np.ndarray:
        """L times the noise of every block."""
        found = np.empty_like(noise)
        for roles, rows, _ in self._inverses:
            lower = np.linalg.cholesky(self.matrix[np.ix_(roles, roles)])
            found[rows] = noise[rows] @ lower.T
        return found


def patterns(blocks: Blocks, n_roles: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every set of roles that occurs, with the rows (B, s) of the blocks that have it."""
    code = np.add.reduceat(1 << blocks.roles.astype(np.int64), blocks.starts)
    found = []
    for number in np.unique(code):
        roles = np.flatnonzero(number >> np.arange(n_roles) & 1)
        first = blocks.starts[code == number]
        found.append((roles, first[:, None] + np.arange(len(roles))))
    return found


def starting_psi(blocks: Blocks, kind: str, share: float, n_roles: int) -> np.ndarray:
    """Parameters of R with the correlation `share` of neighbouring rows, or none of roles."""
    if kind == "unstructured":
        return np.zeros(n_roles * (n_roles - 1) // 2)
    if kind == "variance_by":
        return np.empty(0)
    if kind == "continuous_ar1":
        return np.array([logit(share)])
    return np.array([np.arctanh(share ** (1.0 / typical_gap(blocks)))])


def typical_gap(blocks: Blocks) -> float:
    """Median time between neighbouring rows."""
    return float(np.median(blocks.gaps[blocks.gaps > 0]))
