"""One effect size into another: metafor's numbers, the papers' formulas, there and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.meta.effects.differences import small_sample

REFERENCE = Path(__file__).parents[2] / "reference" / "meta_effects"


def reference(case: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    values = json.loads((REFERENCE / f"{case}.json").read_text(encoding="utf-8"))
    return pd.DataFrame(values["data"]), values


def test_log_odds_as_difference_equal_to_metafor(tol: SimpleNamespace) -> None:
    frame, values = reference("bcg_or2dl")
    odds = al.effect_sizes(frame, measure="OR")
    d = al.meta.log_odds_to_d(odds["yi"], variance=odds["vi"])
    assert d.value == pytest.approx(values["yi"], rel=tol.closed_form)
    assert d.variance == pytest.approx(values["vi"], rel=tol.closed_form)


def test_difference_as_log_odds_equal_to_metafor(tol: SimpleNamespace) -> None:
    """metafor transforms d before the correction for small samples."""
    frame, values = reference("groups_d2orl")
    n1, n2 = frame["n1i"], frame["n2i"]
    squares = (n1 - 1) * frame["sd1i"] ** 2 + (n2 - 1) * frame["sd2i"] ** 2
    t = (frame["m1i"] - frame["m2i"]) / np.sqrt(squares / (n1 + n2 - 2) * (1 / n1 + 1 / n2))
    d = al.meta.t_to_d(t, n1=n1, n2=n2)
    log_odds = al.meta.d_to_log_odds(d.value, variance=d.variance)
    assert log_odds.value == pytest.approx(values["yi"], rel=tol.closed_form)
    assert log_odds.variance == pytest.approx(values["vi"], rel=tol.closed_form)


def test_worked_example_of_borenstein() -> None:
    """Borenstein et al. (2009), chapter 7: r = .50 with variance .0058, and on from there."""
    d = al.meta.r_to_d(0.50, variance=0.0058)
    assert (round(d.value, 4), round(d.variance, 4)) == (1.1547, 0.0550)
    log_odds = al.meta.d_to_log_odds(1.1547, variance=0.0550)
    assert (round(log_odds.value, 4), round(log_odds.variance, 4)) == (2.0944, 0.1809)
    r = al.meta.d_to_r(1.1547, variance=0.0550)
    assert (round(r.value, 4), round(r.variance, 4)) == (0.5000, 0.0058)


inside = st.floats(-0.999, 0.999)
positive = st.floats(1e-4, 10)
sizes = st.integers(2, 10_000)


@given(inside, positive, sizes, sizes)
def test_r_to_d_and_back(r: float, variance: float, n1: int, n2: int) -> None:
    d = al.meta.r_to_d(r, variance=variance, n1=n1, n2=n2)
    back = al.meta.d_to_r(d.value, variance=d.variance, n1=n1, n2=n2)
    assert back == pytest.approx((r, variance), rel=1e-9, abs=1e-12)


@given(inside, positive)
def test_r_to_z_and_back(r: float, variance: float) -> None:
    z = al.meta.r_to_z(r, variance=variance)
    assert al.meta.z_to_r(*z[:1], variance=z.variance) == pytest.approx((r, variance), rel=1e-9)


@given(st.floats(-5, 5), positive)
def test_d_to_log_odds_and_back(d: float, variance: float) -> None:
    log_odds = al.meta.d_to_log_odds(d, variance=variance)
    back = al.meta.log_odds_to_d(log_odds.value, variance=log_odds.variance)
    assert back == pytest.approx((d, variance), rel=1e-12)


@given(inside, st.integers(4, 5000))
def test_t_and_f_of_one_correlation(r: float, n: int) -> None:
    t = r * np.sqrt((n - 2) / (1 - r**2))
    word = "negative" if r < 0 else "positive"
    expected = (r, (1 - r**2) ** 2 / (n - 1))
    assert al.meta.t_to_r(t, df=n - 2) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert al.meta.f_to_r(t**2, df=n - 2, sign=word) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "function",
    [
        al.meta.r_to_d, al.meta.d_to_r, al.meta.r_to_z, al.meta.z_to_r, al.meta.d_to_log_odds,
        al.meta.log_odds_to_d,
    ],
)  # fmt: skip
def test_variances_are_those_of_the_delta_method(function: Callable[..., Any]) -> None:
    x, step = np.array([-0.7, -0.1, 0.2, 0.6]), 1e-6
    slope = (function(x + step).value - function(x - step).value) / (2 * step)
    assert function(x, variance=0.01).variance == pytest.approx(0.01 * slope**2, rel=1e-6)


def test_p_is_one_or_two_sided() -> None:
    two = al.meta.p_to_r(0.04, n=30, sign=-1)
    assert al.meta.p_to_r(0.02, n=30, sign="negative", tails=1) == pytest.approx(two)
    assert two.value < 0
    assert al.meta.p_to_r(1.0, n=30, sign=1).value == pytest.approx(0, abs=1e-12)
    assert al.meta.p_to_r(0.9, n=30, sign=1, tails=1).value < 0


def test_numbers_give_numbers_and_arrays_arrays() -> None:
    assert isinstance(al.meta.r_to_z(0.3, n=30).variance, float)
    converted = al.meta.r_to_z(pd.Series([0.3, np.nan]), n=30)
    assert isinstance(converted.value, np.ndarray)
    assert converted.variance.shape == (2,)
    assert np.isnan(al.meta.r_to_d(0.3).variance)


def test_controls_lessen_the_freedom() -> None:
    assert al.meta.r_to_z(0.3, n=30, controls=2).variance == 1 / 25


@pytest.mark.parametrize("df", [2.0, 5.0, 30.0, 1e3, 1e6, 1e9])
def test_small_sample_correction_also_of_large_samples(df: float) -> None:
    series = 1 - 3 / (4 * df) - 7 / (32 * df**2) - 9 / (128 * df**3)
    exact = float(small_sample(np.array([df]))[0])
    assert exact == pytest.approx(series, abs=0.7 / df**4 + 1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: al.meta.r_to_z(1.0, n=30), "r must be between -1 and 1"),
        (lambda: al.meta.r_to_z(0.3, n=3), "n − k − 3 must be above 0"),
        (lambda: al.meta.r_to_z(0.3, n=30, variance=0.1), "both given"),
        (lambda: al.meta.d_to_r(0.3, n1=30), "only one of n1 and n2"),
        (lambda: al.meta.d_to_r(0.3, variance=-1), "variance must be above 0"),
        (lambda: al.meta.f_to_r(-1, df=3, sign=1), "f must not be below 0"),
        (lambda: al.meta.f_to_r(1, df=3, sign="up"), "sign='up' is no direction"),
        (lambda: al.meta.chi2_to_r(40, n=30, sign=1), "chi2 must be below n"),
        (lambda: al.meta.p_to_r([0.2, 0.0], n=30, sign=1), r"1 value is not \(0\)"),
        (lambda: al.meta.p_to_r(0.2, n=30, sign=1, tails=3), "tails=3"),
        (lambda: al.meta.t_to_r(2, df=0), "df must be above 0"),
    ],
)
def test_refusals(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        call()
