"""Random-intercept Tobit: against dense integration, survreg, and the model without a limit."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_ndtr

import alliance_stats as al
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.censored.fit import fit_censored
from alliance_stats.lmm.censored.likelihood import CensoredData, deviance, place_nodes
from tests.conftest import REFERENCE

LIMIT = 1.2


def ratings(rng: np.random.Generator, groups: int = 40, rows: int = 6) -> tuple[np.ndarray, ...]:
    group = np.repeat(np.arange(groups), rows)
    t = np.tile(np.arange(rows, dtype=float), groups)
    y = 0.2 * t + rng.normal(size=groups)[group] + 0.7 * rng.normal(size=len(t))
    return np.minimum(y, LIMIT), np.column_stack([np.ones(len(t)), t]), group


def dense_loglik(
    y: np.ndarray, x: np.ndarray, group: np.ndarray, beta: np.ndarray, sigma: float, tau: float
) -> float:
    """The likelihood by the trapezoidal rule on a fine grid of group effects."""
    v = np.linspace(-9, 9, 3001)
    total = 0.0
    for j in np.unique(group):
        rows = group == j
        eta = (x[rows] @ beta)[:, None] + tau * v
        z = (y[rows][:, None] - eta) / sigma
        density = -np.log(sigma) - 0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        cut = (y[rows] >= LIMIT)[:, None]
        joint = np.where(cut, log_ndtr((eta - LIMIT) / sigma), density).sum(axis=0)
        joint += -0.5 * v**2 - 0.5 * np.log(2 * np.pi)
        top = joint.max()
        total += top + np.log(np.trapezoid(np.exp(joint - top), v))
    return float(total)


def test_likelihood_against_dense_integration(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    y, x, group = ratings(rng)
    fit = fit_censored(y, x, group, limit=LIMIT)
    assert fit.converged and fit.n_censored == (y >= LIMIT).sum()
    dense = dense_loglik(y, x, group, fit.beta, fit.sigma, fit.tau)
    assert fit.loglik == pytest.approx(dense, abs=tol.glmm_loglik)
    for change in (0.02, -0.02):  # no neighbour is higher
        for moved in (
            (fit.beta + [change, 0], fit.sigma, fit.tau),
            (fit.beta + [0, change], fit.sigma, fit.tau),
            (fit.beta, fit.sigma + change, fit.tau),
            (fit.beta, fit.sigma, fit.tau + change),
        ):
            assert dense_loglik(y, x, group, *moved) < dense


def test_standard_errors_against_dense_curvature(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    y, x, group = ratings(rng, groups=15)
    fit = fit_censored(y, x, group, limit=LIMIT)
    at = np.r_[fit.beta, fit.sigma, fit.tau]

    def value(p: np.ndarray) -> float:
        return dense_loglik(y, x, group, p[:2], p[2], p[3])

    h, k = 2e-3, len(at)
    hessian = np.zeros((k, k))
    for i in range(k):
        for j in range(k):
            a, b = h * np.eye(k)[i], h * np.eye(k)[j]
            corners = value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)
            hessian[i, j] = corners / (4 * h * h)
    se = np.sqrt(np.diag(np.linalg.inv(-hessian)))[:2]
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), se, rtol=10 * tol.se)


def test_gradient_is_that_of_the_sum(rng: np.random.Generator) -> None:
    y, x, group = ratings(rng, groups=12)
    starts = np.r_[0, np.flatnonzero(np.diff(group)) + 1]
    data = CensoredData(y, x, starts, LIMIT)
    at = np.array([0.1, 0.15, -0.3, 0.8])
    nodes = place_nodes(data, at, 15)
    gradient = deviance(data, nodes, at)[1]
    for j in range(4):
        step = 1e-6 * np.eye(4)[j]
        up, down = (deviance(data, nodes, at + s * step)[0] for s in (1, -1))
        assert gradient[j] == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-6)


def test_without_a_limit_it_is_the_mixed_model(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    _, x, group = ratings(rng)
    y = 0.3 * x[:, 1] + rng.normal(size=40)[group] + rng.normal(size=len(x))
    fit = fit_censored(y, x, group, limit=float(y.max()) + 1.0)
    frame = pd.DataFrame({"y": y, "t": x[:, 1], "group": group})
    plain = al.fit_lmm("y ~ t + (1 | group)", frame, reml=False)
    se = plain.tidy()["se"].to_numpy()
    assert (np.abs(fit.beta - plain.beta.to_numpy()) < tol.beta_in_se * se).all()
    assert fit.sigma == pytest.approx(plain.sigma, rel=tol.variance)
    assert fit.loglik == pytest.approx(plain.loglik, abs=tol.glmm_loglik)


def test_without_groups_it_is_survreg(tol: SimpleNamespace) -> None:
    reference = json.loads((REFERENCE / "growth" / "tobit_no_groups.json").read_text("utf-8"))
    y, t = np.array(reference["y"], dtype=float), np.array(reference["x"], dtype=float)
    x = np.column_stack([np.ones(len(t)), t])
    # residuals that alternate within groups leave their variance at zero
    order = np.argsort(y - 0.3 * t, kind="stable")
    group = np.empty(len(y), dtype=int)
    group[order] = np.minimum(np.arange(len(y)), len(y) - 1 - np.arange(len(y)))
    fit = fit_censored(y, x, group, limit=reference["limit"])
    se = np.array(reference["se"])
    assert fit.tau < 1e-3
    assert (np.abs(fit.beta - reference["beta"]) < tol.beta_in_se * se).all()
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), se, rtol=tol.se)
    assert fit.loglik == pytest.approx(reference["loglik"], abs=tol.glmm_loglik)


def test_order_and_scale_do_not_matter(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    y, x, group = ratings(rng)
    one = fit_censored(y, x, group, limit=LIMIT)
    order = rng.permutation(len(y))
    other = fit_censored(100 + 1e3 * y[order], x[order], group[order], limit=100 + 1e3 * LIMIT)
    np.testing.assert_allclose((other.beta - [100, 0]) / 1e3, one.beta, atol=1e-6)
    np.testing.assert_allclose(other.covariance / 1e6, one.covariance, rtol=1e-3)


def test_nothing_below_the_limit_is_refused() -> None:
    with pytest.raises(DataError, match="0 of 6 values lie below the limit 5"):
        fit_censored(np.full(6, 5.0), np.ones((6, 1)), np.arange(6) // 2, limit=5.0)
