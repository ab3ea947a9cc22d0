"""Shrout & Lane (2012, Handbook of research methods for studying daily life): five persons.

Three items on four occasions. Data and coefficients as psych's help page of
``multilevel.reliability`` gives them for the chapter; the coefficients have two decimals.
"""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al

ITEM1 = [2, 3, 6, 3, 7, 3, 5, 6, 3, 8, 4, 4, 7, 5, 6, 1, 5, 8, 8, 6]
ITEM2 = [3, 4, 6, 4, 8, 3, 7, 7, 5, 8, 2, 6, 8, 6, 7, 3, 9, 9, 7, 8]
ITEM3 = [6, 4, 5, 3, 7, 4, 7, 8, 9, 9, 5, 7, 9, 7, 8, 4, 7, 9, 9, 6]
#: Sessions crossed with persons, then nested in them.
CROSSED = {"RkF": 0.97, "R1R": 0.60, "RkR": 0.85, "RC": 0.74}
NESTED = {"RkRn": 0.85, "RCn": 0.65}


@pytest.fixture(scope="module")
def diary() -> pd.DataFrame:
    person = [1, 2, 3, 4, 5] * 4
    time = [occasion for occasion in (1, 2, 3, 4) for _ in range(5)]
    return pd.DataFrame(
        {"person": person, "time": time, "item1": ITEM1, "item2": ITEM2, "item3": ITEM3}
    )


@pytest.mark.parametrize(("nested", "printed"), [(False, CROSSED), (True, NESTED)])
def test_coefficients_as_printed(
    diary: pd.DataFrame, nested: bool, printed: dict[str, float]
) -> None:
    found = al.multilevel_reliability(
        diary, items=["item1", "item2", "item3"], patient="person", session="time", nested=nested
    )
    for term, value in printed.items():
        assert found.value(term) == pytest.approx(value, abs=0.005), term
