"""The parameters of many fits of one model in the units of the columns, by lme4's names."""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.tables import pairs_within

RESIDUAL = "sigma"


def parameter_names(criterion: Criterion) -> list[str]:
    """Fixed effects, then ``sd_x|patient`` and ``cor_x.(Intercept)|patient``, then ``sigma``."""
    names = list(criterion.design.names)
    for level in criterion.design.levels:
        for block in level.blocks:
            names += [f"sd_{effect}|{level.name}" for effect in block.names]
            pairs = pairs_within(slice(0, len(block.names)))
            names += [f"cor_{block.names[i]}.{block.names[j]}|{level.name}" for i, j in pairs]
    return [*names, RESIDUAL]


def parameter_values(
    criterion: Criterion, theta: np.ndarray, beta: np.ndarray, sigma2: np.ndarray
) -> np.ndarray:
    """Values (n, …) of the parameters of n fits.

    Parameters
    ----------
    criterion : Criterion
        Of any of the fits: only what their designs share is used.
    theta : ndarray (n, k)
    beta : ndarray (n, p)
        Standardised.
    sigma2 : ndarray (n,)
        Of the standardised response.

    Returns
    -------
    ndarray
        In the order of `parameter_names`. A correlation with an effect that does not vary is NaN.
    """
    design = criterion.design
    unit = np.sqrt(sigma2) * design.scale
    parts = [design.scale * beta @ design.transform.T + design.least_squares]
    factors = unpack(theta, criterion.sizes)
    blocks = [block for level in design.levels for block in level.blocks]
    for block, factor in zip(blocks, factors, strict=True):
        half = block.transform @ factor
        covariance = half @ half.transpose(0, 2, 1)
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        parts.append(unit[:, None] * sd)
        with np.errstate(invalid="ignore", divide="ignore"):
            for i, j in pairs_within(slice(0, len(block.names))):
                parts.append((covariance[:, i, j] / (sd[:, i] * sd[:, j]))[:, None])
    parts.append((unit * np.sqrt(design.mean_weight))[:, None])
    return np.concatenate(parts, axis=1)
