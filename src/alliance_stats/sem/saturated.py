"""The saturated model: moments without restriction, against which a model's fit is measured.

With complete rows these are the sample moments. With missing values, and at two levels, they have
no closed form: the likelihood of the saturated model is maximised by the same search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.blocks import Blocks
from alliance_stats.sem.builders import saturated_model
from alliance_stats.sem.clusters import Nested, start_levels
from alliance_stats.sem.density import expand_moments
from alliance_stats.sem.evidence import Evidence
from alliance_stats.sem.layout import Layout, build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import implied
from alliance_stats.sem.search import search
from alliance_stats.sem.spec import ModelSpec

Floats = NDArray[np.float64]

#: Least share of a variance that a start covariance keeps in every direction.
FLOOR = 0.05


@dataclass(frozen=True, eq=False)
class Saturated:
    """The saturated model's maximum.

    Attributes
    ----------
    sigma, mu : array (parts, p, p), (parts, p)
    value : float
        −log L there, without the constant.
    converged : bool
    """

    sigma: Floats
    mu: Floats
    value: float
    converged: bool = True


def fit_saturated(spec: ModelSpec, evidence: Evidence) -> Saturated:
    """Maximise the likelihood over all covariances and means of the parts."""
    if isinstance(evidence, Blocks) and evidence.is_complete and spec.levels == ("",):
        sigma, mu = evidence.scatter, evidence.mean
        return Saturated(sigma, mu, expand_moments(evidence, sigma, mu).value)
    layout = build_layout(saturated_model(spec))
    start = theta_of(layout, *start_moments(evidence))
    reference = Likelihood(layout, evidence).value(start)
    found = search(Likelihood(layout, evidence, reference), start)
    at = implied(layout, found.x)
    return Saturated(at.sigma, at.mu, found.value + reference, found.converged)


def theta_of(layout: Layout, sigma: Floats, mu: Floats) -> Floats:
    """Free parameters of a model whose entries are moments themselves."""
    _, s, m = layout.kinds
    by_entry = np.empty(len(layout.part))
    by_entry[s] = sigma[layout.part[s], layout.row[s], layout.column[s]]
    by_entry[m] = mu[layout.part[m], layout.row[m]]
    theta = np.empty(layout.n_free)
    theta[layout.free] = by_entry
    return theta


def start_moments(evidence: Evidence) -> tuple[Floats, Floats]:
    """Moments of every part from what the data hold: pairs that are there, levels by size."""
    if isinstance(evidence, Nested):
        sigma, mu = zip(*map(start_levels, evidence.groups), strict=True)
        return np.stack([positive(s) for s in np.concatenate(sigma)]), np.concatenate(mu)
    return _start_blocks(evidence)


def _start_blocks(blocks: Blocks) -> tuple[Floats, Floats]:
    sigma, mu = available_moments(blocks)
    several = (blocks.share != 0).sum(axis=1) > 1
    for part in range(len(sigma)):
        own = several & (blocks.mean_share[:, part] != 0)
        if own.any():
            sigma[part], mu[part] = _between(blocks, own, part, sigma[part - 1])
    return np.stack([positive(s) for s in sigma]), mu


def available_moments(blocks: Blocks) -> tuple[Floats, Floats]:
    """Means, variances, covariances of the parts that have blocks of their own.

    Each from all rows where the variables are there. Means and variances are the
    maximum-likelihood estimates of each variable alone.
    """
    p, parts = blocks.mean.shape[1], blocks.share.shape[1]
    sigma, mu = np.zeros((parts, p, p)), np.zeros((parts, p))
    single = (blocks.share != 0).sum(axis=1) == 1
    for part in range(parts):
        own = single & (blocks.share[:, part] != 0)
        if own.any():
            sigma[part], mu[part] = _pooled(blocks, own)
    return sigma, mu


def _pooled(blocks: Blocks, own: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Means, and mean products over the rows where both variables are there."""
    there = blocks.observed[own].astype(float)
    n = blocks.n[own]
    count = np.maximum(n @ there, 1.0)
    mean = (n[:, None] * there * blocks.mean[own]).sum(axis=0) / count
    away = np.where(there > 0, blocks.mean[own] - mean, 0.0)
    total = np.tensordot(n, blocks.scatter[own] + away[:, :, None] * away[:, None, :], axes=1)
    pairs = np.einsum("b,bi,bj->ij", n, there, there)
    return total / np.maximum(pairs, 1.0), mean


def _between(
    blocks: Blocks, own: NDArray[np.bool_], part: int, within: Floats
) -> tuple[Floats, Floats]:
    """Covariance of cluster means by size, less what clusters of finite size add."""
    size, n = blocks.share[own, part], blocks.n[own]
    means = blocks.mean[own] / np.sqrt(size)[:, None]
    mean = (n * size) @ means / (n @ size)
    away = means - mean
    spread = blocks.scatter[own] / size[:, None, None] + away[:, :, None] * away[:, None, :]
    harmonic = n.sum() / (n @ (1.0 / size))
    return np.tensordot(n, spread, axes=1) / n.sum() - within / harmonic, mean


def positive(covariance: Floats) -> Floats:
    """The nearest covariance that keeps a share of the variance in every direction."""
    variances = covariance.diagonal()
    known = variances[variances > 0]
    sds = np.sqrt(np.where(variances > 0, variances, known.mean() if len(known) else 1.0))
    values, vectors = np.linalg.eigh(covariance / np.outer(sds, sds))
    if values[0] >= FLOOR:
        return covariance
    clipped = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    return clipped * np.outer(sds, sds)
