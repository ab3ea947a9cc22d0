"""Lines of R that start from rows of the model: as R ran them, with what R found."""

from __future__ import annotations

import json
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from tests.conftest import REFERENCE

FOLDER = REFERENCE / "r_lines"
CASES = ("growth", "growth_weeks", "multiverse")


@cache
def made(case: str) -> tuple[Any, pd.DataFrame, Any]:
    """The result, the rows that its lines read, and the last fit of these lines."""
    sessions = al.simulate_sessions(n_patients=60, n_therapists=8, rng=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if case == "multiverse":
            grid = {"time": ["linear", "log"], "mean_rows": ["available", "fitted"]}
            result: Any = al.models.multiverse("within", sessions, grid)
            return result, result.data(0), result.specification(0).fit
        if case == "growth_weeks":
            alone = sessions.frame.drop(columns="therapist")
            roles = al.Roles(
                alliance="wai_total", outcome="phq9", outcome_better="lower", time="week"
            )
            result = al.fit_growth(alone, roles, shape="linear", time_column="time")
        else:
            result = al.fit_growth(sessions, shape="quadratic")
    return result, result.prepared.frame, result.early.fit


@pytest.mark.parametrize("case", CASES)
def test_r_runs_the_lines_that_to_r_writes(case: str) -> None:
    result, rows, _ = made(case)
    assert result.to_r(data=f"tests/reference/r_lines/{case}.csv") == (
        FOLDER / f"{case}.R"
    ).read_text(encoding="utf-8")
    kept = pd.read_csv(FOLDER / f"{case}.csv")
    assert list(kept.columns) == list(rows.columns)
    numbers = kept.select_dtypes("number").columns
    np.testing.assert_allclose(kept[numbers], rows[numbers].astype(float), rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_coefficients_equal_lme4(case: str, tol: SimpleNamespace) -> None:
    fit = made(case)[2]
    values = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    table = fit.tidy().set_index("term").loc[values["term"]]
    better = fit.loglik - values["loglik"]
    assert abs(better) <= tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    off = np.abs(table["estimate"].to_numpy() - values["estimate"]) / np.array(values["se"])
    assert off.max() <= tol.beta_in_se
    np.testing.assert_allclose(table["se"], values["se"], rtol=tol.se)
    if not (values["singular"] or fit.singular):
        np.testing.assert_allclose(table["df"], values["df"], rtol=tol.df)
