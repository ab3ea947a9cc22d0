"""Clusters with values missing against one dense normal density a cluster, without missing rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from alliance_stats.sem import Parameter, cluster_information, factor_model, in_groups, in_levels
from alliance_stats.sem.blocks import cluster_blocks
from alliance_stats.sem.cluster_density import expand_nested
from alliance_stats.sem.cluster_information import cluster_scores
from alliance_stats.sem.clusters import Nested, nested
from alliance_stats.sem.layout import Layout, build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import implied
from alliance_stats.sem.saturated import start_moments
from alliance_stats.sem.spec import ModelSpec
from alliance_stats.sem.start import start_values

ITEMS = list("abcd")
NAMES = ["missing", "complete", "groups"]


@dataclass(frozen=True)
class Situation:
    """A two-level model with data, at parameters near the start."""

    layout: Layout
    likelihood: Likelihood
    theta: np.ndarray
    values: np.ndarray
    cluster: np.ndarray
    group: np.ndarray


def model(groups: bool) -> ModelSpec:
    """A factor within with loadings as between, a path between, one residual covariance."""
    within = factor_model({"f": ITEMS}, residual_covariances=[("a", "b")])
    shared = Parameter("paths", "c", "f", label="same")
    free = [shared if (p.row, p.column) == ("c", "f") else p for p in within.parameters]
    within = ModelSpec(within.observed, within.latent, tuple(free))
    between = factor_model({"f": ITEMS[:3]}).parameters
    free = [shared if (p.row, p.column) == ("c", "f") else p for p in between]
    free += [Parameter("paths", "d", "f"), Parameter("paths", "d", "a", start=0.1)]
    free += [Parameter("covariances", "d", "d")]
    spec = in_levels(within, ModelSpec(tuple(ITEMS), ("f",), tuple(free)))
    return in_groups(spec, ["x", "y"], equal=["loadings", "intercepts"]) if groups else spec


@cache
def situation(name: str) -> Situation:
    rng = np.random.default_rng(3)
    sizes = np.array([1, 2, 7, 1, 3, 4, 2, 5, 1, 9, 3, 2, 6, 4, 3, 8, 2, 2, 5, 3])
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    values = rng.normal(size=(len(sizes), 1))[cluster] + rng.normal(size=(len(cluster), 1))
    values = values + 0.5 * rng.normal(size=(len(sizes), 4))[cluster] + np.arange(4)
    values = values + 0.7 * rng.normal(size=values.shape)
    if name != "complete":
        values[rng.random(values.shape) < 0.25] = np.nan
        values[cluster == 2, 1] = np.nan  # a variable that a cluster never has
    order = rng.permutation(np.flatnonzero(~np.isnan(values).all(axis=1)))
    values, cluster = values[order], cluster[order]
    group = (cluster % 2 if name == "groups" else np.zeros_like(cluster)).astype(np.intp)
    n_groups = 2 if name == "groups" else 1
    evidence = nested(values, cluster, group, n_groups)
    layout = build_layout(model(name == "groups"))
    start = start_values(layout, *start_moments(evidence))
    theta = start + rng.normal(size=len(start)) * 0.03
    return Situation(layout, Likelihood(layout, evidence), theta, values, cluster, group)


def dense(case: Situation, cluster: int, theta: np.ndarray) -> tuple[np.ndarray, ...]:
    """Values, mean and covariance of everything that a cluster observes."""
    at = implied(case.layout, theta)
    own = case.values[case.cluster == cluster]
    part = 2 * int(case.group[case.cluster == cluster][0])
    n, there = len(own), ~np.isnan(own).ravel()
    whole = np.kron(np.eye(n), at.sigma[part]) + np.kron(np.ones((n, n)), at.sigma[part + 1])
    return own.ravel()[there], np.tile(at.mu[part + 1], n)[there], whole[np.ix_(there, there)]


def naive(case: Situation, cluster: int, theta: np.ndarray) -> float:
    """−log L of a cluster."""
    values, mean, covariance = dense(case, cluster, theta)
    return -float(multivariate_normal(mean, covariance).logpdf(values))


def differences(function, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return np.array(
        [
            (function(theta + step * e) - function(theta - step * e)) / (2 * step)
            for e in np.eye(len(theta))
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_sum_of_densities_of_clusters(name: str) -> None:
    case = situation(name)
    expected = sum(naive(case, c, case.theta) for c in np.unique(case.cluster))
    value = case.likelihood.value(case.theta) + 0.5 * case.likelihood.evidence.log_constant
    assert value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_and_second_derivatives(name: str) -> None:
    case = situation(name)
    slope = case.likelihood.expand(case.theta)[1]
    numeric = differences(case.likelihood.value, case.theta)
    assert np.abs(slope - numeric).max() < 1e-6 * np.abs(numeric).max()
    exact = case.likelihood.observed(*case.likelihood.at(case.theta))
    numeric = differences(lambda t: case.likelihood.expand(t)[1], case.theta)
    assert np.abs(exact - numeric).max() < 1e-6 * np.abs(numeric).max()
    assert np.abs(exact - exact.T).max() < 1e-10 * np.abs(exact).max()


@pytest.mark.parametrize("name", NAMES)
def test_expected_information_is_that_of_dense_matrices(name: str) -> None:
    case = situation(name)
    k = len(case.theta)
    total = np.zeros((k, k))
    for c in np.unique(case.cluster):
        inverse = np.linalg.inv(dense(case, c, case.theta)[2])
        moved = differences(lambda t, c=c: dense(case, c, t)[2], case.theta)
        means = differences(lambda t, c=c: dense(case, c, t)[1], case.theta)
        turned = inverse @ moved
        total += 0.5 * np.einsum("kab,mba->km", turned, turned) + means @ inverse @ means.T
    expected = case.likelihood.expected(*case.likelihood.at(case.theta))
    assert np.abs(expected - total).max() < 1e-7 * np.abs(total).max()


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_clusters_are_slopes_of_their_densities(name: str) -> None:
    case = situation(name)
    at, expansion = case.likelihood.at(case.theta)
    scores = cluster_scores(case.layout, at, expansion)
    slope = case.likelihood.expand(case.theta)[1]
    assert np.abs(scores.sum(axis=0) - slope).max() < 1e-9 * np.abs(slope).max()
    order = np.lexsort([np.unique(case.cluster), np.unique(case.cluster) % 2])
    clusters = np.unique(case.cluster)[order if name == "groups" else slice(None)]
    for one in (0, 2, 9, len(clusters) - 1):
        numeric = differences(lambda t, c=clusters[one]: naive(case, c, t), case.theta)
        assert np.abs(scores[one] - numeric).max() < 1e-6 * max(1.0, np.abs(numeric).max())


def test_complete_rows_have_the_likelihood_of_cluster_means() -> None:
    case = situation("complete")
    blocks = cluster_blocks(case.values, case.cluster, case.group, 1)
    other = Likelihood(case.layout, blocks)
    ours = case.likelihood.value(case.theta) + 0.5 * case.likelihood.evidence.log_constant
    assert ours == pytest.approx(other.value(case.theta) + 0.5 * blocks.log_constant, rel=1e-12)
    for kind in ("observed", "expected"):
        one, two = (getattr(side, kind)(*side.at(case.theta)) for side in (case.likelihood, other))
        assert np.abs(one - two).max() < 1e-9 * np.abs(two).max()


def test_clusters_in_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    case = situation("missing")
    at = case.likelihood.at(case.theta)
    together = case.likelihood.observed(*at)
    monkeypatch.setattr(cluster_information, "CHUNK", 700)
    assert np.allclose(case.likelihood.observed(*at), together, rtol=1e-11)


def test_a_variance_below_zero_is_defined_as_long_as_clusters_are() -> None:
    case = situation("missing")
    evidence = case.likelihood.evidence
    assert isinstance(evidence, Nested)
    mu = np.zeros((2, 4))
    improper = np.diag([0.5, 0.5, 0.5, -0.02])
    at = expand_nested(evidence, np.stack([np.eye(4), improper]), mu)
    assert np.isfinite(at.value)
    with pytest.raises(np.linalg.LinAlgError):  # two below zero have a determinant above it
        two = np.diag([0.5, 0.5, -1.5, -1.5])
        expand_nested(evidence, np.stack([np.eye(4), two]), mu)
