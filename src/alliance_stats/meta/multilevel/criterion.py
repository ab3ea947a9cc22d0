"""The deviance of a multilevel meta-analysis in its variances, with exact derivatives.

With M = V + Σ_a t_a Q_a, W = M⁻¹, C = (X'WX)⁻¹, P = W − WXCX'W and X orthonormal,

    deviance = log|M| + log|X'WX| + y'Py        (REML; without the second term: ML)
    gradient = tr(PQ_a) − y'PQ_aPy              (ML: tr(WQ_a) − …)
    Hessian  = 2 y'PQ_aPQ_bPy − tr(PQ_aPQ_b)    (ML: … − tr(WQ_aWQ_b))

of which tr(PQ_aPQ_b) is the expectation. Harville (1977, J. Am. Stat. Assoc. 72, 320–338).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from alliance_stats.meta.multilevel.precision import Precision


class Direction(Protocol):
    """Q_a."""

    def times(self, b: np.ndarray) -> np.ndarray:
        """Q_a b (n, m)."""
        ...


@dataclass(frozen=True, eq=False)
class Problem:
    """What is fitted, apart from the variances.

    Attributes
    ----------
    y : array (n,)
    x : array (n, p)
        Orthonormal columns.
    directions : sequence of Direction
        Q_a of every natural parameter.
    precision_at : callable
        M⁻¹ at natural parameters (k,).
    reml : bool
    """

    y: np.ndarray
    x: np.ndarray
    directions: Sequence[Direction]
    precision_at: Callable[[np.ndarray], Precision]
    reml: bool

    @cached_property
    def both(self) -> np.ndarray:
        """[X, y] (n, p + 1)."""
        return np.column_stack([self.x, self.y])

    def at(self, natural: np.ndarray) -> Point:
        """Everything at given variances."""
        return Point(self, natural, self.precision_at(natural))

    def log_likelihood(self, deviance: float) -> float:
        """(Restricted) log-likelihood of a deviance."""
        n = self.x.shape[0] - (self.x.shape[1] if self.reml else 0)
        return -0.5 * (deviance + n * float(np.log(2.0 * np.pi)))


@dataclass(frozen=True, eq=False)
class Point:
    """The criterion at given variances.

    Attributes
    ----------
    problem : Problem
    natural : array (k,)
    precision : Precision
    """

    problem: Problem
    natural: np.ndarray
    precision: Precision

    @cached_property
    def _moved(self) -> np.ndarray:
        """W[X, y]."""
        return self.precision.solve(self.problem.both)

    @cached_property
    def _gram(self) -> np.ndarray:
        return np.asarray(self.problem.both.T @ self._moved)

    @cached_property
    def root(self) -> np.ndarray:
        """Lower Cholesky factor (p, p) of X'WX."""
        return np.linalg.cholesky(self._gram[:-1, :-1])

    @cached_property
    def bread(self) -> np.ndarray:
        """C."""
        inverse = np.linalg.inv(self.root)
        return np.asarray(inverse.T @ inverse)

    @cached_property
    def beta(self) -> np.ndarray:
        """Coefficients (p,) of the orthonormal columns."""
        return np.asarray(self.bread @ self._gram[:-1, -1])

    @cached_property
    def residuals(self) -> np.ndarray:
        """y − Xβ."""
        return np.asarray(self.problem.y - self.problem.x @ self.beta)

    @cached_property
    def weighted(self) -> np.ndarray:
        """W(y − Xβ) = Py."""
        return np.asarray(self._moved[:, -1] - self._moved[:, :-1] @ self.beta)

    @property
    def weighted_x(self) -> np.ndarray:
        """WX (n, p)."""
        return self._moved[:, :-1]

    @cached_property
    def quadratic(self) -> float:
        """y'Py."""
        return float(self.residuals @ self.weighted)

    @cached_property
    def deviance(self) -> float:
        """Minus twice the log-likelihood, but for the constant."""
        found = self.precision.log_det + self.quadratic
        if self.problem.reml:
            found += 2.0 * float(np.log(np.diag(self.root)).sum())
        return found

    @cached_property
    def _sides(self) -> np.ndarray:
        """[WX C^½, Wr] (n, p + 1)."""
        half = np.linalg.solve(self.root, self.weighted_x.T).T
        return np.column_stack([half, self.weighted])

    @cached_property
    def _turned(self) -> np.ndarray:
        """Q_a of the sides (n, k, p + 1)."""
        turned = [direction.times(self._sides) for direction in self.problem.directions]
        return np.stack(turned, axis=1)

    @cached_property
    def _inner(self) -> np.ndarray:
        """Sides'Q_a sides (k, p + 1, p + 1)."""
        return np.tensordot(self._turned, self._sides, axes=(0, 0))

    @cached_property
    def gradient(self) -> np.ndarray:
        """Gradient (k,) in the natural parameters."""
        found = self.precision.traces() - self._inner[:, -1, -1]
        if self.problem.reml:
            found -= np.einsum("kpp->k", self._inner[:, :-1, :-1])
        return np.asarray(found)

    @cached_property
    def _spread(self) -> np.ndarray:
        """WQ_a of the sides (n, k, p + 1)."""
        n, k, p = self._turned.shape
        return self.precision.solve(self._turned.reshape(n, k * p)).reshape(n, k, p)

    @cached_property
    def expected(self) -> np.ndarray:
        """tr(PQ_aPQ_b) (ML: tr(WQ_aWQ_b)): the expectation of the Hessian."""
        found = self.precision.products()
        if self.problem.reml:
            turned, spread = self._turned[:, :, :-1], self._spread[:, :, :-1]
            crossed = np.einsum("nap,nbp->ab", turned, spread)
            inner = self._inner[:, :-1, :-1]
            found = found - 2.0 * crossed + np.einsum("aij,bji->ab", inner, inner)
        return np.asarray(found + found.T) / 2.0

    @cached_property
    def observed(self) -> np.ndarray:
        """Hessian (k, k) in the natural parameters."""
        beside = self._inner[:, :-1, -1]
        average = self._turned[:, :, -1].T @ self._spread[:, :, -1] - beside @ beside.T
        return np.asarray(average + average.T - self.expected)
