"""Shrout & Fleiss (1979), Psychological Bulletin 86(2): six targets, four judges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

#: Table 2.
RATINGS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)
#: Table 4.
PUBLISHED = {
    "ICC(1,1)": 0.17,
    "ICC(2,1)": 0.29,
    "ICC(3,1)": 0.71,
    "ICC(1,k)": 0.44,
    "ICC(2,k)": 0.62,
    "ICC(3,k)": 0.91,
}
#: Table 3: mean squares.
SQUARES = {"targets": 11.24, "within targets": 6.26, "raters": 32.49, "residual": 1.02}


def found(form: str | None = None) -> al.reliability.ReliabilityResult:
    frame = pd.DataFrame(
        {
            "target": np.repeat(range(6), 4),
            "judge": np.tile(list("abcd"), 6),
            "rating": RATINGS.ravel(),
        }
    )
    return al.icc(frame, targets="target", raters="judge", ratings="rating", form=form)


@pytest.mark.parametrize(("form", "value"), PUBLISHED.items())
def test_six_forms(form: str, value: float) -> None:
    assert round(found(form).estimate, 2) == value


def test_mean_squares() -> None:
    table = found().tables["Mean squares"].set_index("source")["mean_square"]
    assert {source: round(float(table[source]), 2) for source in SQUARES} == SQUARES
