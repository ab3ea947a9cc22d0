"""The ML deviance of a mixed model at given parameters, from its cross-products.

With U the unique columns and w the coefficients for which Uw = y − Xβ,

    deviance = log|V| + n log(2πσ²) + w'U'V⁻¹Uw / σ²,

V in units of σ²: nothing is profiled out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alliance_stats.lmm.criterion import Criterion


def deviance_at(
    criterion: Criterion, beta: np.ndarray, covariances: Mapping[str, np.ndarray], sigma2: float
) -> float:
    """−2 log-likelihood at any β, Σ and σ², in the units of the data.

    Parameters
    ----------
    criterion : Criterion
        Of the data; whether it is of ML or REML does not matter.
    beta : ndarray (p,)
    covariances : mapping
        Covariance matrix (q, q) of the random effects of every grouping factor.
    sigma2 : float
        Residual variance, with weights that of a row of weight 1.
    """
    design = criterion.design
    unit = sigma2 / design.mean_weight
    factors = [
        np.linalg.solve(block.transform, _root(covariances[level.name], block.columns))
        / np.sqrt(unit)
        for level in design.levels
        for block in level.blocks
    ]
    eliminated = design.products.eliminate(criterion.by_level(factors))
    weights = np.zeros(design.y + 1)
    weights[design.y] = 1.0
    weights[design.x] = (
        -np.linalg.solve(design.transform, beta - design.least_squares) / design.scale
    )
    square = float(weights @ eliminated.top @ weights) * design.scale**2
    n = design.n_obs
    deviance = eliminated.logdet + n * np.log(2.0 * np.pi * unit) + square / unit
    return float(deviance) - design.log_weights


def _root(covariance: np.ndarray, columns: slice) -> np.ndarray:
    """A square root of the covariance matrix of one block; of a singular one, too."""
    values, vectors = np.linalg.eigh(covariance[columns, columns])
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
