"""Robust inference: scores of rows, the sandwich, scaling factors of test statistics.

The covariance A⁻¹BA⁻¹ has the observed information A and the products B of the scores of rows, or
of their sums over clusters (Huber, 1967; White, 1982). The likelihood ratio against the saturated
model is divided by c = [tr(A₁⁻¹B₁) − tr(A₀⁻¹B₀)]/df, of the saturated and the fitted model each
at its own estimates (Yuan & Bentler, 2000, Sociol. Methodol. 30; in the form of Mplus).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.cluster_density import NestedExpansion
from alliance_stats.sem.cluster_information import cluster_scores
from alliance_stats.sem.density import Expansion, times_inverse
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import Implied, sides

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as the scores need them.

    Attributes
    ----------
    values : array (n, p)
        NaN where missing.
    block : array (n,)
        The block of each row.
    cluster : array (n,) or None
        Which rows depend on each other.
    """

    values: Floats
    block: NDArray[np.intp]
    cluster: NDArray[np.intp] | None = None


@dataclass(frozen=True, eq=False)
class Bread:
    """Observed information A of a model at its estimates, with its meat B.

    Attributes
    ----------
    information, meat : array (k, k)
    """

    information: Floats
    meat: Floats

    @cached_property
    def covariance(self) -> Floats:
        """A⁻¹BA⁻¹."""
        half = np.linalg.solve(self.information, self.meat)
        return np.linalg.solve(self.information, half.T)

    @cached_property
    def trace(self) -> float:
        """tr(A⁻¹B)."""
        return float(np.trace(np.linalg.solve(self.information, self.meat)))


@dataclass(frozen=True, eq=False)
class Compared:
    """The models that a fit is compared with, each at its own estimates.

    Attributes
    ----------
    saturated, baseline : Bread
    """

    saturated: Bread
    baseline: Bread

    @property
    def baseline_trace(self) -> float:
        """Scaling factor times degrees of freedom of the baseline's test."""
        return self.saturated.trace - self.baseline.trace


def row_scores(layout: Layout, at: Implied, expansion: Expansion, rows: Rows) -> Floats:
    """Derivatives of −log L of every row by the free parameters (n, n_free)."""
    blocks = expansion.blocks
    first = sides(layout, at).observed(layout.n_observed)
    mean = blocks.mean_share @ at.mu
    away = np.nan_to_num(rows.values - mean[rows.block], nan=0.0)
    pulled = times_inverse(expansion.weight, away, rows.block)
    traces = np.stack([((first.left @ w) * first.right).sum(axis=1) for w in expansion.weight])
    own = blocks.share[:, layout.part] != 0
    by_entry = traces[rows.block] - (pulled @ first.left.T) * (pulled @ first.right.T)
    by_entry -= pulled @ first.mean.T
    by_entry *= own[rows.block]
    return layout.collect(np.ascontiguousarray(by_entry.T)).T


def meat(scores: Floats, cluster: NDArray[np.intp] | None) -> Floats:
    """Sum of products of scores (n, k); of sums over J clusters, times J/(J − 1)."""
    if cluster is None:
        return scores.T @ scores
    n_clusters = int(cluster.max()) + 1
    summed = np.zeros((n_clusters, scores.shape[1]))
    np.add.at(summed, cluster, scores)
    return summed.T @ summed * (n_clusters / (n_clusters - 1.0))


def bread(likelihood: Likelihood, theta: Floats, rows: Rows) -> Bread:
    """Information and meat of a model at its estimates; clusters are the units at two levels."""
    at, expansion = likelihood.at(theta)
    information = likelihood.observed(at, expansion)
    if isinstance(expansion, NestedExpansion):
        scores = cluster_scores(likelihood.layout, at, expansion)
        return Bread(information, meat(scores, None))
    scores = row_scores(likelihood.layout, at, expansion, rows)
    return Bread(information, meat(scores, rows.cluster))
