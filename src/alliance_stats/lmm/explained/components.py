"""The variance of the response that a model implies, by source and unit.

For a row with fixed columns x and random columns z_l of factor l, Var(y) = Var(x'β) + Σ_l E(z_l'T_l
z_l) + σ². With z̄ the mean of z and Φ its covariance, E(z'Tz) = z̄'T z̄ + tr(TΦ): what the groups'
means contribute (at the means of the columns), and what their slopes do. Φ and the covariance of x
are split by unit (module `moments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.explained.moments import Moments

#: A part of a factor's slopes below this share of them is rounding.
ZERO = 1e-12


@dataclass(frozen=True, eq=False)
class Components:
    """Variances of the response by source. Where factors cross there is one unit: the rows.

    Attributes
    ----------
    fixed : ndarray (U,)
        Of the fixed part, within the innermost groups first, then between those of every factor.
    slopes : ndarray (L, U)
        Of every factor's random slopes, by the unit in which the slopes' columns vary.
    means : ndarray (L,)
        Of every factor's random effects at the means of the columns.
    residual : float
        Of a row with the mean weight.
    n : int
        Rows.
    """

    fixed: np.ndarray
    slopes: np.ndarray
    means: np.ndarray
    residual: float
    n: int

    @property
    def total(self) -> float:
        """The variance of the response."""
        return float(self.fixed.sum() + self.slopes.sum() + self.means.sum() + self.residual)

    @property
    def marginal(self) -> float:
        """Nakagawa and Schielzeth's marginal R²."""
        return float(self.fixed.sum() / self._johnson)

    @property
    def conditional(self) -> float:
        """Nakagawa and Schielzeth's conditional R², with slopes as Johnson."""
        return 1.0 - self.residual / self._johnson

    @property
    def _johnson(self) -> float:
        """The total with the mean of z'Tz over the rows, whose divisor is n."""
        slopes = self.slopes.sum() * (self.n - 1) / self.n
        return float(self.fixed.sum() + slopes + self.means.sum() + self.residual)


def components_of(
    design: MixedDesign,
    moments: Moments,
    beta: np.ndarray,
    covariances: Sequence[np.ndarray],
    residual: float,
) -> Components:
    """Split the variance that a model with these parameters implies.

    The parameters are arguments, so that draws of a bootstrap can be put in their place.

    Parameters
    ----------
    design : MixedDesign
    moments : Moments
        Of the design's columns.
    beta : ndarray (p,)
        Coefficients of the standardised columns, in units of the response.
    covariances : sequence of ndarray (q_l, q_l)
        Of the random effects of the standardised columns.
    residual : float
    """
    parts = moments.parts or [moments.covariance]
    x = np.ix_(design.x, design.x)
    z = [np.ix_(level.z, level.z) for level in design.levels]
    means = [moments.mean[level.z] for level in design.levels]
    return Components(
        fixed=np.array([_positive(beta @ part[x] @ beta) for part in parts]),
        slopes=np.array(
            [
                _slopes(t, [part[at] for part in parts], level + 1)
                for level, (t, at) in enumerate(zip(covariances, z, strict=True))
            ]
        ),
        means=np.array([mean @ t @ mean for t, mean in zip(covariances, means, strict=True)]),
        residual=residual,
        n=moments.n,
    )


def _slopes(t: np.ndarray, parts: Sequence[np.ndarray], own: int) -> np.ndarray:
    """tr(TΦ) by unit, exactly zero where only rounding is left.

    What varies between groups further out still differs between a factor's own groups, whose
    effects are independent, and is counted there.
    """
    found = np.array([_positive((t * part).sum()) for part in parts])
    found[own : own + 1] += found[own + 1 :].sum()
    found[own + 1 :] = 0.0
    found[found < ZERO * found.sum()] = 0.0
    return found


def _positive(value: float) -> float:
    """A variance that rounding may have left below zero."""
    return max(float(value), 0.0)
