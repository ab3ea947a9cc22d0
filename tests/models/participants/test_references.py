"""Two stages, jointly, and one stage against lme4 and metafor (tests/reference/participants)."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models.participants.result import StudiesResult

FOLDER = Path(__file__).parents[2] / "reference" / "participants"
PATHS = ("alliance_to_outcome", "outcome_to_alliance")


@cache
def values(case: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{case}.json").read_text("utf-8"))  # type: ignore[no-any-return]


@cache
def fitted(question: str, three: bool, same_scale: bool = True) -> StudiesResult:
    roles = al.Roles(
        alliance="wai", outcome="phq", outcome_better="lower", baseline="intake", site="site",
        therapist="therapist" if three else None, alliance_at="after", outcome_at="before",
    )  # fmt: skip
    choices = {"bias_simulations": 0} if question == "lagged" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_studies(
            pd.read_csv(FOLDER / "sessions.csv"), roles, question=question,  # type: ignore[arg-type]
            same_scale=same_scale, **choices,
        )  # fmt: skip


def result_of(effect: str, three: bool, same_scale: bool = True) -> StudiesResult:
    return fitted("lagged" if effect in PATHS else "within_between", three, same_scale)


CASES = [(case, effect) for case in ("two_levels", "three_levels") for effect in (*PATHS, "within")]


@pytest.mark.parametrize(("case", "effect"), CASES)
def test_stage_one_is_lme4_in_every_study(case: str, effect: str, tol: SimpleNamespace) -> None:
    expected = values(case)
    table = result_of(effect, expected["three"]).study_effects
    table = table[(table["effect"] == effect) & (table["scale"] == "raw")].set_index("study")
    for site, row in expected[effect]["studies"].items():
        se = np.sqrt(table.loc[site, "vi"])
        assert abs(table.loc[site, "yi"] - row["estimate"]) <= tol.beta_in_se * row["se"]
        assert se == pytest.approx(row["se"], rel=tol.se)


@pytest.mark.parametrize(("case", "effect"), CASES)
@pytest.mark.parametrize("scale", ["raw", "standardised"])
def test_stage_two_is_metafor(case: str, effect: str, scale: str, tol: SimpleNamespace) -> None:
    """Fed by lme4 in R and by this library here: tolerances of mixed models apply."""
    expected = values(case)
    meta, row = (
        result_of(effect, expected["three"]).meta(effect, scale=scale),
        expected[effect][scale],
    )  # type: ignore[arg-type]
    found = meta.predict().iloc[0]
    assert abs(found["estimate"] - row["estimate"]) <= tol.beta_in_se * row["se"]
    assert found["se"] == pytest.approx(row["se"], rel=tol.se)
    width = row["ci_high"] - row["ci_low"]
    for name in ("ci_low", "ci_high", "pi_low", "pi_high"):
        assert abs(found[name] - row[name]) <= tol.interval_wald * width
    assert abs(meta.tau2 - row["tau2"]) <= tol.variance * max(row["tau2"], row["se"] ** 2)
    assert meta.q == pytest.approx(row["q"], rel=tol.statistic)


@pytest.mark.parametrize(("case", "effect"), CASES)
@pytest.mark.parametrize("same", [True, False])
def test_one_stage_is_lme4(case: str, effect: str, same: bool, tol: SimpleNamespace) -> None:
    expected = values(case)
    row = expected[effect]["one_raw" if same else "one_standardised"]
    model = result_of(effect, expected["three"], same).one_stage[effect]
    found = model.row(0.95)
    assert model.fit.n_obs == row["n"]
    if (
        same
    ):  # the restricted likelihood depends on the units of columns, here those of one's own SDs
        assert model.fit.loglik >= row["loglik"] - tol.loglik_absolute
    assert abs(found["estimate"] - row["estimate"]) <= tol.beta_in_se * row["se"]
    assert found["se"] == pytest.approx(row["se"], rel=tol.se)
    assert found["tau"] ** 2 == pytest.approx(row["tau"] ** 2, rel=1e-2, abs=1e-4 * row["se"] ** 2)
    if not model.fit.singular:
        assert found["df"] == pytest.approx(row["df"], rel=tol.df)


@pytest.mark.parametrize("case", ["two_levels", "three_levels"])
def test_correlation_of_errors_in_a_study(case: str, tol: SimpleNamespace) -> None:
    expected = values(case)
    stage = fitted("lagged", expected["three"]).stage
    for site, r in expected["correlation"].items():
        assert abs(stage.fits[site].correlation()[0, 1] - r) <= tol.correlation


@pytest.mark.parametrize("case", ["two_levels", "three_levels"])
def test_joint_model_is_metafor(case: str, tol: SimpleNamespace) -> None:
    expected = values(case)
    joint, row = fitted("lagged", expected["three"]).joint, expected["joint"]
    assert joint is not None
    assert joint.loglik >= row["loglik"] - 1e-4  # of estimates that agree to 1e-4 of their SE
    for b, wanted, se in zip(joint.beta, row["estimate"], row["se"], strict=True):
        assert abs(b - wanted) <= 1e-3 * se


def test_correlations_are_metafor(tol: SimpleNamespace) -> None:
    expected, result = values("outcome"), fitted("outcome", False)
    for scale, name in (("zero-order", "zero_order"), ("partial", "partial"), ("raw", "raw")):
        meta, row = result.meta(scale=scale), expected[name]  # type: ignore[arg-type]
        assert meta.beta[0] == pytest.approx(row["estimate"], rel=tol.meta_pooled)
        assert meta.se[0] == pytest.approx(row["se"], rel=tol.meta_pooled)
        assert meta.tau2 == pytest.approx(row["tau2"], rel=tol.meta_tau2, abs=1e-12)


def test_one_stage_of_patients_is_lme4(tol: SimpleNamespace) -> None:
    row, model = values("outcome")["one_raw"], fitted("outcome", False).one_stage["early_alliance"]
    found = model.row(0.95)
    assert abs(found["estimate"] - row["estimate"]) <= tol.beta_in_se * row["se"]
    assert found["se"] == pytest.approx(row["se"], rel=tol.se)
    assert model.fit.loglik >= row["loglik"] - tol.loglik_absolute
