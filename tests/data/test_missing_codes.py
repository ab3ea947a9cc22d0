from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from alliance_stats import DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.missing_codes import CUSTOMARY_CODES, missing_codes, missing_codes_message


def scale(low: int, high: int, n: int = 200) -> list[float]:
    """Ratings that use the whole scale."""
    return [float(low + i % (high - low + 1)) for i in range(n)]


def codes_in(*parts: list[float]) -> dict[float, int]:
    return missing_codes(np.array([value for part in parts for value in part], dtype=float))[0]


@pytest.mark.parametrize(
    ("ratings", "codes"),
    [
        (scale(12, 60), {-99: 20}),
        (scale(12, 60), {99: 1}),
        (scale(12, 60), {-9: 1}),
        (scale(12, 60), {-1: 3}),
        (scale(12, 60), {-99: 5, -88: 2, 999: 1}),
        (scale(12, 60), {88: 1, 99: 1}),
        (scale(0, 27), {-9: 2}),
        (scale(0, 63), {-9: 1}),
        (scale(0, 63), {99: 4}),
        (scale(0, 300, 400), {-99: 1}),
        (scale(1, 7), {99: 1}),
        (scale(1, 7), {-1: 1}),
        (scale(1, 5), {9: 2}),
        (scale(0, 3), {8: 2, 9: 3}),
        (scale(0, 3), {9: 2, 99: 1}),
        ([4.0, 5.0, 6.0], {99: 1}),
        ([-1.3, 0.2, 0.4, 2.2], {-99: 1}),
    ],
)
def test_codes_far_outside_the_ratings_are_found(
    ratings: list[float], codes: dict[float, int]
) -> None:
    repeated = [value for code, n in codes.items() for value in [float(code)] * n]
    for values in ([*ratings, *repeated], [*repeated, float("nan"), *ratings[::-1]]):
        found, rest = missing_codes(np.array(values))
        assert found == codes
        assert rest == (min(ratings), max(ratings))


@pytest.mark.parametrize(
    "values",
    [
        scale(0, 10),
        scale(1, 9),
        scale(0, 8),
        scale(0, 100, 500),
        [*scale(0, 60), 99.0, 77.0][:61] + [77.0],
        [*scale(0, 5, 20), 9.0],
        [*scale(0, 5, 100), 9.0],
        [*scale(20, 80), 99.0],
        [*scale(12, 60), 9.0, 9.0],
        [*scale(-3, 0), -1.0],
        [-1.0, 0.0, 1.0] * 30,
        [0.0, 1.0] * 30 + [-1.0],
        [7.0, 8.0, 9.0] * 30,
        [6.0, 7.0] * 30 + [9.0, 9.0],
        [-9.0, -2.0, 3.0],
        [9.0, 8.0, 9.0],
        [9.0] * 5,
        [0.0, 99.0],
        [float("nan")] * 3,
        [],
    ],
)
def test_answers_that_look_like_codes_are_left_in_peace(values: list[float]) -> None:
    assert codes_in(values) == {}


def test_ordinary_ratings_give_no_false_alarm(rng: np.random.Generator) -> None:
    for low, high in ((0, 3), (1, 5), (1, 7), (0, 10), (12, 60), (0, 27), (0, 63), (0, 100)):
        for n in (40, 400):
            for _ in range(40):
                skewed = low + np.floor((high - low + 1) * rng.beta(*rng.uniform(0.7, 4, 2), n))
                assert codes_in(skewed.tolist()) == {}
    for _ in range(50):
        assert codes_in(rng.normal(50, 10, 300).round().tolist()) == {}


def test_the_codes_are_the_customary_ones() -> None:
    for code in (-9, -99, -999, -9999, 9, 99, 999, 9999, -1, -8, -88, 88, 888):
        assert code in CUSTOMARY_CODES


def test_message() -> None:
    assert missing_codes_message(np.array([12.0, 60.0, -99.0, -99.0]), "alliance column 'wai'") == (
        "alliance column 'wai' seems to hold a missing-value code: -99 (2 values); all other "
        "values lie between 12 and 60. If it stands for no answer, set it to missing before "
        "loading, for example column.replace(-99, float('nan'))."
    )
    two = missing_codes_message(np.array([12.0, 60.0, -999.0, -888.0]), "outcome column 'x'")
    assert two is not None
    assert "missing-value codes: -999 (1 value), -888 (1 value); all other" in two
    assert "If they stand for no answer, set them" in two
    assert "column.replace([-999, -888], float('nan'))" in two


def test_loading_warns_once_for_each_rating_and_keeps_the_numbers() -> None:
    frame = pd.DataFrame(
        {
            "patient": np.repeat(np.arange(50), 4),
            "session": np.tile([1, 2, 3, 4], 50),
            "alliance": scale(12, 60),
            "outcome": scale(0, 27),
            "rated": scale(1, 7),
            "start": np.repeat(scale(0, 27, 50), 4),
            "week": scale(0, 40),
        }
    )
    frame.loc[[3, 9], ["alliance", "rated", "week"]] = -99
    frame.loc[:3, "start"] = 999
    roles = Roles(alliance_therapist="rated", baseline="start", time="week")
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(frame, roles)
    said = [str(w.message) for w in caught]
    assert sessions.report.messages == tuple(said)
    assert [message.split(" seems")[0] for message in said] == [
        "alliance column 'alliance'",
        "alliance_therapist column 'rated'",
        "baseline column 'start'",
    ]
    assert (sessions.frame["alliance"] == -99).sum() == 2
    assert said[0] in " ".join(repr(sessions).split())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_sessions(frame.replace([-99, 999], np.nan), roles)
