"""Cells that would give a suppressed one away: by what is left of a total, or by a difference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

#: Counts of a row are added up in all ways up to so many of them.
_MOST_COUNTS = 10


def complement_in_row(
    counts: Sequence[float], emptied: Sequence[bool], totals: Sequence[float]
) -> int | None:
    """Which further count of a row must go, because the others leave only one for the rest.

    >>> complement_in_row([40, 27, 3], [False, False, True], [70])
    1
    """
    gone = [k for k, is_gone in enumerate(emptied) if is_gone]
    there = [k for k, n in enumerate(counts) if not emptied[k] and n > 0]
    if len(gone) != 1 or not there or len(counts) > _MOST_COUNTS:
        return None
    for size in range(1, len(there) + 1):
        for others in combinations(there, size):
            if counts[gone[0]] + sum(counts[k] for k in others) in totals:
                return min(others, key=lambda k: counts[k])
    return None


def complement_in_column(
    counts: Sequence[float], emptied: Sequence[bool], totals: Sequence[float]
) -> int | None:
    """Which further row must go, because the column adds up to a total that is known.

    >>> complement_in_column([3, 30, 37], [True, False, False], [70])
    1
    """
    gone = [k for k, is_gone in enumerate(emptied) if is_gone]
    there = [k for k, n in enumerate(counts) if not emptied[k] and n > 0]
    if len(gone) != 1 or not there or sum(counts) not in totals:
        return None
    return min(there, key=lambda k: counts[k])


def small_steps(counts: Sequence[float], smallest: int) -> list[int]:
    """Rows of a falling column, such as those at risk, that lie too near to the last one shown.

    >>> small_steps([70, 68, 60, 60, 57], 5)
    [1, 4]
    """
    hidden: list[int] = []
    shown = np.nan
    for row, n in enumerate(counts):
        if 0 < abs(n - shown) < smallest:
            hidden.append(row)
        elif n == n:
            shown = n
    return hidden
