from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import DataError


def wai(rng: np.random.Generator, low: int, high: int, n: int = 50) -> pd.DataFrame:
    values = rng.integers(low, high + 1, (n, 12))
    values[0], values[1] = low, high
    return pd.DataFrame(values, columns=[f"wai{i}" for i in range(1, 13)])


def refused(frame: pd.DataFrame, instrument: str) -> str:
    with pytest.raises(DataError) as caught:
        al.score(frame, instrument)
    return str(caught.value)


def test_coded_from_zero(rng: np.random.Generator) -> None:
    said = refused(wai(rng, 0, 4), "wai_sr")
    assert "All lie between 0 and 4: the items are coded from 0. Give frame[items] + 1." in said
    fixed = wai(rng, 0, 4) + 1
    assert al.score(fixed, "wai_sr")["wai_sr_total"].between(12, 60).all()


def test_coded_from_one(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.integers(1, 5, (40, 9)), columns=[f"phq{i}" for i in range(1, 10)])
    assert "All lie between 1 and 4: the items are coded from 1. Give frame[items] - 1." in refused(
        frame, "phq_9"
    )


def test_missing_codes_are_named_by_item_and_count(rng: np.random.Generator) -> None:
    frame = wai(rng, 1, 5)
    frame.loc[:2, "wai3"] = 99
    frame.loc[7, "wai8"] = -9
    said = refused(frame, "wai_sr")
    assert "4 values of 'wai3' (3), 'wai8' (1) are outside: -9 (1 times), 99 (3 times)" in said
    assert "replace([-9, 99], float('nan'))" in said


def test_millimetres_of_a_visual_scale(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.uniform(0, 100, (40, 4)), columns=["ors1", "ors2", "ors3", "ors4"])
    assert "In millimetres? Give frame[items] / 10." in refused(frame, "ors")
    assert al.score(frame / 10, "ors")["ors_total"].between(0, 40).all()


def test_responses_that_are_not_whole(rng: np.random.Generator) -> None:
    frame = wai(rng, 1, 5).astype(float)
    frame.loc[3, "wai5"] = 3.5
    assert "whole responses, but 1 value of 'wai5' (1) is not whole" in refused(frame, "wai_sr")


def test_words_and_categories(rng: np.random.Generator) -> None:
    frame = wai(rng, 1, 5)
    words = frame.assign(wai4=frame["wai4"].map({1: "seldom", 2: "x", 3: "y", 4: "z", 5: "always"}))
    said = refused(words, "wai_sr")
    assert "item 'wai4' holds words in 50 rows of 50, not numbers" in said
    assert "seldom" not in said
    assert "frame['wai4'].map({'never': 1" in said
    ordered = frame.assign(wai4=pd.Categorical(frame["wai4"], ordered=True))
    assert "item 'wai4' holds categories, not numbers" in refused(ordered, "wai_sr")
    flags = frame.assign(wai4=frame["wai4"] > 3)
    assert "item 'wai4' holds true and false, but responses go from 1 to 5" in refused(
        flags, "wai_sr"
    )
    dates = frame.assign(wai4=pd.Timestamp("2020-01-01"))
    assert "item 'wai4' is not numeric: it holds dates" in refused(dates, "wai_sr")


def test_many_strange_values_are_listed_in_part(rng: np.random.Generator) -> None:
    said = refused(wai(rng, 1, 30), "wai_sr")
    assert "values of 12 items are outside: 6 (" in said
    assert ", …. Correct them, or name the right columns with items=." in said
