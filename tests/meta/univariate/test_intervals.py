"""Intervals of τ² against their definition; profile of the likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import chdtri

import alliance_stats as al
from alliance_stats import ArgumentError, UnsupportedError


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    vi = rng.uniform(0.01, 0.1, 12)
    return pd.DataFrame({"yi": rng.normal(size=12) * np.sqrt(vi + 0.05), "vi": vi})


def q_of(frame: pd.DataFrame, tau2: float) -> float:
    w = 1 / (frame["vi"] + tau2)
    return float(w @ (frame["yi"] - w @ frame["yi"] / w.sum()) ** 2)


@pytest.mark.parametrize("conf_level", [0.5, 0.95, 0.99])
def test_q_profile_ends_are_roots(frame: pd.DataFrame, conf_level: float) -> None:
    row = al.fit_meta(frame).confint(conf_level=conf_level).iloc[0]
    alpha = (1 - conf_level) / 2
    for name, tail in (("ci_low", alpha), ("ci_high", 1 - alpha)):
        target = float(chdtri(11, tail))
        if q_of(frame, 0.0) <= target:
            assert row[name] == 0.0
        else:
            root = brentq(lambda t, goal=target: q_of(frame, t) - goal, 0, 100, xtol=1e-15)
            assert row[name] == pytest.approx(root, rel=1e-8)


def test_rows_follow_from_those_of_tau2(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame)
    table = result.confint().set_index("parameter")
    low, high = table.loc["tau2", ["ci_low", "ci_high"]]
    assert table.loc["tau", "ci_high"] == pytest.approx(np.sqrt(high))
    assert table.loc["i2", "ci_high"] == pytest.approx(1 - 1 / table.loc["h2", "ci_high"])
    assert table.loc["i2", "ci_low"] <= result.i2 <= table.loc["i2", "ci_high"]
    assert low <= result.tau2 <= high
    shown = result.heterogeneity().set_index("parameter")
    assert shown.loc["tau2", "ci_high"] == high
    assert shown.loc["q", "df"] == 11
    assert shown.loc["tau2", "se"] == result.se_tau2


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_likelihood_at_the_ends(frame: pd.DataFrame, method: str) -> None:
    result = al.fit_meta(frame, method=method)  # type: ignore[arg-type]
    found = result.profile(n=38)
    table = found.frame
    assert table["relative"].max() == pytest.approx(0.0, abs=1e-12)
    assert table.loc[table["relative"].idxmax(), "tau2"] == result.tau2
    inside = table["relative"] >= found.cut
    assert np.all(inside == ((table["tau2"] >= found.ci_low) & (table["tau2"] <= found.ci_high)))
    assert found.view().plot is table
    assert (found.view().kind, len(found.glance())) == ("meta_profile", 1)
    assert "Profile likelihood" in repr(found) and "<table>" in found._repr_html_()
    row = result.confint(method="profile").iloc[0]
    assert (row["ci_low"], row["ci_high"]) == (found.ci_low, found.ci_high)


def test_an_interval_may_be_empty() -> None:
    alike = pd.DataFrame({"yi": [0.2, 0.201, 0.199, 0.2], "vi": [0.1] * 4})
    table = al.fit_meta(alike).confint()
    assert table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert al.fit_meta(alike).confint(method="profile")["ci_low"].tolist() == [0, 0, 0, 1]


def test_what_has_no_interval(frame: pd.DataFrame) -> None:
    with pytest.raises(UnsupportedError, match="this fit is by DL"):
        al.fit_meta(frame, method="DL").confint(method="profile")
    with pytest.raises(UnsupportedError, match="takes τ² as 0"):
        al.fit_meta(frame, method="EE").confint()
    assert al.fit_meta(frame, method="EE").heterogeneity()["parameter"].tolist() == [
        "q",
        "i2",
        "h2",
    ]
    with pytest.raises(ArgumentError, match="method='wald'"):
        al.fit_meta(frame).confint(method="wald")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="n=2 is no number of points"):
        al.fit_meta(frame).profile(n=2)
