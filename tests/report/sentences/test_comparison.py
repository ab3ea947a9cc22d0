"""Sentences about tests of nested models hold the statistic against its own law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.report import check_statistics, report_text
from alliance_stats.report.tables.coefficients import further_tables


@pytest.fixture(scope="module")
def fits() -> dict[str, Any]:
    frame = al.load_example("sessions").frame
    formulas = {
        "plain": "phq9 ~ wai_total + (1 | patient)",
        "time": "phq9 ~ wai_total + session + (1 | patient)",
        "slopes": "phq9 ~ wai_total + (1 + wai_total | patient)",
    }
    return {name: al.fit_lmm(formula, frame, reml=False) for name, formula in formulas.items()}


def test_a_fixed_effect_is_tested_by_chi_squared(fits: dict[str, Any]) -> None:
    compared = al.lmm.compare_models(fits["plain"], fits["time"])
    row = compared.tidy().iloc[1]
    text = report_text(compared)
    assert f"Model 2 fitted better than model 1 (χ²(1) = {row['statistic']:.2f}, p < .001)." in text
    assert "AIC and BIC were lowest for model 2." in text
    assert check_statistics(text).ok


def test_a_variance_is_held_against_its_mixture(fits: dict[str, Any]) -> None:
    compared = al.lmm.compare_models(fits["plain"], fits["slopes"])
    row = compared.tidy().iloc[1]
    shown = f"likelihood ratio {row['statistic']:.2f} held against ½χ²(1) + ½χ²(2), p"
    assert shown in report_text(compared)
    assert check_statistics(report_text(compared)).ok


def test_no_difference_is_called_inconclusive(fits: dict[str, Any]) -> None:
    frame = al.load_example("sessions").frame
    noise = frame.assign(noise=np.random.default_rng(3).normal(size=len(frame)))
    small = al.fit_lmm("phq9 ~ wai_total + (1 | patient)", noise, reml=False)
    large = al.fit_lmm("phq9 ~ wai_total + noise + (1 | patient)", noise, reml=False)
    text = report_text(al.lmm.compare_models(small, large))
    assert "Whether model 2 fits better than model 1 is inconclusive (χ²(1) = " in text


def test_pooled_models_are_tested_over_imputations() -> None:
    frame = al.load_example("sessions").frame
    files = [frame.assign(phq9=frame["phq9"].fillna(10.0 + k)) for k in (-1.0, 0.0, 1.0)]
    small, large = (
        al.lmm.pool([al.fit_lmm(f"phq9 ~ {x} + (1 | patient)", f, reml=False) for f in files])
        for x in ("wai_total", "wai_total + session")
    )
    text = report_text(large.compare(small))
    assert text.startswith("Over 3 imputed data sets, phq9 ~ wai_total + session + (1 | patient)")
    assert "(D3: F(1, " in text


def test_the_table_names_the_law_and_no_formula(fits: dict[str, Any]) -> None:
    view = al.lmm.compare_models(fits["plain"], fits["slopes"]).view()
    frame = further_tables(view)[0].frame
    assert frame["Reference"].tolist() == ["", "½χ²(1) + ½χ²(2)"]
    assert {"LR", "Against", "AIC"} <= set(frame.columns) and "Formula" not in frame.columns
    assert view.labels["formula_2"] == "phq9 ~ wai_total + (1 + wai_total | patient)"
