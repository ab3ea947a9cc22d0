"""fit_lagged against lmer, centring and lagging in R (make_lagged_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import LaggedResult

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
FOLDER = REFERENCE / "lagged"
CASES = (
    "complete", "gaps", "alliance_first", "same_moment", "previous", "two_steps", "ml",
)  # fmt: skip
TIMING = {
    "outcome first": {"alliance_at": "after", "outcome_at": "before"},
    "alliance first": {"alliance_at": "before", "outcome_at": "after"},
    "same moment": {"alliance_at": "after", "outcome_at": "after"},
}
Case = tuple[LaggedResult, dict[str, Any]]


def fitted(reference: dict[str, Any]) -> LaggedResult:
    roles = al.Roles(
        alliance="wai", outcome="phq", therapist="therapist" if reference["three"] else None,
        **TIMING[reference["timing"]],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_lagged(
            pd.read_csv(REFERENCE / reference["data"]), roles, step=reference["step"],
            gap=reference["gap"], reml=reference["reml"],
            random_slopes=None if reference["slope"] else {},
        )  # fmt: skip


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    reference = json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))
    return fitted(reference), reference


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)


@pytest.mark.parametrize("side", ["outcome", "alliance"])
def test_coefficients(case: Case, side: str, tol: SimpleNamespace) -> None:
    result, values = case[0], case[1][side]
    equation = next(e for e in result.prepared.equations if e.side == side)
    names = {
        "(Intercept)": "(Intercept)", "cross": equation.cross, "own": equation.own,
        "t": result.prepared.time,
    }  # fmt: skip
    for k, (_, column) in enumerate(result.prepared.between(equation), start=1):
        names[f"between{k}"] = column
    table = result.tidy().set_index("term")
    assert set(names) == set(values["beta"])
    for name, column in names.items():
        row = table.loc[f"{equation.response} ~ {column}"]
        beta, se = values["beta"][name], values["se"][name]
        gap = abs(row["estimate"] - beta)
        assert gap <= min(tol.beta_in_se * se, tol.beta_relative * max(abs(beta), se))
        assert row["se"] == pytest.approx(se, rel=tol.se)
        assert row["df"] == pytest.approx(values["df"][name], rel=tol.df)
        assert row["p_value"] == pytest.approx(values["p"][name], rel=tol.p_value)


@pytest.mark.parametrize("side", ["outcome", "alliance"])
def test_the_whole_equation(case: Case, side: str, tol: SimpleNamespace) -> None:
    fit, values = case[0].fits[side], case[1][side]
    bound = tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    assert fit.n_obs == values["n"]
    assert fit.loglik == pytest.approx(values["loglik"], abs=bound)
    assert fit.sigma == pytest.approx(values["sigma"], rel=tol.variance)
    found = fit.covariances["patient"].to_numpy().diagonal()
    for variance, expected in zip(found, values["patient"].values(), strict=True):
        room = tol.variance * max(expected, 1e-2 * values["sigma"] ** 2)
        assert variance == pytest.approx(expected, abs=room)
