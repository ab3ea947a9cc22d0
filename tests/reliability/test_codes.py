"""Identifiers as numbers: the same groups as pandas finds, whatever their type and range."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.reliability.codes import codes_of, numbered


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_whole_numbers_of_any_type_and_range(dtype: str) -> None:
    ends = np.iinfo(np.dtype(dtype))
    for values in (
        [ends.max, ends.min, ends.max, ends.max - 1],
        [ends.max, ends.max - 3, ends.max],
        [5, 3, 4, 3, 5],
    ):
        found = numbered(np.array(values, dtype=dtype))
        expected = np.unique(np.array(values, dtype=dtype), return_inverse=True)[1]
        assert len(np.unique(found)) == len(set(values)) == found.max() + 1
        assert pd.Series(found).groupby(expected).nunique().eq(1).all()


def test_labels_keep_their_gaps() -> None:
    labels = pd.Series(["b", None, "a", "b"])
    for column in (labels, labels.astype("category"), labels.astype(object)):
        assert codes_of(column).tolist() == [0, -1, 1, 0]
    assert codes_of(pd.Series([2, 9, 2], dtype="int64")).tolist() == [0, 1, 0]
    assert codes_of(pd.Series([2, None, 9], dtype="Int64")).tolist() == [0, -1, 1]


def test_no_labels() -> None:
    assert numbered(np.array([], dtype=int)).shape == (0,)
