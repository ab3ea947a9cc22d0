"""Explained variance: lme4 row by row, a naive oracle, invariances, recovery, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats._base.views import TIDY_COLUMNS, HasView
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FOLDER = Path(__file__).resolve().parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "explained" / "explained.json").read_text(encoding="utf-8"))
TWO = "y ~ xw + xb + (1 + xw | patient)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / "prediction" / "fitted.csv")
    patient = frame.groupby("patient")["x"].transform("mean")
    therapist = frame.groupby("therapist")["x"].transform("mean")
    return frame.assign(xw=frame["x"] - patient, xb=patient, xp=patient - therapist, xt=therapist)


@pytest.fixture(scope="module", params=sorted(REFERENCE["cases"]))
def case(request: pytest.FixtureRequest, rows: pd.DataFrame) -> tuple[MixedModelResult, Any]:
    values = REFERENCE["cases"][request.param]
    extra = {"weights": "w"} if values["weighted"] else {}
    return fit_quietly(values["formula"], rows, **extra), values


def estimates(fit: MixedModelResult, column: str = "term") -> dict[tuple[str, str], float]:
    table = fit.r2().tidy()
    return {
        (unit, name): value
        for unit, name, value in zip(table["unit"], table[column], table["estimate"], strict=True)
    }


# ---------------------------------------------------------------- lme4


def test_marginal_and_conditional_equal_lme4(case: Any, tol: SimpleNamespace) -> None:
    fit, values = case
    found = fit.r2()
    assert found.marginal == pytest.approx(values["marginal"], rel=2 * tol.variance)
    assert found.conditional == pytest.approx(values["conditional"], rel=2 * tol.variance)


def test_components_equal_lme4(case: Any, tol: SimpleNamespace) -> None:
    fit, values = case
    parts, least = fit.r2().parts, 1e-2 * values["residual"]
    np.testing.assert_allclose(parts.fixed, values["fixed"], rtol=2 * tol.variance, atol=1e-9)
    for at, name in enumerate(values["levels"]):
        expected, own = np.array(values["slopes"][name]), at + 1
        if len(expected) > own:  # beyond its own groups a factor's part counts as theirs
            expected = np.concatenate([expected[:own], [expected[own:].sum()]])
        found = parts.slopes[at][: len(expected)]
        assert (np.abs(found - expected) <= tol.variance * np.maximum(expected, least)).all()
        assert parts.means[at] == pytest.approx(
            values["means"][name], rel=tol.variance, abs=tol.variance * least
        )
    assert parts.residual == pytest.approx(values["residual"], rel=tol.variance)


def test_the_twelve_measures_of_rights_and_sterba(rows: pd.DataFrame, tol: SimpleNamespace) -> None:
    fit = fit_quietly(REFERENCE["cases"]["centred"]["formula"], rows)
    found = {symbol: value for (_, symbol), value in estimates(fit, "symbol").items() if symbol}
    assert set(found) == set(REFERENCE["twelve"])
    assert len(found) == 12
    assert len(fit.r2().tidy()) == 14  # with marginal and conditional, and nothing else
    for symbol, value in REFERENCE["twelve"].items():
        assert found[symbol] == pytest.approx(value, rel=2 * tol.variance), symbol
    assert fit.r2().messages == ()


# ---------------------------------------------------------------- identities


def test_measures_add_up(case: Any) -> None:
    fit, _ = case
    found = fit.r2()
    shares = found.components["share"]
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    if len(found.units) == 1:
        assert found.columns["rows"].eq(1.0).all()
        return
    assert found.columns[list(found.units)].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-5)
    for unit in found.units:
        table = found.tidy()[lambda t, unit=unit: t["unit"] == unit].set_index("term")["estimate"]
        if unit == found.units[0]:
            parts = [term for term in table.index if "+" not in term]
            assert table["fixed + slopes"] == pytest.approx(table[parts].sum())
        else:
            assert table.sum() == pytest.approx(1.0)


def test_the_model_implied_variance_is_that_of_simulated_responses(rows: pd.DataFrame) -> None:
    """Within and between variances of responses drawn from the fit, computed row by row."""
    fit = fit_quietly("y ~ x + arm + (1 + x | patient)", rows)
    drawn = fit.simulate(rows, n=600, rng=5).to_numpy()
    group = rows["patient"].to_numpy()
    means = pd.DataFrame(drawn).groupby(group).transform("mean").to_numpy()
    within = ((drawn - means) ** 2).sum(axis=0) / (len(rows) - 1)
    parts = fit.r2().parts
    fixed = fit.predict(rows, kind="marginal")["prediction"].to_numpy()
    fixed_within = fixed - pd.Series(fixed).groupby(group).transform("mean").to_numpy()
    assert parts.fixed[0] == pytest.approx((fixed_within**2).sum() / (len(rows) - 1), rel=1e-8)
    # the group means take one residual of every group with them
    kept = (len(rows) - len(set(group))) / (len(rows) - 1)
    implied = parts.fixed[0] + parts.slopes[0, 0] + parts.residual * kept
    error = within.std() / np.sqrt(len(within))
    assert abs(within.mean() - implied) < 4 * error


def test_recovery_of_known_shares(rng: np.random.Generator) -> None:
    """1,500 patients with 8 sessions: within 1 : 1 : 2, between 4 : 5 (fixed : slopes : rest)."""
    n, t = 1500, 8
    patient = np.repeat(np.arange(n), t)
    x = rng.standard_normal((n, t))
    x = ((x - x.mean(axis=1, keepdims=True)) * np.sqrt(t / (t - 1))).ravel()
    b = rng.standard_normal(n)[patient]
    effects = np.sqrt(5.0) * rng.standard_normal(n)[patient], rng.standard_normal(n)[patient]
    y = x + 2.0 * b + effects[0] + effects[1] * x + np.sqrt(2.0) * rng.standard_normal(n * t)
    frame = pd.DataFrame({"y": y, "xw": x, "xb": b, "patient": patient})
    found = {s: v for (_, s), v in estimates(fit_quietly(TWO, frame), "symbol").items() if s}
    assert found["R²w(f1)"] == pytest.approx(1 / 4, abs=0.03)
    assert found["R²w(v)"] == pytest.approx(1 / 4, abs=0.03)
    assert found["R²b(f2)"] == pytest.approx(4 / 9, abs=0.04)
    assert found["R²t(m)"] == pytest.approx(5 / 13, abs=0.04)


# ---------------------------------------------------------------- invariances


def test_units_and_order_do_not_matter(rows: pd.DataFrame) -> None:
    first = fit_quietly(TWO, rows).r2().tidy()["estimate"].to_numpy()
    moved = rows.sample(frac=1.0, random_state=1)
    moved = moved.assign(
        xw=1e4 * moved["xw"], xb=3.0 - 1e-3 * moved["xb"], y=7.0 - 100 * moved["y"]
    )
    second = fit_quietly(TWO, moved).r2().tidy()["estimate"].to_numpy()
    np.testing.assert_allclose(second, first, rtol=1e-5)


def test_a_common_factor_of_weights_does_not_matter(rows: pd.DataFrame) -> None:
    formula = "y ~ x + (1 + x | patient)"
    one = fit_quietly(formula, rows, weights="w").r2()
    ten = fit_quietly(formula, rows.assign(w=10.0 * rows["w"]), weights="w").r2()
    assert ten.conditional == pytest.approx(one.conditional, rel=1e-8)
    plain = fit_quietly(formula, rows).r2()
    assert abs(one.conditional - plain.conditional) > 1e-3


def test_without_random_slopes_or_predictors(rows: pd.DataFrame) -> None:
    found = fit_quietly("y ~ 1 + (1 | patient)", rows).r2()
    assert found.marginal == pytest.approx(0.0, abs=1e-12)
    shares = fit_quietly("y ~ 1 + (1 | patient)", rows).variance_shares().table
    assert found.conditional == pytest.approx(shares["share"].iloc[0], rel=1e-10)


# ---------------------------------------------------------------- which columns are what


def test_columns_are_found_to_be_within_or_between(rows: pd.DataFrame) -> None:
    found = fit_quietly("y ~ xw + xp + xt + x + (1 | patient) + (1 | therapist)", rows)
    assert found.criterion.design.redundant == ("x",)
    found = fit_quietly("y ~ xw + xp + xt + (1 | patient) + (1 | therapist)", rows)
    table = found.r2(mixed_columns="raise").columns.set_index("column")
    assert table.loc["xw"].tolist() == [1.0, 0.0, 0.0]
    assert table.loc["xp"].tolist() == [0.0, 1.0, 0.0]
    assert table.loc["xt"].tolist() == pytest.approx([0.0, 0.0, 1.0], abs=1e-12)


def test_a_column_with_both_parts_is_split_and_said_or_refused(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + arm + (1 | patient)", rows)
    (message,) = fit.r2().messages
    x = rows["x"] - rows["x"].mean()
    share = rows["xw"].pow(2).sum() / x.pow(2).sum()
    assert f"'x' ({share:.0%} within patient, {1 - share:.0%} between patients) varies" in message
    assert "'arm" not in message
    with pytest.raises(DataError, match="varies in more than one unit. Centre it"):
        fit.r2(mixed_columns="raise")


def test_crossed_factors_are_not_split(rows: pd.DataFrame) -> None:
    found = fit_quietly("y ~ x + (1 | patient) + (1 | rater)", rows).r2(mixed_columns="raise")
    assert found.units == ("rows",)
    assert "are crossed" in found.messages[-1]
    assert set(found.tidy()["unit"]) == {"total"}


def test_no_intercept_no_means(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ 0 + x + (0 + x | patient)", rows)
    with pytest.raises(UnsupportedError, match="no intercept"):
        fit.r2()
    random = fit_quietly("y ~ 0 + x + (1 | patient)", rows)
    fixed = random.predict(rows, kind="marginal")["prediction"]
    assert random.r2().parts.fixed.sum() == pytest.approx(fixed.var(), rel=1e-8)


def test_an_unknown_way_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="mixed_columns='drop' is not known"):
        fit_quietly(TWO, rows).r2(mixed_columns="drop")  # type: ignore[arg-type]


# ---------------------------------------------------------------- what is shown


def test_what_is_shown(rows: pd.DataFrame) -> None:
    found = fit_quietly(TWO, rows).r2()
    assert isinstance(found, HasView)
    table = found.tidy()
    assert table.columns.tolist() == ["unit", *TIDY_COLUMNS, "bias", "symbol"]
    assert table[list(TIDY_COLUMNS[2:])].isna().all(axis=None)
    assert found.view().fit["marginal"].item() == found.marginal
    printed = found.view().tables["Explained variance"]
    assert printed["share"].iloc[1] == found.conditional
    assert "R²w(f1)" in repr(found)
    assert "R²w(f1)" in found._repr_html_()
