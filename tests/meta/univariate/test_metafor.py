"""Every number of fit_meta against metafor: estimators × tests × models on four data sets."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.meta import MetaResult

DATA = ("bcg", "molloy", "five", "equal")
CLOSED = ("EE", "DL", "HE", "HS", "HSk", "SJ")
Load = Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]


def numbers(values: Any) -> np.ndarray:
    """Pinned values as floats, missing ones NaN."""
    listed = values if isinstance(values, list) else [values]
    return np.array([np.nan if v in (None, "NA") else float(v) for v in listed])


def fitted(frame: pd.DataFrame, values: dict[str, Any], case: dict[str, Any]) -> MetaResult:
    formula = values["formulas"][case["model"]].removeprefix("~")
    mods = None if formula == "1" else formula
    return al.fit_meta(frame, mods=mods, method=case["method"], test=case["test"])


def cases_with(values: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = [case for case in values["cases"] if name in case]
    assert found
    return found


@pytest.fixture
def close(tol: SimpleNamespace) -> Callable[..., None]:
    """Closed forms to 1e-8, relative; what follows from an optimiser as METHODS says."""

    def check(ours: Any, theirs: Any, case: dict[str, Any], kind: str = "pooled") -> None:
        optimised = tol.meta_tau2 if kind == "tau2" else tol.meta_pooled
        limit = tol.closed_form if case["method"] in CLOSED else optimised
        pinned = numbers(theirs)
        size = np.maximum(np.abs(pinned), 1.0 if kind == "pooled" else 1e-8)
        np.testing.assert_allclose(
            np.atleast_1d(ours) / size, pinned / size, rtol=0, atol=limit, err_msg=str(case)[:90]
        )

    return check


@pytest.mark.parametrize("name", DATA)
def test_coefficients_tests_and_fit(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    seen = set()
    for case in values["cases"]:
        result = fitted(frame, values, case)
        table, one = result.tidy(), result.glance().iloc[0]
        for ours, theirs in (("estimate", "beta"), ("se", "se"), ("ci_low", "ci_low"),
                             ("ci_high", "ci_high"), ("p_value", "p_value")):  # fmt: skip
            close(table[ours], case[theirs], case)
        close(table["statistic"], case["statistic"], case, "tau2")
        for column in ("tau2", "se_tau2", "h2", "q"):
            close(one[column], case[column], case, "tau2")
        for column in ("i2", "q_p", "loglik", "aic", "aicc", "bic"):
            close(one[column], case[column], case)
        seen.add((case["method"], case["test"]))
    assert len(seen) == 38


@pytest.mark.parametrize("name", DATA)
def test_tests_of_moderators(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    for case in values["cases"]:
        if case["model"] == "none":
            continue
        result = fitted(frame, values, case)
        table = result.moderator_test()
        close(table["statistic"].iloc[-1], case["qm"], case, "tau2")
        close(table["p_value"].iloc[-1], case["qm_p"], case)
        terms = list(case.get("terms", {}).values())
        for row, term in zip(table.iloc[:-1].itertuples(), terms, strict=False):
            close(row.statistic, term["statistic"], case, "tau2")
            close(row.p_value, term["p_value"], case)
            assert row.df == term["df"]


@pytest.mark.parametrize("name", DATA)
def test_share_of_variance_explained(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    for case in values["cases"]:
        if case["model"] in ("none", "without_intercept") or case["method"] == "EE":
            continue
        result = fitted(frame, values, case)
        without = al.fit_meta(frame, method=case["method"]).tau2
        if without == 0:  # metafor says 0 of nothing
            assert np.isnan(result.r_squared())
        elif case["r2"] is not None:
            close(result.r_squared(), case["r2"], case)


@pytest.mark.parametrize("name", DATA)
def test_intervals_of_tau2(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    for method in ("q_profile", "profile"):
        for case in cases_with(values, method):
            table = fitted(frame, values, case).confint(method=method)
            if case[method]["empty"]:
                assert table[["ci_low", "ci_high"]].isna().all(axis=None)
                continue
            close(table["ci_low"], case[method]["low"], case | {"method": "REML"}, "tau2")
            close(table["ci_high"], case[method]["high"], case | {"method": "REML"}, "tau2")


@pytest.mark.parametrize("name", DATA)
def test_predictions_and_their_intervals(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    new = {
        "bcg": pd.DataFrame({"ablat": [10, 33.5, 60]}),
        "molloy": pd.DataFrame({"meanage": [22, 50]}),
    }
    for case in cases_with(values, "prediction"):
        at = None if case["model"] == "none" else new[name]
        df = "normal" if case["test"] == "z" else "residual"  # metafor's own choice
        table = fitted(frame, values, case).predict(at, df=df)
        for column in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
            if case["method"] != "EE" or not column.startswith("pi"):
                close(table[column], case["prediction"][column], case)


@pytest.mark.parametrize("name", DATA)
def test_studies(name: str, load_reference: Load, close: Any) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    for case in cases_with(values, "studies"):
        result, theirs = fitted(frame, values, case), case["studies"]
        close(result.fitted, theirs["fitted"], case)
        best, left = result.blup(), result.residuals()
        close(best["estimate"], theirs["blup"], case)
        close(best["se"], theirs["blup_se"], case)
        close(best["ci_low"], theirs["blup_low"], case)
        close(best["ci_high"], theirs["blup_high"], case)
        close(left["residual"], theirs["residual"], case)
        close(left["se"], theirs["residual_se"], case)
        close(left["standardised"], theirs["standardised"], case)


@pytest.mark.parametrize("name", ["five", "equal"])
def test_exact_permutations(name: str, load_reference: Load) -> None:
    frame, values = load_reference(f"meta_univariate/{name}")
    for case in cases_with({"cases": values["permutations"]}, "p_value"):
        found = fitted(frame, values, case).permutation_test()
        assert found.exact
        theirs = numbers(case["p_value"])
        ours = found.tidy()["p_value"].to_numpy()
        np.testing.assert_allclose(ours, theirs[-len(ours) :], rtol=1e-12)
        if case["model"] != "none":
            omnibus = found.moderator_test()["p_value"].iloc[-1]
            assert omnibus == pytest.approx(float(case["qm_p"]), rel=1e-12)
