"""Tests of several effects against mitml and by definition."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as f_law

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import weights_of
from alliance_stats.lmm.pooling.joint import (
    d1,
    d2,
    d3,
    independent,
    large_sample_df,
    wald_statistics,
)
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.result import MixedModelResult

Fits = Callable[..., list[MixedModelResult]]
SLOPE = "y ~ session + x + z + (1 + x | patient)"
HYPOTHESES = {
    "both": [{"x": 1}, {"z": 1}],
    "three": [{"session": 1}, {"x": 1, "z": -1}, {"x": 1, "z": 2}],
}
ONE = {"difference": [{"x": 1, "z": -1}]}
CASES = ("intercept", "slope", "therapists")


def check_test(row: Any, case: dict[str, Any], tol: SimpleNamespace, *, df: bool = True) -> None:
    """One row of testConstraints() or testModels()."""
    assert row.statistic == pytest.approx(case["f"], rel=tol.statistic, abs=tol.statistic)
    assert row.df_numerator == case["df1"]
    assert abs(row.riv - case["riv"]) <= tol.variance * max(case["riv"], 1e-2)
    if df:
        assert row.df_denominator == pytest.approx(case["df2"], rel=tol.df)
        assert row.p_value == pytest.approx(case["p"], rel=tol.p_value)


@pytest.mark.parametrize(
    ("key", "complete"), [("d1", "infinite"), ("d1_df_55", 55), ("d1_df_200", 200)]
)
@pytest.mark.parametrize("name", CASES)
def test_d1_is_that_of_mitml(
    name: str, key: str, complete: Any, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases[name]
    pooled = PooledResult(tuple(fits_of(case["formula"])), complete)
    for row in pooled.joint_tests(HYPOTHESES).itertuples():
        check_test(row, case[key][row.term], tol)
    single = next(pooled.joint_tests(ONE).itertuples())
    check_test(single, case[key]["difference"], tol, df=False)


@pytest.mark.parametrize("name", CASES)
def test_d2_is_that_of_mitml(
    name: str, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases[name]
    pooled = PooledResult(tuple(fits_of(case["formula"])))
    for row in pooled.joint_tests({**HYPOTHESES, **ONE}, method="D2").itertuples():
        check_test(row, case["d2"][row.term], tol)


@pytest.mark.parametrize(("few", "m"), [("two", 2), ("three", 3)])
def test_few_imputations(
    few: str, m: int, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases["intercept"]["few"][few]
    fits = tuple(fits_of(cases["intercept"]["formula"], m=m))
    for row in PooledResult(fits, "infinite").joint_tests(HYPOTHESES).itertuples():
        check_test(row, case["d1"][row.term], tol)
    for row in PooledResult(fits).joint_tests(HYPOTHESES, method="D2").itertuples():
        check_test(row, case["d2"][row.term], tol)
        assert row.p_value == 1 or row.statistic > 0


def test_too_few_for_reiter_are_combined(fits_of: Fits) -> None:
    """k (m − 1) ≤ 4: mitml divides by zero or below it; here as for a single effect."""
    fits = tuple(fits_of(SLOPE, m=3))
    row = PooledResult(fits, 55).joint_tests({"both": HYPOTHESES["both"]}).iloc[0]
    large = large_sample_df(row["riv"], 2, 3)
    observed = 55 * 56 / 58 / (1 + row["riv"])
    assert row["df_denominator"] == pytest.approx(1 / (1 / large + 1 / observed))
    few = PooledResult(tuple(fits_of(SLOPE)), 5).joint_tests(HYPOTHESES)["df_denominator"]
    assert few.between(0, 5, inclusive="neither").all()


def test_single_effect_has_its_own_test(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)))
    for name in pooled.names:
        row, joint = (
            pooled.contrasts({"it": {name: 2}}).iloc[0],
            pooled.joint_tests({"it": [{name: 1}]}).iloc[0],
        )
        assert joint["statistic"] == pytest.approx(row["statistic"] ** 2)
        assert joint["df_denominator"] == pytest.approx(row["df"])
        assert joint["p_value"] == pytest.approx(row["p_value"])


def test_d1_by_definition(fits_of: Fits) -> None:
    fits = tuple(fits_of(SLOPE))
    m, k = len(fits), 2
    weights = weights_of(fits[0].names, HYPOTHESES["both"])
    estimates = np.array([weights @ fit.beta for fit in fits])
    within = np.mean([weights @ fit.vcov.to_numpy() @ weights.T for fit in fits], axis=0)
    between = np.cov(estimates.T)
    r = (1 + 1 / m) * np.trace(between @ np.linalg.inv(within)) / k
    mean = estimates.mean(0)
    f = mean @ np.linalg.inv(within) @ mean / (k * (1 + r))
    t = k * (m - 1)
    df = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    row = PooledResult(fits, "infinite").joint_tests({"both": HYPOTHESES["both"]}).iloc[0]
    expected = (f, k, df, f_law.sf(f, k, df), r)
    assert tuple(row.drop("term")) == pytest.approx(expected)


def test_hypotheses_count_by_what_they_span(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)), 60)
    same = {
        "plain": [{"x": 1}, {"z": 1}],
        "mixed": [{"x": 1, "z": 3}, {"x": 100, "z": -1}],
        "more": [{"x": 1}, {"z": 1}, {"x": 1e-4, "z": 1e-4}],
    }
    for method in ("D1", "D2"):
        table = pooled.joint_tests(same, method=method).drop(columns="term")  # type: ignore[arg-type]
        np.testing.assert_allclose(table, table.iloc[[0, 0, 0]], rtol=1e-6)


def test_without_differences_tests_are_those_of_complete_data() -> None:
    rng = np.random.default_rng(1)
    covariance = np.cov(rng.normal(size=(3, 50)))
    estimates = np.tile(rng.normal(size=3), (5, 1))
    covariances = np.tile(covariance, (5, 1, 1))
    wald = estimates[0] @ np.linalg.solve(covariance, estimates[0])
    found = d1(estimates, covariances, np.inf)
    assert found.riv == 0
    assert found.statistic == pytest.approx(wald / 3)
    assert np.isinf(found.df_denominator)
    assert d1(estimates, covariances, 30.0).df_denominator == pytest.approx(30 * 31 / 33)
    assert d2(np.full(5, wald), 3).statistic == pytest.approx(wald / 3)
    assert d3(np.full(5, wald), np.full(5, wald), 3).statistic == pytest.approx(wald / 3)
    assert d3(np.full(5, wald), np.full(5, wald + 1), 3).riv == 0


def test_law_of_d1_under_the_null() -> None:
    """Normal estimates with a share of missing information: 5% of tests reject at .05."""
    rng = np.random.default_rng(1)
    n, m, k, r = 4000, 10, 3, 0.4
    common = rng.normal(scale=np.sqrt(1 + r / (1 + 1 / m)), size=(n, 1, k))
    each = common + rng.normal(scale=np.sqrt(r / (1 + 1 / m)), size=(n, m, k))
    covariances = np.tile(np.eye(k), (m, 1, 1))
    p = np.array([d1(e, covariances, np.inf).p_value for e in each])
    for level in (0.01, 0.05, 0.1):
        assert abs((p < level).mean() - level) < 3 * np.sqrt(level * (1 - level) / n)


def test_anova_tests_every_term(frames: list[pd.DataFrame]) -> None:
    arms = np.array(["a", "b", "c"])
    fits = [
        fit_quietly("y ~ arm * x + (1 | patient)", frame.assign(arm=arms[frame["patient"] % 3]))
        for frame in frames
    ]
    pooled = PooledResult(tuple(fits), 60)
    table = pooled.anova()
    assert table["term"].tolist() == fits[0].anova()["term"].tolist()
    interaction = {"arm:x": [{"arm[b]:x": 1}, {"arm[c]:x": 1}]}
    last = pooled.joint_tests(interaction)
    pd.testing.assert_frame_equal(table.iloc[[2]].reset_index(drop=True), last, rtol=1e-9)
    same = PooledResult((fits[0],) * 3, "infinite").anova()
    one = fits[0].anova(ddf="normal")
    pd.testing.assert_frame_equal(same[one.columns], one, rtol=1e-8)
    wald = pooled.anova(method="D2")
    assert wald["df_numerator"].tolist() == table["df_numerator"].tolist()


def test_unknown_names_and_methods(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)))
    with pytest.raises(al.ArgumentError, match="'w' is not in the model"):
        pooled.joint_tests({"it": [{"w": 1}]})
    for empty in ([], [{}], [{"x": 0}]):
        with pytest.raises(al.ArgumentError, match="'it' has no contrast"):
            pooled.joint_tests({"it": empty})
    one, other = (
        pooled.joint_tests({"a": [{"x": 1}], "b": [{"x": 1}, {}]}).drop(columns="term").to_numpy()
    )
    assert one[0] == pytest.approx(other[0])
    assert pooled.contrasts({"nothing": {}})["p_value"].isna().all()
    with pytest.raises(al.ArgumentError, match="'D3' is not known"):
        pooled.joint_tests({"it": [{"x": 1}]}, method="D3")  # type: ignore[arg-type]


def test_dependent_contrasts_are_left_out() -> None:
    estimates = np.array([[1.0, 2.0, 3.0], [1.5, 1.0, 2.5]])
    half = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    covariances = np.tile(half @ half.T, (2, 1, 1))
    kept, matrices = independent(estimates, covariances)
    assert kept.shape == (2, 2)
    assert matrices.shape == (2, 2, 2)
    direct = wald_statistics(estimates[:, :2], covariances[:, :2, :2])
    np.testing.assert_allclose(wald_statistics(kept, matrices), direct)


def test_default_takes_the_mean_of_the_fits_denominators(fits_of: Fits) -> None:
    fits = tuple(fits_of(SLOPE))
    dfs = [fit.joint_tests(HYPOTHESES)["df_denominator"].to_numpy() for fit in fits]
    found = PooledResult(fits).joint_tests(HYPOTHESES)
    for position, complete in enumerate(np.mean(dfs, axis=0)):
        expected = PooledResult(fits, float(complete)).joint_tests(HYPOTHESES).iloc[position]
        assert tuple(found.iloc[position])[1:] == pytest.approx(tuple(expected)[1:])
