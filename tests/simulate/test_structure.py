"""Caseloads, numbers of sessions and missed sessions are as asked."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.simulate import simulate_sessions
from alliance_stats.simulate.structure import (
    gamma_median,
    gamma_weights,
    largest_remainder,
    limited_quota,
)


def test_every_patient_has_one_therapist_and_every_therapist_a_patient() -> None:
    frame = simulate_sessions(n_patients=500, n_therapists=60, rng=5).frame
    assert (frame.groupby("patient")["therapist"].nunique() == 1).all()
    assert frame["patient"].nunique() == 500
    assert frame["therapist"].nunique() == 60


def caseloads(**arguments: object) -> np.ndarray:
    frame = simulate_sessions(sessions_median=1, rng=6, **arguments).frame
    return frame.groupby("therapist")["patient"].nunique().to_numpy()


def test_caseloads_are_unequal_skewed_and_limited() -> None:
    counts = caseloads(n_patients=5000, n_therapists=400)
    assert counts.min() >= 1
    assert counts.max() == 40
    assert counts.mean() > np.median(counts) + 1
    assert counts.std() / counts.mean() == pytest.approx(0.65, abs=0.08)


def test_equal_caseloads() -> None:
    assert (caseloads(n_patients=200, n_therapists=20, caseload_cv=0) == 10).all()
    assert sorted(caseloads(n_patients=43, n_therapists=10, caseload_cv=0)) == [4] * 7 + [5] * 3


def test_caseloads_filled_to_the_last_place() -> None:
    counts = caseloads(n_patients=60, n_therapists=12, caseload_max=5, caseload_cv=2)
    assert (counts == 5).all()


def test_quota_gives_the_excess_to_the_others() -> None:
    quota = limited_quota(np.array([8.0, 1.0, 1.0]), total=20, limit=10)
    np.testing.assert_allclose(quota, [10, 5, 5])
    assert limited_quota(np.ones(3), total=0, limit=0).tolist() == [0, 0, 0]
    assert largest_remainder(np.array([1.6, 1.6, 0.8]), total=4).tolist() == [2, 1, 1]


@pytest.mark.parametrize("cv", [0.3, 0.65, 1.5])
def test_gamma_weights_have_the_moments_asked(cv: float, rng: np.random.Generator) -> None:
    weights = gamma_weights(rng, cv, 200_000)
    assert weights.mean() == pytest.approx(1, abs=0.02)
    assert weights.std() == pytest.approx(cv, rel=0.03)
    assert np.median(weights) == pytest.approx(gamma_median(cv), rel=0.02)


def test_numbers_of_sessions_median_skew_and_limit() -> None:
    frame = simulate_sessions(n_patients=8000, n_therapists=800, missing_sessions=0, rng=3).frame
    sessions = frame.groupby("patient")["session"].agg(["max", "size"])
    assert (sessions["max"] == sessions["size"]).all()
    assert sessions["size"].median() == 9
    assert sessions["size"].min() == 1
    assert sessions["size"].max() == 25
    assert sessions["size"].mean() > 9.5
    assert 0.01 < (sessions["size"] == 1).mean() < 0.06
    assert 0.01 < (sessions["size"] == 25).mean() < 0.08


@pytest.mark.parametrize("median", [1, 4, 20])
def test_median_asked_is_median_found(median: int) -> None:
    frame = simulate_sessions(
        n_patients=40_001,
        n_therapists=4_000,
        sessions_median=median,
        missing_sessions=0,
        dropout_hazard=0,
        study_end=0,
        rng=8,
    ).frame
    assert frame.groupby("patient").size().median() == median


def test_same_number_of_sessions_for_all() -> None:
    frame = simulate_sessions(
        sessions_median=7, sessions_cv=0, missing_sessions=0, dropout_hazard=0, study_end=0, rng=1
    ).frame
    assert (frame.groupby("patient").size() == 7).all()


def test_missed_sessions_leave_gaps_and_never_the_first() -> None:
    sessions = simulate_sessions(
        n_patients=3000,
        n_therapists=300,
        sessions_median=9,
        sessions_cv=0,
        missing_sessions=0.3,
        dropout_hazard=0,
        study_end=0,
        rng=4,
    )
    frame = sessions.frame
    assert (frame.groupby("patient")["session"].min() == 1).all()
    later = (frame["session"] > 1).sum() / (3000 * 8)
    assert later == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 24_000))
    steps = frame.groupby("patient")["session"].diff().dropna()
    assert (steps >= 1).all()
    assert (steps > 1).mean() > 0.2
    assert f"{27_000 - len(frame):,} planned sessions of 27,000 missed" in repr(sessions)


def test_weeks_follow_session_numbers() -> None:
    frame = simulate_sessions(day_sd=0, rng=1).frame
    assert (frame["week"] == frame["session"] - 1).all()


def test_rows_are_ordered_by_patient_then_session() -> None:
    frame = simulate_sessions(n_patients=1200, n_therapists=110, rng=1).frame
    ordered = frame.sort_values(["patient", "session"], kind="stable")
    assert frame.index.equals(ordered.index)
    assert not frame.duplicated(["patient", "session"]).any()


def test_patients_are_not_numbered_by_therapist() -> None:
    frame = simulate_sessions(rng=1).frame.drop_duplicates("patient")
    assert not frame["therapist"].is_monotonic_increasing


def test_identifiers_have_as_many_digits_as_needed() -> None:
    frame = simulate_sessions(
        n_patients=10_001, n_therapists=300, sessions_median=1, sessions_cv=0, rng=1
    ).frame
    assert frame["patient"].iloc[[0, -1]].tolist() == ["P00001", "P10001"]
    assert frame["therapist"].min() == "T001"
