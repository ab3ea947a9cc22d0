"""Tests for lopsided funnels against metafor and clubSandwich, on eleven data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.meta.bias.egger import EggerResult
from alliance_stats.meta.bias.predictors import predictor_column

FOLDER = Path(__file__).parents[2] / "reference" / "meta_bias"
DATA = (
    "bcg", "egger2001", "dorn2007", "hackshaw1998", "raudenbush1985", "molloy2014", "cohen1981",
    "mcdaniel1994", "baskerville2012",
)  # fmt: skip
CLOSED = ("EE", "DL")


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"study": str})


@cache
def pinned(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return values


def cases(file: str, key: str = "cases", **wanted: object) -> list[dict[str, Any]]:
    found = [c for c in pinned(file)[key] if all(c.get(k) == v for k, v in wanted.items())]
    assert found
    return found


@pytest.fixture
def near(tol: SimpleNamespace) -> Callable[..., None]:
    """Closed forms to 1e-8, relative; where an optimiser decides as pooled effects."""

    def check(ours: object, theirs: object, *, closed: bool = True, what: object = "") -> None:
        a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        size = np.abs(b) if closed else np.maximum(1.0, np.abs(b))
        limit = tol.closed_form if closed else tol.meta_pooled
        np.testing.assert_allclose(a / size, b / size, rtol=0, atol=limit, err_msg=str(what))

    return check


def log_likelihood(result: EggerResult, tau2: float) -> float:
    """ML or REML by dense matrices."""
    studies = result.source.studies
    column = predictor_column(studies, result.predictor)
    x, w = np.column_stack([studies.x, column]), np.diag(1.0 / (studies.vi + tau2))
    a = x.T @ w @ x
    e = studies.yi - x @ np.linalg.solve(a, x.T @ w @ studies.yi)
    value = -np.log(studies.vi + tau2).sum() - e @ w @ e
    return float(value - (np.linalg.slogdet(a)[1] if result.method == "REML" else 0.0)) / 2.0


def at_a_higher_peak(result: EggerResult, case: dict[str, Any]) -> bool:
    """Whether metafor stopped at another maximum of the likelihood of τ², a lower one."""
    if case["method"] not in ("ML", "REML") or result.model == "lm":
        return False
    if abs(result.regression.tau2 - case["tau2"]) < 1e-4 * max(case["tau2"], 1e-2):
        return False
    return log_likelihood(result, result.regression.tau2) > log_likelihood(result, case["tau2"])


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("model", ["lm", "rma"])
def test_egger(name: str, model: str, near: Any) -> None:
    higher = 0
    for case in cases("egger", data=name, model=model):
        how = {} if model == "lm" else {"method": case["method"], "test": case["test"]}
        result = al.meta.egger_test(
            data(name), model=model, predictor=case["predictor"], mods=case["mods"], **how
        )
        if at_a_higher_peak(result, case):
            higher += 1
            continue
        closed, table = model == "lm" or case["method"] in CLOSED, result.tidy()
        slope = table.iloc[0]
        for ours, theirs in (("estimate", "slope"), ("se", "se"), ("statistic", "statistic"),
                             ("p_value", "p")):  # fmt: skip
            near(slope[ours], case[theirs], closed=closed, what=case)
        if case["limit"] is None:
            assert len(table) == 1
            continue
        for ours, theirs in (("estimate", "limit"), ("ci_low", "limit_low"),
                             ("ci_high", "limit_high")):  # fmt: skip
            near(table.iloc[1][ours], case[theirs], closed=closed, what=case)
    assert higher <= 1


@pytest.mark.parametrize("name", ["assink2016", "begg1989"])
@pytest.mark.parametrize("model", ["lm", "rma"])
def test_egger_clustered_by_study(name: str, model: str, near: Any) -> None:
    (case,) = cases("robust", data=name, model=model)
    result = al.meta.egger_test(data(name), model=model)
    assert result.clustered
    slope, limit = (row for _, row in result.tidy().iterrows())
    for ours, theirs in (("estimate", "slope"), ("se", "se"), ("statistic", "statistic"),
                         ("df", "df"), ("p_value", "p")):  # fmt: skip
        near(slope[ours], case[theirs], closed=model == "lm", what=case)
    for ours, theirs in (("estimate", "limit"), ("ci_low", "limit_low"), ("ci_high", "limit_high")):
        near(limit[ours], case[theirs], closed=model == "lm", what=case)


def test_pet_and_peese_are_the_limits_of_two_regressions(near: Any) -> None:
    result = al.meta.pet_peese(data("hackshaw1998")).tidy().set_index("effect")
    for name, predictor in (("pet", "sei"), ("peese", "vi")):
        (case,) = cases("egger", data="hackshaw1998", model="lm", predictor=predictor)
        near(result.loc[name, "estimate"], case["limit"])
        near(result.loc[name, ["ci_low", "ci_high"]], [case["limit_low"], case["limit_high"]])


@pytest.mark.parametrize("name", DATA)
def test_rank_test(name: str, near: Any) -> None:
    (case,) = cases("ranks_and_counts", "begg", data=name)
    found = al.meta.begg_test(data(name)).correlation
    near([found.tau, found.p_value], [case["tau"], case["p"]], what=case)


def test_both_kinds_of_p_are_among_the_rank_tests() -> None:
    exact = {al.meta.begg_test(data(name)).correlation.exact for name in DATA}
    assert exact == {True, False}


@pytest.mark.parametrize("name", DATA)
def test_failsafe_numbers(name: str, near: Any) -> None:
    for case in cases("ranks_and_counts", "failsafe", data=name):
        how: dict[str, Any] = {"alpha": case.get("alpha")}
        if case["method"] == "orwin":
            target = None if case["default"] else case["target"]
            how = {"target": target, "weighted": case["weighted"]}
        result = al.meta.failsafe_n(data(name), method=case["method"], **how)
        assert result.n == case["n"], case
        if "p" in case:
            near(result.p_value, case["p"], what=case)
        if "mean" in case:
            near(result.mean, case["mean"], what=case)


@pytest.mark.parametrize("name", DATA)
def test_trim_and_fill(name: str, near: Any) -> None:
    for case in cases("trim_fill", data=name):
        side = None if case["side"] == "auto" else case["side"]
        result = al.meta.trim_fill(
            data(name), estimator=case["estimator"], side=side, method=case["method"], test="z"
        )
        assert (result.side, result.k0) == (case["chosen"], case["k0"]), case
        if case["se_k0"] is not None:
            near(result.trimmed.se, case["se_k0"], closed=case["method"] in CLOSED, what=case)
        if case["p_k0"] is not None:
            near(result.trimmed.p_value, case["p_k0"], what=case)
        adjusted, closed = result.tidy().iloc[1], case["method"] in CLOSED
        near(adjusted["estimate"], case["estimate"], closed=closed, what=case)
        near(adjusted["se"], case["se"], closed=closed, what=case)
