"""The normal density of clusters with values missing, and its derivatives by moments.

Rows of a cluster have the covariance D + ZBZ', with D the blocks Σ_W of what each row observes and
Z what picks the observed variables. With M = Z'D⁻¹Z and q = Z'D⁻¹(y − μ), sums over rows of p × p
matrices and p-vectors, the whole cluster needs no larger matrix (Woodbury's identity):
log|V| = log|D| + log|I + BM|, C = Z'V⁻¹Z = (I + MB)⁻¹M, t = Z'V⁻¹(y − μ) = (I − CB)q. Bt and
G = B − BCB are mean and covariance of the cluster's deviation given its rows. (Lee & Poon, 1998,
Stat. Sin. 8, 749–766; Rosseel, 2021, Psych 3, 197–232.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.clusters import Clusters, Nested
from alliance_stats.sem.density import Expansion, expand_moments, moment_gradient

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClusterExpansion:
    """The likelihood of the clusters of one group at given moments.

    Attributes
    ----------
    clusters : Clusters
    value : float
        −log L without the constant.
    rows : Expansion
        Of the patterns, as if rows were independent with the covariance Σ_W.
    between : array (p, p)
        B.
    mean : array (p,)
        μ.
    weight : array (clusters, p, p)
        C.
    pulled : array (clusters, p)
        t.
    spread : array (clusters, p, p)
        G.
    residual : array (cells, p)
        W Σ(y − μ − Bt) over the rows of a cell, with W = Σ_W⁻¹ of what is observed.
    moved : array (patterns, p, p)
        What clusters add to WTW of the rows, with its sign turned.
    """

    clusters: Clusters
    value: float
    rows: Expansion
    between: Floats
    mean: Floats
    weight: Floats
    pulled: Floats
    spread: Floats
    residual: Floats
    moved: Floats


@dataclass(frozen=True, eq=False)
class NestedExpansion:
    """The same of all groups.

    Attributes
    ----------
    groups : tuple of ClusterExpansion
    """

    groups: tuple[ClusterExpansion, ...]

    @property
    def value(self) -> float:
        """−log L without the constant."""
        return sum(group.value for group in self.groups)


def expand_nested(data: Nested, sigma: Floats, mu: Floats) -> NestedExpansion:
    """The likelihood at covariances (parts, p, p) and means (parts, p).

    Raises
    ------
    LinAlgError
        If the covariance of a cluster is not positive definite.
    """
    pairs = zip(data.groups, sigma[::2], sigma[1::2], mu[1::2], strict=True)
    return NestedExpansion(tuple(_expand(*one) for one in pairs))


def _expand(data: Clusters, within: Floats, between: Floats, mu: Floats) -> ClusterExpansion:
    rows = expand_moments(data.patterns, within[None], mu[None])
    inverse = rows.weight[data.pattern]
    held = data.total - data.size[:, None] * np.where(data.observed, mu, 0.0)
    pull = data.sum_by_cluster(_times(inverse, held))
    weight, logdet = _weights(data, inverse, between)
    pulled = pull - _times(weight @ between, pull)
    centre = pulled @ between
    spread = between - between @ weight @ between
    value = rows.value + 0.5 * (logdet - float((pull * centre).sum()))
    own = centre[data.cluster]
    residual = _times(inverse, held - data.size[:, None] * own)
    moved = _moved(data, rows, held, own, spread)
    return ClusterExpansion(data, value, rows, between, mu, weight, pulled, spread, residual, moved)


def _times(matrix: Floats, vector: Floats) -> Floats:
    return (matrix @ vector[:, :, None])[:, :, 0]


def _weights(data: Clusters, inverse: Floats, between: Floats) -> tuple[Floats, float]:
    """C of every cluster, and Σ log|I + BM|. With M = RR' that is of the symmetric I + R'BR."""
    precision = data.sum_by_cluster(data.size[:, None, None] * inverse)
    unit = np.eye(len(between))
    seen = np.einsum("jkk->jk", precision) > 0
    root = np.linalg.cholesky(precision + unit * ~seen[:, None, :]) * seen[:, None, :]
    turned = root.transpose(0, 2, 1)
    lower = np.linalg.cholesky(unit + turned @ between @ root)
    half = np.linalg.solve(lower, turned)
    logdet = 2.0 * float(np.log(np.einsum("jkk->jk", lower)).sum())
    return half.transpose(0, 2, 1) @ half, logdet


def _moved(data: Clusters, rows: Expansion, held: Floats, own: Floats, spread: Floats) -> Floats:
    """W Σ(d g' + g d' − n g g' − n G) W by pattern, over the cells' sums d and means g."""
    n = data.size[:, None]
    cross = (held - 0.5 * n * own)[:, :, None] * own[:, None, :]
    by_cell = cross + cross.transpose(0, 2, 1) - n[:, :, None] * spread[data.cluster]
    return rows.weight @ data.sum_by_pattern(by_cell) @ rows.weight


def nested_gradient(at: NestedExpansion) -> tuple[Floats, Floats]:
    """Derivatives of −log L by Σ (parts, p, p) and μ (parts, p)."""
    by_sigma, by_mu = [], []
    for one in at.groups:
        by_row, _ = moment_gradient(one.clusters.patterns, one.rows)
        outer = one.pulled.T @ one.pulled
        by_sigma += [by_row[0] + 0.5 * one.moved.sum(axis=0)]
        by_sigma += [0.5 * (one.weight.sum(axis=0) - outer)]
        by_mu += [np.zeros(len(outer)), -one.pulled.sum(axis=0)]
    return np.stack(by_sigma), np.stack(by_mu)
