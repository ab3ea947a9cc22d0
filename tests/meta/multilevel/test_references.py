"""Multilevel meta-analyses against metafor, clubSandwich and robumeta."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import alliance_stats as al
from alliance_stats.meta import MultilevelMetaResult
from alliance_stats.numeric.sandwich import Kind
from tests.conftest import REFERENCE, TOL
from tests.meta.multilevel.designs import dense_deviance, robust_regression

FOLDER = REFERENCE / "meta_multilevel"
REFERENCES = json.loads((FOLDER / "cases.json").read_text("utf-8"))
CASES: dict[str, dict[str, Any]] = REFERENCES["cases"]
NAMES = list(CASES)
ROBUST = [name for name in NAMES if CASES[name]["cluster"]]
#: A variance below it is zero but for rounding.
SINGULAR = 1e-9


def fit(name: str) -> MultilevelMetaResult:
    case = CASES[name]
    frame = pd.read_csv(FOLDER / case["data"])
    python = dict(case["python"])
    if case["covariance"] is None:
        python.setdefault("rho", case["rho"])
    else:
        python["covariance"] = np.array(case["covariance"])
    return al.fit_meta_multilevel(frame, study=case["study"], method=case["method"], **python)


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest) -> tuple[MultilevelMetaResult, dict[str, Any]]:
    return fit(request.param), CASES[request.param]


def variances_of(case: dict[str, Any]) -> np.ndarray:
    return np.array([*np.atleast_1d(case["sigma2"]), *np.atleast_1d(case["tau2"])], dtype=float)


def test_estimates(pair: tuple[MultilevelMetaResult, dict[str, Any]]) -> None:
    result, case = pair
    gain = result.loglik - case["loglik"]
    assert gain > -TOL.loglik_absolute
    assert gain < 1e-5  # otherwise the reference is another peak
    size = np.maximum(1.0, np.abs(case["beta"]))
    np.testing.assert_array_less(np.abs(result.beta - case["beta"]) / size, TOL.meta_pooled)
    expected = variances_of(case)
    found = result.tau2["tau2"].to_numpy()
    if len(expected) == 1:
        found = found[:1]
    slack = TOL.meta_tau2 * np.maximum(expected, 1e-2 * result.typical_variance)
    # metafor stops where the deviance no longer shows a difference: a worse fit by up to `gain`
    flat = np.sqrt(2.0 * max(gain, 0.0) + 1e-11) * np.sqrt(np.diag(spread(result)))[: len(found)]
    assert (np.abs(found - expected) <= slack + flat).all()


def spread(result: MultilevelMetaResult) -> np.ndarray:
    """Covariance of the variances of intercepts; zero for other terms."""
    k = len(result.tau2)
    if any(not term.is_intercept for term in result.layout.terms):
        return np.eye(k) * (result.tau2["tau2"].to_numpy() + result.typical_variance) ** 2
    return 2.0 * np.linalg.pinv(result.point.expected)


def test_correlations(pair: tuple[MultilevelMetaResult, dict[str, Any]]) -> None:
    result, case = pair
    expected = np.atleast_1d(case["correlation"]) if case["correlation"] else np.array([])
    found = result.correlations["correlation"].to_numpy()
    if len(found):
        assert np.abs(found[: len(expected)] - expected.astype(float)).max() <= TOL.correlation


def test_standard_errors_and_fit(pair: tuple[MultilevelMetaResult, dict[str, Any]]) -> None:
    result, case = pair
    se = np.sqrt(np.diag(np.reshape(case["vcov"], result.covariance.shape)))
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance)), se, rtol=TOL.se)
    row = result.glance().iloc[0]
    for name in ("aic", "bic"):
        np.testing.assert_allclose(row[name], case[name], atol=3e-5)
    np.testing.assert_allclose(row["q"], case["qe"], rtol=TOL.closed_form)
    np.testing.assert_allclose(row["q_p"], case["qep"], rtol=TOL.p_value, atol=1e-300)
    if case["i2"]:
        table = result.heterogeneity().iloc[:-2]
        np.testing.assert_allclose(table["i2"], np.atleast_1d(case["i2"]), atol=TOL.se)


def test_moderators_and_prediction(pair: tuple[MultilevelMetaResult, dict[str, Any]]) -> None:
    result, case = pair
    if case["pi"]:
        row = result.prediction_interval(test="z").iloc[0]
        width = row["pi_high"] - row["pi_low"]
        ends = np.abs(row[["pi_low", "pi_high"]].to_numpy(dtype=float) - case["pi"])
        assert ends.max() <= TOL.interval_wald * width
    elif "outcome - 1" not in str(case["python"].get("mods")):
        row = result.moderator_test(test="z").iloc[-1]
        q = row["statistic"] * row["df_numerator"]
        np.testing.assert_allclose(q, case["qm"], rtol=TOL.statistic)


def test_random_effects_and_residuals(pair: tuple[MultilevelMetaResult, dict[str, Any]]) -> None:
    result, case = pair
    np.testing.assert_allclose(result.residuals()["se"], case["residual_se"], rtol=TOL.se)
    if not result.layout.terms[0].is_intercept:
        return
    found = result.blup()
    labels = found.iloc[:, 0].astype(str)
    expected = pd.Series(np.array(case["ranef"], dtype=float), index=case["ranef_names"])
    sd = max(float(expected.std()), 1e-5)  # where the variance is 0, R's are rounding
    assert np.abs(found["estimate"].to_numpy() - expected[labels].to_numpy()).max() <= (
        TOL.blup_in_sd * sd
    )
    if result.tau2["tau2"].iloc[0] > SINGULAR:
        errors = pd.Series(np.array(case["ranef_se"], dtype=float), index=case["ranef_names"])
        np.testing.assert_allclose(found["se"], errors[labels], rtol=TOL.se)


@pytest.mark.parametrize("name", ROBUST)
@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2"])
def test_club_sandwich(name: str, kind: Kind) -> None:
    result, case = fit(name), CASES[name]
    expected = case["robust"][kind]
    robust = al.cluster_robust(result, cluster=case["cluster"], kind=kind)
    vcov = np.reshape(expected["vcov"], robust.covariance.shape)
    np.testing.assert_allclose(
        np.sqrt(np.diag(robust.covariance)), np.sqrt(np.diag(vcov)), rtol=TOL.se
    )
    table = robust.tidy()
    told = table["se"].notna().to_numpy()  # one study alone has a category: see the README
    assert told.all() or name == "assink_moderators"
    np.testing.assert_allclose(table["df"][told], np.atleast_1d(expected["df"])[told], rtol=TOL.df)
    np.testing.assert_allclose(
        table["p_value"][told], np.atleast_1d(expected["p"])[told], rtol=TOL.p_value
    )
    if expected["joint"] and told.all():
        weights = np.eye(result.studies.p)[case["together"]]
        f, df1, df2, p = robust.joint_test(weights)
        joint = expected["joint"]
        assert df1 == joint["df1"]
        np.testing.assert_allclose([f, df2], [joint["f"], joint["df2"]], rtol=TOL.df)
        np.testing.assert_allclose(p, joint["p"], rtol=TOL.p_value)


PROFILED = [name for name in NAMES if CASES[name]["intervals"]]


#: Ends at which metafor's refits stop short of the best likelihood: ours are the χ² above it.
SHORT = {
    ("assink", "study", "ci_low"),
    ("berkey_hcs_ml", "outcome | trial", "ci_low"),
    ("berkey_hcs_ml", "outcome | trial", "ci_high"),
}


@pytest.mark.parametrize("name", PROFILED)
def test_profile_intervals(name: str) -> None:
    """Where metafor finds the ends: it gives NA for some."""
    result, case = fit(name), CASES[name]
    table = result.confint()
    for quantity, rows in (
        ("tau2", case["intervals"]["sigma2"] or case["intervals"]["tau2"]),
        ("correlation", case["intervals"]["rho"]),
    ):
        mine = table[table["quantity"] == quantity]
        for (_, row), ends in zip(mine.iterrows(), rows or [], strict=False):
            if ends is None or isinstance(ends, dict):
                continue
            width = row["ci_high"] - row["ci_low"]
            for end, other in zip(("ci_low", "ci_high"), ends, strict=True):
                if isinstance(other, int | float) and (name, row["unit"], end) not in SHORT:
                    assert abs(row[end] - other) <= TOL.interval_profile * width, (row, ends)


@pytest.mark.parametrize(("name", "theirs"), [("assink", 0.0161466), ("berkey_hcs_ml", 0.0104578)])
def test_ends_that_differ_from_metafor(name: str, theirs: float) -> None:
    """By whole matrices and a general optimiser: ours is the χ² quantile above, theirs less."""
    result = fit(name)
    low = float(result.confint()["ci_low"].iloc[0])
    reml, several = result.method == "REML", len(result.estimate.natural) == 3

    def rise(tau2: float) -> float:
        def at(free: np.ndarray) -> float:
            natural = np.array([tau2, free[0] ** 2])
            if several:
                natural = np.array([tau2, np.sqrt(tau2) * np.exp(free[0]) * np.tanh(free[1]), 0])
                natural[2] = np.exp(2 * free[0])
            return dense_deviance(result.layout, natural, reml)

        starts = ([-2.0, 0.0], [-3.0, 1.0]) if several else ([0.3], [0.6])
        options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000}
        found = [minimize(at, s, method="Nelder-Mead", options=options).fun for s in starts]
        return float(min(found)) - result.point.deviance

    np.testing.assert_allclose(rise(low), 3.841459, atol=1e-3)
    assert rise(theirs) < 3.6


@pytest.mark.parametrize("model", ["CORR", "HIER"])
def test_robumeta(model: str) -> None:
    """Its weights as working covariances, in our sandwich: the same errors and df."""
    case = REFERENCES["robu"][model]
    x, y = np.array(case["x"], dtype=float), np.array(case["yi"], dtype=float)
    w, study = np.array(case["weights"], dtype=float), np.array(case["order"])
    beta, sandwich = robust_regression(x, y, w, study)
    np.testing.assert_allclose(beta, case["beta"], rtol=TOL.closed_form)
    np.testing.assert_allclose(np.sqrt(np.diag(sandwich.covariance)), case["se"], rtol=1e-6)
    found = [sandwich.df(row) for row in np.eye(len(beta))]
    np.testing.assert_allclose(found, case["df"], rtol=1e-4)
