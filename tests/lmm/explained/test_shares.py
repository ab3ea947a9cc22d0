"""Shares of variance: lme4's components, the null model from the cross-products, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats._base.views import TIDY_COLUMNS, HasView
from alliance_stats.lmm.fit import fit_quietly

FOLDER = Path(__file__).resolve().parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "explained" / "explained.json").read_text(encoding="utf-8"))
NESTED = "y ~ x + arm + (1 + x | patient) + (1 | therapist)"
CROSSED = "y ~ x + (1 + x | patient) + (1 | rater)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "prediction" / "fitted.csv")


@pytest.mark.parametrize("name", sorted(REFERENCE["cases"]))
def test_shares_equal_lme4(name: str, rows: pd.DataFrame, tol: SimpleNamespace) -> None:
    patient = rows.groupby("patient")["x"].transform("mean")
    therapist = rows.groupby("therapist")["x"].transform("mean")
    frame = rows.assign(xw=rows["x"] - patient, xb=patient, xp=patient - therapist, xt=therapist)
    values = REFERENCE["cases"][name]
    extra = {"weights": "w"} if values["weighted"] else {}
    table = fit_quietly(values["formula"], frame, **extra).variance_shares().table
    variances = np.array([values["means"][u] for u in values["levels"]] + [values["residual"]])
    assert table["unit"].tolist() == [*values["levels"], "residual"]
    bound = tol.variance * np.maximum(variances, 1e-2 * values["residual"])
    assert (np.abs(table["variance"] - variances) <= bound).all()
    shares = variances / variances.sum()
    np.testing.assert_allclose(table["share"], shares, atol=2 * tol.variance)
    icc = shares[:-1] if name == "crossed" else np.cumsum(shares[:-1][::-1])[::-1]
    np.testing.assert_allclose(table["icc"].iloc[:-1], icc, atol=2 * tol.variance)
    assert np.isnan(table["icc"].iloc[-1])


@pytest.mark.parametrize("name", sorted(REFERENCE["null"]))
def test_the_null_model_equals_lme4(name: str, rows: pd.DataFrame, tol: SimpleNamespace) -> None:
    values, null = REFERENCE["cases"][name], REFERENCE["null"][name]
    extra = {"weights": "w"} if values["weighted"] else {}
    found = fit_quietly(values["formula"], rows, **extra).variance_shares(before="null").table
    for unit, value in zip(found["unit"], found["variance_before"], strict=True):
        assert value == pytest.approx(
            null[unit], rel=tol.variance, abs=tol.variance * 1e-2 * null["residual"]
        )


@pytest.mark.parametrize("formula", [NESTED, CROSSED, "y ~ x + (1 | patient) + (0 + x | patient)"])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("extra", [{}, {"weights": "w"}, {"offset": "o"}], ids=str)
def test_the_null_model_is_that_of_the_rows(
    formula: str, reml: bool, extra: dict[str, str], rows: pd.DataFrame
) -> None:
    fit = fit_quietly(formula, rows, reml=reml, **extra)
    units = [level.name for level in fit.criterion.design.levels]
    null = fit_quietly(
        "y ~ 1 + " + " + ".join(f"(1 | {unit})" for unit in units), rows, reml=reml, **extra
    )
    inside = fit.variance_shares(before="null").table
    given = fit.variance_shares(before=null).table
    pd.testing.assert_frame_equal(inside, given, rtol=1e-5)


def test_the_null_model_with_sparse_elimination(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(900), 4)
    therapist = np.where(rng.random(3600) < 0.03, rng.integers(0, 250, 3600), patient // 4)
    x = rng.standard_normal(3600)
    y = x + rng.standard_normal(900)[patient] + rng.standard_normal(250)[therapist]
    frame = pd.DataFrame({"x": x, "patient": patient, "therapist": therapist})
    frame["y"] = y + rng.standard_normal(3600)
    fit = fit_quietly("y ~ x + (1 + x | patient) + (1 | therapist)", frame)
    assert type(fit.criterion.design.products).__name__ == "SparseProducts"
    null = fit_quietly("y ~ 1 + (1 | patient) + (1 | therapist)", frame)
    inside = fit.variance_shares(before="null").table
    pd.testing.assert_frame_equal(inside, fit.variance_shares(before=null).table, rtol=1e-5)


def test_a_large_mean_of_the_response_costs_no_digits(rows: pd.DataFrame) -> None:
    one = fit_quietly(NESTED, rows).variance_shares(before="null").table
    far = fit_quietly(NESTED, rows.assign(y=rows["y"] + 1e6)).variance_shares(before="null").table
    pd.testing.assert_frame_equal(one, far, rtol=1e-5)


def test_what_is_explained(rows: pd.DataFrame) -> None:
    """A predictor within patients lowers the residual, and patients' variance may rise."""
    found = fit_quietly("y ~ x + (1 | patient)", rows).variance_shares(before="null")
    table = found.table.set_index("unit")
    ratio = table["variance"] / table["variance_before"]
    np.testing.assert_allclose(table["explained"], 1.0 - ratio)
    assert table.loc["residual", "explained"] > 0.1
    assert found.messages[0] == "Before: y ~ 1 + (1 | patient)."


def test_a_variance_that_rises_is_said(rng: np.random.Generator) -> None:
    """x varies within patients only; patients' true variance is small."""
    patient = np.repeat(np.arange(80), 6)
    x = rng.standard_normal((80, 6))
    x = 2.0 * (x - x.mean(axis=1, keepdims=True)).ravel()
    y = x + 0.9 * rng.standard_normal(80)[patient] + rng.standard_normal(480)
    frame = pd.DataFrame({"x": x, "y": y, "patient": patient})
    found = fit_quietly("y ~ x + (1 | patient)", frame).variance_shares(before="null")
    assert found.table["explained"].iloc[0] < 0
    assert any("variance of patient is larger" in m for m in found.messages)


def test_slopes_are_evaluated_at_the_means(rows: pd.DataFrame) -> None:
    fit = fit_quietly(NESTED, rows)
    found = fit.variance_shares()
    mean = np.array([1.0, rows["x"].mean()])
    expected = mean @ fit.covariances["patient"].to_numpy() @ mean
    assert found.table["variance"].iloc[0] == pytest.approx(expected, rel=1e-8)
    assert "at the means of the predictors" in found.messages[0]
    far = fit_quietly(NESTED, rows.assign(x=rows["x"] + 50.0)).variance_shares()
    np.testing.assert_allclose(far.table["variance"], found.table["variance"], rtol=1e-5)


def test_refusals(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + (1 | patient)", rows)
    with pytest.raises(ArgumentError, match="before is a str"):
        fit.variance_shares(before="empty")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="differ in their response"):
        fit.variance_shares(before=fit_quietly("o ~ 1 + (1 | patient)", rows))
    with pytest.raises(DataError, match="differ in their number of rows used: 637 here, 600"):
        fit.variance_shares(before=fit_quietly("y ~ 1 + (1 | patient)", rows.iloc[:600]))
    with pytest.raises(DataError, match="grouping factors: patient here, therapist before"):
        fit.variance_shares(before=fit_quietly("y ~ 1 + (1 | therapist)", rows))
    gap, other = rows.copy(), rows.copy()
    gap.loc[3, "x"] = other.loc[4, "y"] = np.nan
    with pytest.raises(DataError, match="use different rows"):
        fit_quietly("y ~ x + (1 | patient)", gap).variance_shares(
            before=fit_quietly("y ~ 1 + (1 | patient)", other)
        )
    with pytest.raises(UnsupportedError, match="no fixed intercept"):
        fit_quietly("y ~ 0 + x + (1 | patient)", rows).variance_shares(before="null")
    crossed = fit_quietly("y ~ x + (1 | patient) + (0 + x | rater)", rows)
    with pytest.raises(UnsupportedError, match="'rater' has no random intercept"):
        crossed.variance_shares(before="null")


def test_what_is_shown(rows: pd.DataFrame) -> None:
    found = fit_quietly("y ~ x + (1 | patient)", rows).variance_shares(before="null")
    assert isinstance(found, HasView)
    table = found.tidy()
    assert table.columns.tolist() == ["unit", *TIDY_COLUMNS, "bias"]
    share = table[(table["unit"] == "patient") & (table["term"] == "share")]["estimate"].item()
    assert share == found.table["share"].iloc[0]
    assert found.view().fit["n_obs"].item() == 637
    assert "explained" in repr(found)
    assert "residual" in found._repr_html_()


def test_the_bootstrap_of_a_smaller_fit(rows: pd.DataFrame) -> None:
    """Of the model without predictors it is the bootstrap of the null model, draw by draw."""
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", rows)
    null = fit_quietly("y ~ 1 + (1 | patient) + (1 | therapist)", rows)
    by_name = fit.variance_shares(before="null", bootstrap=12, rng=1)
    by_fit = fit.variance_shares(before=null, bootstrap=12, rng=1)
    assert by_name.bootstrap is not None and by_fit.bootstrap is not None
    np.testing.assert_allclose(
        by_fit.bootstrap.draws, by_name.bootstrap.draws, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    "formula",
    ["y ~ o + (1 | patient)", "y ~ 1 + (1 + x | patient)"],
    ids=["another predictor", "slopes"],
)
def test_the_bootstrap_of_another_fit_is_refused(rows: pd.DataFrame, formula: str) -> None:
    fit = fit_quietly("y ~ x + (1 | patient)", rows)
    other = fit_quietly(formula, rows)
    with pytest.raises(UnsupportedError, match="no fixed effect that this model lacks"):
        fit.variance_shares(before=other, bootstrap=12, rng=1)
