"""Log-likelihood of effects that were selected by their p values, with two analytic derivatives.

An effect with mean μ and variance s² = v + τ² is seen with density w(p) φ((y − μ)/s)/s over
A(μ, τ²) = E[w(p)] (Hedges, 1992; Vevea & Hedges, 1995). A normal density solves the heat equation,
∂/∂τ² = ½ ∂²/∂μ², so all derivatives of A are derivatives by μ: φ times Hermite polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from alliance_stats.meta.bias.selection.weights import WeightFunction

Floats = NDArray[np.float64]
_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class Expansion:
    """The log-likelihood at a point, by the parameters (β, τ², η).

    Attributes
    ----------
    value : float
    gradient : array (p + 1 + m,)
    hessian : array (p + 1 + m, p + 1 + m)
    """

    value: float
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True, eq=False)
class SelectionLikelihood:
    """The log-likelihood of k effects under one weight function.

    Attributes
    ----------
    yi, vi : array (k,)
        Effects, signed so that one-sided p values are those of large ones, and their variances.
    x : array (k, p)
    weights : WeightFunction
    """

    yi: Floats
    vi: Floats
    x: Floats
    weights: WeightFunction

    @cached_property
    def _products(self) -> Floats:
        """L_l L_m on every piece, (n, m, m)."""
        basis = self.weights.basis
        return basis[:, :, None] * basis[:, None, :]

    @cached_property
    def _limits(self) -> Floats:
        """Edges and nodes on the scale of the effects, (k, e + d)."""
        points = np.concatenate([self.weights.edges, self.weights.nodes])
        return np.sqrt(self.vi)[:, None] * points

    def expand(self, beta: Floats, tau2: float, eta: Floats) -> Expansion:
        """Value, gradient and Hessian at β (p,), τ² and η (m,)."""
        mean, s2 = self.x @ beta, self.vi + tau2
        a, a_eta, a_both = self._normaliser(mean, s2, eta)
        if not (np.isfinite(a).all() and (a[0] > 0).all()):
            size = len(beta) + 1 + len(eta)
            return Expansion(-np.inf, np.zeros(size), np.eye(size))
        r2 = (self.yi - mean) ** 2 / s2
        log_w = self.weights.own @ eta
        value = float((log_w - 0.5 * (_LOG_2PI + np.log(s2) + r2) - np.log(a[0])).sum())
        scores = self._scores(mean, s2, a, a_eta)
        curves = self._curves(mean, s2, a, a_eta, a_both)
        return Expansion(value, self._along(scores), self._across(curves))

    def _normaliser(self, mean: Floats, s2: Floats, eta: Floats) -> tuple[Floats, Floats, Floats]:
        """A and derivatives by μ, (5, k); of the first three by η, (3, k, m); of A by η twice."""
        function = self.weights
        w = np.exp(function.basis @ eta)
        by_eta = w[:, None] * function.basis
        both = (w[:, None, None] * self._products).reshape(len(w), -1)
        columns = np.hstack([w[:, None], by_eta, both])
        mixed, constant = function.mixing @ columns, function.constant @ columns
        m, derivatives = function.m, self._derivatives(mean, s2)
        first = derivatives[0] @ mixed + constant
        second = [d @ mixed[:, : 1 + m] for d in derivatives[1:3]]
        third = [d @ mixed[:, 0] for d in derivatives[3:]]
        a = np.stack([first[:, 0], *(d[:, 0] for d in second), *third])
        a_eta = np.stack([first[:, 1 : 1 + m], *(d[:, 1:] for d in second)])
        return a, a_eta, first[:, 1 + m :].reshape(len(mean), m, m)

    def _derivatives(self, mean: Floats, s2: Floats) -> list[Floats]:
        """Tails at edges and densities at nodes, differentiated 0 to 4 times by μ, (k, e + d)."""
        e = len(self.weights.edges)
        s = np.sqrt(s2)[:, None]
        t = (self._limits - mean[:, None]) / s
        density = np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi)
        hermite = [np.ones_like(t), t, t * t - 1.0, (t * t - 3.0) * t, (t * t - 6.0) * t * t + 3.0]
        sigma = np.sqrt(self.vi)[:, None]
        found = []
        for n in range(5):
            tail = density[:, :e] * hermite[n - 1][:, :e] / s**n if n else ndtr(-t[:, :e])
            node = sigma * density[:, e:] * hermite[n][:, e:] / s ** (n + 1)
            found.append(np.hstack([tail, node]))
        return found

    def _scores(self, mean: Floats, s2: Floats, a: Floats, a_eta: Floats) -> Floats:
        """Derivatives of every log density by μ, τ² and η, (k, 2 + m)."""
        residual = self.yi - mean
        by_mean = residual / s2 - a[1] / a[0]
        by_tau2 = 0.5 * (residual**2 / s2 - 1.0) / s2 - 0.5 * a[2] / a[0]
        return np.column_stack([by_mean, by_tau2, self.weights.own - a_eta[0] / a[0][:, None]])

    def _curves(self, mean: Floats, s2: Floats, a: Floats, a_eta: Floats, a_both: Floats) -> Floats:
        """Second derivatives of every log density by μ, τ² and η, (k, 2 + m, 2 + m)."""
        k, m = a_eta.shape[1:]
        first = np.column_stack([a[1], 0.5 * a[2], a_eta[0]]) / a[0][:, None]
        second = np.empty((k, 2 + m, 2 + m))
        second[:, 0, 0], second[:, 0, 1], second[:, 1, 1] = a[2], 0.5 * a[3], 0.25 * a[4]
        second[:, 0, 2:], second[:, 1, 2:], second[:, 2:, 2:] = a_eta[1], 0.5 * a_eta[2], a_both
        second[:, 1, 0], second[:, 2:, 0], second[:, 2:, 1] = 0.5 * a[3], a_eta[1], 0.5 * a_eta[2]
        curves = first[:, :, None] * first[:, None, :] - second / a[0][:, None, None]
        residual = self.yi - mean
        curves[:, 0, 0] -= 1.0 / s2
        curves[:, 0, 1] -= residual / s2**2
        curves[:, 1, 0] -= residual / s2**2
        curves[:, 1, 1] += (0.5 - residual**2 / s2) / s2**2
        return curves

    def _along(self, scores: Floats) -> Floats:
        """Derivatives by μ turned to those by β."""
        return np.concatenate([self.x.T @ scores[:, 0], scores[:, 1:].sum(axis=0)])

    def _across(self, curves: Floats) -> Floats:
        p = self.x.shape[1]
        size = p + curves.shape[1] - 1
        hessian = np.empty((size, size))
        hessian[:p, :p] = (self.x.T * curves[:, 0, 0]) @ self.x
        hessian[:p, p:] = self.x.T @ curves[:, 0, 1:]
        hessian[p:, :p] = hessian[:p, p:].T
        hessian[p:, p:] = curves[:, 1:, 1:].sum(axis=0)
        return hessian
