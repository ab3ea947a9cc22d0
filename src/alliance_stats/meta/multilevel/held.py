"""Random terms with one quantity held: a standard deviation, a correlation, an effect left out.

What is held is linear in free parameters once these are chosen for it: L of T = LL' with the
level concerned first (then T_11 = L_11², and L_21 : L_22 is the correlation with the second), or
one standard deviation and the correlation for CS and HCS. So θ = Aφ + b with φ free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from alliance_stats.meta.multilevel.structures import Structure, correlation_of

#: A standard deviation of zero where its logarithm is the parameter.
SMALLEST = 1e-12


class Free(Protocol):
    """Free parameters of the natural ones of a term."""

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """t at θ."""
        ...

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂t/∂θ."""
        ...

    def curvature(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂θ∂θ'."""
        ...


@dataclass(frozen=True, eq=False)
class Ordered:
    """UN with its levels in another order."""

    structure: Structure
    order: tuple[int, ...]

    @cached_property
    def _place(self) -> np.ndarray:
        """Where every natural parameter stands in the other order."""
        at = np.argsort(self.order)
        rows, columns = self.structure.pairs
        high, low = np.maximum(at[rows], at[columns]), np.minimum(at[rows], at[columns])
        return np.asarray(high * (high + 1) // 2 + low)

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """t at θ."""
        return self.structure.natural(theta)[self._place]

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂t/∂θ."""
        return self.structure.jacobian(theta)[self._place]

    def curvature(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂θ∂θ'."""
        moved = np.empty_like(gradient)
        moved[self._place] = gradient
        return self.structure.curvature(theta, moved)

    def start(self, matrix: np.ndarray) -> np.ndarray:
        """θ of a matrix."""
        inside = matrix[np.ix_(self.order, self.order)]
        inside = inside + 1e-8 * (np.trace(inside) + 1e-12) * np.eye(len(inside))
        return np.asarray(np.linalg.cholesky(inside)[self.structure.pairs])


@dataclass(frozen=True, eq=False)
class Compound:
    """CS by its standard deviation and the free parameter of its correlation."""

    m: int

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """t at θ."""
        rho = correlation_of(theta[1], self.m)[0]
        return np.asarray(theta[0] ** 2 * np.array([1 + (self.m - 1) * rho, 1 - rho]))

    def jacobian(self, theta: np.ndarray) -> np.ndarray:
        """∂t/∂θ."""
        rho, slope, _ = correlation_of(theta[1], self.m)
        shares = np.array([1 + (self.m - 1) * rho, 1 - rho])
        slopes = np.array([self.m - 1.0, -1.0]) * slope
        return np.column_stack([2 * theta[0] * shares, theta[0] ** 2 * slopes])

    def curvature(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂θ∂θ'."""
        rho, slope, bend = correlation_of(theta[1], self.m)
        first = float(gradient @ np.array([1 + (self.m - 1) * rho, 1 - rho]))
        along = float(gradient @ np.array([self.m - 1.0, -1.0]))
        mixed = 2 * theta[0] * slope * along
        return np.array([[2 * first, mixed], [mixed, theta[0] ** 2 * bend * along]])


@dataclass(frozen=True, eq=False)
class Held:
    """Free parameters φ of a term with a quantity held: θ = Aψ + b, ψ = φ or exp φ.

    Attributes
    ----------
    free : Free
    a : array (n_theta, n_free)
    b : array (n_theta,)
    n_natural : int
    positive : tuple of int
        Which of ψ are exp φ: where another sign would turn the correlation held.
    """

    free: Free
    a: np.ndarray
    b: np.ndarray
    n_natural: int
    positive: tuple[int, ...] = ()

    @property
    def n_theta(self) -> int:
        """Number of free parameters."""
        return self.a.shape[1]

    def _psi(self, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """ψ with its first and second derivatives."""
        psi, slope, bend = phi.copy(), np.ones_like(phi), np.zeros_like(phi)
        for place in self.positive:
            psi[place] = slope[place] = bend[place] = np.exp(min(phi[place], 300.0))
        return psi, slope, bend

    def natural(self, phi: np.ndarray) -> np.ndarray:
        """t at φ."""
        return self.free.natural(self.a @ self._psi(phi)[0] + self.b)

    def jacobian(self, phi: np.ndarray) -> np.ndarray:
        """∂t/∂φ."""
        psi, slope, _ = self._psi(phi)
        return np.asarray(self.free.jacobian(self.a @ psi + self.b) @ self.a * slope)

    def curvature(self, phi: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Σ_a g_a ∂²t_a/∂φ∂φ'."""
        psi, slope, bend = self._psi(phi)
        theta = self.a @ psi + self.b
        inner = self.a.T @ self.free.curvature(theta, gradient) @ self.a
        along = self.a.T @ (self.free.jacobian(theta).T @ gradient)
        return np.asarray(slope[:, None] * inner * slope + np.diag(along * bend))

    def start(self, theta: np.ndarray) -> np.ndarray:
        """φ near θ."""
        phi = np.linalg.lstsq(self.a, theta - self.b, rcond=None)[0]
        for place in self.positive:
            size = float(np.linalg.norm(theta[self.a[:, place] != 0]))
            phi[place] = np.log(max(size, SMALLEST))
        return np.asarray(phi)


def held_at(free: Free, n: int, places: Sequence[int], values: Sequence[float], k: int) -> Held:
    """Some of n free parameters at values, the others free."""
    others = np.setdiff1d(np.arange(n), places)
    b = np.zeros(n)
    b[list(places)] = values
    return Held(free, np.eye(n)[:, others], b, k)


def hold_sd(structure: Structure, level: int, value: float) -> Held:
    """The standard deviation of one level held."""
    n, k = structure.n_theta, structure.n_natural
    if structure.kind == "UN":
        others = [each for each in range(structure.m) if each != level]
        return held_at(Ordered(structure, (level, *others)), n, [0], [value], k)
    if structure.kind == "CS":
        return held_at(Compound(structure.m), 2, [0], [value], k)
    held = np.log(max(value, SMALLEST)) if structure.kind == "HCS" else value
    return held_at(structure, n, [0 if structure.kind == "ID" else level], [held], k)


def hold_correlation(structure: Structure, r: int, s: int, value: float) -> Held:
    """A correlation held: of two levels of UN, or the only one of CS and HCS."""
    n, k, m = structure.n_theta, structure.n_natural, structure.m
    if structure.kind == "UN":
        others = [each for each in range(m) if each not in (r, s)]
        free = Ordered(structure, (r, s, *others))
        a = np.delete(np.eye(n), 1, axis=1)
        a[1:3, 1] = value, np.sqrt(max(1.0 - value**2, 0.0))
        return Held(free, a, np.zeros(n), k, positive=(0, 1))
    if structure.kind == "CS":
        shares = np.sqrt(np.maximum([1 + (m - 1) * value, 1 - value], 0.0))
        return Held(structure, shares[:, None], np.zeros(2), k)
    grown = (1.0 + (m - 1.0) * value) / max(1.0 - value, 1e-300)
    return held_at(structure, n, [n - 1], [float(np.log(max(grown, 1e-300)))], k)


def leave_out(structure: Structure, level: int) -> Held:
    """No effect of one level: its variance and covariances held at zero."""
    if structure.kind != "UN":
        return hold_sd(structure, level, 0.0)
    others = [each for each in range(structure.m) if each != level]
    free = Ordered(structure, (level, *others))
    first = np.flatnonzero(structure.pairs[1] == 0)
    zeros = np.zeros(len(first)).tolist()
    return held_at(free, structure.n_theta, first.tolist(), zeros, structure.n_natural)
