"""Conditional means and variances of random effects, and of predictions that use them.

With Σ the covariance of the random effects and V that of the rows, in units of σ², for groups j
and k of any factors (Henderson, 1975, Biometrics 31(2); û and β̂ solve the mixed model equations)

    û_k = Σ_k Z_k'V⁻¹(y − Xβ̂),
    Var(u_k | y, β) = Σ_k − Σ_k Z_k'V⁻¹Z_k Σ_k,
    Cov(û_j − u_j, û_k − u_k) = [j = k] Σ_k − Σ_j Z_j'V⁻¹Z_k Σ_k + D_j C D_k',
    Cov(β̂ − β, û_k − u_k) = −C D_k',   C = (X'V⁻¹X)⁻¹,  D_k = Σ_k Z_k'V⁻¹X.

No matrix of the size of the rows, or of all random effects, is formed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.derivatives import conditional_covariances, conditional_means
from alliance_stats.lmm.design import Level


def level_transform(level: Level) -> np.ndarray:
    """Matrix (q, q) that turns a factor's standardised random effects into original ones."""
    transform = np.zeros((len(level.z), len(level.z)))
    for block in level.blocks:
        transform[block.columns, block.columns] = block.transform
    return transform


def mean_arrays(criterion: Criterion, profile: Profile) -> list[np.ndarray]:
    """Conditional means (q_l, G_l) of every factor, in the units of the columns."""
    factors = criterion.by_level(profile.factors)
    weights = criterion.residual_weights(profile)
    means = conditional_means(profile.eliminated, factors, weights)
    levels, scale = criterion.design.levels, criterion.design.scale
    return [level_transform(v) @ m * scale for v, m in zip(levels, means, strict=True)]


def mean_frames(criterion: Criterion, profile: Profile) -> dict[str, pd.DataFrame]:
    """Conditional means, a frame a factor: rows are groups, columns random effects."""
    return _frames(criterion.design.levels, mean_arrays(criterion, profile))


def sd_frames(
    criterion: Criterion, profile: Profile, unit_variance: float
) -> dict[str, pd.DataFrame]:
    """Conditional standard deviations given y, β and θ, in the shape of `mean_frames`."""
    factors = criterion.by_level(profile.factors)
    levels = criterion.design.levels
    found = []
    for level, inner in zip(
        levels, conditional_covariances(profile.eliminated, factors), strict=True
    ):
        transform = level_transform(level)
        variances = np.einsum("ia,abg,ib->ig", transform, inner, transform)
        found.append(np.sqrt(np.maximum(variances, 0.0) * unit_variance))
    return _frames(levels, found)


def _frames(levels: Sequence[Level], arrays: Sequence[np.ndarray]) -> dict[str, pd.DataFrame]:
    return {
        level.name: pd.DataFrame(
            array.T,
            index=pd.Index(level.labels, name=level.name, tupleize_cols=False),
            columns=list(level.effects),
        )
        for level, array in zip(levels, arrays, strict=True)
    }


def error_variances(
    criterion: Criterion,
    profile: Profile,
    x: np.ndarray,
    z: Sequence[np.ndarray],
    groups: Sequence[np.ndarray],
) -> np.ndarray:
    """Variances over σ² of x'(β̂ − β) + Σ_l z_l'(û_l − u_l), a value a row.

    Parameters
    ----------
    x : ndarray (p, n)
        Standardised fixed columns.
    z : sequence of ndarray (q_l, n)
        Standardised columns of every factor; zero where a row uses no effect of the factor, and
        empty if no row uses any.
    groups : sequence of ndarray (n,)
        Group of every row and factor; any where `z` is zero.
    """
    eliminated = profile.eliminated
    factors = criterion.by_level(profile.factors)
    moved = [f @ (f.T @ columns) for f, columns in zip(factors, z, strict=False)]
    gap, variance = x.copy(), np.zeros(x.shape[1])
    for level, (columns, w, k) in enumerate(zip(z, moved, groups, strict=True)):
        precision = eliminated.precisions[level].take(k, axis=-1)
        variance += np.einsum("qn,qn->n", columns, w)
        variance -= np.einsum("qn,qrn,rn->n", w, precision, w, optimize=True)
        fixed = eliminated.with_columns[level][:, criterion.design.x].take(k, axis=-1)
        gap -= np.einsum("qpn,qn->pn", fixed, w)
        for above in range(level + 1, len(z)):
            shared = eliminated.between(level, above, k, groups[above])
            variance -= 2.0 * np.einsum("qn,qrn,rn->n", w, shared, moved[above], optimize=True)
    variance += np.einsum("pn,pn->n", gap, profile.unscaled @ gap)
    return np.maximum(variance, 0.0)


def in_parts(n: int, size: int, compute: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Values (n,) computed for `size` rows at a time."""
    parts = [compute(slice(start, start + size)) for start in range(0, n, size)]
    return np.concatenate(parts) if parts else np.empty(0)
