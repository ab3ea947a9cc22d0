"""Likelihood-ratio tests over imputations against mitml, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.result import MixedModelResult

Fits = Callable[..., list[MixedModelResult]]
SLOPE = "y ~ session + x + z + (1 + x | patient)"
PLAIN = "y ~ session + x + z + (1 | patient)"
NULL = "y ~ session + (1 | patient)"


@pytest.fixture(scope="session")
def pooled_ml(fits_of: Fits) -> Callable[..., PooledResult]:
    def pooled(formula: str, m: int = 8) -> PooledResult:
        return PooledResult(tuple(fits_of(formula, reml=False, m=m)))

    return pooled


@pytest.mark.parametrize(("key", "m"), [("compare", 8), ("compare_three", 3)])
@pytest.mark.parametrize("method", ["D3", "D2"])
@pytest.mark.parametrize("name", ["intercept", "slope", "variance"])
def test_is_that_of_mitml(
    name: str,
    method: Any,
    key: str,
    m: int,
    cases: dict[str, Any],
    pooled_ml: Callable[..., PooledResult],
    tol: SimpleNamespace,
) -> None:
    case = cases[name]
    expected = case[key][method.lower()]
    larger, smaller = pooled_ml(case["formula"], m), pooled_ml(case["null"], m)
    found = larger.compare(smaller, method=method)
    row = found.tidy().iloc[0]
    assert row["method"] == method
    assert row["statistic"] == pytest.approx(expected["f"], rel=tol.statistic)
    assert row["df_numerator"] == expected["df1"]
    assert row["df_denominator"] == pytest.approx(expected["df2"], rel=tol.df)
    assert row["p_value"] == pytest.approx(expected["p"], rel=tol.p_value)
    assert abs(row["riv"] - expected["riv"]) <= tol.variance * max(expected["riv"], 1e-2)
    assert any("upper bound" in m for m in found.messages) == (name == "variance")
    pd.testing.assert_frame_equal(found.tidy(), smaller.compare(larger, method=method).tidy())


def test_same_data_give_the_likelihood_ratio(fits_of: Fits) -> None:
    one, zero = (fits_of(formula, reml=False)[0] for formula in (PLAIN, NULL))
    test = PooledResult((one,) * 3).compare(PooledResult((zero,) * 3)).test
    plain = al.compare_models(one, zero).table.iloc[1]
    assert 2 * test.statistic == pytest.approx(plain["statistic"], rel=1e-7)
    assert test.p_value == pytest.approx(plain["p_value"], rel=1e-6)


def test_is_shown(pooled_ml: Callable[..., PooledResult]) -> None:
    found = pooled_ml(SLOPE).compare(pooled_ml(PLAIN))
    assert f"larger: {SLOPE}" in repr(found)
    assert found.messages[0] in repr(found)
    assert "<table>" in found._repr_html_()
    assert found.glance()["n_imputations"].item() == 8


def test_refuses_reml_and_shows_the_calls(fits_of: Fits) -> None:
    one, zero = (PooledResult(tuple(fits_of(formula))) for formula in (PLAIN, NULL))
    with pytest.raises(al.ArgumentError) as error:
        one.compare(zero)
    assert f"al.fit_lmm({PLAIN!r}, frame, reml=False); al.fit_lmm({NULL!r}," in str(error.value)
    assert "joint_tests" in str(error.value)


def test_refuses_what_is_not_comparable(
    pooled_ml: Callable[..., PooledResult], frames: list[pd.DataFrame], fits_of: Fits
) -> None:
    one = pooled_ml(PLAIN)
    with pytest.raises(al.ArgumentError, match="MixedModelResult"):
        one.compare(fits_of(NULL)[0])  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="over 8 and 3 imputations"):
        one.compare(pooled_ml(NULL, 3))
    with pytest.raises(al.ArgumentError, match="nested in the other, or both are the same"):
        one.compare(one)
    with pytest.raises(al.ArgumentError, match="nested in the other"):
        pooled_ml("y ~ x + (1 | patient)").compare(pooled_ml("y ~ z + (1 | patient)"))
    turned = PooledResult(tuple(fits_of(NULL, reml=False)[::-1]))
    with pytest.raises(al.DataError, match="imputation 1 of both.*different responses"):
        one.compare(turned)
    fewer = [fit_quietly(NULL, frame.iloc[:-2], reml=False) for frame in frames]
    with pytest.raises(al.DataError, match="different rows"):
        one.compare(PooledResult(tuple(fewer)))
    with pytest.raises(al.ArgumentError, match="method"):
        one.compare(pooled_ml(NULL), method="D1")  # type: ignore[arg-type]


def test_compare_models_names_the_method(pooled_ml: Callable[..., PooledResult]) -> None:
    with pytest.raises(al.ArgumentError, match=r"PooledResult.*pooled\.compare\(other\)"):
        al.compare_models(pooled_ml(PLAIN), pooled_ml(NULL))  # type: ignore[arg-type]


def test_negative_statistic_is_no_evidence(frames: list[pd.DataFrame]) -> None:
    noise = np.random.default_rng(4)
    larger, smaller = [], []
    for frame in frames[:3]:
        rows = frame.assign(q=noise.normal(size=len(frame)))
        larger.append(fit_quietly(f"{PLAIN} + q", rows, reml=False))
        smaller.append(fit_quietly(PLAIN, rows, reml=False))
    found = PooledResult(tuple(larger)).compare(PooledResult(tuple(smaller)), method="D2")
    if found.test.statistic < 0:
        assert found.test.p_value == 1
        assert "negative" in found.messages[-1]
