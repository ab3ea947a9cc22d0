"""Predictions, what is read of them, best predictions of studies, R code."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import DataError, UnsupportedError

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "meta_univariate"


@pytest.fixture
def molloy() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "molloy.csv")


def test_mean_and_mean_over_studies(molloy: pd.DataFrame) -> None:
    result = al.fit_meta(molloy, measure="ZCOR")
    table = result.back_transformed()
    assert table["quantity"].tolist() == ["at the mean", "mean over studies"]
    assert table["estimate"].iloc[0] == np.tanh(result.beta[0])
    draws = np.tanh(
        result.beta[0] + np.sqrt(result.tau2) * np.random.default_rng(1).normal(size=10**6)
    )
    assert table["estimate"].iloc[1] == pytest.approx(draws.mean(), abs=4 * draws.std() / 1e3)
    predicted = result.predict().iloc[0]
    assert table["pi_high"].iloc[0] == np.tanh(predicted["pi_high"])
    assert np.isnan(table["pi_high"].iloc[1])


def test_values_of_moderators(molloy: pd.DataFrame) -> None:
    result = al.fit_meta(molloy, measure="ZCOR", mods="meanage * design")
    new = pd.DataFrame({"meanage": [30.0, 60.0], "design": ["prospective", "cross-sectional"]})
    table = result.predict(new)
    x = np.array([[1, 30, 1, 30], [1, 60, 0, 0]])
    np.testing.assert_allclose(table["estimate"], x @ result.beta)
    np.testing.assert_allclose(table["se"] ** 2, np.diag(x @ result.covariance @ x.T))
    assert len(result.back_transformed(new)) == 4
    assert len(result.predict()) == 16
    with pytest.raises(DataError, match="did not occur"):
        result.predict(new.assign(design="other"))
    with pytest.raises(UnsupportedError, match=r"result\.predict\(new\)"):
        result.prediction_interval()


def test_prediction_intervals_and_their_degrees_of_freedom(molloy: pd.DataFrame) -> None:
    result = al.fit_meta(molloy, measure="ZCOR")
    row = result.prediction_interval().iloc[0]
    riley = result.prediction_interval(df="riley").iloc[0]
    normal = result.prediction_interval(df="normal").iloc[0]
    wide = [r["pi_high"] - r["pi_low"] for r in (normal, row, riley)]
    assert wide == sorted(wide)
    spread = np.sqrt(row["se"] ** 2 + result.tau2)
    assert (wide[0] / 2) == pytest.approx(1.959963984540054 * spread)
    assert (wide[1] / 2) == pytest.approx(2.131449545559323 * spread)  # t, 15 df
    assert (wide[2] / 2) == pytest.approx(2.144786687916926 * spread)  # t, 14 df


def test_effects_of_no_measure_are_not_transformed(molloy: pd.DataFrame) -> None:
    with pytest.raises(UnsupportedError, match="Give measure='ZCOR'"):
        al.fit_meta(molloy).back_transformed()
    odds = al.fit_meta(molloy, measure="OR").back_transformed()
    assert odds["quantity"].tolist() == ["at the mean"]
    assert odds["estimate"].iloc[0] == pytest.approx(np.exp(al.fit_meta(molloy).beta[0]))


def test_best_predictions_lie_between_study_and_model(molloy: pd.DataFrame) -> None:
    result = al.fit_meta(molloy)
    table = result.blup()
    low = np.minimum(molloy["yi"], result.beta[0])
    high = np.maximum(molloy["yi"], result.beta[0])
    assert np.all((table["estimate"] >= low) & (table["estimate"] <= high))
    assert table["study"].tolist() == molloy["study"].tolist()


def test_residuals_have_the_variance_of_dense_matrices(molloy: pd.DataFrame) -> None:
    result = al.fit_meta(molloy, mods="meanage")
    x, v = result.studies.x, np.diag(molloy["vi"] + result.tau2)
    w = np.linalg.inv(v)
    left = np.eye(16) - x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w
    table = result.residuals()
    np.testing.assert_allclose(table["se"] ** 2, np.diag(left @ v @ left.T))
    np.testing.assert_allclose(table["standardised"], table["residual"] / table["se"])


def test_moderator_tests_need_moderators(molloy: pd.DataFrame) -> None:
    with pytest.raises(UnsupportedError, match="no moderators to test"):
        al.fit_meta(molloy).moderator_test()
    table = al.fit_meta(molloy, mods="meanage * design", test="z").moderator_test()
    assert table["term"].tolist() == ["meanage", "design", "meanage:design", "all moderators"]
    assert np.isinf(table["df_residual"]).all()


def test_r_runs_the_code_that_to_r_writes(molloy: pd.DataFrame, tol: SimpleNamespace) -> None:
    values = json.loads((FOLDER / "lines.json").read_text(encoding="utf-8"))
    for name, mods in (("mean", None), ("moderators", "meanage * C(quality, '2') + design")):
        result = al.fit_meta(molloy, mods=mods, measure="ZCOR")
        assert result.to_r() == (FOLDER / f"{name}.R").read_text(encoding="utf-8").rstrip("\n")
        np.testing.assert_allclose(
            result.beta, np.ravel(values[name]["beta"]), rtol=tol.meta_pooled
        )
        np.testing.assert_allclose(result.se, np.ravel(values[name]["se"]), rtol=tol.meta_pooled)
        assert result.tau2 == pytest.approx(values[name]["tau2"], rel=tol.meta_tau2)


def test_a_column_name_cannot_become_r_code(molloy: pd.DataFrame) -> None:
    named = molloy.rename(columns={"meanage": "age); system('x'"})
    code = al.fit_meta(named, mods=["age); system('x'"]).to_r()
    assert "`age); system('x'` = c(" in code
    assert "~ 1 + `age); system('x'`" in code
    text = al.fit_meta(molloy.assign(study='a") ; q(' + molloy["study"])).to_r()
    assert '"a\\") ; q(' in text
    with pytest.raises(UnsupportedError, match="names that the R code needs itself: vi"):
        al.fit_meta(molloy.rename(columns={"vi": "v", "meanage": "vi"}), vi="v", mods="vi").to_r()
