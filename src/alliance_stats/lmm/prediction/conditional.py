"""Conditional means and variances of random effects, and of predictions that use them.

With Σ_k the covariance of the random effects of a group and V that of the rows, in units of σ²,
(Henderson, 1975, Biometrics 31(2); û and β̂ solve the mixed model equations)

    û_k = F_k(y − Xβ̂),   F_k = Σ_k Z_k'V⁻¹,
    Cov(û_j − u_j, û_k − u_k) = Cov(u_j, u_k | y, β) + F_jX C X'F_k',
    Cov(β̂ − β, û_k − u_k) = −C X'F_k',   C = (X'V⁻¹X)⁻¹.

Every elimination gives F and the conditional covariances without differences of large numbers, so
they keep their digits where σ² is small beside Σ. No matrix of the size of the rows is formed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.design.mixed_design import Level


def level_transform(level: Level) -> np.ndarray:
    """Matrix (q, q) that turns a factor's standardised random effects into original ones."""
    transform = np.zeros((len(level.z), len(level.z)))
    for block in level.blocks:
        transform[block.columns, block.columns] = block.transform
    return transform


def effect_roots(criterion: Criterion, profile: Profile) -> list[np.ndarray]:
    """Roots C (q_l, q_l) of the covariances CC' of the random effects, in units of columns."""
    levels, unit = criterion.design.levels, criterion.design.scale * np.sqrt(profile.sigma2)
    factors = criterion.by_level(profile.factors)
    return [
        unit * level_transform(level) @ factor
        for level, factor in zip(levels, factors, strict=True)
    ]


def covariance_frames(
    levels: Sequence[Level], roots: Sequence[np.ndarray]
) -> dict[str, pd.DataFrame]:
    """Covariance matrix CC' of the random effects of every grouping factor, from its root C."""
    found = {}
    for level, root in zip(levels, roots, strict=True):
        effects = list(level.effects)
        found[level.name] = pd.DataFrame(root @ root.T, index=effects, columns=effects)
    return found


def mean_arrays(criterion: Criterion, profile: Profile) -> list[np.ndarray]:
    """Conditional means (q_l, G_l) of every factor, in the units of the columns."""
    weights = criterion.residual_weights(profile)
    levels, scale = criterion.design.levels, criterion.design.scale
    return [
        level_transform(level) @ np.einsum("qag,a->qg", shrunk, weights) * scale
        for level, shrunk in zip(levels, profile.eliminated.shrunk, strict=True)
    ]


def mean_frames(criterion: Criterion, profile: Profile) -> dict[str, pd.DataFrame]:
    """Conditional means, a frame a factor: rows are groups, columns random effects."""
    return effect_frames(criterion.design.levels, mean_arrays(criterion, profile))


def sd_frames(
    criterion: Criterion, profile: Profile, unit_variance: float
) -> dict[str, pd.DataFrame]:
    """Conditional standard deviations given y, β and θ, in the shape of `mean_frames`."""
    levels = criterion.design.levels
    return effect_frames(levels, sd_arrays(levels, profile.eliminated, unit_variance))


def sd_arrays(
    levels: Sequence[Level], eliminated: Elimination, unit_variance: float
) -> list[np.ndarray]:
    """Conditional standard deviations (q_l, G_l) of every factor, in the units of the columns."""
    found = []
    for level, inner in zip(levels, eliminated.conditional, strict=True):
        transform = level_transform(level)
        variances = np.einsum("ia,abg,ib->ig", transform, inner, transform)
        found.append(np.sqrt(np.maximum(variances, 0.0) * unit_variance))
    return found


def effect_frames(levels: Sequence[Level], arrays: Sequence[np.ndarray]) -> dict[str, pd.DataFrame]:
    """Values (q_l, G_l) of the groups of every factor as labelled frames."""
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
    eliminated, fixed = profile.eliminated, criterion.design.x
    gap, variance = x.copy(), np.zeros(x.shape[1])
    for level, (columns, k) in enumerate(zip(z, groups, strict=True)):
        shrunk = eliminated.shrunk[level][:, fixed].take(k, axis=-1)
        gap -= np.einsum("qpn,qn->pn", shrunk, columns)
        own = eliminated.conditional[level].take(k, axis=-1)
        variance += np.einsum("qn,qrn,rn->n", columns, own, columns)
        for above in range(level + 1, len(z)):
            shared = eliminated.between(level, above, k, groups[above])
            variance += 2.0 * np.einsum("qn,qrn,rn->n", columns, shared, z[above])
    variance += np.einsum("pn,pn->n", gap, profile.unscaled @ gap)
    return np.maximum(variance, 0.0)


def in_parts(n: int, size: int, compute: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Values (n,) computed for `size` rows at a time."""
    parts = [compute(slice(start, start + size)) for start in range(0, n, size)]
    return np.concatenate(parts) if parts else np.empty(0)
