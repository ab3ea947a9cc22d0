"""What every approximation of the likelihood of a generalised linear mixed model offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.pirls import Modes


class GlmmEvaluation(Protocol):
    """The deviance at one Λ and β, with its derivatives."""

    @property
    def factors(self) -> list[np.ndarray]:
        """Λ of every block."""

    @property
    def beta(self) -> np.ndarray:
        """Coefficients (p,) of the standardised fixed columns."""

    @property
    def modes(self) -> Modes:
        """The modes of the random effects."""

    @property
    def expected(self) -> Elimination:
        """The linear mixed model at the modes, with the expected weights."""

    @property
    def deviance(self) -> float:
        """−2 log-likelihood."""

    @property
    def in_beta(self) -> np.ndarray:
        """∂D/∂β (p,)."""

    @property
    def in_sigma(self) -> list[np.ndarray]:
        """∂D/∂Σ of every block, symmetric (q, q)."""

    @property
    def in_beta_twice(self) -> np.ndarray:
        """A guess of ∂²D/∂β² (p, p)."""

    @property
    def information(self) -> list[np.ndarray]:
        """Z'V⁻¹Z (q, q, G) of every block's groups, for guesses of second derivatives."""


class GlmmCriterion(Protocol):
    """A deviance as a function of Λ and β."""

    @property
    def design(self) -> GlmmDesign:
        """The design."""

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block, the factor with most groups first."""

    @property
    def n_points(self) -> int:
        """Points of the quadrature; 1 is Laplace."""

    def evaluate(
        self,
        factors: Sequence[np.ndarray],
        beta: np.ndarray,
        start: Sequence[np.ndarray] | None = None,
    ) -> GlmmEvaluation:
        """The deviance at the factors Λ of every block and β.

        `start` are duals of modes nearby; raises LinAlgError where the deviance is undefined.
        """
