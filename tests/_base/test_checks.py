from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats import ArgumentError, DataError, Roles
from alliance_stats._base.checks import (
    agree,
    all_finite,
    counted,
    frame_given,
    numeric_column,
    positive_number,
    probability,
    row_places,
)
from alliance_stats.data import center, load_sessions


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (85, "r=85 is not between 0 and 1. Give 0.85 instead of 85."),
        (np.float64(97.5), "r=97.5 is not between 0 and 1. Give 0.975 instead of 97.5."),
        (1, "r=1 is not between 0 and 1. Give a number such as 0.95."),
        (1.2, "r=1.2 is not between 0 and 1. Give a number such as 0.95."),
        (100, "r=100 is not between 0 and 1. Give a number such as 0.95."),
        (-5, "r=-5 is not between 0 and 1. Give a number such as 0.95."),
        (float("nan"), "r=nan is not between 0 and 1."),
        ("85", "r='85' is not between 0 and 1. Give a number such as 0.95."),
        (True, "r=True is not between 0 and 1."),
    ],
)
def test_probability(value: float, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        probability(value, name="r")
    assert str(error.value).startswith(message)


def test_probabilities_pass() -> None:
    for value in (0.5, np.float64(0.95), 1e-9):
        probability(value, name="r")


def test_sessions_in_place_of_a_frame() -> None:
    frame = pd.DataFrame(
        {"patient": [1, 1, 2], "session": [1, 2, 1], "alliance": [1, 2, 3], "outcome": [3, 2, 1]}
    )
    sessions = load_sessions(frame, Roles())
    message = "frame is SessionData, not a DataFrame. Give sessions.frame."
    with pytest.raises(ArgumentError, match=message):
        center(sessions, "alliance")  # type: ignore[arg-type]
    frame_given(sessions.frame, name="frame")


@pytest.mark.parametrize("value", [[1], None, SimpleNamespace(frame=1, roles=None)])
def test_no_frame_at_all(value: object) -> None:
    with pytest.raises(ArgumentError, match="data is a .*, not a DataFrame. Give a pandas"):
        frame_given(value, name="data")


def test_words_agree_with_counts() -> None:
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert [agree(n, "is", "are") for n in (0, 1, 2)] == ["are", "is", "are"]
    assert row_places([np.int64(3)]) == "row 3 (counted from 0)"
    assert row_places([1, 3]) == "rows 1, 3 (counted from 0)"


def test_places_are_the_callers() -> None:
    frame = pd.DataFrame({"x": ["1", "a"]})
    with pytest.raises(
        DataError, match=r"1 cell of 2 .* first at line 3\. Correct it, or empty it"
    ):
        numeric_column(frame, "x", places=lambda rows: f"line {rows[0] + 2}")


def test_dates_in_a_frame() -> None:
    frame = pd.DataFrame({"x": pd.to_datetime(["2020-01-05", "2020-02-05"]).tz_localize("UTC")})
    with pytest.raises(DataError, match="column 'x' is not numeric: it holds dates. Give a number"):
        numeric_column(frame, "x")


def test_all_finite_also_where_the_sum_overflows() -> None:
    assert all_finite(np.array([1.0, 2.0]))
    assert all_finite(np.array([1e308, 1e308]))
    assert all_finite(np.array([1e308, 1e308, -1e308, -1e308]))
    assert not all_finite(np.array([1.0, np.nan]))
    assert not all_finite(np.array([np.inf, -np.inf]))
    assert all_finite(np.array([]))


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_numbers_that_are_not_above_zero(value: object) -> None:
    with pytest.raises(ArgumentError, match="^sd=.* is not a number above 0. Give one such as"):
        positive_number(value, name="sd")


def test_numbers_above_zero_pass() -> None:
    for value in (1, 0.5, np.float64(3), np.int64(2)):
        positive_number(value, name="sd")
