"""fit_therapist against lme4, lmerTest and pbkrtest (make_therapist_references.R)."""

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
from alliance_stats.models.therapist.result import TherapistResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "therapist"
ROLES = al.Roles(
    alliance="wai", outcome="phq", baseline="intake", therapist="therapist", outcome_better="lower"
)
SLOPES = {"therapist": ["patient_between"]}
#: Name in R of every row.
IN_R = {
    "(Intercept)": "(Intercept)", "intake": "intake", "phq_early_change": "change",
    "wai_early_patient_between": "pb", "wai_early_therapist_between": "tb",
    "wai_early_therapist_between - wai_early_patient_between": "contextual",
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {"change": {}, "intake": {"early_change": False}, "few": {}}


def fitted(reference: dict[str, Any], **options: Any) -> TherapistResult:
    frame = pd.read_csv(FOLDER.parent / reference["data"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_therapist(frame, ROLES, **options)


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[TherapistResult, dict[str, Any]]:
    reference = json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))
    result = fitted(reference, **CASES[request.param], random_slopes=SLOPES)
    return result, reference


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)


def close_rows(table: pd.DataFrame, fixed: dict[str, Any], tol: SimpleNamespace) -> None:
    for row in table.itertuples():
        name = IN_R[str(row.term)]
        beta, se = fixed["beta"][name], fixed["se"][name]
        gap = abs(row.estimate - beta)
        assert gap <= min(tol.beta_in_se * se, tol.beta_relative * max(abs(beta), se))
        assert row.se == pytest.approx(se, rel=tol.se)
        assert row.df == pytest.approx(fixed["df"][name], rel=tol.df)
        assert row.p_value == pytest.approx(fixed["p"][name], rel=tol.p_value)


def test_coefficients_and_the_contextual_difference(
    case: tuple[TherapistResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    result, reference = case
    assert len(result.prepared.frame) == reference["n"]
    plain = TherapistResult(_without_slopes(result), result.prepared)
    assert len(plain.tidy()) == len(reference["fixed"]["beta"])
    close_rows(plain.tidy(), reference["fixed"], tol)
    kr = plain.tidy(ddf="kenward-roger")
    for row in kr.itertuples():
        name = IN_R[str(row.term)]
        assert row.se == pytest.approx(reference["fixed"]["kr_se"][name], rel=tol.se)
        assert row.df == pytest.approx(reference["fixed"]["kr_df"][name], rel=tol.df)


def _without_slopes(result: TherapistResult) -> Any:
    from dataclasses import replace

    return replace(result.fits, model=result.after)


def test_variances_and_likelihoods(
    case: tuple[TherapistResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    result, reference = case
    fits = {"before": result.before, "after": result.after, "alliance": result.fits.alliance}
    shares = result.shares().set_index("model")
    for name, fit in fits.items():
        expected = reference["variances"][name]
        bound = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
        assert fit.loglik == pytest.approx(expected["loglik"], abs=bound)
        size = max(expected["therapist"], 1e-2 * expected["residual"])
        gap = abs(shares.loc[name, "var_therapist"] - expected["therapist"])
        assert gap <= tol.variance * size
        residual = pytest.approx(expected["residual"], rel=tol.variance)
        assert shares.loc[name, "var_patient"] == residual
    before, after = (reference["variances"][name]["therapist"] for name in ("before", "after"))
    explained = result.reduction.set_index("unit").loc["therapist", "explained"]
    assert explained == pytest.approx(1 - after / before, abs=2 * tol.variance * after / before)


def test_exact_intervals_and_tests_of_therapists(
    case: tuple[TherapistResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    """R searches with dense matrices of all patients to 1e-12."""
    result, reference = case
    for row in result.shares().itertuples():
        expected = reference["exact"][row.model]
        assert row.ci_low == pytest.approx(expected["low"], abs=tol.closed_form)
        assert row.ci_high == pytest.approx(expected["high"], abs=tol.closed_form)
        assert row.statistic == pytest.approx(expected["statistic"], rel=tol.closed_form)
        assert [row.df, row.df_rest] == expected["df"]
        assert row.p_value == pytest.approx(expected["p"], rel=1e3 * tol.closed_form)


def test_effects_of_therapists(
    case: tuple[TherapistResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    result, reference = case
    table = result.therapist_effects().set_index(["model", "therapist"])
    caseload = reference["caseload"]
    for model in ("before", "after"):
        expected = reference["blups"][model]
        assert set(table.loc[model].index) == set(expected["estimate"])
        for therapist, value in expected["estimate"].items():
            row = table.loc[(model, therapist)]
            sd = expected["sd"][therapist]
            assert abs(row["estimate"] - value) <= tol.blup_in_sd * sd
            assert row["se"] == pytest.approx(sd, rel=tol.blup_in_sd)
            assert row["n"] == caseload[therapist]
            assert row["estimate"] == pytest.approx(row["observed"] * row["shrinkage"], abs=1e-9)


def test_slopes_that_differ(
    case: tuple[TherapistResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    """Our likelihood is that of lme4 or above it (tests/reference/README.md)."""
    result, reference = case
    expected = reference["variances"]["slope"]
    bound = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
    assert result.fit.loglik >= expected["loglik"] - bound
    if result.fit.loglik > expected["loglik"] + bound or expected["singular"]:
        return
    close_rows(result.tidy(), reference["slope_fixed"], tol)
    found = result.slope_differences
    assert found is not None
    assert found["variance"].iloc[0] == pytest.approx(expected["slope"], rel=tol.variance)
    test = reference["slope_test"]
    assert found["statistic"].iloc[0] == pytest.approx(test["statistic"], abs=4 * bound)
    assert found["p_value"].iloc[0] == pytest.approx(test["p"], rel=tol.p_value)


def test_at_least_one_slope_is_compared() -> None:
    compared = [
        not json.loads(path.read_text("utf-8"))["variances"]["slope"]["singular"]
        for path in FOLDER.glob("*.json")
    ]
    assert any(compared)
    assert np.isfinite(compared).all()
