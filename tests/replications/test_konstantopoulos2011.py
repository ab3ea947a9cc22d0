"""Konstantopoulos (2011), Res. Synth. Methods 2(1): school calendars; Tables 4 and 5, pages 70, 71.

56 schools in 11 districts (`dat.konstantopoulos2011` of metadat). The paper prints three decimals;
the fourth ones are those of metafor's page on the paper.
"""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al
from tests.conftest import REFERENCE

DIGITS_3, DIGITS_4 = 5e-4, 5e-5


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "meta_multilevel" / "konstantopoulos2011.csv")
    return frame.assign(since=frame["year"] - frame["year"].mean())


def test_two_levels(schools: pd.DataFrame) -> None:
    """Table 4. With the year the paper has SE 0.043 and τ² 0.088 (0.0440 and 0.0889)."""
    plain = al.fit_meta(schools, test="z").glance().iloc[0]
    mean = al.fit_meta(schools, test="z").tidy().iloc[0]
    assert [mean["estimate"], mean["se"]] == pytest.approx([0.128, 0.044], abs=DIGITS_3)
    assert [plain["tau2"], plain["se_tau2"]] == pytest.approx([0.088, 0.020], abs=DIGITS_3)
    year = al.fit_meta(schools, test="z", mods="since")
    assert year.tidy()["estimate"].tolist() == pytest.approx([0.126, 0.005], abs=DIGITS_3)
    assert year.tidy()["se"].tolist() == pytest.approx([0.043, 0.004], abs=2 * DIGITS_3)
    assert year.tau2 == pytest.approx(0.088, abs=2 * DIGITS_3)


def fit(schools: pd.DataFrame, **options: str) -> al.meta.MultilevelMetaResult:
    return al.fit_meta_multilevel(schools, random="district/study", rho=0, **options)  # type: ignore[arg-type]


def test_three_levels(schools: pd.DataFrame) -> None:
    """Table 5, maximum likelihood: 0.184 (0.080), variances 0.058 and 0.033."""
    result = fit(schools, method="ML")
    mean = result.tidy(test="z").iloc[0]
    assert [mean["estimate"], mean["se"]] == pytest.approx([0.1845, 0.0805], abs=DIGITS_4)
    assert result.tau2["tau2"].tolist() == pytest.approx([0.058, 0.033], abs=DIGITS_3)


def test_three_levels_with_year(schools: pd.DataFrame) -> None:
    """Table 5. Its intercept, 0.183, is a misprint of 0.178 if the year is centred."""
    result = fit(schools, method="ML", mods="since")
    table = result.tidy(test="z")
    assert table["estimate"].tolist() == pytest.approx([0.1780, 0.0051], abs=DIGITS_4)
    assert table["se"].tolist() == pytest.approx([0.0805, 0.0085], abs=DIGITS_4)
    assert result.tau2["tau2"].tolist() == pytest.approx([0.0565, 0.0329], abs=DIGITS_4)


def test_by_restricted_likelihood(schools: pd.DataFrame) -> None:
    """metafor's web page on the paper: variances with profile intervals, and their correlation."""
    result = fit(schools)
    mean = result.tidy(test="z").iloc[0]
    assert [mean["estimate"], mean["se"]] == pytest.approx([0.1847, 0.0846], abs=DIGITS_4)
    variances = result.tau2["tau2"]
    assert variances.tolist() == pytest.approx([0.0651, 0.0327], abs=DIGITS_4)
    assert variances[0] / variances.sum() == pytest.approx(0.6653, abs=DIGITS_4)
    assert result.glance()["loglik"].item() == pytest.approx(-7.9587, abs=DIGITS_4)
    ends = result.confint().set_index(["unit", "quantity"])[["ci_low", "ci_high"]]
    assert ends.loc[("district", "tau2")].tolist() == pytest.approx([0.0222, 0.2072], abs=1e-4)
    assert ends.loc[("district/study", "tau2")].tolist() == pytest.approx(
        [0.0163, 0.0628], abs=1e-4
    )
