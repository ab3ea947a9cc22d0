"""`fit_perspectives` against lme4 and lmerTest, run from the code that `to_r` writes."""

from __future__ import annotations

import json
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.models import PerspectivesResult
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "perspectives"
THREE = {"patient": "wai_total", "therapist": "wai_therapist", "observer": "wai_observer"}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "dyads": ("dyads", {}),
    "process": ("process", {"perspectives": THREE}),
    "fitted": (
        "process_null",
        {
            "perspectives": THREE, "mean_rows": "fitted", "random_slopes": {}, "reml": False,
            "time": "log",
        },
    ),
}  # fmt: skip


@cache
def fitted(case: str) -> PerspectivesResult:
    file, options = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_perspectives(al.load_example(file), **options)


def reference(case: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    return values


@pytest.mark.parametrize("case", CASES)
def test_r_runs_the_code_that_to_r_writes(case: str) -> None:
    code = fitted(case).to_r(data=f"data/synthetic/{CASES[case][0]}.csv")
    assert code == (FOLDER / f"{case}.R").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_coefficients_equal_lme4(case: str, tol: SimpleNamespace) -> None:
    result = fitted(case)
    models = [result.fit, *result.alone.values()]
    for model, values in zip(models, reference(case)["models"], strict=True):
        table = model.tidy().set_index("term").loc[values["term"]]
        se = np.array(values["se"])
        better = model.glance()["loglik"].item() - values["loglik"]
        if better > tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"]):
            assert values["singular"]  # a better optimum than the reference's: tests/reference
            np.testing.assert_allclose(table["estimate"], values["estimate"], atol=0.02 * se.max())
            continue
        assert better >= -tol.loglik_absolute
        off = np.abs(table["estimate"].to_numpy() - values["estimate"]) / se
        assert off.max() <= tol.beta_in_se
        np.testing.assert_allclose(table["se"], se, rtol=tol.se)
        if not (values["singular"] or model.singular):
            np.testing.assert_allclose(table["df"], values["df"], rtol=tol.df)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger"])
def test_joint_tests_equal_lmertest_and_pbkrtest(ddf: Any, tol: SimpleNamespace) -> None:
    table = fitted("dyads").tests(ddf=ddf)
    kr = "_kr" if ddf == "kenward-roger" else ""
    rows = [row[h] for row in reference("dyads")["joint"] for h in ("zero", "equal")]
    np.testing.assert_allclose(table["F"], [row[f"F{kr}"] for row in rows], rtol=tol.statistic)
    np.testing.assert_allclose(
        table["df_denominator"], [row[f"df{kr}"] for row in rows], rtol=tol.df
    )
    if not kr:
        np.testing.assert_allclose(table["p_value"], [r["p"] for r in rows], rtol=tol.p_value)


@pytest.mark.parametrize("case", CASES)
def test_correlations_of_parts_and_inflation_equal_r(case: str, tol: SimpleNamespace) -> None:
    result, values = fitted(case), reference(case)
    for effect, r in result.given.correlations.items():
        np.testing.assert_allclose(r, values["correlations"][effect], rtol=tol.closed_form)
    vif = [v for effect in result.given.effects for v in values["vif"][effect]]
    np.testing.assert_allclose(result.overlap["vif"], vif, rtol=tol.closed_form)
