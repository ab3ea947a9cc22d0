"""fit_dyads against nlme, double entry in R (make_dyads_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.inference.wald_variances import wald_variances
from alliance_stats.models.dyads.patterns import Ratio, fieller
from alliance_stats.models.dyads.result import DyadResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "dyads"
CASES = ("concurrent", "therapists", "slopes", "lagged", "previous", "later")
Case = tuple[DyadResult, dict[str, Any]]


def fitted(reference: dict[str, Any]) -> DyadResult:
    roles = al.Roles(
        alliance="wp", outcome="yp", alliance_therapist="wt",
        therapist="therapist" if reference["three"] else None,
    )  # fmt: skip
    step = reference["step"]
    lagged: dict[str, Any] = {"step": step, "gap": reference["gap"]} if step else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_dyads(
            pd.read_csv(FOLDER.parent / reference["data"]), roles, members=reference["members"],
            lagged=step > 0, time="log" if reference["log_time"] else "linear",
            random_slopes={"patient": reference["slopes"]} if reference["slopes"] else None,
            reml=reference["method"] == "REML", **lagged,
        )  # fmt: skip


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    reference = json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))
    return fitted(reference), reference


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*CASES, "lines_values"}


def close_coefficients(table: pd.DataFrame, values: dict[str, Any], tol: SimpleNamespace) -> None:
    assert set(table["term"]) == set(values["beta"])
    for row in table.to_dict("records"):
        beta, se = values["beta"][row["term"]], values["se"][row["term"]]
        gap = abs(row["estimate"] - beta)
        assert gap <= tol.beta_in_se * se and gap <= tol.beta_relative * max(abs(beta), se)
        assert row["se"] == pytest.approx(se, rel=tol.se)


def test_coefficients(case: Case, tol: SimpleNamespace) -> None:
    close_coefficients(case[0].tidy(), case[1], tol)


def test_likelihood(case: Case, tol: SimpleNamespace) -> None:
    fit, values = case[0].fit, case[1]
    bound = tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    assert fit.loglik >= values["loglik"] - bound
    assert fit.loglik == pytest.approx(values["loglik"], abs=2 * bound)
    assert fit.n_obs == values["n"]
    assert fit.n_parameters == values["n_parameters"]


def test_variances(case: Case, tol: SimpleNamespace) -> None:
    fit, values = case[0].fit, case[1]
    for unit, block in values["random"].items():
        found = fit.covariances[unit].loc[block["names"], block["names"]].to_numpy()
        wanted = np.array(block["covariance"])
        scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
        least = 1e-2 * values["sigma"] ** 2
        assert np.abs(found - wanted).max() <= tol.variance * max(scale.max(), least)
    assert fit.sigma == pytest.approx(values["sigma"], rel=tol.variance)
    residual = fit.residual
    assert residual is not None
    assert residual.ratios[1] == pytest.approx(values["ratio"], rel=tol.variance)
    assert residual.correlations[0, 1] == pytest.approx(values["correlation"], abs=tol.correlation)


def test_intervals_of_variances(case: Case, tol: SimpleNamespace) -> None:
    """nlme's are on the same scales, from a Hessian by differences: a hundredth of the width."""
    values = case[1]["intervals"]
    if values is None:
        pytest.skip("nlme's Hessian is not positive definite")
    table = wald_variances(case[0].fit)
    names = ("patient_intercept", "therapist_intercept")
    for unit, block in values["random"].items():
        ends = dict(zip(block["names"], block["ends"], strict=True))
        rows = table[table["group"] == unit].set_index(["term", "with_term"])
        for name in names:
            _close(rows.loc[(name, "")], ends[f"sd({name})"])
        _close(rows.loc[names], ends[f"cor({','.join(names)})"])
    residual = table[table["group"] == "Residual"].set_index(["term", "with_term"])
    _close(residual.loc[("patient", "")], values["sigma"])
    _close(residual.loc[("therapist", "patient")], values["correlation"])


def _close(row: pd.Series, wanted: list[float], share: float = 0.01) -> None:
    low, _, high = wanted
    width = high - low
    assert row["ci_low"] == pytest.approx(low, abs=share * width)
    assert row["ci_high"] == pytest.approx(high, abs=share * width)


def test_k(case: Case, tol: SimpleNamespace) -> None:
    """Fieller's set from R's coefficients and covariance, by inverting the test on a grid."""
    result, values = case
    names = list(values["beta"])
    vcov = pd.DataFrame(values["vcov"], index=names, columns=names)
    table = result.patterns(ddf="normal")
    for row in table[table["unit"] == "session"].to_dict("records"):
        pair = [f"{row['member']}_actor", f"{row['member']}_partner"]
        a, p = (values["beta"][name] for name in pair)
        inner = vcov.loc[pair, pair].to_numpy()
        grid = np.linspace(-30, 30, 600_001)
        square = inner[1, 1] - 2 * grid * inner[0, 1] + grid**2 * inner[0, 0]
        inside = grid[(p - grid * a) ** 2 <= 1.959963984540054**2 * square]
        if np.isinf(row["ci_low"]):
            assert np.isnan(row["k"]) and (inside[0] == -30.0 or inside[-1] == 30.0)
            continue
        assert row["k"] == pytest.approx(p / a, rel=1e-3)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx([inside[0], inside[-1]], abs=1e-3)
        low, high = fieller(Ratio(a, p, inner, np.inf), 0.95)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx([low, high], rel=1e-3, abs=1e-4)


def test_members_alike(case: Case, tol: SimpleNamespace) -> None:
    result, values = case[0], case[1].get("distinguishability")
    if values is None:
        pytest.skip("with slopes: see test_fit.py")
    row = result.distinguishability.iloc[0]
    assert row["df"] == values["df"]
    for name in ("loglik_apart", "loglik_alike"):
        bound = tol.loglik_absolute + tol.loglik_relative * abs(values[name])
        assert row[name] == pytest.approx(values[name], abs=2 * bound)


def test_the_lines_that_to_r_prints(tol: SimpleNamespace) -> None:
    """dyads/lines.R is what `to_r` prints, and was run by the script of the references."""
    reference = json.loads((FOLDER / "therapists.json").read_text("utf-8"))
    result = fitted(reference)
    lines = result.to_r(data="tests/reference/dyads/gaps.csv")
    assert lines == (FOLDER / "lines.R").read_text("utf-8")
    values = json.loads((FOLDER / "lines_values.json").read_text("utf-8"))
    close_coefficients(result.tidy(), values, tol)
    assert result.fit.n_obs == values["n"]
