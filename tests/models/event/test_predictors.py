"""Predictors known at a session, and the columns of endings that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.models.event.predictors import (
    carried_forward,
    change_from_last,
    early_mean,
    running_mean,
)

PATIENT = np.array([0, 0, 0, 1, 1])
SESSION = np.array([1.0, 2, 4, 1, 2])
RATING = np.array([4.0, np.nan, 6.0, np.nan, 3.0])


def test_running_mean_takes_no_later_rating_and_no_other_patient() -> None:
    assert running_mean(RATING, PATIENT).tolist()[:3] == [4.0, 4.0, 5.0]
    assert np.isnan(running_mean(RATING, PATIENT)[3])
    assert running_mean(RATING, PATIENT)[4] == 3.0


def test_running_mean_equals_a_loop(rng: np.random.Generator) -> None:
    patient = np.sort(rng.integers(0, 9, 80))
    rating = np.where(rng.random(80) < 0.2, np.nan, rng.normal(size=80))
    found = running_mean(rating, patient)
    for t in range(80):
        past = rating[: t + 1][patient[: t + 1] == patient[t]]
        known = past[~np.isnan(past)]
        assert found[t] == pytest.approx(known.mean()) if len(known) else np.isnan(found[t])


def test_change_needs_the_session_before() -> None:
    rating = np.array([4.0, 5, 7, 1, 2])
    assert change_from_last(rating, PATIENT, SESSION)[[1, 4]].tolist() == [1.0, 1.0]
    assert np.isnan(change_from_last(rating, PATIENT, SESSION)[[0, 2, 3]]).all()


def test_early_mean_is_unknown_before_the_window_ends() -> None:
    found = early_mean(RATING, PATIENT, SESSION, (1, 2))
    assert np.isnan(found[[0, 3]]).all()
    assert found[[1, 2, 4]].tolist() == [4.0, 4.0, 3.0]


def test_carried_forward_stays_in_the_patient() -> None:
    found = carried_forward(RATING, PATIENT)
    assert found[:3].tolist() == [4.0, 4.0, 6.0]
    assert np.isnan(found[3])
