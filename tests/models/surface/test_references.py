"""`fit_response_surface` against lme4, and the formulas of the papers by hand in R."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.models.congruence.cases import FILES, FOLDER, SURFACES, reference, surface


@pytest.mark.parametrize("case", SURFACES)
def test_r_runs_the_code_that_to_r_writes(case: str) -> None:
    code = surface(case).to_r(data=f"data/synthetic/{FILES[case]}.csv")
    assert code == (FOLDER / f"{case}.R").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", SURFACES)
def test_coefficients_equal_lme4(case: str, tol: SimpleNamespace) -> None:
    result, values = surface(case), reference(case)["model"]
    table = result.fit.tidy()
    estimate, se = np.array(values["estimate"]), np.array(values["se"])
    assert (np.abs(table["estimate"] - estimate) <= tol.beta_in_se * se).all()
    np.testing.assert_allclose(table["se"], se, rtol=tol.se)
    gap = result.fit.loglik - values["loglik"]
    assert gap >= -(tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"]))


@pytest.mark.parametrize("case", SURFACES)
def test_lines_equal_the_delta_method_by_hand(case: str, tol: SimpleNamespace) -> None:
    table, found = surface(case).tidy().set_index("effect"), reference(case)
    for name, hand in found["hand"].items():
        row, test = table.loc[name], found["tests"][name]
        assert abs(row["estimate"] - hand["estimate"]) <= tol.beta_in_se * hand["se"]
        assert row["se"] == pytest.approx(hand["se"], rel=tol.se)
        if not found["model"]["singular"]:
            assert row["df"] == pytest.approx(test["df"], rel=tol.df)
            width = test["high"] - test["low"]
            assert abs(row["ci_low"] - test["low"]) <= 10 * tol.interval_wald * width


@pytest.mark.parametrize("case", SURFACES)
def test_axes_equal_the_eigenvectors_by_hand(case: str, tol: SimpleNamespace) -> None:
    axes, found = surface(case).axes(), reference(case)
    # nearly flat surfaces: the axes multiply what the optimisers leave in the coefficients
    np.testing.assert_allclose(axes["estimate"], found["axes"], rtol=tol.se)
    np.testing.assert_allclose(found["printed_axes"], found["axes"], rtol=1e-6)


@pytest.mark.parametrize("case", SURFACES)
def test_joint_tests_equal_lmertest(case: str, tol: SimpleNamespace) -> None:
    found = reference(case)
    for row, values in zip(surface(case).tests().itertuples(), found["joint"], strict=True):
        assert row.statistic == pytest.approx(values["F"], rel=1e-3)
        if not found["model"]["singular"]:
            assert row.df_denominator == pytest.approx(values["df"], rel=tol.df)
