"""compare_models against R's anova, the mixtures by hand, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly

FOLDER = Path(__file__).resolve().parents[2] / "reference"
REFERENCES = json.loads((FOLDER / "comparison" / "tests.json").read_text(encoding="utf-8"))
CASES: dict[str, Any] = REFERENCES["cases"]

MIXTURES = {
    "variance": (0, "½χ²(0) + ½χ²(1)"),
    "slope": (1, "½χ²(1) + ½χ²(2)"),
    "slope_ml": (1, "½χ²(1) + ½χ²(2)"),
    "second_slope": (2, "½χ²(2) + ½χ²(3)"),
    "uncorrelated_slope": (0, "½χ²(0) + ½χ²(1)"),
}


@pytest.fixture(scope="module")
def sessions() -> pd.DataFrame:
    return pd.read_csv(FOLDER / REFERENCES["data"])


@pytest.fixture(scope="module")
def study() -> pd.DataFrame:
    return al.load_example("sessions").frame.dropna(subset=["phq9", "wai_total"])


@pytest.mark.parametrize("name", CASES)
def test_table_is_that_of_anova(name: str, sessions: pd.DataFrame, tol: SimpleNamespace) -> None:
    case = CASES[name]
    fits = [
        fit_quietly(case[which], sessions, reml=case["reml"]) for which in ("larger", "smaller")
    ]
    table = al.compare_models(*fits).table
    assert table["model"].tolist() == [2, 1]  # from the fewest parameters to the most
    assert table["compared_with"].tolist() == [0, 2]
    assert table["n_parameters"].tolist() == case["parameters"]
    for column in ("loglik", "aic", "bic"):
        np.testing.assert_allclose(table[column], case[column], rtol=tol.loglik_relative, atol=4e-6)
    test = table.iloc[1]
    assert test["statistic"] == pytest.approx(case["statistic"], abs=4e-6)
    assert test["df"] == case["df"]
    if name in MIXTURES:
        r, reference = MIXTURES[name]
        s = case["statistic"]
        lower = chi2.sf(s, r) if r else float(s <= 0)
        assert test["p_value"] == pytest.approx((lower + chi2.sf(s, r + 1)) / 2, rel=1e-4)
        assert test["p_value"] < case["p_plain"]
        assert test["reference"] == reference
    else:
        assert test["p_value"] == pytest.approx(case["p_plain"], rel=1e-4)
        assert test["reference"] == f"χ²({case['df']})"


def test_fixed_effects_by_ml_are_what_anova_refits(sessions: pd.DataFrame) -> None:
    case = CASES["fixed"]
    fits = [fit_quietly(case[which], sessions, reml=False) for which in ("smaller", "larger")]
    statistic = al.compare_models(*fits).table["statistic"].iloc[1]
    assert statistic == pytest.approx(REFERENCES["refit_statistic"], abs=4e-6)


def test_bic_of_groups_counts_the_factor_with_most_groups(sessions: pd.DataFrame) -> None:
    case = CASES["variance"]
    fits = [fit_quietly(case[which], sessions) for which in ("smaller", "larger")]
    table = al.compare_models(*fits).table
    n = sessions["patient"].nunique()
    expected = -2 * table["loglik"] + table["n_parameters"] * np.log(n)
    np.testing.assert_allclose(table["bic_groups"], expected, rtol=1e-12)


def test_a_vanished_variance_has_p_of_one() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"patient": np.repeat(np.arange(40), 6)})
    frame["therapist"] = frame["patient"] // 4
    effects = rng.normal(size=40)
    effects -= np.repeat(effects.reshape(10, 4).mean(axis=1), 4)  # therapists do not differ
    frame["y"] = effects[frame["patient"]] + rng.normal(size=240)
    fits = [fit_quietly(f"y ~ 1 + (1 | patient){more}", frame) for more in ("", "+(1 | therapist)")]
    assert fits[1].singular
    row = al.compare_models(*fits).table.iloc[1]
    assert row["statistic"] == 0
    assert row["p_value"] == 1
    drawn = al.compare_models(*fits, bootstrap=39, rng=1).table.iloc[1]
    assert drawn["p_value"] == 1


def test_against_the_largest_nested_model(study: pd.DataFrame) -> None:
    parts = ["(1 | patient)", "(0 + session | patient)", "(1 + session | patient)"]
    fits = [fit_quietly(f"phq9 ~ session + {part}", study) for part in parts]
    found = al.compare_models(*fits)
    by_model = found.table.set_index("model")["compared_with"]
    assert by_model.to_dict() == {1: 0, 2: 0, 3: 2}
    assert "No model with fewer parameters is nested in model 2" in found.messages[0]


def test_twins_are_named(study: pd.DataFrame) -> None:
    one = fit_quietly("phq9 ~ session + wai_total + (1 | patient)", study)
    other = fit_quietly("phq9 ~ wai_total + session + (1 | patient)", study)
    found = al.compare_models(one, other)
    assert found.table["p_value"].isna().all()
    assert found.messages == ("Models 1 and 2 are the same model: there is nothing to test.",)


def test_few_groups_point_to_kenward_roger(sessions: pd.DataFrame) -> None:
    few = sessions[sessions["therapist"].isin(sessions["therapist"].unique()[:8])]
    fits = [
        fit_quietly(f"symptom ~ session{more} + (1 | patient) + (1 | therapist)", few, reml=False)
        for more in ("", " + alliance_within")
    ]
    messages = al.compare_models(*fits).messages
    assert "8 therapists" in messages[0]
    assert "ddf='kenward-roger'" in messages[0]


def test_refuses_several_at_once_and_names_the_bootstrap(study: pd.DataFrame) -> None:
    small = fit_quietly("phq9 ~ session + (1 | patient)", study)
    large = fit_quietly("phq9 ~ session + (1 + session | patient) + (1 | therapist)", study)
    with pytest.raises(al.UnsupportedError, match=r"3 variances and covariances.*bootstrap=999"):
        al.compare_models(small, large)
    one = fit_quietly("phq9 ~ session + (1 | patient)", study, reml=False)
    two = fit_quietly("phq9 ~ session + wai_total + (1 + session | patient)", study, reml=False)
    with pytest.raises(al.UnsupportedError, match=r"1 fixed effect and 2 variances"):
        al.compare_models(one, two)


def test_refuses_a_correlation_with_an_effect_that_vanished() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"patient": np.repeat(np.arange(30), 5), "x": np.tile(range(5), 30)})
    frame["y"] = rng.normal(size=30)[frame["patient"]] + rng.normal(size=150)
    small = fit_quietly("y ~ x + (1 + x || patient)", frame)
    assert small.singular
    large = fit_quietly("y ~ x + (1 + x | patient)", frame)
    with pytest.raises(al.UnsupportedError, match="singular at 'patient'"):
        al.compare_models(small, large)


def test_refuses_reml_fits_of_different_fixed_effects(study: pd.DataFrame) -> None:
    one = fit_quietly("phq9 ~ session + (1 | patient)", study)
    two = fit_quietly("phq9 ~ session + wai_total + (1 | patient)", study)
    match = r"'wai_total' only in model 2.*reml=False\); al\.fit_lmm\('phq9 ~ session \+ wai_total"
    with pytest.raises(al.ArgumentError, match=match):
        al.compare_models(one, two)
    ml = fit_quietly("phq9 ~ session + wai_total + (1 | patient)", study, reml=False)
    with pytest.raises(al.ArgumentError, match="1 of 2 fits is by REML"):
        al.compare_models(one, ml)


def test_refuses_other_rows_responses_weights_and_values(study: pd.DataFrame) -> None:
    study = study.assign(weight=2.0, other=study["phq9"] + 1)
    formula = "phq9 ~ session + (1 | patient)"
    fit = fit_quietly(formula, study)
    gone = study.assign(session=study["session"].where(study.index % 7 != 0))
    n = int(gone["session"].isna().sum())
    with pytest.raises(al.DataError, match=rf"session missing: {n}.*{n} only in model 1, 0 only"):
        al.compare_models(fit, fit_quietly(formula, gone))
    with pytest.raises(al.DataError, match="differ in their response"):
        al.compare_models(fit, fit_quietly("other ~ session + (1 | patient)", study))
    with pytest.raises(al.DataError, match="differ in their weights"):
        al.compare_models(fit, fit_quietly(formula, study, weights="weight"))
    with pytest.raises(al.DataError, match="different responses"):
        al.compare_models(fit, fit_quietly(formula, study.assign(phq9=study["other"])))
    with pytest.raises(al.DataError, match="'session' has other values"):
        al.compare_models(fit, fit_quietly(formula, study.assign(session=study["session"] * 2)))


def test_other_units_of_columns_do_not_look_like_other_data(study: pd.DataFrame) -> None:
    far = study.assign(phq9=study["phq9"] + 1e4, session=study["session"] * 1e-4)
    fits = [
        fit_quietly(f"phq9 ~ session + {part}", far)
        for part in ("(1 | patient)", "(1 + session | patient)")
    ]
    near = [
        fit_quietly(f"phq9 ~ session + {part}", study)
        for part in ("(1 | patient)", "(1 + session | patient)")
    ]
    statistic = [al.compare_models(*pair).table["statistic"].iloc[1] for pair in (fits, near)]
    assert statistic[0] == pytest.approx(statistic[1], rel=1e-7)


def test_arguments(study: pd.DataFrame) -> None:
    fit = fit_quietly("phq9 ~ session + (1 | patient)", study)
    with pytest.raises(al.ArgumentError, match="1 fit to compare"):
        al.compare_models(fit)
    with pytest.raises(al.ArgumentError, match="given a DataFrame"):
        al.compare_models(fit, study)  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="rng is given but bootstrap is not"):
        al.compare_models(fit, fit, rng=1)
    with pytest.raises(al.ArgumentError, match="Give rng=1"):
        al.compare_models(fit, fit, bootstrap=99)
    with pytest.raises(al.ArgumentError, match="bootstrap=5 is no number"):
        al.compare_models(fit, fit, bootstrap=5, rng=1)


def test_shown(study: pd.DataFrame) -> None:
    fits = [
        fit_quietly(f"phq9 ~ session + (1 | patient){more}", study)
        for more in ("", " + (1 | therapist)")
    ]
    found = al.compare_models(*fits)
    assert "Comparison of 2 models (REML)" in repr(found)
    assert "<table>" in found._repr_html_()
    assert found.glance()["n_models"].item() == 2
