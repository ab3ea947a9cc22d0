"""Groups of rows of one size put together, so that their matrices are computed at once."""

from __future__ import annotations

import numpy as np


def row_batches(codes: np.ndarray, entries: int) -> list[np.ndarray]:
    """Rows (J, s) of groups of one size s, at most so many entries J·s² each.

    Examples
    --------
    >>> [rows.tolist() for rows in row_batches(np.array([0, 1, 1, 2]), 100)]
    [[[0], [3]], [[1, 2]]]
    """
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    found = []
    for size in np.unique(sizes[sizes > 0]).tolist():
        first = starts[sizes == size]
        many = max(1, entries // size**2)
        for begin in range(0, len(first), many):
            found.append(order[first[begin : begin + many, None] + np.arange(size)])
    return found
