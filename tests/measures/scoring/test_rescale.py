from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats import ArgumentError
from alliance_stats.measures import rescale_pomp


def test_ends_meet_and_the_way_back_is_the_same(rng: np.random.Generator) -> None:
    scores = pd.Series(rng.uniform(12, 84, 20), index=range(5, 25), name="wai")
    scores.iloc[3] = np.nan
    there = rescale_pomp(scores, possible=(12, 84), to=(12, 60))
    assert isinstance(there, pd.Series)
    pd.testing.assert_series_equal(
        pd.Series(rescale_pomp(there, possible=(12, 60), to=(12, 84))), scores
    )
    assert rescale_pomp(np.array([12.0, 84.0]), possible=(12, 84)).tolist() == [0, 100]


def test_ranges_that_are_none() -> None:
    scores = np.array([1.0, 7.0])
    with pytest.raises(ArgumentError, match=r"possible=\(1, 5\) does not hold 1 of the scores"):
        rescale_pomp(scores, possible=(1, 5))
    with pytest.raises(ArgumentError, match=r"to=\(5, 1\) is no range"):
        rescale_pomp(scores, possible=(1, 7), to=(5, 1))
