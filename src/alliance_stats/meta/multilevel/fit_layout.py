"""From rows laid out to the estimate, and the same with studies left out."""

from __future__ import annotations

import numpy as np

from alliance_stats.meta.multilevel.estimate import Estimate, estimate
from alliance_stats.meta.multilevel.layout import Layout


def starting_point(layout: Layout) -> np.ndarray:
    """Free parameters of equal variances that share what sampling errors leave of the spread."""
    q = layout.columns[0]
    left = layout.y - q @ (q.T @ layout.y)
    n, p = layout.x.shape
    typical = typical_size(layout)
    total = max(float(left @ left) / (n - p) - typical, 0.1 * typical)
    share = total / len(layout.terms)
    return np.concatenate([term.structure.start(share) for term in layout.terms])


def typical_size(layout: Layout) -> float:
    """The harmonic mean of the sampling variances: the unit in which a variance is small."""
    return float(1.0 / np.mean(1.0 / layout.vi))


def fit_layout(layout: Layout, reml: bool, start: np.ndarray | None = None) -> Estimate:
    """The estimate of rows laid out, from given free parameters or from `starting_point`."""
    begin = starting_point(layout) if start is None else start
    return estimate(layout.problem(reml), layout.parameters, begin, unit=typical_size(layout))
