"""Assink & Wibbelink (2016), Quant. Methods Psychol. 12(3), pp. 154-174: recidivism, three levels.

100 standardised differences in 17 studies (`dat.assink2016` of metadat). Mean and variances as a
published report quotes metafor's output of the tutorial's model; year and kind of delinquency as
in the output on clubSandwich's help page of vcovCR for rma.mv. The paper itself was not seen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from tests.conftest import REFERENCE

DIGITS_4 = 5e-5


@pytest.fixture(scope="module")
def effects() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "meta_multilevel" / "assink2016.csv")


def fit(effects: pd.DataFrame, mods: str | None = None) -> al.meta.MultilevelMetaResult:
    return al.fit_meta_multilevel(effects, random="study/esid", rho=0, mods=mods)


def test_overall(effects: pd.DataFrame) -> None:
    """0.4268 (0.1184), variances 0.1879 between and 0.1120 within studies."""
    result = fit(effects)
    row = result.tidy(test="t").iloc[0]
    assert [row["estimate"], row["se"]] == pytest.approx([0.4268, 0.1184], abs=DIGITS_4)
    assert row["df"] == 99
    assert result.tau2["tau2"].tolist() == pytest.approx([0.1879, 0.1120], abs=DIGITS_4)


def test_shares_of_variance(effects: pd.DataFrame) -> None:
    """Of the three levels, by the formulas of the tutorial (Cheung, 2014, equation 14)."""
    result = fit(effects)
    w = 1 / effects["vi"]
    typical = (len(w) - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    parts = np.array([*result.tau2["tau2"], typical])
    found = result.heterogeneity()["i2"].iloc[:3]
    assert found.tolist() == pytest.approx((parts / parts.sum()).tolist(), rel=1e-6)


def test_moderators(effects: pd.DataFrame) -> None:
    result = fit(effects, "year + deltype")
    assert result.tau2["tau2"].tolist() == pytest.approx([0.1493, 0.0853], abs=DIGITS_4)
    assert result.glance()["q"].item() == pytest.approx(610.2644, abs=DIGITS_4)
    table = result.tidy(test="z").set_index("term")
    order = ["(Intercept)", "year", "deltype[general]", "deltype[overt]"]
    found = table.loc[order, ["estimate", "se", "statistic"]]
    expected = [
        [-0.2438, 0.2101, -1.1605], [-0.0380, 0.0183, -2.0773], [0.7094, 0.1914, 3.7069],
        [0.5054, 0.2099, 2.4078],
    ]  # fmt: skip
    assert found.to_numpy() == pytest.approx(np.array(expected), abs=DIGITS_4)
    robust = result.tidy().set_index("term").loc["year"]
    assert robust["se"] == pytest.approx(0.0276, abs=DIGITS_4)
    assert robust["df"] == pytest.approx(7.22, abs=5e-3)
    assert robust["p_value"] == pytest.approx(0.20977, abs=5e-6)


def test_a_kind_that_one_study_has(effects: pd.DataFrame) -> None:
    """clubSandwich prints SE 0.0656 of general against covert delinquency; here there is none.

    All covert effects are of one study, whose residuals say nothing of how they vary.
    """
    assert effects.loc[effects["deltype"] == "covert", "study"].nunique() == 1
    table = fit(effects, "year + deltype").tidy().set_index("term")
    assert np.isnan(table.loc["deltype[general]", "se"])
