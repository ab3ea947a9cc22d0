"""Least squares against the plain normal equations and on awkward scales."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from alliance_stats.numeric.least_squares import column_rank, solve_least_squares, t_tests


def test_equals_the_normal_equations(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    x = np.column_stack([np.ones(30), rng.normal(size=(30, 3))])
    y = x @ [1.0, 2.0, -1.0, 0.5] + rng.normal(size=30)
    fit = solve_least_squares(x, y)
    beta = np.linalg.inv(x.T @ x) @ x.T @ y
    np.testing.assert_allclose(fit.beta, beta, rtol=tol.closed_form)
    rss = ((y - x @ beta) ** 2).sum()
    assert fit.rss == pytest.approx(rss, rel=tol.closed_form)
    assert fit.df == 26
    covariance = rss / 26 * np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=tol.closed_form, atol=1e-12)


def test_scales_do_not_matter(rng: np.random.Generator) -> None:
    x = np.column_stack([np.ones(50), rng.normal(size=50)])
    y = 3.0 + 2.0 * x[:, 1] + rng.normal(size=50)
    scale = np.array([1.0, 1e9])
    np.testing.assert_allclose(
        solve_least_squares(x * scale, y).beta * scale, solve_least_squares(x, y).beta, rtol=1e-12
    )


def test_rank(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 2)) * [1.0, 1e6]
    assert column_rank(x) == 2
    assert column_rank(np.column_stack([x, x[:, 0] + 1e-6 * x[:, 1]])) == 2
    assert column_rank(np.column_stack([x, np.zeros(20)])) == 2


def test_normal_tests_for_infinite_df() -> None:
    found = t_tests(np.array([1.96]), np.array([1.0]), np.array([np.inf]), 0.95)
    assert found["p_value"][0] == pytest.approx(0.05, abs=1e-4)
    assert found["ci_low"][0] == pytest.approx(0.0, abs=1e-4)
