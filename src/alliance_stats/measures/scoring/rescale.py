"""Percent of maximum possible: scores of different response ranges on one scale."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.errors import ArgumentError
from alliance_stats.measures.instruments.key import Range

Floats = NDArray[np.float64]
Rescale = Literal["pomp"] | Range
POMP: Range = (0.0, 100.0)


def rescale_pomp(
    scores: pd.Series | NDArray[Any], *, possible: Range, to: Range = POMP
) -> pd.Series | Floats:
    """Set scores on another scale in the way of percent of maximum possible.

    Use it to compare or pool versions with different response ranges, such as five and seven
    categories. It makes the ends of the scales meet; that respondents use the categories
    between them alike is an assumption.

    Parameters
    ----------
    scores : Series or array of float
        Scores, missing as NaN.
    possible : (low, high)
        Lowest and highest possible score: not those that occur.
    to : (low, high)
        Ends of the new scale: 0 to 100 by default.

    Returns
    -------
    Series or array of float
        As `scores`: new low + (score - low) / (high - low) * (new high - new low).

    Raises
    ------
    ArgumentError
        If a range is none, or a score lies outside `possible`.

    References
    ----------
    Cohen, P., Cohen, J., Aiken, L. S., & West, S. G. (1999). The problem of units and the
    circumstance for POMP. *Multivariate Behavioral Research*, 34, 315-346.

    Examples
    --------
    >>> import numpy as np
    >>> from alliance_stats.measures import rescale_pomp
    >>> rescale_pomp(np.array([12.0, 48, 84]), possible=(12, 84), to=(12, 60))
    array([12., 36., 60.])
    """
    for name, given in (("possible", possible), ("to", to)):
        check_range(given, name=name)
    values = np.asarray(scores, dtype=float)
    out = int(((values < possible[0]) | (values > possible[1])).sum())
    if out:
        raise ArgumentError(
            f"possible=({possible[0]:g}, {possible[1]:g}) does not hold {out:,} of the scores. "
            "Give the lowest and highest possible score."
        )
    moved = rescaled(values, possible, to)
    if isinstance(scores, pd.Series):
        return pd.Series(moved, index=scores.index, name=scores.name)
    return moved


def check_range(given: Any, *, name: str) -> None:
    """Raise ArgumentError unless `given` is a lowest and a higher, finite number."""
    ends = list(given) if isinstance(given, tuple | list) else []
    numbers = all(isinstance(e, int | float | np.number) and np.isfinite(e) for e in ends)
    if len(ends) != 2 or not numbers or not ends[0] < ends[1]:
        raise ArgumentError(f"{name}={given!r} is no range. Give (low, high), such as (1, 5).")


def rescaled(values: Floats, possible: Range, to: Range) -> Floats:
    """Values between the ends `possible`, moved between the ends `to`."""
    share = (values - possible[0]) / (possible[1] - possible[0])
    return np.asarray(to[0] + share * (to[1] - to[0]))
