"""What effect_sizes refuses: impossible numbers, rows named; calls that cannot be meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, UnsupportedError

GOOD = pd.DataFrame({"r": [0.2, 0.3, 0.1], "n": [50, 60, 70], "s": ["positive", "-", 1]})


@pytest.mark.parametrize(
    ("change", "asked", "words"),
    [
        ({"r": [28.0, 30, -15]}, {}, "look like percentages: write .28, not 28"),
        ({"r": [0.2, 1.0, 0.1]}, {}, "1 impossible value (1), at row 1 (counted from 0)"),
        ({"n": [50, 3, 70]}, {}, "(3), at row 1 (counted from 0): a sample needs four or more"),
        ({"n": [50, 60.5, 70]}, {}, "(60.5), at row 1"),
        ({"r": [50, 60, 70], "n": [0.2, 0.3, 0.1]}, {}, "seem to be swapped"),
        ({"r": ["0.2", "about .3", "0.1"]}, {}, "first at row 1"),
        ({"r": [np.inf, 0.3, 0.1]}, {}, "1 infinite value"),
        ({"yi": 1.0}, {}, "derived columns exist already: yi"),
    ],
)
def test_impossible_numbers_are_refused(
    change: dict[str, Any], asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        al.effect_sizes(GOOD.assign(**change), ri="r", ni="n", **asked)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("measure", "data", "words"),
    [
        ("ZCOR", {"pi": [0.0], "signi": [1], "ni": [30]}, "a printed .000 is a bound"),
        ("ZCOR", {"pi": [0.5], "signi": ["up"], "ni": [30]}, "no direction at row 0"),
        ("ZCOR", {"fi": [-1.0], "signi": [1], "ni": [30]}, "an F is not below 0"),
        ("ZCOR", {"chi2i": [31.0], "signi": [1], "ni": [30]}, "r would be 1 or more"),
        ("ZPCOR", {"ri": [0.1], "ni": [10], "controls": [7]}, "n − k − 3 must be above 0"),
        ("SPCOR", {"ri": [0.5], "ni": [30], "r2i": [0.2]}, "whose square is above R²"),
        ("SMD", {"m1i": [1], "sd1i": [0], "n1i": [9], "m2i": [1], "sd2i": [2], "n2i": [9]}, "sd1i"),
        ("SMD", {"gi": [1], "n1i": [1], "n2i": [9]}, "a group needs two or more"),
        ("OR", {"ai": [1], "bi": [2], "ci": [3], "di": [2.5]}, "fourth cell (di)"),
        ("OR", {"ai": [0], "bi": [0], "ci": [3], "di": [2]}, "a group without persons"),
        ("OR", {"ai": [9], "n1i": [5], "ci": [3], "n2i": [5]}, "more events (ai)"),
        ("OR", {"ori": [3.0], "ci_low": [1.0], "ci_high": [2.0]}, "outside its interval"),
        ("OR", {"ori": [1.1], "ci_low": [-0.2], "ci_high": [2.0]}, "not of its logarithm"),
    ],
)
def test_impossible_numbers_of_other_measures(
    measure: str, data: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        al.effect_sizes(pd.DataFrame(data), measure=measure)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"measure": "zcor"}, ArgumentError, "Did you mean 'ZCOR'?"),
        ({"ri": "r"}, ArgumentError, "given: ri"),
        ({"ri": "r", "ni": "n", "pi": "r"}, ArgumentError, "With it goes: pi signi ni"),
        ({"ri": "r", "ni": "n", "gi": "r"}, ArgumentError, "'gi' would not be used"),
        ({"rii": "r", "ni": "n"}, ArgumentError, "Did you mean 'ri'?"),
        ({"beta": "r", "ni": "n"}, UnsupportedError, "is not a correlation"),
        ({"ri": "rr", "ni": "n"}, DataError, "column 'rr' not found"),
        ({"ri": ["r"], "ni": "n"}, ArgumentError, "neither the name of a column nor a number"),
        ({}, ArgumentError, "no column is so named"),
        ({"ri": "r", "ni": "n", "study": "paper"}, DataError, "column 'paper' not found"),
        ({"ri": "r", "ni": "n", "direction": 1}, ArgumentError, "is no direction"),
        ({"ri": "r", "ni": "n", "direction": "s"}, DataError, "does not say 'higher' or 'lower'"),
        ({"ri": "r", "ni": "n", "direction": {"x": "lower"}}, DataError, "column 'outcome'"),
        ({"ri": "r", "ni": "n", "unreported": "0"}, ArgumentError, "unreported='0'"),
        (
            {"measure": "SMCR", "mpre": "r", "mpost": "r", "sdpre": "r", "ni": "n"},
            ArgumentError,
            "made from: mpre mpost sdpre ri ni",
        ),
    ],
)
def test_calls_that_cannot_be_meant(
    asked: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        al.effect_sizes(GOOD, **asked)
    assert words in str(caught.value)


def test_directions_must_be_known_of_every_outcome() -> None:
    frame = GOOD.assign(outcome=["PHQ", "GAF", "BDI"])
    asked: dict[str, Any] = {"ri": "r", "ni": "n"}
    with pytest.raises(ArgumentError, match="says nothing of 'BDI', 'GAF'"):
        al.effect_sizes(frame, direction={"PHQ": "lower"}, **asked)
    with pytest.raises(ArgumentError, match="'down' is neither"):
        al.effect_sizes(frame, direction={"PHQ": "down"}, **asked)
