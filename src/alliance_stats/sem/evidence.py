"""Evidence: sufficient statistics of the data, in blocks or in clusters, and their likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.cluster_density import NestedExpansion, expand_nested, nested_gradient
from alliance_stats.sem.cluster_information import nested_information
from alliance_stats.sem.clusters import Nested
from alliance_stats.sem.density import Expansion, expand_moments, moment_gradient
from alliance_stats.sem.information import expected_information, observed_of_moments
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Sides

Floats = NDArray[np.float64]
Evidence = Blocks | Nested
Expanded = Expansion | NestedExpansion


def expand_evidence(evidence: Evidence, sigma: Floats, mu: Floats) -> Expanded:
    """The likelihood at covariances (parts, p, p) and means (parts, p)."""
    if isinstance(evidence, Nested):
        return expand_nested(evidence, sigma, mu)
    return expand_moments(evidence, sigma, mu)


def slopes(at: Expanded) -> tuple[Floats, Floats]:
    """Derivatives of −log L by Σ (parts, p, p) and μ (parts, p)."""
    if isinstance(at, NestedExpansion):
        return nested_gradient(at)
    return moment_gradient(at.blocks, at)


def entry_information(layout: Layout, first: Sides, at: Expanded, *, exact: bool) -> Floats:
    """Information of the entries (k, k), without the curvature of the model itself.

    Parameters
    ----------
    exact : bool
        Whether second derivatives at the data, or what is expected of them.
    """
    if isinstance(at, NestedExpansion):
        return nested_information(layout, first, at, exact=exact)
    if exact:
        return observed_of_moments(layout, first, at)
    return expected_information(at.blocks, layout, first, at.weight)
