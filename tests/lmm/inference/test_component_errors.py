"""Sampling covariances of variance components, against a dense likelihood."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.inference.component_errors import component_covariance


@pytest.fixture(scope="module")
def stacked() -> pd.DataFrame:
    """Two equations one below the other, slopes of both correlated, residuals of two sizes."""
    rng = np.random.default_rng(1)
    n, sessions = 60, 8
    s = [[0.5, 0.1, 0.2, 0], [0.1, 0.3, 0, 0.1], [0.2, 0, 0.5, 0.05], [0, 0.1, 0.05, 0.3]]
    effects = rng.multivariate_normal(np.zeros(4), s, size=n)
    patient = np.repeat(np.arange(n), sessions)
    x = rng.normal(size=len(patient))
    m = effects[patient, 0] + (0.4 + effects[patient, 1]) * x + rng.normal(size=len(x))
    y = effects[patient, 2] + (0.5 + effects[patient, 3]) * m + 1.5 * rng.normal(size=len(x))
    one = pd.DataFrame({"patient": patient, "v": m, "which": "m", "sm": 1.0, "sy": 0.0})
    two = pd.DataFrame({"patient": patient, "v": y, "which": "y", "sm": 0.0, "sy": 1.0})
    both = pd.concat([one.assign(a=x, b=0.0), two.assign(a=0.0, b=m)], ignore_index=True)
    return both.sample(frac=1.0, random_state=1)


def dense_covariance(fit: al.lmm.MixedModelResult, frame: pd.DataFrame) -> np.ndarray:
    """2H⁻¹ of the dense REML deviance in the entries of Σ and the log residual variances."""
    x = frame[list(fit.names)].to_numpy()
    z = frame[list(fit.covariances["patient"].columns)].to_numpy()
    y, patient = frame["v"].to_numpy(), frame["patient"].to_numpy()
    kind = (frame["which"] == fit.residual.levels[1]).to_numpy().astype(int)
    lower = np.tril_indices(4)

    def deviance(parameters: np.ndarray) -> float:
        sigma = np.zeros((4, 4))
        sigma[lower] = parameters[:10]
        sigma = sigma + sigma.T - np.diag(np.diag(sigma))
        residual = np.exp(parameters[10:])
        xx, xy, yy, logdet = np.zeros((x.shape[1],) * 2), np.zeros(x.shape[1]), 0.0, 0.0
        for j in np.unique(patient):
            k = patient == j
            v = z[k] @ sigma @ z[k].T + np.diag(residual[kind[k]])
            inverse = np.linalg.inv(v)
            logdet += np.linalg.slogdet(v)[1]
            xx, xy = xx + x[k].T @ inverse @ x[k], xy + x[k].T @ inverse @ y[k]
            yy += y[k] @ inverse @ y[k]
        return logdet + np.linalg.slogdet(xx)[1] + yy - xy @ np.linalg.solve(xx, xy)

    sigma = fit.covariances["patient"].to_numpy()
    residual = np.log(fit.sigma2 * np.array([1.0, fit.residual.ratios[1] ** 2]))
    at = np.append(sigma[lower], residual)
    steps = 1e-3 * np.maximum(0.1, np.abs(at))
    hessian = np.empty((len(at), len(at)))
    for i, first in enumerate(np.diag(steps)):
        for j, second in enumerate(np.diag(steps)[: i + 1]):
            value = deviance(at + first + second) - deviance(at + first - second)
            value += deviance(at - first - second) - deviance(at - first + second)
            hessian[i, j] = hessian[j, i] = value / (4.0 * steps[i] * steps[j])
    return 2.0 * np.linalg.inv(hessian)


def test_against_the_dense_likelihood(stacked: pd.DataFrame, tol: SimpleNamespace) -> None:
    """Finite differences of a dense deviance: as good as steps of 1e-3 allow."""
    formula = "v ~ 0 + sm + sy + a + b + (0 + sm + a + sy + b | patient)"
    fit = al.fit_lmm(formula, stacked, residual=al.lmm.variance_by("which"))
    assert not fit.singular
    names = list(fit.covariances["patient"].columns)
    assert names == ["sm", "a", "sy", "b"]
    dense = dense_covariance(fit, stacked)
    entries = [("patient", "b", "a"), ("patient", "a", "a"), ("patient", "sy", "sm")]
    places = [7, 2, 3]  # of (b, a), (a, a), (sy, sm) in the lower triangle by rows
    found = component_covariance(fit, entries)
    np.testing.assert_allclose(found, dense[np.ix_(places, places)], rtol=1e-3, atol=1e-7)


def test_independent_residuals_and_order_of_names(stacked: pd.DataFrame) -> None:
    fit = al.fit_lmm("v ~ a + (1 + a | patient)", stacked[stacked["sm"] == 1.0])
    one = component_covariance(fit, [("patient", "a", "(Intercept)")])
    other = component_covariance(fit, [("patient", "(Intercept)", "a")])
    np.testing.assert_allclose(one, other)
    assert one[0, 0] > 0


def test_rescaling_a_column(stacked: pd.DataFrame) -> None:
    one = stacked[stacked["sm"] == 1.0]
    fits = [
        al.fit_lmm("v ~ a + (1 + a | patient)", frame)
        for frame in (one, one.assign(a=1000.0 * one["a"]))
    ]
    first, second = (component_covariance(f, [("patient", "a", "a")])[0, 0] for f in fits)
    assert second == pytest.approx(first / 1000.0**4, rel=1e-5)
