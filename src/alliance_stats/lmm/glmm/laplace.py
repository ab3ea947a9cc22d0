"""The Laplace deviance of a generalised linear mixed model, and its exact gradient.

With the modes b of the random effects (module `pirls`), r = Z's their duals, and V⁻¹, F = ΣZ'V⁻¹
and N = Z_k'V⁻¹Z_k of the linear mixed model with weights W (Bates et al., 2015, and lme4's vignette
on computational methods; Skaug & Fournier, 2006, on differentiating through the mode):

    D = −2ℓ(η̂) + b'r + log|V_E|,   log|V_E| = log|Λ'Z'W_E ZΛ + I|.

W_E are the expected weights, as in lme4; with the logit and log links they are the observed ones W.
Let C be the covariance of all effects given the response, in V_E. Then h_i = z_i'Cz_i is
∂log|V_E|/∂W_Ei. The modes move with the parameters by db = −FX dβ and db = (I + ΣZ'WZ)⁻¹ dΣ r, so
with t = h ∘ ∂W_E/∂η and v = t − WZb_t, where b_t solves the linear model with working response t/W,

    ∂D/∂β = X'(v − 2s),
    ∂D/∂Σ_l = Σ_k N_k − r_k r_k' + ½(m_k r_k' + r_k m_k'),   m = Z'v.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.design.blocks import block_sizes, join_blocks, split_blocks
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.pirls import Modes, find_modes


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The deviance at one Λ and β, with the modes and what its derivatives are made of.

    Attributes
    ----------
    design : GlmmDesign
    factors : list of ndarray
        Λ of every block.
    beta : ndarray (p,)
        Coefficients of the standardised fixed columns.
    modes : Modes
    expected : Elimination
        The linear mixed model with the expected weights.
    deviance : float
        −2 log-likelihood.
    """

    design: GlmmDesign
    factors: list[np.ndarray]
    beta: np.ndarray
    modes: Modes
    expected: Elimination
    deviance: float

    @cached_property
    def joined(self) -> list[np.ndarray]:
        """Λ of every factor."""
        return join_blocks(self.design.levels, self.factors)

    @cached_property
    def _adjoint(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """v (n,) and Z'v (q_l, G_l) of every factor."""
        cells, parts = self.design.cells, self.modes.parts
        t = cells.leverages(self.expected) * parts.slope
        sums = cells.cell_sums(t)
        solved = cells.eliminate(self.modes.grams, sums[:, None], self.joined)
        effects = [shrunk[:, -1] for shrunk in solved.shrunk]
        v = t - parts.observed * cells.spread(effects)
        moved = sums - np.einsum("abc,bc->ac", self.modes.grams, cells.by_cell(effects))
        return v, cells.by_group(moved)

    @cached_property
    def in_beta(self) -> np.ndarray:
        """∂D/∂β (p,)."""
        found = self.design.fixed @ (self._adjoint[0] - 2.0 * self.modes.parts.score)
        return np.asarray(found)

    @cached_property
    def in_sigma(self) -> list[np.ndarray]:
        """∂D/∂Σ of every block, symmetric (q, q)."""
        cells = self.design.cells
        scores = cells.by_group(cells.cell_sums(self.modes.parts.score))
        found = []
        for n, r, m in zip(self.expected.precisions, scores, self._adjoint[1], strict=True):
            cross = (m - r) @ r.T
            found.append(n.sum(axis=-1) + (cross + cross.T) / 2.0)
        return split_blocks(self.design.levels, found)

    @property
    def information(self) -> list[np.ndarray]:
        """Z'V⁻¹Z (q, q, G) of every block's groups, for guesses of second derivatives."""
        return split_blocks(self.design.levels, self.expected.precisions)

    @cached_property
    def in_beta_twice(self) -> np.ndarray:
        """A guess of ∂²D/∂β² (p, p): 2X'V⁻¹X with the observed weights."""
        cells, weights, x = self.design.cells, self.modes.parts.observed, self.design.fixed
        weighted = x * weights
        k, p = len(cells.random), len(x)
        along = np.empty((k, p, len(cells.starts)))
        for j, column in enumerate(weighted):
            along[:, j] = cells.cell_sums(column)
        top = cells.eliminate(self.modes.grams, along, self.joined).top
        return np.asarray(2.0 * (weighted @ x.T + top[k:, k:]))


@dataclass(frozen=True, eq=False)
class Laplace:
    """The Laplace deviance as a function of Λ and β.

    Parameters
    ----------
    design : GlmmDesign
    """

    design: GlmmDesign

    @property
    def n_points(self) -> int:
        """One: the mode."""
        return 1

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block, the factor with most groups first."""
        return block_sizes(self.design.levels)

    def evaluate(
        self,
        factors: Sequence[np.ndarray],
        beta: np.ndarray,
        start: Sequence[np.ndarray] | None = None,
    ) -> Evaluation:
        """The deviance at the factors Λ of every block and β.

        `start` are duals of modes nearby; raises LinAlgError where the deviance is undefined.
        """
        design = self.design
        cells, response = design.cells, design.response
        joined = join_blocks(design.levels, factors)
        fixed = response.offset + beta @ design.fixed
        modes = find_modes(cells, response, joined, fixed, start)
        expected = modes.eliminated
        if not response.family.canonical:
            none = np.zeros((len(cells.random), 0, len(cells.starts)))
            expected = cells.eliminate(cells.squares(modes.parts.expected), none, joined)
        deviance = modes.penalised + expected.logdet - 2.0 * response.constant
        return Evaluation(design, list(factors), beta, modes, expected, float(deviance))
