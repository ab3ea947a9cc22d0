"""fit_growth against lmer (tests/reference/make_growth_references.R)."""

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
from alliance_stats.models.growth.early import EarlyRate
from alliance_stats.models.growth.parallel import ParallelGrowth
from alliance_stats.models.growth.result import GrowthResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "growth"
#: Name in R of every column.
IN_R = {
    "(Intercept)": "(Intercept)", "session_since_start": "t", "session_since_start_log": "tlog",
    "session_since_start_squared": "tsq", "session_since_start_after_break": "tafter",
    "sessions_attended": "length", "time_after_window": "after", "wai_total_early": "early",
    "outcome_early": "before", "wai_total_early_patient_between": "pb",
    "wai_total_early_therapist_between": "tb",
}  # fmt: skip
Case = tuple[GrowthResult, dict[str, Any]]


def sessions(case: str) -> tuple[pd.DataFrame, al.Roles]:
    frame = al.load_example("sessions").frame
    if case == "patients_complete":
        return frame.dropna(subset=["wai_total", "phq9"]), al.Roles(
            alliance="wai_total", outcome="phq9"
        )
    return frame, al.Roles(alliance="wai_total", outcome="phq9", therapist="therapist")


@pytest.fixture(scope="module", params=["patients_complete", "therapists_missing"])
def case(request: pytest.FixtureRequest) -> Case:
    frame, roles = sessions(request.param)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.fit_growth(frame, roles)
    return result, json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))


def in_r(term: str, known: dict[str, float]) -> str:
    """The name in R, where products may stand the other way round."""
    parts = [IN_R[part] for part in term.split(":")]
    return next(name for name in (":".join(parts), ":".join(parts[::-1])) if name in known)


def assert_fixed(
    table: pd.DataFrame, expected: dict[str, Any], tol: SimpleNamespace, *, df: bool = True
) -> None:
    for row in table.itertuples():
        name = in_r(str(row.term), expected["beta"])
        beta, se = expected["beta"][name], expected["se"][name]
        assert abs(row.estimate - beta) < tol.beta_in_se * se, row.term
        assert row.se == pytest.approx(se, rel=tol.se), row.term
        if df:
            assert row.df == pytest.approx(expected["df"][name], rel=tol.df), row.term


def test_every_shape_by_maximum_likelihood(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    for role, column in result.prepared.variables:
        rows = result.shapes[result.shapes["variable"] == column].set_index("shape")
        for shape, expected in reference[role]["shapes"].items():
            slack = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
            # a higher maximum than the reference's passes (tests/reference/README.md)
            assert rows.loc[shape, "loglik"] > expected["loglik"] - slack
            assert rows.loc[shape, "loglik"] < expected["loglik"] + 1e-3
            gain = rows.loc[shape, "loglik"] - expected["loglik"]
            assert rows.loc[shape, "aic"] + 2 * gain == pytest.approx(expected["aic"], abs=1e-6)
            assert rows.loc[shape, "bic"] + 2 * gain == pytest.approx(expected["bic"], abs=1e-6)


def test_the_reported_course(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    for course in result.courses:
        expected = reference[course.role]["shapes"][course.shape]
        assert_fixed(course.fit.tidy(), expected, tol, df=not expected["singular"])


@pytest.mark.parametrize("shape", ["log", "quadratic", "piecewise"])
def test_other_shapes_as_asked_for(shape: str, tol: SimpleNamespace) -> None:
    frame, roles = sessions("patients_complete")
    reference = json.loads((FOLDER / "patients_complete.json").read_text("utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.fit_growth(frame, roles, shape=shape)  # type: ignore[arg-type]
    for course in result.courses:
        expected = reference[course.role]["shapes"][shape]
        assert course.shape == shape
        assert_fixed(course.fit.tidy(), expected, tol, df=not expected["singular"])


def test_early_alliance_and_later_rate(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    assert isinstance(result.early, EarlyRate)
    expected = reference["early"]
    assert result.early.fit.n_obs == expected["n_obs"]
    assert_fixed(result.early.fit.tidy(), expected["fit"], tol, df=not expected["singular"])
    for name, key in (
        ("given early outcome", "given_outcome"),
        ("with treatment length", "with_length"),
    ):
        assert_fixed(result.early.adjusted[name].tidy(), expected[key], tol, df=False)


def test_treatment_length(case: Case, tol: SimpleNamespace) -> None:
    result, reference = case
    rows = result.sensitivity
    for course in result.courses:
        if course.shape != "linear":
            continue
        effect = rows["effect"].eq(f"{course.role}_trend")
        row = rows[effect & rows["model"].eq("with treatment length")]
        assert_fixed(row, reference[course.role]["with_length"], tol, df=False)


@pytest.mark.parametrize("case", ["missing", "complete"])
def test_parallel_growth_against_nlme(case: str, tol: SimpleNamespace) -> None:
    frame, roles = sessions("patients_complete")
    if case == "missing":
        frame = al.load_example("sessions").frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.fit_growth(frame, roles, shape="linear")
    expected = json.loads((FOLDER / "parallel.json").read_text("utf-8"))[case]
    assert isinstance(result.parallel, ParallelGrowth)
    fit = result.parallel.fit
    slack = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
    assert expected["loglik"] - slack < fit.loglik < expected["loglik"] + 1e-3
    covariance = fit.covariances["patient"].to_numpy()
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(
        covariance / np.outer(sd, sd), expected["correlation"], atol=tol.correlation
    )
    pairs = result.correlations().set_index("factor")
    assert pairs.loc["start with start", "correlation"] == pytest.approx(
        expected["correlation"][0][2], abs=tol.correlation
    )
    assert pairs.loc["trend with trend", "correlation"] == pytest.approx(
        expected["correlation"][1][3], abs=tol.correlation
    )
    inside = pairs["ci_low"].lt(pairs["correlation"]) & pairs["correlation"].lt(pairs["ci_high"])
    assert inside.all()
