"""fit_mediation against lme4 and nlme, effects by hand in R (make_mediation_references.R)."""

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
from alliance_stats.models import MediationResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "mediation"
#: File, therapists, and the arguments of every case.
CASES: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "lagged": ("gaps", True, {"random_slopes": {}}),
    "lagged_slopes": ("gaps", False, {}),
    "lagged_three": ("complete", True, {}),
    "contemporaneous": ("same", False, {"contemporaneous": True}),
    "ml": ("complete", False, {"reml": False}),
    "patient_level": ("gaps", True, {"predictor": "hope", "random_slopes": {}}),
    "patient_level_two": ("complete", False, {"predictor": "hope", "contemporaneous": True}),
}
SCRIPTS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "joint": ("gaps", False, {}),
    "joint_three": ("complete", True, {"time": "factor"}),
    "arms": ("gaps", True, {"predictor": "arm", "time": "factor"}),
}
Case = tuple[MediationResult, dict[str, Any]]


def fitted(file: str, three: bool, more: dict[str, Any]) -> MediationResult:
    roles = al.Roles(
        alliance="wai", outcome="phq", therapist="therapist" if three else None,
        outcome_better="lower", alliance_at="after", outcome_at="before",
    )  # fmt: skip
    given = {} if more.get("contemporaneous") else {"mediator_at": "before"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_mediation(
            pd.read_csv(FOLDER / f"{file}.csv"), roles, mediator="motivation", n_draws=200_000,
            **given, **more,
        )  # fmt: skip


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return fitted(*CASES[request.param]), read(request.param)


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*CASES, "scripts"}
    assert {path.stem for path in FOLDER.glob("*.R")} == set(SCRIPTS)


def test_both_equations_by_themselves(case: Case, tol: SimpleNamespace) -> None:
    result, values = case[0], case[1]["apart"]
    for fit, n, loglik in zip(
        (result.fits.mediator, result.fits.outcome), values["n"], values["loglik"], strict=True
    ):
        assert fit.n_obs == n
        assert abs(fit.loglik - loglik) < tol.loglik_absolute + tol.loglik_relative * abs(loglik)


def test_paths_and_effects(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    table = result.tidy().set_index("effect")
    for level, values in reference["apart"]["levels"].items():
        if level == "within" and "joint" in reference:
            continue
        for name in ("a", "b", "direct", "indirect", "total"):
            found = table.loc[f"{level}_{name}"]
            se = values[f"se_{name}"]
            assert abs(found["estimate"] - values[name]) / se < tol.beta_in_se
            assert found["se"] == pytest.approx(se, rel=tol.se)
            if f"df_{name}" in values:
                assert found["df"] == pytest.approx(values[f"df_{name}"], rel=tol.df)


def test_percentiles(case: Case) -> None:
    """Monte Carlo error of the ends: 200,000 draws here, two million there."""
    result, reference = case
    table = result.tidy().set_index("effect")
    for level, values in reference["apart"]["levels"].items():
        if level == "within" and "joint" in reference:
            continue
        for name, ends in values["percentiles"].items():
            found = table.loc[f"{level}_{name}", ["ci_low", "ci_high"]].to_numpy(dtype=float)
            error = 2.7 * values[f"se_{name}"] / np.sqrt(200_000)
            np.testing.assert_allclose(found, ends, atol=5 * error)


def test_the_model_of_both_equations(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    if "joint" not in reference:
        assert result.fits.joint is None
        return
    values, fit = reference["joint"], result.fits.joint
    assert fit is not None
    assert fit.n_obs == values["n"]
    assert fit.loglik > values["loglik"] - tol.loglik_absolute - tol.loglik_relative * 7000
    table = result.tidy().set_index("effect")
    for name in ("a", "b", "direct"):
        found, se = table.loc[f"within_{name}"], values[f"se_{name}"]
        assert abs(found["estimate"] - values[name]) / se < tol.beta_in_se
        assert found["se"] == pytest.approx(se, rel=tol.se)
    scale = np.sqrt(values["variance_a"] * values["variance_b"])
    found = result.estimates[0].values
    assert abs(found[3] - values["covariance"]) < tol.correlation * scale
    assert abs(found[0] * found[1] + found[3] - values["indirect"]) < tol.correlation * scale
    v = result.estimates[0].vcov
    errors = result.estimates[0].errors()
    assert errors[0] ** 2 - v[3, 3] == pytest.approx(values["se_indirect"] ** 2, rel=3 * tol.se)
    assert errors[1] ** 2 - v[3, 3] == pytest.approx(values["se_total"] ** 2, rel=3 * tol.se)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_r_code_is_what_was_run(name: str, tol: SimpleNamespace) -> None:
    """The committed script is what to_r() writes, and its digits are those of the result."""
    file, three, more = SCRIPTS[name]
    result, values = fitted(file, three, more), read("scripts")[name]
    written = result.to_r(data=f"tests/reference/mediation/{file}.csv")
    assert written == (FOLDER / f"{name}.R").read_text("utf-8")
    fits = list(result.fits.named().values())
    for fit, loglik, beta in zip(fits, values["loglik"], values["beta"], strict=True):
        assert fit.loglik > loglik - tol.loglik_absolute - tol.loglik_relative * abs(loglik)
        se = np.sqrt(np.diag(fit.vcov.to_numpy()))
        apart = np.abs(fit.beta.to_numpy() - np.array(list(beta.values())))
        assert (apart / se).max() < tol.beta_in_se
    if result.fits.joint is not None:
        found, scale = result.estimates[0].values[3], abs(values["covariance"])
        assert abs(found - values["covariance"]) < tol.correlation * scale
