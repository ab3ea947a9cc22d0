"""Identifiers as numbers 0, 1, 2 …; whole numbers without the table that other labels need."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.intp]
#: Whole numbers are counted off where their range is at most this many times their number.
WIDEST = 4


def codes_of(labels: pd.Series) -> Codes:
    """Number the groups of a column from 0, in no set order; missing labels are -1.

    Examples
    --------
    >>> codes_of(pd.Series([7, 5, 7])).tolist(), codes_of(pd.Series(["b", None, "a"])).tolist()
    ([1, 0, 1], [0, -1, 1])
    """
    if isinstance(labels.dtype, np.dtype) and labels.dtype.kind in "iu":
        return numbered(labels.to_numpy())
    return pd.factorize(labels)[0]


def numbered(labels: NDArray[np.integer]) -> Codes:
    """Number the groups of whole numbers from 0, in no set order.

    Examples
    --------
    >>> numbered(np.array([7, 5, 7])).tolist(), numbered(np.array([10**12, -5])).tolist()
    ([1, 0, 1], [0, 1])
    """
    if not labels.size:
        return np.empty(0, dtype=np.intp)
    low, high = int(labels.min()), int(labels.max())
    if high - low >= WIDEST * labels.size:
        return pd.factorize(labels)[0]
    wide = labels if labels.dtype == np.uint64 else labels.astype(np.intp)
    offset = wide - wide.min()
    seen = np.zeros(high - low + 1, dtype=np.intp)
    seen[offset] = 1
    return (np.cumsum(seen) - 1)[offset]
