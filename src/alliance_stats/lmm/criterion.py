"""The profiled ML or REML deviance of a mixed model, with its gradient.

β and σ² are profiled out (Bates et al., 2015, section 3.4): with r² the penalised residual sum
of squares and m = n for ML, n − p for REML,

    deviance = log|V| [+ log|X'V⁻¹X|] + m (1 + log(2π r²/m)).

Everything here is in the standardised columns of the design; `MixedDesign` undoes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination, gradients
from alliance_stats.lmm.design.blocks import (
    block_sizes,
    join_blocks,
    one_block_each,
    split_blocks,
)
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.factors import (
    gradient_in_theta,
    n_theta,
    pack,
    unpack,
    unpack_roots,
)
from alliance_stats.lmm.information import root_expansion, scoring_step

#: Where the search for a start begins, in residual standard deviations.
START = 0.5


@dataclass(frozen=True, eq=False)
class Profile:
    """The criterion at one θ, with what was profiled out.

    Attributes
    ----------
    deviance : float
        −2 log-likelihood (REML: restricted) of the standardised columns.
    beta : ndarray (p,)
    sigma2 : float
        r²/m.
    unscaled : ndarray (p, p)
        (X'V⁻¹X)⁻¹; times σ² it is the covariance of β.
    factors : list of ndarray
        Λ of every block.
    eliminated : Elimination
        The model without its random effects.
    """

    deviance: float
    beta: np.ndarray
    sigma2: float
    unscaled: np.ndarray
    factors: list[np.ndarray]
    eliminated: Elimination


@dataclass(frozen=True, eq=False)
class Criterion:
    """The profiled deviance as a function of θ.

    Parameters
    ----------
    design : MixedDesign
    reml : bool

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> design = al.lmm.build_design("phq9 ~ session + (1 | patient)", sessions)
    >>> criterion = al.lmm.Criterion(design, reml=True)
    >>> value, gradient = criterion(criterion.start)
    """

    design: MixedDesign
    reml: bool = True

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block, the factor with most groups first."""
        return block_sizes(self.design.levels)

    @cached_property
    def _one_block_each(self) -> bool:
        return one_block_each(self.design.levels)

    def by_level(self, factors: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The factors (…, q, q) of blocks joined to one block-diagonal factor a level."""
        if self._one_block_each:
            return list(factors)
        return join_blocks(self.design.levels, factors)

    def by_block(self, matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The diagonal blocks of matrices (q_l, q_l, …), one a level."""
        if self._one_block_each:
            return list(matrices)
        return split_blocks(self.design.levels, matrices)

    def rows_by_block(self, matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The rows of every block of matrices (q_l, …), one a level."""
        return [
            matrix[block.columns]
            for level, matrix in zip(self.design.levels, matrices, strict=True)
            for block in level.blocks
        ]

    def information(self, profile: Profile) -> list[np.ndarray]:
        """Z'V⁻¹Z (q, q, G) of every block's groups, for guesses of second derivatives."""
        return self.by_block(profile.eliminated.precisions)

    @property
    def degrees(self) -> int:
        """The divisor of r²: n, or n − p for REML."""
        return self.design.n_obs - (len(self.design.x) if self.reml else 0)

    @property
    def n_theta(self) -> int:
        """Number of variance parameters besides σ²."""
        return n_theta(self.sizes)

    @cached_property
    def start(self) -> np.ndarray:
        """θ to start from: one scoring step in Σ from independent random effects.

        The step starts at half the residual's standard deviation; what it would make smaller
        than a tenth of that variance stays there.
        """
        first = [START * np.eye(q) for q in self.sizes]
        profile = self.profile_at(first)
        factors = []
        for n, gradient in zip(self.information(profile), self.gradients(profile), strict=True):
            moved = START**2 * np.eye(len(gradient)) + scoring_step(n, gradient)
            values, vectors = np.linalg.eigh(moved)
            covariance = (vectors * np.maximum(values, 0.1 * START**2)) @ vectors.T
            factors.append(np.linalg.cholesky(covariance))
        return pack(factors)

    def profile(self, theta: np.ndarray) -> Profile:
        """Evaluate the deviance at θ, keeping β, σ² and the elimination."""
        return self.profile_at(unpack(theta, self.sizes))

    def profile_at(self, factors: list[np.ndarray]) -> Profile:
        """Evaluate the deviance at any square factors Λ_l."""
        design = self.design
        eliminated = design.products.eliminate(self.by_level(factors))
        top = eliminated.top
        p, y, m = len(design.names), design.y, self.degrees
        logdet = eliminated.logdet
        if not p:
            residual = float(top[y, y])
            beta, unscaled = np.empty(0), np.empty((0, 0))
        else:
            lower = np.linalg.cholesky(top[:p, :p])
            inverse = np.linalg.inv(lower)
            half = inverse @ top[:p, y]
            residual = float(top[y, y] - half @ half)
            beta, unscaled = inverse.T @ half, inverse.T @ inverse
            if self.reml:
                logdet += 2.0 * float(np.log(np.diag(lower)).sum())
        sigma2 = residual / m
        deviance = logdet + m * (1.0 + np.log(2.0 * np.pi * sigma2)) if sigma2 > 0 else np.inf
        return Profile(float(deviance), beta, sigma2, unscaled, factors, eliminated)

    def defined(self, factors: list[np.ndarray]) -> Profile | None:
        """The profile, or None where rounding leaves X'V⁻¹X or r² without a positive value."""
        try:
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                profile = self.profile_at(factors)
        except np.linalg.LinAlgError:
            return None
        return profile if np.isfinite(profile.deviance) else None

    def residual_weights(self, profile: Profile) -> np.ndarray:
        """Coefficients w (m,) of the unique columns with Uw = y − Xβ."""
        weights = np.zeros(self.design.y + 1)
        weights[self.design.y] = 1.0
        weights[self.design.x] -= profile.beta
        return weights

    def gradients(self, profile: Profile) -> list[np.ndarray]:
        """∂deviance/∂Σ of every block, symmetric (q, q)."""
        return self.by_block(gradients(profile.eliminated, self.adjoint(profile)))

    def adjoint(self, profile: Profile) -> np.ndarray:
        """Derivative B (m, m) of the deviance, log|V| apart, in U'V⁻¹U."""
        design = self.design
        weights = self.residual_weights(profile)
        adjoint = np.outer(weights, weights) / profile.sigma2
        if self.reml and len(design.x):
            adjoint[design.x[:, None], design.x] += profile.unscaled
        return adjoint

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Deviance and its gradient in θ."""
        profile = self.defined(unpack(theta, self.sizes))
        if profile is None:
            return np.inf, np.zeros(len(theta))
        return profile.deviance, gradient_in_theta(self.gradients(profile), profile.factors)

    def expand(self, entries: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Deviance, gradient and a guess of the Hessian in the entries of symmetric roots.

        The guess is the expected information of one block at a time, and the part of the second
        derivative that keeps a vanishing direction of Σ at zero; what the blocks share is left
        to the optimiser to learn.
        """
        profile = self.defined(unpack_roots(entries, self.sizes))
        if profile is None:
            return np.inf, np.zeros(len(entries)), np.eye(len(entries))
        return profile.deviance, *self.expansion(profile)

    def expansion(self, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and guess of the Hessian of `expand`, where the factors are symmetric roots."""
        return root_expansion(self.information(profile), profile.factors, self.gradients(profile))
