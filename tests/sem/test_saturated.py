"""The saturated model: closed forms, and a naive EM where values are missing."""

from __future__ import annotations

import numpy as np

from alliance_stats.sem import factor_model
from alliance_stats.sem.blocks import complete_blocks, pattern_blocks
from alliance_stats.sem.saturated import fit_saturated, positive

ITEMS = list("abcd")
SPEC = factor_model({"f": ITEMS}, means=True)


def values(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(150, 1)) + rng.normal(size=(150, 4)) + np.arange(4)


def naive_em(rows: np.ndarray, steps: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    mean, sigma = np.nanmean(rows, axis=0), np.diag(np.nanvar(rows, axis=0))
    for _ in range(steps):
        filled, extra = rows.copy(), np.zeros_like(sigma)
        for row in filled:
            m = np.isnan(row)
            if m.any():
                weights = sigma[np.ix_(m, ~m)] @ np.linalg.inv(sigma[np.ix_(~m, ~m)])
                row[m] = mean[m] + weights @ (row[~m] - mean[~m])
                extra[np.ix_(m, m)] += sigma[np.ix_(m, m)] - weights @ sigma[np.ix_(~m, m)]
        new, old = filled.mean(axis=0), sigma
        sigma = (filled - new).T @ (filled - new) / len(rows) + extra / len(rows)
        mean = new
        if np.abs(sigma - old).max() < 1e-12:
            break
    return mean, sigma


def test_complete_rows_give_their_moments() -> None:
    rows = values()
    found = fit_saturated(SPEC, complete_blocks(rows, np.zeros(150, dtype=np.intp), 1))
    assert np.allclose(found.mu[0], rows.mean(axis=0))
    assert np.allclose(found.sigma[0], np.cov(rows.T, bias=True))


def test_missing_values_give_what_em_gives() -> None:
    rows = values()
    rows[np.random.default_rng(2).random(rows.shape) < 0.2] = np.nan
    rows = rows[~np.isnan(rows).all(axis=1)]
    blocks, _ = pattern_blocks(rows, np.zeros(len(rows), dtype=np.intp), 1)
    found = fit_saturated(SPEC, blocks)
    mean, sigma = naive_em(rows)
    assert found.converged
    assert np.allclose(found.mu[0], mean, atol=1e-7)
    assert np.allclose(found.sigma[0], sigma, atol=1e-7)


def test_start_covariances_are_made_positive_definite() -> None:
    broken = np.array([[1.0, 2.0], [2.0, 1.0]])
    assert np.linalg.eigvalsh(positive(broken))[0] > 0
    assert np.linalg.eigvalsh(positive(-broken))[0] > 0
    assert np.array_equal(positive(np.eye(3)), np.eye(3))
