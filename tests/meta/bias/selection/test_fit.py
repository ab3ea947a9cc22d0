"""selection_model: metafor, published numbers, recovery, invariances, intervals, refusals."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.meta.bias.selection.result import SelectionResult

FOLDER = Path(__file__).parents[3] / "reference" / "meta_bias"


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"study": str})


@cache
def pinned(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return values


def many(values: object) -> np.ndarray:
    return np.atleast_1d(np.array(values, dtype=float))


def fitted(case: dict[str, Any]) -> SelectionResult:
    steps = case["type"] == "stepfun"
    how: dict[str, Any] = {"steps": case["steps"]} if steps else {}
    return al.meta.selection_model(
        data(case["data"]), kind="steps" if steps else "beta", mods=case["mods"],
        alternative=case["alternative"], method=case["method"], **how,
    )  # fmt: skip


@pytest.mark.parametrize("file", ["selection", "selection_beta"])
def test_metafor(file: str, tol: SimpleNamespace) -> None:
    """Where metafor stopped below our maximum, its estimates are not held against ours."""
    better = 0
    for case in pinned(file)["cases"]:
        result = fitted(case)
        assert result.converged, case
        assert result.loglik > case["loglik"] - tol.loglik_absolute, case
        if result.loglik > case["loglik"] + tol.loglik_absolute:
            better += 1
            continue
        size = np.maximum(1.0, np.abs(many(case["beta"])))
        # a quarter of a millionth of a likelihood is what metafor's optimiser leaves open
        loose = np.maximum(tol.meta_pooled * size, 1e-3 * np.nan_to_num(many(case["se"])))
        assert (np.abs(result.beta - many(case["beta"])) <= loose).all(), case
        assert result.tau2 == pytest.approx(case["tau2"], rel=3e-3, abs=1e-5), case
        shown = np.r_[1.0, result.weights] if result.kind == "steps" else result.weights
        np.testing.assert_allclose(shown, case["delta"], rtol=3e-3, atol=1e-5, err_msg=str(case))
        assert result.lr_test[0] == pytest.approx(case["lrt"], abs=1e-5), case
        assert result.lr_test[1] == case["lrt_df"]
        assert result.lr_test[2] == pytest.approx(case["lrt_p"], rel=1e-4), case
    assert better < len(pinned(file)["cases"]) / 2
