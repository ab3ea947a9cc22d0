"""Explained variance within and between the inner groups, of every subset.

Rights and Sterba (2019, Psychol. Methods 24, 309–338): the variance of the fixed part, β'Φβ with Φ
the covariance of the columns within groups or between them, over that and what is left: σ² within,
the intercepts' variances between.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.subsets.search import Solution
from alliance_stats.lmm.subsets.sums import DataSums


def explained(sums: DataSums, found: Solution) -> tuple[np.ndarray, np.ndarray]:
    """R² (A,) within and between; NaN where a fit has no end."""
    p = found.beta.shape[1]
    left = found.sigma2, found.sigma2 * found.theta.sum(axis=-1)
    shares = []
    for covariance, rest in zip((sums.within, sums.between), left, strict=True):
        fixed = np.einsum("ai,ij,aj->a", found.beta, covariance[:p, :p], found.beta)
        fixed = np.maximum(fixed, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = fixed / (fixed + rest)
        shares.append(np.where(found.converged, share, np.nan))
    return shares[0], shares[1]
