"""Covariance matrices T of random effects, and their free parameters θ.

T = Σ_a t_a S_a with fixed symmetric S_a: t are the natural parameters, in which the covariance of
the effect sizes is linear. θ has no bounds and no T is excluded: t = θ² where every t is a
variance (ID, DIAG, and the eigenvalues of CS), T = LL' for UN, and for HCS logarithms of standard
deviations with the correlation ρ = (eᵃ − 1)/(eᵃ + m − 1), the whole range of ρ in m dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

Kind = Literal["UN", "CS", "HCS", "DIAG", "ID"]
KINDS = ("UN", "CS", "HCS", "DIAG", "ID")


@dataclass(frozen=True, eq=False)
class Structure:
    """The covariance matrix of m random effects of a unit.

    Attributes
    ----------
    kind : {"UN", "CS", "HCS", "DIAG", "ID"}
    m : int
        1 for a random intercept.
    """

    kind: Kind
    m: int

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the lower triangle."""
        return np.tril_indices(self.m)

    @cached_property
    def bases(self) -> np.ndarray:
        """S_a (k, m, m)."""
        m, one = self.m, np.eye(self.m)
        if self.kind == "ID":
            return one[None]
        if self.kind == "DIAG":
            return one[:, :, None] * one[:, None, :]
        if self.kind == "CS":
            mean = np.full((m, m), 1.0 / m)
            return np.stack([mean, one - mean])
        found = np.zeros((len(self.pairs[0]), m, m))
        for a, (r, s) in enumerate(zip(*self.pairs, strict=True)):
            found[a, r, s] = found[a, s, r] = 1.0
        return found

    @property
    def n_natural(self) -> int:
        """Number of natural parameters."""
        return len(self.bases)

    @property
    def n_theta(self) -> int:
        """Number of free parameters."""
        return self.m + 1 if self.kind == "HCS" else self.n_natural

    @property
    def squares(self) -> bool:
        """Whether t = θ²."""
        return self.kind in ("ID", "DIAG", "CS")

    def matrix(self, natural: np.ndarray) -> np.ndarray:
        """T (m, m)."""
        return np.asarray(np.tensordot(natural, self.bases, axes=1))

    def factor(self, theta: np.ndarray) -> np.ndarray:
        """L (m, m) of UN."""
        lower = np.zeros((self.m, self.m))
        lower[self.pairs] = theta
        return lower

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """t (k,) at θ."""
        if self.squares:
            return theta**2
        if self.kind == "UN":
            lower = self.factor(theta)
            return np.asarray((lower @ lower.T)[self.pairs])
        sds, rho = _exp(theta[:-1]), correlation_of(theta[-1], self.m)[0]
        ratio = np.where(self.pairs[0] == self.pairs[1], 1.0, rho)
        return np.asarray(sds[self.pairs[0]] * sds[self.pairs[1]] * ratio)

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂t/∂θ (k, n_theta)."""
        if self.squares:
            return np.diag(2.0 * theta)
        return self._jacobian_un(theta) if self.kind == "UN" else self._jacobian_hcs(theta)

    def _jacobian_un(self, theta: np.ndarray) -> np.ndarray:
        lower, rows, columns = self.factor(theta), *self.pairs
        found = np.zeros((len(rows), len(rows)))
        for a, (r, s) in enumerate(zip(rows, columns, strict=True)):
            found[a] = np.where(rows == r, lower[s, columns], 0.0)
            found[a] += np.where(rows == s, lower[r, columns], 0.0)
        return found

    def _jacobian_hcs(self, theta: np.ndarray) -> np.ndarray:
        sds, (rows, columns) = _exp(theta[:-1]), self.pairs
        rho, slope, _ = correlation_of(theta[-1], self.m)
        ratio = np.where(rows == columns, 1.0, rho)
        found = np.zeros((len(rows), self.m + 1))
        places = np.arange(len(rows))
        for ends in (rows, columns):
            np.add.at(found, (places, ends), sds[rows] * sds[columns] * ratio)
        found[:, -1] = np.where(rows == columns, 0.0, sds[rows] * sds[columns] * slope)
        return found

    def curvature(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂θ∂θ' for the gradient g (k,) in t."""
        if self.squares:
            return np.diag(2.0 * gradient)
        if self.kind == "HCS":
            return self._curvature_hcs(theta, gradient)
        of_matrix = self.gradient_matrix(gradient)
        rows, columns = self.pairs
        same = columns[:, None] == columns[None, :]
        return np.where(same, 2.0 * of_matrix[rows[:, None], rows[None, :]], 0.0)

    def _curvature_hcs(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        m, sds = self.m, _exp(theta[:-1])
        rho, slope, bend = correlation_of(theta[-1], m)
        full = 2.0 * self.gradient_matrix(gradient)
        beside = full - np.diag(np.diag(full))
        found = np.zeros((m + 1, m + 1))
        own = np.diag(full)
        inner = np.diag(own) + rho * beside
        found[:m, :m] = sds[:, None] * inner * sds + np.diag(sds * (inner @ sds))
        found[:m, -1] = found[-1, :m] = slope * sds * (beside @ sds)
        found[-1, -1] = bend * float(sds @ beside @ sds) / 2.0
        return found

    def gradient_matrix(self, gradient: np.ndarray) -> np.ndarray:
        """∂f/∂T (m, m) as a symmetric matrix, for UN and HCS."""
        found = np.zeros((self.m, self.m))
        found[self.pairs] = gradient / 2.0
        return found + found.T

    def start(self, variance: float) -> np.ndarray:
        """θ of independent effects of one variance."""
        sd = float(np.sqrt(variance))
        if self.squares:
            return np.full(self.n_theta, sd)
        if self.kind == "HCS":
            return np.append(np.full(self.m, np.log(sd)), 0.0)
        return np.where(self.pairs[0] == self.pairs[1], sd, 0.0)


def _exp(logarithms: np.ndarray) -> np.ndarray:
    return np.exp(np.clip(logarithms, -60.0, 60.0))


def correlation_of(a: float, m: int) -> tuple[float, float, float]:
    """ρ at a free parameter, with its first and second derivatives.

    >>> correlation_of(0.0, 3)[0], round(correlation_of(50.0, 3)[0], 6)
    (0.0, 1.0)
    """
    if m == 1:
        return 0.0, 0.0, 0.0
    grown = float(np.exp(min(a, 300.0)))
    below = grown + m - 1.0
    slope = m * grown / below**2
    return (grown - 1.0) / below, slope, slope * (1.0 - 2.0 * grown / below)
