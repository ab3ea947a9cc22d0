"""The p values that a printed statistic leaves open, over the rounding of what is printed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import nan, sqrt

from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.items import Item

#: Kinds of tests with a direction, whose p value may be halved.
DIRECTED = ("t", "z", "r")


def two_tailed(kind: str, size: float, df: tuple[float, ...]) -> float:
    """The p value of a statistic of at least 0; of F, χ² and Q the upper tail.

    >>> round(two_tailed("t", 2.1, (23.0,)), 4), round(two_tailed("F", 4.41, (1.0, 23.0)), 4)
    (0.0469, 0.0469)
    """
    return _TAILS[kind](size, df)


def _of_r(size: float, df: tuple[float, ...]) -> float:
    if size >= 1.0:
        return 0.0
    return float(2 * stdtr(df[0], -size * sqrt(df[0] / (1.0 - size**2))))


_TAILS: dict[str, Callable[[float, tuple[float, ...]], float]] = {
    "t": lambda size, df: float(2 * stdtr(df[0], -size)),
    "z": lambda size, df: float(2 * ndtr(-size)),
    "r": _of_r,
    "F": lambda size, df: float(fdtrc(df[0], df[1], size)),
    "χ²": lambda size, df: float(chdtrc(df[0], size)),
    "Q": lambda size, df: float(chdtrc(df[0], size)),
}
#: How many degrees of freedom each kind has.
N_DF = {"t": 1, "z": 0, "r": 1, "F": 2, "χ²": 1, "Q": 1}


def p_value(test: Item, df: tuple[Printed, ...]) -> float:
    """The p value of the numbers as printed."""
    return two_tailed(test.kind, abs(test.number.value), tuple(each.value for each in df))


def p_range(test: Item, df: tuple[Printed, ...]) -> tuple[float, float]:
    """The smallest and the largest p value of all numbers that are printed so.

    Degrees of freedom are rounded only where decimals are printed. p falls or rises steadily with
    each number, so the ends lie at ends of their ranges.
    """
    size = abs(test.number.value)
    sizes = (max(size - test.number.half, 0.0), size + test.number.half)
    ends = [(each.low, each.high) if each.has_decimals else (each.value,) for each in df]
    positive = [tuple(end for end in each if end > 0) for each in ends]
    found = [two_tailed(test.kind, s, dfs) for s in sizes for dfs in product(*positive)]
    return (min(found), max(found)) if found else (nan, nan)


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
