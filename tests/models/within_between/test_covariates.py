"""Covariates of fit_within_between: the columns they enter by, against the engine's own fit."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError
from tests.models.multiverses.conftest import ROLES, made_sessions

#: Columns of the fixed part besides time.
ALL = (
    "wai_within", "wai_patient_between", "wai_therapist_between", "mood_within",
    "mood_patient_between", "mood_therapist_between", "hope_patient_between",
    "hope_therapist_between",
)  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Ratings, a mood of each session and a hope of each patient."""
    return made_sessions(np.random.default_rng(5), patients=48)


def fit(frame: pd.DataFrame, **more: Any) -> al.models.AllianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_within_between(frame, ROLES, **more)


def test_parts_are_centred_as_the_alliance(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    """By hand: parts of the covariate within patients, between patients and between therapists."""
    frame = frame.assign(mood=frame["mood"].where(frame.index % 17 != 3))
    result = fit(frame, covariates=["mood", "hope"])
    assert result.specification.covariates == ALL[3:]
    assert result.prepared.dropped["mood"] > 0
    own = frame.groupby("patient")["mood"].transform("mean")
    rows = result.prepared.frame
    keep = frame[["wai", "phq", "mood"]].notna().all(axis=1)
    assert np.allclose((frame["mood"] - own)[keep], rows["mood_within"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = al.fit_lmm(
            f"phq ~ session_since_start + {' + '.join(ALL)} + (1 + wai_within | patient) "
            "+ (1 | therapist)", rows,
        )  # fmt: skip
    assert abs(result.fit.beta["wai_within"] - again.beta["wai_within"]) <= tol.beta_in_se * 0.01
    assert "Held constant: mood_within" in " ".join(result.notes)
    assert "covariates=['mood', 'hope']" in str(result.view().refit)
    assert len(result.sensitivity) > 0
    assert result.fit.formula.count("mood") == 3


def test_raw_covariates_have_one_coefficient(frame: pd.DataFrame) -> None:
    result = fit(frame, covariates=["hope"], covariate_parts="raw")
    assert result.specification.covariates == ("hope",)
    assert "covariate_parts='raw'" in str(result.view().refit)
    assert "hope" in result.tidy()["term"].tolist()


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"covariates": "mood"}, ArgumentError, "is not a list of columns"),
        ({"covariates": ["mod"]}, DataError, "Did you mean 'mood'"),
        ({"covariates": ["wai"]}, ArgumentError, "in the model already"),
        ({"covariates": ["mood", "mood"]}, ArgumentError, "names a column twice"),
        ({"covariates": ["therapist"]}, ArgumentError, "in the model already"),
        ({"covariate_parts": "raw"}, ArgumentError, "would be ignored without covariates"),
        ({"covariates": ["mood"], "covariate_parts": "within"}, ArgumentError, "Allowed: 'both'"),
    ],
)
def test_refuses(frame: pd.DataFrame, more: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fit(frame, **more)
    with pytest.raises(DataError, match="not numeric"):
        fit(frame.assign(sex="f"), covariates=["sex"])
