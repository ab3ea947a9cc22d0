"""The p values that printed statistics leave open, over the rounding of what is printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product
from math import nan
from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.items import Item

#: Kinds of tests with a direction, whose p value may be halved.
DIRECTED = ("t", "z", "r")
#: How many degrees of freedom each kind has.
N_DF = {"t": 1, "z": 0, "r": 1, "F": 2, "χ²": 1, "Q": 1}
#: p of the value as printed, the smallest and the largest p of all values that are printed so.
Ends = tuple[float, float, float]
UNKNOWN: Ends = (nan, nan, nan)


def _of_r(size: Any, df: Any) -> Any:
    inside = np.minimum(size, 1.0)
    with np.errstate(divide="ignore"):
        return 2 * stdtr(df, -inside * np.sqrt(df / (1.0 - inside**2)))


_TAILS: dict[str, Callable[..., Any]] = {
    "t": lambda size, df: 2 * stdtr(df, -size),
    "z": lambda size: 2 * ndtr(-size),
    "r": _of_r,
    "F": lambda size, numerator, df: fdtrc(numerator, df, size),
    "χ²": lambda size, df: chdtrc(df, size),
    "Q": lambda size, df: chdtrc(df, size),
}


def two_tailed(kind: str, size: Any, df: Sequence[Any] = ()) -> Any:
    """p values of statistics of at least 0, numbers or arrays; of F, χ² and Q the upper tail.

    >>> two_tailed("t", 2.1, [23.0]).round(4), two_tailed("F", 4.41, [1.0, 23.0]).round(4)
    (np.float64(0.0469), np.float64(0.0469))
    """
    return _TAILS[kind](size, *df)


def p_ends(tests: Sequence[tuple[Item, tuple[Printed, ...]]]) -> list[Ends]:
    """The p value of each statistic with its degrees of freedom, and its range by rounding.

    Degrees of freedom are rounded only where decimals are printed. p falls or rises steadily with
    each number, so the ends lie at ends of their ranges. All degrees of freedom are above 0.
    """
    found = [UNKNOWN] * len(tests)
    of_kind: dict[str, list[int]] = defaultdict(list)
    for place, (test, _) in enumerate(tests):
        of_kind[test.kind].append(place)
    for kind, places in of_kind.items():
        for place, ends in zip(places, _of_kind(kind, [tests[i] for i in places]), strict=True):
            found[place] = ends
    return found


def _of_kind(kind: str, tests: list[tuple[Item, tuple[Printed, ...]]]) -> list[Ends]:
    """The same for tests of one kind, in arrays."""
    numbers = np.array([(t.number.value, t.number.half) for t, _ in tests])
    size, half = np.abs(numbers[:, 0]), numbers[:, 1]
    sizes = (np.maximum(size - half, 0.0), size + half)
    degrees = [_degrees([df[i] for _, df in tests]) for i in range(N_DF[kind])]
    middle = two_tailed(kind, size, [each[0] for each in degrees])
    cases = [two_tailed(kind, s, dfs) for s in sizes for dfs in product(*degrees)]
    ends = (middle, np.min(cases, axis=0), np.max(cases, axis=0))
    return list(zip(*(each.tolist() for each in ends), strict=True))


def _degrees(printed: list[Printed]) -> list[np.ndarray]:
    """Degrees of freedom as printed, and if one has decimals the ends of all."""
    values = np.array([each.value for each in printed])
    halves = np.array([each.half if each.has_decimals else 0.0 for each in printed])
    return [values, values - halves, values + halves] if halves.any() else [values]


def agrees(low: float, high: float, p: Item, alpha: float) -> bool:
    """Whether a printed p value can be one of a range; ``ns`` is one above alpha."""
    slack = 1e-9 * max(high, 1e-300)
    if p.sign == "<":
        return low < p.number.value
    if p.sign == "≤":
        return low <= p.number.value + slack
    if p.sign == ">":
        return high > p.number.value
    if p.sign == "≥":
        return high >= p.number.value - slack
    if p.sign == "ns":
        return high > alpha
    return low <= p.number.high + slack and high >= p.number.low - slack


def significant(low: float, high: float, alpha: float) -> bool | None:
    """Whether p values are all below alpha, none is, or (None) it is open."""
    return True if high < alpha else False if low > alpha else None


def printed_significant(p: Item, alpha: float) -> bool | None:
    """What a printed p value says of significance; None where it says nothing of it."""
    if p.sign == "ns":
        return False
    if p.sign in "<≤":
        return True if p.number.value <= alpha else None
    if p.sign in ">≥":
        return False if p.number.value >= alpha else None
    return significant(p.number.low, p.number.high, alpha)
