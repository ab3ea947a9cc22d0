from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats import DataError
from alliance_stats.data.units import at_rows, parent_codes, unit_codes, unit_means


@pytest.mark.parametrize(
    "ids",
    [
        ["b", "a", None, "b"],
        pd.Categorical(["b", "a", None, "b"], categories=["z", "a", "b"]),
        pd.array([9, 2, None, 9], dtype="Int64"),
        [9.0, 2.0, np.nan, 9.0],
        np.array(["b", "a", None, "b"], dtype=object),
    ],
    ids=["str", "categorical", "Int64", "float", "object"],
)
def test_codes_follow_first_appearance(ids: object) -> None:
    codes, n = unit_codes(pd.DataFrame({"patient": ids}), "patient")
    assert codes.tolist() == [0, 1, -1, 0]
    assert codes.dtype == np.int64
    assert n == 2


def test_codes_of_lists_are_refused() -> None:
    with pytest.raises(DataError, match="column 'patient' cannot hold identifiers"):
        unit_codes(pd.DataFrame({"patient": [[1], [2]]}), "patient")


def test_means_leave_out_missing_values_and_rows_without_unit() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan])
    means = unit_means(values, np.array([0, 0, 0, -1, 1]), 3)
    np.testing.assert_array_equal(means, [2.0, np.nan, np.nan])


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e8 + 0.1])
def test_mean_of_equal_values_is_exactly_that_value(value: float) -> None:
    for n in range(1, 40):
        mean = unit_means(np.full(n, value), np.zeros(n, dtype=np.int64), 1)
        assert mean[0] == value


def test_at_rows_without_units_is_missing() -> None:
    assert np.isnan(at_rows(np.array([]), np.array([-1, -1]))).all()
    np.testing.assert_array_equal(
        at_rows(np.array([5.0, 6.0]), np.array([1, -1, 0])), [6.0, np.nan, 5.0]
    )


def test_parents_are_first_known_and_changes_are_counted() -> None:
    child = np.array([0, 0, 1, 1, 2, 2])
    parent = np.array([-1, 4, 3, 2, -1, -1])
    first, changed = parent_codes(child, parent, 3)
    assert first.tolist() == [4, 3, -1]
    assert changed == 1
