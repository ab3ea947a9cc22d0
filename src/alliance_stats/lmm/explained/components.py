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

    Of one set of parameters or, with a leading axis in every array, of the draws of a bootstrap.

    Attributes
    ----------
    fixed : ndarray (…, U)
        Of the fixed part, within the innermost groups first, then between those of every factor.
    slopes : ndarray (…, L, U)
        Of every factor's random slopes, by the unit in which the slopes' columns vary.
    means : ndarray (…, L)
        Of every factor's random effects at the means of the columns.
    residual : ndarray (…)
        Of a row with the mean weight.
    n : ndarray (…)
        Rows.
    """

    fixed: np.ndarray
    slopes: np.ndarray
    means: np.ndarray
    residual: np.ndarray
    n: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """The variance (…) of the response."""
        return self._systematic(self.slopes.sum(axis=(-2, -1))) + self.residual

    @property
    def at_means(self) -> np.ndarray:
        """Variances (…, L + 1) at the means of the columns, of every factor and the residual."""
        return np.concatenate([self.means, self.residual[..., None]], axis=-1)

    @property
    def marginal(self) -> np.ndarray:
        """Nakagawa and Schielzeth's marginal R² (…)."""
        return np.asarray(self.fixed.sum(axis=-1) / self._johnson)

    @property
    def conditional(self) -> np.ndarray:
        """Nakagawa and Schielzeth's conditional R² (…), with slopes as Johnson."""
        return np.asarray(1.0 - self.residual / self._johnson)

    @property
    def _johnson(self) -> np.ndarray:
        """The total with the mean of z'Tz over the rows, whose divisor is n."""
        slopes = self.slopes.sum(axis=(-2, -1)) * (self.n - 1) / self.n
        return self._systematic(slopes) + self.residual

    def _systematic(self, slopes: np.ndarray) -> np.ndarray:
        """All but the residual variance."""
        return np.asarray(self.fixed.sum(axis=-1) + slopes + self.means.sum(axis=-1))


def components_of(
    design: MixedDesign,
    moments: Moments,
    beta: np.ndarray,
    covariances: Sequence[np.ndarray],
    residual: np.ndarray,
) -> Components:
    """Split the variance that a model with these parameters implies.

    The parameters are arguments, so that draws of a bootstrap can be put in their place, all at
    once. The moments may have the leading axis of the draws too.

    Parameters
    ----------
    design : MixedDesign
    moments : Moments
        Of the design's columns.
    beta : ndarray (…, p)
        Coefficients of the standardised columns, in units of the response.
    covariances : sequence of ndarray (…, q_l, q_l)
        Of the random effects of the standardised columns.
    residual : ndarray (…)
    """
    parts = moments.parts or [moments.covariance]
    fixed = [_positive(_quadratic(beta, _of(part, design.x))) for part in parts]
    slopes, means = [], []
    for number, (level, t) in enumerate(zip(design.levels, covariances, strict=True), start=1):
        slopes.append(_slopes(t, [_of(part, level.z) for part in parts], number))
        means.append(_quadratic(moments.mean[..., level.z], t))
    return Components(
        fixed=np.stack(fixed, axis=-1),
        slopes=np.stack(slopes, axis=-2),
        means=np.stack(means, axis=-1),
        residual=np.asarray(residual),
        n=np.asarray(moments.n),
    )


def _of(matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Rows and columns (…, q, q) of a matrix (…, m, m)."""
    return matrix[..., columns[:, None], columns]


def _quadratic(v: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """v'Mv (…)."""
    return np.asarray(np.einsum("...i,...ij,...j", v, matrix, v))


def _slopes(t: np.ndarray, parts: Sequence[np.ndarray], own: int) -> np.ndarray:
    """tr(TΦ) (…, U) by unit, exactly zero where only rounding is left.

    What varies between groups further out still differs between a factor's own groups, whose
    effects are independent, and is counted there.
    """
    found = np.stack([_positive((t * part).sum(axis=(-2, -1))) for part in parts], axis=-1)
    found[..., own : own + 1] += found[..., own + 1 :].sum(axis=-1, keepdims=True)
    found[..., own + 1 :] = 0.0
    found[found < ZERO * found.sum(axis=-1, keepdims=True)] = 0.0
    return found


def _positive(value: np.ndarray) -> np.ndarray:
    """Variances that rounding may have left below zero."""
    return np.maximum(value, 0.0)
