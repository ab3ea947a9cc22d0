"""Therapists' ratings, changes of therapist and the arm without therapists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats import ArgumentError
from alliance_stats.simulate import describe_study, simulate_sessions

LARGE: dict[str, Any] = {"n_patients": 30_000, "n_therapists": 3_000}
PLAIN: dict[str, Any] = {
    "alliance_range": None,
    "outcome_range": None,
    "missing_ratings": 0,
    "flat_patients": 0,
    "alliance_trend": 0,
    "alliance_trend_sd": 0,
    "improvement_alliance": 0,
    "dropout_hazard": 0,
}


def test_ratings_of_dyads_correlate_and_differ_as_published() -> None:
    found = describe_study(simulate_sessions(**LARGE, therapist_ratings=True, rng=31))
    assert found["dyad_r"] == pytest.approx(0.36, abs=0.02)
    assert found["dyad_d"] == pytest.approx(0.63, abs=0.03)


def test_latent_ratings_correlate_at_every_level_as_asked() -> None:
    frame = simulate_sessions(
        **LARGE, **PLAIN, therapist_ratings=True, dyad_correlation=0.5, dyad_difference=1, rng=32
    ).frame
    both = frame[["wai_total", "wai_therapist"]]
    assert both.corr().iloc[0, 1] == pytest.approx(0.5, abs=0.02)
    assert both.std().tolist() == pytest.approx([9, 9], abs=0.15)
    assert (both.mean().diff().iloc[1]) == pytest.approx(-9, abs=0.25)
    within = both - frame.groupby("patient")[["wai_total", "wai_therapist"]].transform("mean")
    assert within.corr().iloc[0, 1] == pytest.approx(0.5, abs=0.02)


def test_therapists_ratings_leave_everything_else_as_it_was() -> None:
    plain, dyads = (
        simulate_sessions(therapist_ratings=flag, rng=33).frame for flag in (False, True)
    )
    pd.testing.assert_frame_equal(plain, dyads.drop(columns="wai_therapist"))
    assert dyads["wai_therapist"].between(12, 60).sum() == dyads["wai_therapist"].notna().sum()


def test_share_of_patients_changes_therapist_once() -> None:
    options: dict[str, Any] = {"dropout_hazard": 0, "missing_sessions": 0, "rng": 34}
    frame = simulate_sessions(**LARGE, **options, therapist_change=0.2).frame
    stays = simulate_sessions(**LARGE, **options).frame
    by_patient = frame.groupby("patient")
    several = by_patient.size() > 1
    number = by_patient["therapist"].nunique()
    assert (number == 2)[several].mean() == pytest.approx(0.2, abs=0.01)
    assert number.max() == 2
    moved = frame["therapist"] != frame["therapist"].shift()
    assert moved[frame["session"] > 1].sum() == (number == 2).sum()
    first = frame["session"] == 1
    assert frame.loc[first, "therapist"].equals(stays.loc[first, "therapist"])


def test_a_new_therapist_brings_the_own_alliance() -> None:
    """With therapist variance only, ratings follow the therapist of the session."""
    frame = simulate_sessions(
        **PLAIN | {"alliance_therapist_share": 0.9, "alliance_patient_share": 0},
        n_patients=600, n_therapists=20, outcome_therapist_share=0.35, therapist_change=0.5, rng=35,
    ).frame  # fmt: skip
    levels = frame.groupby("therapist")["wai_total"].transform("mean")
    assert 1 - (frame["wai_total"] - levels).var() / frame["wai_total"].var() > 0.8


def test_arm_without_therapists() -> None:
    sessions = simulate_sessions(n_patients=400, n_therapists=20, therapist_free=0.25, rng=36)
    frame = sessions.frame
    arm = frame.groupby("patient")["treatment"].first()
    assert arm.value_counts().to_dict() == {"therapist": 300, "self-guided": 100}
    assert frame["therapist"].isna().equals(frame["treatment"] == "self-guided")
    assert sessions.roles is not None
    assert sessions.roles.treatment == "treatment"


def test_no_therapist_has_no_part_in_alliance_and_outcome() -> None:
    frame = simulate_sessions(
        **LARGE, **PLAIN, sessions_median=1, sessions_cv=0, sessions_max=1, therapist_free=0.5,
        therapist_ratings=True, rng=37,
    ).frame  # fmt: skip
    variances = frame.groupby("treatment")[["wai_total", "phq9"]].var()
    ratio = variances.loc["self-guided"] / variances.loc["therapist"]
    assert ratio.tolist() == pytest.approx([0.93, 0.95], abs=0.035)
    assert frame["wai_therapist"].isna().equals(frame["treatment"] == "self-guided")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"therapist_ratings": 1}, "therapist_ratings=1 is neither True nor False"),
        ({"dyad_correlation": -1}, "dyad_correlation=-1 is not between"),
        ({"dyad_difference": np.inf}, "dyad_difference=inf is not a finite number"),
        ({"therapist_free": 1}, "therapist_free=1 is not a share"),
        (
            {"therapist_change": 0.1, "n_therapists": 1, "n_patients": 9},
            "therapist_change=0.1 needs another therapist.*n_therapists=1",
        ),
    ],
)
def test_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        simulate_sessions(**changes, rng=1)


def test_dyad_parameters_without_therapist_ratings_are_refused() -> None:
    with pytest.raises(ArgumentError, match="dyad_difference=1.0 would be ignored"):
        simulate_sessions(dyad_difference=1.0, rng=1)
