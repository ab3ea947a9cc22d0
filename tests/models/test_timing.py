"""After how many sessions one rating can follow from another."""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import DataError
from alliance_stats.models.timing import before, check_rated_steps, sessions_until


def test_only_before_and_after_are_in_one_session() -> None:
    assert sessions_until("before", "after", 3) == 0
    for first, then in (("after", "before"), ("before", "before"), ("after", "after")):
        assert sessions_until(first, then, 3) == 3  # type: ignore[arg-type]
    assert sessions_until(None, "after", 3) == 3


def test_words() -> None:
    assert (before(0), before(2)) == ("t", "t − 2")


def test_ratings_at_every_second_session_need_that_step() -> None:
    frame = pd.DataFrame({"patient": 1, "session": range(1, 9), "x": [1.0, None] * 4})
    roles = al.Roles(alliance="x", outcome="y")
    with pytest.raises(DataError, match="step=1 does not fit"):
        check_rated_steps(frame, roles, ["x"], 1)
    check_rated_steps(frame, roles, ["x"], 2)
