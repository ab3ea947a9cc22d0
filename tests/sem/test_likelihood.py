"""The likelihood against naive densities row by row, and its derivatives against differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from alliance_stats.sem import ModelSpec, Parameter, factor_model, in_groups, in_levels
from alliance_stats.sem.blocks import cluster_blocks, complete_blocks, pattern_blocks
from alliance_stats.sem.density import expand_moments, moment_gradient
from alliance_stats.sem.information import contract, expected_information
from alliance_stats.sem.layout import Layout, build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import implied, sides
from alliance_stats.sem.robust import Rows, row_scores
from alliance_stats.sem.saturated import start_moments
from alliance_stats.sem.start import start_values

P = 5
ITEMS = list("abcde")
N = 90


def mediation() -> ModelSpec:
    """Paths among observed and latent variables, means, an equality, a feedback loop."""
    free = [
        Parameter("paths", "a", "f", value=1.0),
        Parameter("paths", "b", "f", label="same"),
        Parameter("paths", "c", "f", label="same"),
        Parameter("paths", "f", "d"),
        Parameter("paths", "e", "f"),
        Parameter("paths", "d", "e", start=0.1),
        Parameter("covariances", "a", "b"),
        Parameter("means", "f", value=0.0),
    ]
    free += [Parameter("covariances", name, name) for name in (*ITEMS, "f")]
    free += [Parameter("means", name) for name in ITEMS]
    return ModelSpec(tuple(ITEMS), ("f",), tuple(free))


@dataclass(frozen=True)
class Situation:
    """A model with data, at parameters near the start."""

    layout: Layout
    likelihood: Likelihood
    theta: np.ndarray
    rows: Rows
    cluster: np.ndarray
    group: np.ndarray


def situation(name: str) -> Situation:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(N, 1)) + rng.normal(size=(N, P)) * 0.8 + np.arange(P)
    cluster = np.sort(rng.integers(0, 20, N))
    cluster = np.unique(cluster, return_inverse=True)[1]
    values += 0.5 * rng.normal(size=(20, 1))[cluster]
    group = (np.arange(N) % 3 == 0).astype(np.intp)
    one = factor_model({"f": ITEMS}, means=True)
    if name == "groups":
        spec = in_groups(one, ["x", "y"], equal=["loadings", "intercepts"])
        blocks, block = complete_blocks(values, group, 2), group
    elif name == "levels":
        spec = in_levels(factor_model({"f": ITEMS[:3], "g": ITEMS[3:]}), factor_model({"h": ITEMS}))
        zero = np.zeros(N, dtype=np.intp)
        blocks, block = cluster_blocks(values, cluster, zero, 1), zero
    elif name == "missing":
        spec = mediation()
        values[rng.random(values.shape) < 0.2] = np.nan
        values = values[~np.isnan(values).all(axis=1)]
        blocks, block = pattern_blocks(values, np.zeros(len(values), dtype=np.intp), 1)
    else:
        spec = mediation()
        zero = np.zeros(N, dtype=np.intp)
        blocks, block = complete_blocks(values, zero, 1), zero
    layout = build_layout(spec)
    start = start_values(layout, *start_moments(blocks))
    theta = start + rng.normal(size=len(start)) * 0.03
    rows = Rows(values, block)
    return Situation(layout, Likelihood(layout, blocks), theta, rows, cluster, group)


NAMES = ["complete", "missing", "groups", "levels"]


def naive(case: Situation, name: str, theta: np.ndarray) -> float:
    """−log L from densities of rows, or of whole clusters."""
    at = implied(case.layout, theta)
    total = 0.0
    if name == "levels":
        for c in np.unique(case.cluster):
            own = case.rows.values[case.cluster == c]
            n = len(own)
            dense = np.kron(np.eye(n), at.sigma[0]) + np.kron(np.ones((n, n)), at.sigma[1])
            total -= multivariate_normal(np.tile(at.mu[1], n), dense).logpdf(own.ravel())
        return total
    for i, row in enumerate(case.rows.values):
        there = ~np.isnan(row)
        part = case.group[i] if name == "groups" else 0
        sigma = at.sigma[part][np.ix_(there, there)]
        total -= multivariate_normal(at.mu[part][there], sigma).logpdf(row[there])
    return total


def differences(function, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return np.array(
        [
            (function(theta + step * e) - function(theta - step * e)) / (2 * step)
            for e in np.eye(len(theta))
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_sum_of_densities(name: str) -> None:
    case = situation(name)
    value = case.likelihood.value(case.theta) + 0.5 * case.likelihood.evidence.log_constant
    assert value == pytest.approx(naive(case, name, case.theta), rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_and_second_derivatives(name: str) -> None:
    case = situation(name)
    _, slope, _ = case.likelihood.expand(case.theta)
    numeric = differences(case.likelihood.value, case.theta)
    assert np.abs(slope - numeric).max() < 1e-6 * np.abs(numeric).max()
    at, expansion = case.likelihood.at(case.theta)
    exact = case.likelihood.observed(at, expansion)
    numeric = differences(lambda t: case.likelihood.expand(t)[1], case.theta)
    assert np.abs(exact - numeric).max() < 1e-6 * np.abs(numeric).max()
    assert np.abs(exact - exact.T).max() < 1e-10 * np.abs(exact).max()


@pytest.mark.parametrize("name", NAMES)
def test_expected_information_is_the_observed_one_of_perfect_data(name: str) -> None:
    """With moments that the model implies exactly, both informations are the same."""
    case = situation(name)
    at = implied(case.layout, case.theta)
    blocks = case.likelihood.evidence
    there = blocks.observed[:, :, None] & blocks.observed[:, None, :]
    perfect = type(blocks)(
        blocks.n,
        np.where(blocks.observed, blocks.mean_share @ at.mu, 0.0),
        np.where(there, np.tensordot(blocks.share, at.sigma, axes=1), 0.0),
        blocks.share,
        blocks.mean_share,
        blocks.observed,
        blocks.log_constant,
        blocks.n_rows,
    )
    likelihood = Likelihood(case.layout, perfect)
    expected = likelihood.expand(case.theta)[2]
    observed = likelihood.observed(*likelihood.at(case.theta))
    assert np.abs(expected - observed).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["complete", "missing", "groups"])
def test_scores_of_rows_add_up_to_the_gradient(name: str) -> None:
    case = situation(name)
    at, expansion = case.likelihood.at(case.theta)
    scores = row_scores(case.layout, at, expansion, case.rows)
    slope = case.likelihood.expand(case.theta)[1]
    assert np.abs(scores.sum(axis=0) - slope).max() < 1e-9 * np.abs(slope).max()
    row = case.rows.values[4]
    there = ~np.isnan(row)
    part = int(case.group[4]) if name == "groups" else 0

    def density(theta: np.ndarray) -> float:
        moments = implied(case.layout, theta)
        sigma = moments.sigma[part][np.ix_(there, there)]
        return -multivariate_normal(moments.mu[part][there], sigma).logpdf(row[there])

    numeric = differences(density, case.theta)
    assert np.abs(scores[4] - numeric).max() < 1e-6 * max(1.0, np.abs(numeric).max())


def test_both_ways_to_contract_agree() -> None:
    """Many blocks of few variables go by a stacked kernel, few blocks by products of rank two."""
    case = situation("missing")
    blocks = case.likelihood.evidence
    at, expansion = case.likelihood.at(case.theta)
    first = sides(case.layout, at).observed(P)
    other = expansion.sandwiched
    together = contract(blocks, case.layout, first, expansion.weight, other)
    half = first.left[:, :, None] * first.right[:, None, :]
    moved = half + half.transpose(0, 2, 1)
    apart = np.einsum(
        "n,mab,nbc,kcd,nda->mk", blocks.n, moved, expansion.weight, moved, other, optimize=True
    )
    assert np.abs(together - apart).max() < 1e-10 * np.abs(apart).max()
    alone = type(blocks)(
        blocks.n[:1], blocks.mean[:1], blocks.scatter[:1], blocks.share[:1],
        blocks.mean_share[:1], blocks.observed[:1], 0.0, 1,
    )  # fmt: skip
    one = contract(alone, case.layout, first, expansion.weight[:1], other[:1])
    expected = blocks.n[0] * np.einsum(
        "mab,bc,kcd,da->mk", moved, expansion.weight[0], moved, other[0], optimize=True
    )
    assert np.abs(one - expected).max() < 1e-10 * np.abs(expected).max()


def test_moment_gradient_vanishes_at_the_sample_moments() -> None:
    case = situation("groups")
    blocks = case.likelihood.evidence
    expansion = expand_moments(blocks, blocks.scatter, blocks.mean)
    by_sigma, by_mu = moment_gradient(blocks, expansion)
    assert max(np.abs(by_sigma).max(), np.abs(by_mu).max()) < 1e-10 * N


def test_expected_information_counts_rows_twice_when_there_are_twice_as_many() -> None:
    case = situation("complete")
    values = np.vstack([case.rows.values] * 2)
    double = complete_blocks(values, np.zeros(2 * N, dtype=np.intp), 1)
    at, expansion = case.likelihood.at(case.theta)
    first = sides(case.layout, at).observed(P)
    one = expected_information(case.likelihood.evidence, case.layout, first, expansion.weight)
    two = expected_information(double, case.layout, first, expansion.weight)
    assert np.allclose(two, 2 * one, rtol=1e-12)
