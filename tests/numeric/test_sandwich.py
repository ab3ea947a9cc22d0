"""Cluster-robust covariances: against sums over all pairs of clusters, rows and all."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.numeric import Sandwich, adjusted_parts, plain_parts
from alliance_stats.numeric.sandwich import size_factor

J, N, P = 7, 6, 3


@pytest.fixture
def clusters(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Clusters of equal size with any working covariances, and residuals of weighted regression."""
    x = rng.normal(size=(J, N, P))
    half = rng.normal(size=(J, N, N))
    v = np.eye(N) + half @ half.transpose(0, 2, 1) / N
    w = np.linalg.inv(v)
    bread = np.linalg.inv(np.einsum("kna,knm,kmb->ab", x, w, x))
    y = rng.normal(size=(J, N))
    beta = bread @ np.einsum("kna,knm,km->a", x, w, y)
    return {"x": x, "v": v, "w": w, "bread": bread, "e": y - x @ beta, "beta": beta}


def adjustments(c: dict[str, np.ndarray], kind: str) -> list[np.ndarray]:
    found = []
    for x, v in zip(c["x"], c["v"], strict=True):
        d = np.linalg.cholesky(v).T
        values, vectors = np.linalg.eigh(d @ (v - x @ c["bread"] @ x.T) @ d.T)
        root = (vectors / np.sqrt(values)) @ vectors.T
        found.append(d.T @ root @ d if kind == "CR2" else np.eye(len(x)))
    return found


def pairs(c: dict[str, np.ndarray], kind: str) -> np.ndarray:
    """P^st_kl (p, p, J, J): covariances of g_k'e over all rows at once."""
    x = c["x"].reshape(-1, P)
    v, w = np.zeros((J * N, J * N)), np.zeros((J * N, J * N))
    g = np.zeros((P, J, J * N))
    for k, a in enumerate(adjustments(c, kind)):
        rows = slice(k * N, (k + 1) * N)
        v[rows, rows], w[rows, rows] = c["v"][k], c["w"][k]
        g[:, k, rows] = c["bread"] @ c["x"][k].T @ c["w"][k] @ a
    left = np.eye(J * N) - x @ c["bread"] @ x.T @ w
    return np.einsum("skn,nm,tlm->stkl", g, left @ v @ left.T, g)


def of_kind(c: dict[str, np.ndarray], kind: str) -> Sandwich:
    if kind == "CR2":
        return Sandwich(c["bread"], adjusted_parts(c["x"], c["v"], c["e"], c["bread"]))
    scores = np.einsum("kna,knm,km->ka", c["x"], c["w"], c["e"])
    return Sandwich(
        c["bread"], plain_parts(scores, np.einsum("kna,knm,kmb->kab", c["x"], c["w"], c["x"]))
    )


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_covariance_is_the_sum_over_clusters(clusters: dict[str, np.ndarray], kind: str) -> None:
    c = clusters
    moved = [
        c["bread"] @ x.T @ w @ a @ e
        for x, w, e, a in zip(c["x"], c["w"], c["e"], adjustments(c, kind), strict=True)
    ]
    expected = sum(np.outer(m, m) for m in moved)
    np.testing.assert_allclose(of_kind(c, kind).covariance, expected, rtol=1e-8)


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_degrees_of_freedom_are_those_of_the_quadratic_form(
    clusters: dict[str, np.ndarray], kind: str
) -> None:
    p = pairs(clusters, kind)
    for s in range(P):
        expected = np.trace(p[s, s]) ** 2 / np.sum(p[s, s] ** 2)
        found = of_kind(clusters, kind).df(np.eye(P)[s])
        assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_joint_test_is_hotellings(clusters: dict[str, np.ndarray], kind: str) -> None:
    c, q = clusters, 2
    contrasts = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 2.0]])
    p = np.einsum("as,stkl,bt->abkl", contrasts, pairs(c, kind), contrasts)
    values, vectors = np.linalg.eigh(np.einsum("abkk->ab", p))
    root = (vectors / np.sqrt(values)) @ vectors.T
    p = np.einsum("as,stkl,bt->abkl", root, p, root)
    variance = sum(
        np.sum(p[s, t] * p[t, s]) + np.sum(p[s, s] * p[t, t]) for s in range(q) for t in range(q)
    )
    eta = q * (q + 1) / variance
    sandwich = of_kind(c, kind)
    estimate = contrasts @ c["beta"]
    spread = contrasts @ sandwich.covariance @ contrasts.T
    f = (eta - q + 1) / (eta * q) * estimate @ np.linalg.inv(spread) @ estimate
    found = sandwich.wald(contrasts, estimate)
    assert found[:3] == pytest.approx((f, q, eta - q + 1), rel=1e-8)
    twice = np.vstack([contrasts, contrasts.sum(axis=0)])
    assert sandwich.wald(twice, twice @ c["beta"]) == pytest.approx(found, rel=1e-8)


def test_cr2_is_unbiased_under_the_working_covariance(clusters: dict[str, np.ndarray]) -> None:
    p = pairs(clusters, "CR2")
    np.testing.assert_allclose(np.einsum("stkk->st", p), clusters["bread"], rtol=1e-8, atol=1e-12)


def test_cr2_does_not_depend_on_the_orthonormal_basis(
    clusters: dict[str, np.ndarray], rng: np.random.Generator
) -> None:
    c = clusters
    turn = np.linalg.qr(rng.normal(size=(N + 2, N + 2)))[0]
    x = np.pad(c["x"], ((0, 0), (0, 2), (0, 0)))
    e = np.pad(c["e"], ((0, 0), (0, 2)))
    v = np.tile(np.eye(N + 2), (J, 1, 1))
    v[:, :N, :N] = c["v"]
    turned = adjusted_parts(turn @ x, turn @ v @ turn.T, e @ turn.T, c["bread"])
    plain = adjusted_parts(c["x"], c["v"], c["e"], c["bread"])
    for name in ("scores", "spread", "cross"):
        np.testing.assert_allclose(getattr(turned, name), getattr(plain, name), rtol=1e-7)


def test_a_coefficient_that_one_cluster_determines_has_no_test(
    clusters: dict[str, np.ndarray],
) -> None:
    x, v = clusters["x"].copy(), clusters["v"]
    x[1:, :, 2] = 0.0  # only the first cluster varies in the third column
    w = clusters["w"]
    bread = np.linalg.inv(np.einsum("kna,knm,kmb->ab", x, w, x))
    y = clusters["e"]
    e = y - x @ (bread @ np.einsum("kna,knm,km->a", x, w, y))
    parts = adjusted_parts(x, v, e, bread)
    d = np.linalg.cholesky(v[0]).T
    values, vectors = np.linalg.eigh(d @ (v[0] - x[0] @ bread @ x[0].T) @ d.T)
    roots = np.where(values > 1e-9, 1.0 / np.sqrt(np.maximum(values, 1e-9)), 0.0)
    a = d.T @ (vectors * roots) @ vectors.T @ d
    np.testing.assert_allclose(parts.scores[0], x[0].T @ w[0] @ a @ e[0], rtol=1e-6, atol=1e-9)
    sandwich = Sandwich(bread, parts)
    told = [sandwich.tells(row[None]) for row in np.eye(P)]
    assert not told[2]
    assert np.isnan(sandwich.wald(np.eye(P)[1:], np.ones(2))[0])


def test_factors_of_cluster_size() -> None:
    assert size_factor("CR1", 10, 100, 4) == pytest.approx(10 / 9)
    assert size_factor("CR1S", 10, 100, 4) == pytest.approx(10 / 9 * 99 / 96)
    assert size_factor("CR2", 10, 100, 4) == size_factor("CR0", 10, 100, 4) == 1.0
