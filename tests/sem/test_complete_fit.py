"""Fit as with complete rows: by its definition, and on average when the model holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.sem import factor_model, fit_sem
from alliance_stats.sem.builders import saturated_model, with_intercepts
from alliance_stats.sem.complete_fit import Reference, complete_statistic, robust_measures
from alliance_stats.sem.layout import build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.saturated import theta_of

ITEMS = list("abcde")
SPEC = factor_model({"f": ITEMS})


def frame(n: int, rng: np.random.Generator) -> pd.DataFrame:
    factor = rng.normal(size=(n, 1))
    values = factor * [1.0, 0.8, 0.7, 0.9, 0.6] + 0.7 * rng.normal(size=(n, 5)) + 2
    return pd.DataFrame(values, columns=ITEMS).mask(rng.random((n, 5)) < 0.25)


def test_the_statistic_is_the_discrepancy_of_complete_rows() -> None:
    fit = fit_sem(SPEC, frame(200, np.random.default_rng(1)), missing="fiml")
    found = robust_measures(fit)
    assert found is not None
    s = fit.saturated.sigma[0]
    sigma, away = fit.implied.sigma[0], fit.saturated.mu[0] - fit.implied.mu[0]
    ratio = np.linalg.solve(sigma, s)
    naive = np.trace(ratio) - np.linalg.slogdet(ratio)[1] - 5 + away @ np.linalg.solve(sigma, away)
    assert found.model.value == pytest.approx(200 * naive, rel=1e-8)
    assert found.model.value > fit.statistic.value  # missing answers hide misfit
    assert found.model.scaling > 1.0


def test_with_nothing_missing_the_bias_is_the_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    data = frame(300, rng).fillna(2.0)
    spec = with_intercepts(SPEC)
    fit = fit_sem(spec, data)
    layout = build_layout(saturated_model(spec))
    likelihood = Likelihood(layout, fit.likelihood.evidence)
    at = likelihood.at(theta_of(layout, fit.saturated.sigma, fit.saturated.mu))
    information = likelihood.expected(*at)
    reference = Reference(
        layout, fit.saturated, np.array([300.0]), information, np.linalg.inv(information)
    )
    found = complete_statistic(reference, fit.layout, fit.theta, 5)
    assert found.scaling == pytest.approx(1.0, rel=1e-9)
    assert found.value == pytest.approx(fit.statistic.value, rel=1e-8)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_its_excess_is_zero_on_average_when_the_model_holds(estimator: str) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(80):
        fit = fit_sem(SPEC, frame(250, rng), missing="fiml", estimator=estimator)
        measures = robust_measures(fit)
        assert measures is not None
        found.append((measures.model.excess, measures.model.value))
    excess, value = np.array(found).T
    assert abs(excess.mean()) < 3.5 * excess.std() / np.sqrt(80)
    assert value.mean() - 5 > 2.0 * value.std() / np.sqrt(80)  # df alone is too little


def test_names_of_the_indices() -> None:
    data = frame(200, np.random.default_rng(4))
    robust = {"cfi_robust", "tli_robust", "rmsea_robust", "rmsea_low_robust", "rmsea_high_robust"}
    assert robust <= set(fit_sem(SPEC, data, missing="fiml").glance().columns)
    whole = data.fillna(2.0)
    assert not robust & set(fit_sem(SPEC, whole, missing="fiml").glance().columns)
    assert robust <= set(fit_sem(SPEC, whole, missing="fiml", estimator="mlr").glance().columns)
