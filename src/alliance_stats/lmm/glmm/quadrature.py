"""Adaptive Gauss–Hermite quadrature for one random effect a group, with its exact gradient.

With u the standardised effect of group g (b = λu), û its mode and f(u) = ℓ_g(λu) − u²/2, the
likelihood of the group is an integral over u, approximated with nodes t_j and weights ω_j of the
standard normal around the mode (Pinheiro & Bates, 1995, J. Comput. Graph. Stat. 4(1), 12–35):

    L_g = a Σ_j ω_j exp(½t_j²) exp(f(û + a t_j)),   a = A^(−1/2),   A = 1 + λ² Σ W_E z².

One node is the Laplace approximation. Let π_j be the share of node j in the sum, and
e = Σ π_j f'(u_j), κ = (1 + a Σ π_j t_j f'(u_j))/A. Nodes move with mode and spread, so

    dD = −2 Σ_g Σ_j π_j (∂f/∂β dβ + ∂f/∂λ dλ)(u_j) + Σ_g κ dA − 2 Σ_g e dû,

and dû, dA follow from the mode's equation û = λ Σ z s(η).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.laplace import Evaluation, Laplace
from alliance_stats.lmm.glmm.pirls import Modes

#: Below this standard deviation of effects ∂D/∂λ² is taken at zero, where it is Laplace's.
FLAT = 1e-7


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Sums over the nodes of every group.

    Attributes
    ----------
    total : ndarray (G,)
        Σ_j ω_j exp(½t_j² + f(u_j) − f(û)).
    score : ndarray (n,)
        Σ_j π_j s of the rows.
    along, lean, spread : ndarray (G,)
        Σ_j π_j u_j z's, Σ_j π_j f'(u_j) and Σ_j π_j t_j f'(u_j).
    """

    total: np.ndarray
    score: np.ndarray
    along: np.ndarray
    lean: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True, eq=False)
class QuadratureEvaluation:
    """The deviance by quadrature at one λ and β.

    Attributes
    ----------
    laplace : Evaluation
        The Laplace approximation there.
    nodes : _Nodes
    deviance : float
        −2 log-likelihood.
    """

    laplace: Evaluation
    nodes: _Nodes
    deviance: float

    @property
    def factors(self) -> list[np.ndarray]:
        """Λ of the one block."""
        return self.laplace.factors

    @property
    def beta(self) -> np.ndarray:
        """Coefficients of the standardised fixed columns."""
        return self.laplace.beta

    @property
    def modes(self) -> Modes:
        """The modes of the random effects."""
        return self.laplace.modes

    @property
    def expected(self) -> Elimination:
        """The linear mixed model at the modes, with the expected weights."""
        return self.laplace.expected

    @property
    def information(self) -> list[np.ndarray]:
        """Z'V⁻¹Z of the groups, for guesses of second derivatives."""
        return self.laplace.information

    @property
    def in_beta_twice(self) -> np.ndarray:
        """A guess of ∂²D/∂β²."""
        return self.laplace.in_beta_twice

    @property
    def in_beta(self) -> np.ndarray:
        """∂D/∂β (p,)."""
        return self._gradient[0]

    @cached_property
    def in_sigma(self) -> list[np.ndarray]:
        """∂D/∂Σ (1, 1)."""
        slope = float(self.factors[0][0, 0])
        if abs(slope) < FLAT:
            return self.laplace.in_sigma
        return [np.array([[self._gradient[1] / (2.0 * slope)]])]

    @cached_property
    def _gradient(self) -> tuple[np.ndarray, float]:
        """∂D/∂β and ∂D/∂λ."""
        design, nodes, parts = self.laplace.design, self.nodes, self.modes.parts
        cells, slope = design.cells, float(self.factors[0][0, 0])
        z = cells.columns[cells.random[0]]
        own = cells.cell_sums(parts.score)[0]
        mode = slope * self.modes.duals[0][0]
        expected = cells.cell_sums(z * parts.expected)[0]
        observed = self.modes.grams[0, 0]
        cubic = cells.cell_sums(z * z * parts.slope)[0]
        a_squared = 1.0 / (1.0 + slope**2 * expected)
        kappa = (1.0 + np.sqrt(a_squared) * nodes.spread) * a_squared
        # what a change of the mode adds, over the mode's own derivative in its equation
        moved = (slope**3 * kappa * cubic - 2.0 * nodes.lean) / (1.0 + slope**2 * observed)
        rows = -2.0 * nodes.score + slope**2 * np.repeat(kappa, cells.lengths) * z * z * parts.slope
        rows -= slope * np.repeat(moved, cells.lengths) * z * parts.observed
        in_slope = -2.0 * nodes.along + kappa * (2.0 * slope * expected + slope**2 * mode * cubic)
        in_slope += moved * (own - slope * mode * observed)
        return design.fixed @ rows, float(in_slope.sum())


@dataclass(frozen=True, eq=False)
class Quadrature:
    """The deviance by adaptive quadrature as a function of λ and β. Made by `quadrature_of`."""

    laplace: Laplace
    n_points: int

    @property
    def design(self) -> GlmmDesign:
        """The design."""
        return self.laplace.design

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block: one."""
        return self.laplace.sizes

    @cached_property
    def _rule(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes, and weights times exp(½t²), for the standard normal."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(self.n_points)
        return nodes, weights * np.exp(nodes**2 / 2.0) / np.sqrt(2.0 * np.pi)

    def evaluate(
        self,
        factors: Sequence[np.ndarray],
        beta: np.ndarray,
        start: Sequence[np.ndarray] | None = None,
    ) -> QuadratureEvaluation:
        """The deviance at Λ and β; `start` are duals of modes nearby."""
        found = self.laplace.evaluate(factors, beta, start)
        nodes = self._nodes(found)
        deviance = found.deviance - 2.0 * float(np.log(nodes.total).sum())
        return QuadratureEvaluation(found, nodes, deviance)

    def _nodes(self, found: Evaluation) -> _Nodes:
        cells, response = self.design.cells, self.design.response
        z, starts, lengths = cells.columns[cells.random[0]], cells.starts, cells.lengths
        slope = float(found.factors[0][0, 0])
        mode = slope * found.modes.duals[0][0]
        expected = cells.cell_sums(z * found.modes.parts.expected)[0]
        a = 1.0 / np.sqrt(1.0 + slope**2 * expected)
        top = np.add.reduceat(found.modes.parts.loglik, starts) - mode**2 / 2.0
        base = found.modes.eta - z * np.repeat(slope * mode, lengths)
        total, along, lean, spread = np.zeros((4, len(starts)))
        score = np.zeros(len(z))
        for t, weight in zip(*self._rule, strict=True):
            u = mode + a * t
            parts = response.parts(base + z * np.repeat(slope * u, lengths))
            f = np.add.reduceat(parts.loglik, starts) - u**2 / 2.0
            share = weight * np.exp(f - top)
            scores = cells.cell_sums(parts.score)[0]
            inner = slope * scores - u
            total += share
            along += share * u * scores
            lean += share * inner
            spread += share * t * inner
            score += np.repeat(share, lengths) * parts.score
        return _Nodes(
            total, score / np.repeat(total, lengths), along / total, lean / total, spread / total
        )


def quadrature_of(design: GlmmDesign, n_points: int) -> Quadrature:
    """The criterion. Raises UnsupportedError unless the model has one scalar random term."""
    effects = sum(len(level.z) for level in design.levels)
    if effects > 1:
        raise UnsupportedError(
            f"n_agq={n_points} needs exactly one random effect, such as (1 | patient); this model "
            f"has {effects}. Give n_agq=1, the Laplace approximation."
        )
    return Quadrature(Laplace(design), n_points)
