"""Implied means and covariances of a model, with their first and second derivatives.

With E = (I − A)⁻¹, C = E S E' and η = E m, the observed rows of C and η are Σ and μ. Each free
entry moves Σ by a matrix of rank two, dΣ = l r' + r l', so products of derivatives with
Σ⁻¹ need k × p arrays only, never k matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.layout import Layout, filled

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Implied:
    """What a model says about its variables, part by part.

    Attributes
    ----------
    inverse : array (parts, v, v)
        E = (I − A)⁻¹.
    covariance : array (parts, v, v)
        C, of all variables.
    mean : array (parts, v)
        η, of all variables.
    residual : array (parts, v, v)
        S.
    paths : array (parts, v, v)
        A.
    n_observed : int
    """

    inverse: Floats
    covariance: Floats
    mean: Floats
    residual: Floats
    paths: Floats
    n_observed: int

    @property
    def sigma(self) -> Floats:
        """Covariance of the observed variables (parts, p, p)."""
        return self.covariance[:, : self.n_observed, : self.n_observed]

    @property
    def mu(self) -> Floats:
        """Mean of the observed variables (parts, p)."""
        return self.mean[:, : self.n_observed]


def implied(layout: Layout, theta: Floats) -> Implied:
    """Implied moments at the free parameters theta (n_free,)."""
    paths, residual, means = filled(layout, theta)
    inverse = np.asarray(np.linalg.inv(np.eye(paths.shape[-1]) - paths), dtype=np.float64)
    covariance = inverse @ residual @ inverse.transpose(0, 2, 1)
    mean = (inverse @ means[:, :, None])[:, :, 0]
    return Implied(inverse, covariance, mean, residual, paths, layout.n_observed)


@dataclass(frozen=True, eq=False)
class Sides:
    """First derivatives: entry k moves C by l_k r_k' + r_k l_k' and η by d_k.

    Attributes
    ----------
    left, right, mean : array (k, v)
    """

    left: Floats
    right: Floats
    mean: Floats

    def observed(self, p: int) -> Sides:
        """The same of the first p variables: derivatives of Σ and μ."""
        return Sides(*(np.ascontiguousarray(x[:, :p]) for x in (self.left, self.right, self.mean)))


def sides(layout: Layout, at: Implied) -> Sides:
    """First derivatives of the moments of all variables."""
    a, s, m = layout.kinds
    part, row, column = layout.part, layout.row, layout.column
    left = at.inverse[part, :, row]
    right, mean = np.zeros_like(left), np.zeros_like(left)
    right[a] = at.covariance[part[a], :, column[a]]
    right[s] = at.inverse[part[s], :, column[s]]
    mean[a] = left[a] * at.mean[part[a], column[a], None]
    mean[m] = left[m]
    left[m] = 0.0
    left[s] *= np.where(row[s] == column[s], 0.5, 1.0)[:, None]
    return Sides(left, right, mean)


def gradient(layout: Layout, at: Implied, by_sigma: Floats, by_mu: Floats) -> Floats:
    """Chain rule: derivatives by the free parameters (n_free,).

    Parameters
    ----------
    by_sigma : array (parts, p, p)
        Symmetric G with df = tr(G dΣ).
    by_mu : array (parts, p)
    """
    p = layout.n_observed
    a, s, m = layout.kinds
    part, row, column = layout.part, layout.row, layout.column
    inverse = at.inverse[:, :p]
    pulled = inverse.transpose(0, 2, 1) @ by_sigma
    direct = (by_mu[:, None, :] @ inverse)[:, 0]
    out = np.empty(len(part))
    by_path = 2.0 * pulled @ at.covariance[:, :p]
    out[a] = by_path[part[a], row[a], column[a]]
    out[a] += direct[part[a], row[a]] * at.mean[part[a], column[a]]
    twice = np.where(row[s] == column[s], 1.0, 2.0)
    out[s] = (pulled @ inverse)[part[s], row[s], column[s]] * twice
    out[m] = direct[part[m], row[m]]
    return layout.collect(out)


def second_order(layout: Layout, at: Implied, by_sigma: Floats, by_mu: Floats) -> Floats:
    """Σ-curvature of the model: tr(G d²Σ) + g'd²μ for every pair of entries (k, k)."""
    out = np.zeros((len(layout.part), len(layout.part)))
    if layout.kinds[0].start == layout.kinds[0].stop:
        return out  # without free paths the moments are linear in the parameters
    for index in range(layout.n_parts):
        of_kind = [
            np.arange(kind.start, kind.stop)[layout.part[kind] == index] for kind in layout.kinds
        ]
        one = _Curvature(layout, at, index, by_sigma[index], by_mu[index])
        a, s, m = of_kind
        out[a[:, None], a] = one.paths(a)
        for others, block in ((s, one.path_covariance(a, s)), (m, one.path_mean(a, m))):
            out[a[:, None], others] = block
            out[others[:, None], a] = block.T
    return out


class _Curvature:
    """Second derivatives of one part: E d²A and the like, read off by position."""

    def __init__(
        self, layout: Layout, at: Implied, part: int, by_sigma: Floats, by_mu: Floats
    ) -> None:
        p = layout.n_observed
        self.row, self.column = layout.row, layout.column
        self.inverse, self.covariance = at.inverse[part], at.covariance[part]
        self.mean = at.mean[part]
        pulled = self.inverse[:p].T @ by_sigma
        self.outer = pulled @ self.inverse[:p]
        self.inner = pulled @ self.covariance[:p]
        self.direct = by_mu @ self.inverse[:p]

    def paths(self, a: NDArray[np.intp]) -> Floats:
        """Two paths i←j and k←l."""
        i, j = self.row[a], self.column[a]
        below_i, below_j = i[:, None], j[:, None]
        through = self.inverse[below_j, i]  # E[j, k]
        ends = 2.0 * self.inner[below_i, j] + self.direct[below_i] * self.mean[j]  # [i, l]
        both = through * ends
        return both + both.T + 2.0 * self.outer[below_i, i] * self.covariance[below_j, j]

    def path_covariance(self, a: NDArray[np.intp], s: NDArray[np.intp]) -> Floats:
        """A path i←j and a covariance of k and l."""
        i, j = self.row[a][:, None], self.column[a][:, None]
        k, m = self.row[s], self.column[s]
        found = self.outer[i, m] * self.inverse[j, k] + self.outer[i, k] * self.inverse[j, m]
        return found * np.where(k == m, 1.0, 2.0)

    def path_mean(self, a: NDArray[np.intp], m: NDArray[np.intp]) -> Floats:
        """A path i←j and a mean of k."""
        i, j = self.row[a][:, None], self.column[a][:, None]
        return self.direct[i] * self.inverse[j, self.row[m]]
