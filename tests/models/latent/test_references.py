"""fit_latent_within_between against lavaan and nlme (tests/reference/make_latent_references.R)."""

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
from alliance_stats.models.latent.result import LatentResult

FILE = Path(__file__).resolve().parents[2] / "reference" / "latent" / "latent.json"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return values


def fit(frame: pd.DataFrame, **options: object) -> LatentResult:
    roles = al.Roles(alliance="wai_total", outcome="phq9", therapist="therapist")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_latent_within_between(frame, roles, **options)  # type: ignore[arg-type]


def sessions(case: str) -> pd.DataFrame:
    frame = al.load_example("sessions").frame
    return frame if case == "missing" else frame.dropna(subset=["wai_total", "phq9"])


@pytest.mark.parametrize("case", ["missing", "complete"])
def test_two_levels_without_time_are_those_of_lavaan(
    case: str, reference: dict[str, Any], tol: SimpleNamespace
) -> None:
    result, expected = fit(sessions(case), unit="patient", time="none"), reference["lavaan"]
    assert len(result.prepared.frame) == reference["n_obs"]
    slack = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
    assert result.fit.loglik == pytest.approx(expected["loglik"], abs=slack)
    for row in result.tidy().itertuples():
        beta, se = expected[row.effect]["estimate"], expected[row.effect]["se"]
        assert abs(row.estimate - beta) < tol.beta_in_se * se
        assert row.se == pytest.approx(se, rel=tol.se)


@pytest.mark.parametrize("unit", ["patient", "therapist"])
def test_with_time_they_are_those_of_nlme(
    unit: str, reference: dict[str, Any], tol: SimpleNamespace
) -> None:
    expected = reference[f"{unit}s"]
    result = fit(sessions("missing"), unit=unit)
    slack = tol.loglik_absolute + tol.loglik_relative * abs(expected["loglik"])
    # nlme may stop a little below the maximum: a higher one passes
    assert expected["loglik"] - slack < result.fit.loglik < expected["loglik"] + 1e-3
    beta = [expected["beta"][name] for name in ("ix", "tx", "iy", "ty")]
    se = np.array([expected["se"][name] for name in ("ix", "tx", "iy", "ty")])
    assert (np.abs(result.fit.coefficients.ravel() - beta) < 1e-3 * se).all()
    matrices = [expected["residual"], *expected["random"][::-1]]
    for found, known in zip(result.fit.covariances, matrices, strict=True):
        sd = np.sqrt(np.diag(known))
        np.testing.assert_allclose(found / np.outer(sd, sd), known / np.outer(sd, sd), atol=2e-3)
