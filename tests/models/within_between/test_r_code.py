"""`fit_within_between` against lme4 and lmerTest, run from the code that `to_r` writes."""

from __future__ import annotations

import json
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.models import AllianceResult
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "within_between"
FITTED: dict[str, Any] = {
    "mean_rows": "fitted", "therapist_mean": "sessions", "time": "log", "random_slopes": {},
    "reml": False,
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "sessions": ("sessions", {}),
    "fitted": ("process", FITTED),
    "free": ("therapist_free", {"time": "patient"}),
}


@cache
def fitted(case: str) -> AllianceResult:
    file, options = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_within_between(al.load_example(file), **options)


@pytest.mark.parametrize("case", CASES)
def test_r_runs_the_code_that_to_r_writes(case: str) -> None:
    code = fitted(case).to_r(data=f"data/synthetic/{CASES[case][0]}.csv")
    assert code == (FOLDER / f"{case}.R").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_coefficients_equal_lme4(case: str, tol: SimpleNamespace) -> None:
    result = fitted(case)
    values = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    table = result.fit.tidy().set_index("term").loc[values["term"]]
    better = result.fit.glance()["loglik"].item() - values["loglik"]
    assert abs(better) <= tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    off = np.abs(table["estimate"].to_numpy() - values["estimate"]) / np.array(values["se"])
    assert off.max() <= tol.beta_in_se
    np.testing.assert_allclose(table["se"], values["se"], rtol=tol.se)
    if not (values["singular"] or result.fit.singular):
        np.testing.assert_allclose(table["df"], values["df"], rtol=tol.df)


@pytest.mark.parametrize("case", CASES)
def test_contextual_differences_equal_lmertest(case: str, tol: SimpleNamespace) -> None:
    result = fitted(case)
    values = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    table, found = result.tidy(), values["contextual"]
    table = table[table["effect"] == "contextual"]
    off = np.abs(table["estimate"].to_numpy() - found["estimate"]) / np.array(found["se"])
    assert off.max() <= tol.beta_in_se
    np.testing.assert_allclose(table["se"], found["se"], rtol=tol.se)
    if not (values["singular"] or result.fit.singular):
        np.testing.assert_allclose(table["df"], found["df"], rtol=tol.df)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"residual": "ar1"}, "correlated residuals"), ({"covariates": ["age"]}, "covariates")],
)
def test_other_models_say_where_their_code_is(options: dict[str, Any], words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = al.load_example("sessions")
        frame = data.frame.assign(age=data.frame["patient"].rank(method="dense"))
        result = al.fit_within_between(frame, data.roles, random_slopes={}, **options)
    with pytest.raises(al.UnsupportedError, match=words):
        result.to_r()
    assert result.fit.to_r()
