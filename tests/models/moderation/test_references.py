"""fit_moderation against lmer and lme, with TOST by its formulas (make_moderation_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import ModerationResult

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
FOLDER = REFERENCE / "moderation"
CASES = ("adherence", "arms", "arms_kr", "free", "intake", "intake_given", "two_levels")
BOUNDS = {"within": 0.1, "between": 0.25, "patient_between": 0.25, "therapist_between": 0.6}
Case = tuple[ModerationResult, dict[str, Any]]


def fitted(reference: dict[str, Any]) -> ModerationResult:
    therapist = "therapist" if reference["therapist"] else None
    roles = al.Roles(alliance="wai", outcome="phq", therapist=therapist)
    effects = ["within", *(["patient_between", "therapist_between"] if therapist else ["between"])]
    options = {
        name: reference[name]
        for name in ("at", "alpha", "reml", "time_by_moderator", "variance_by_arm")
        if name in reference
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_moderation(
            pd.read_csv(REFERENCE / reference["data"]), roles, moderator=reference["moderator"],
            smallest_effect={effect: BOUNDS[effect] for effect in effects}, **options,
        )  # fmt: skip


def load(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return values


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    reference = load(request.param)
    return fitted(reference), reference


def close(found: dict[str, Any], expected: dict[str, Any], tol: SimpleNamespace) -> None:
    """Estimate and standard error at the tolerances of mixed models."""
    beta, se = expected["estimate"], expected["se"]
    gap = abs(found["estimate"] - beta)
    assert gap <= min(tol.beta_in_se * se, tol.beta_relative * max(abs(beta), se))
    assert found["se"] == pytest.approx(se, rel=tol.se)


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*CASES, "free_variances"}


def test_slopes(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    table = result.tidy(ddf=reference["ddf"]).set_index(["effect", "group"])
    for effect, values in reference["effects"].items():
        assert set(table.loc[effect].index) == set(values["slopes"])
        for group, expected in values["slopes"].items():
            row = table.loc[(effect, group)].to_dict()
            close(row, expected, tol)
            assert row["df"] == pytest.approx(expected["df"], rel=tol.df)
            assert row["p_value"] == pytest.approx(expected["p"], rel=tol.p_value)
            width = expected["high"] - expected["low"]
            assert row["ci_low"] == pytest.approx(expected["low"], abs=tol.interval_wald * width)


def test_differences_and_equivalence(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    table = result.equivalence(ddf=reference["ddf"]).set_index(["effect", "comparison"])
    for effect, values in reference["effects"].items():
        assert set(table.loc[effect].index) == {d["comparison"] for d in values["differences"]}
        for expected in values["differences"]:
            row = table.loc[(effect, expected["comparison"])].to_dict()
            close(row, expected, tol)
            assert row["df"] == pytest.approx(expected["df"], rel=tol.df)
            assert row["p_difference"] == pytest.approx(expected["p"], rel=tol.p_value)
            assert row["p_equivalence"] == pytest.approx(expected["p_equivalence"], rel=tol.p_value)
            width = expected["tost_high"] - expected["tost_low"]
            for end in ("tost_low", "tost_high"):
                assert row[end] == pytest.approx(expected[end], abs=tol.interval_wald * width)


def test_the_interaction(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    table = result.claims(ddf=reference["ddf"]).set_index("effect")
    assert set(table.index) == set(reference["effects"])
    for effect, values in reference["effects"].items():
        row, expected = table.loc[effect], values["f"]
        assert row["f"] == pytest.approx(expected["statistic"], rel=tol.statistic)
        assert row["df_numerator"] == expected["df1"]
        assert row["df_denominator"] == pytest.approx(expected["df2"], rel=tol.df)
        assert row["p_interaction"] == pytest.approx(expected["p"], rel=tol.p_value)
        assert row["p_equivalence"] == pytest.approx(values["p_equivalence"], rel=tol.p_value)


def test_the_whole_model(case: Case, tol: SimpleNamespace) -> None:
    fit, values = case[0].fit, case[1]
    bound = tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    assert fit.n_obs == values["n"]
    assert fit.loglik == pytest.approx(values["loglik"], abs=bound)
    assert fit.sigma == pytest.approx(values["sigma"], rel=tol.variance)
    assert not fit.singular
    assert not values["singular"]


def test_residual_variances_of_arms_against_nlme(tol: SimpleNamespace) -> None:
    reference = load("free_variances")
    result = fitted(reference)
    bound = tol.loglik_absolute + tol.loglik_relative * abs(reference["loglik"])
    assert result.fit.loglik == pytest.approx(reference["loglik"], abs=bound)
    slopes = result.tidy().set_index(["effect", "group"])
    differences = result.equivalence().set_index(["effect", "comparison"])
    for effect, values in reference["effects"].items():
        for group, expected in values["slopes"].items():
            close(slopes.loc[(effect, group)].to_dict(), expected, tol)
        for expected in values["differences"]:
            close(differences.loc[(effect, expected["comparison"])].to_dict(), expected, tol)
    assert result.fit.residual is not None
    ratios = result.fit.residual.table().set_index("level")["estimate"]
    for level in ("b", "c"):
        assert ratios[level] == pytest.approx(reference["sd_ratio"][level], rel=tol.variance)
