"""Finding numbers that stand for missing answers, such as -99, among ratings."""

from __future__ import annotations

from itertools import product

import numpy as np

from alliance_stats._base.checks import agree, counted
from alliance_stats.data.units import Floats

#: Numbers that data files customarily hold in place of a missing answer.
CUSTOMARY_CODES = (
    -1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -777.0, -888.0, -999.0, -7777.0, -8888.0,
    -9999.0, -99999.0, 8.0, 9.0, 77.0, 88.0, 99.0, 777.0, 888.0, 999.0, 8888.0, 9999.0, 99999.0,
)  # fmt: skip
#: From so many other values on, a hole between them and a code is no chance.
_MANY = 30
#: Neighbouring answers of a rating are one apart.
_MORE_THAN_A_STEP = 1.5


def missing_codes(values: Floats) -> tuple[dict[float, int], tuple[float, float]]:
    """Customary missing-value codes far outside the other values.

    Parameters
    ----------
    values : array of float
        Ratings, NaN where missing.

    Returns
    -------
    codes : dict of float to int
        Each code and how often it occurs; empty where none stands out.
    rest : pair of float
        Smallest and largest of all other values.

    Notes
    -----
    Only a smallest or a largest value can be a code. A code stands out if its distance from the
    range of all other values is more than half of that range (more than the whole range where
    fewer than 30 other values are left). A negative code also stands out beside 30 other values
    that are all zero or above: -9 on a scale of 0 to 63. Codes of one digit may be answers: they
    must be more than 1.5 away from other values that are all zero or above; 8 and 9 must also
    occur twice, beside 30 other values that begin at 0 or 1.

    Examples
    --------
    >>> missing_codes(np.array([12.0, 60.0, 33.0, -99.0, -99.0]))
    ({-99.0: 2}, (12.0, 60.0))
    >>> missing_codes(np.array([0.0, 5.0, 9.0, 8.0, 4.0]))[0]
    {}
    """
    seen = values[~np.isnan(values)]
    nothing: tuple[dict[float, int], tuple[float, float]] = ({}, (float("nan"), float("nan")))
    if not len(seen) or not {float(seen.min()), float(seen.max())} & set(CUSTOMARY_CODES):
        return nothing
    counts = {code: int(np.count_nonzero(seen == code)) for code in CUSTOMARY_CODES}
    counts = {code: n for code, n in counts.items() if n}
    others = seen[~np.isin(seen, list(counts))]
    ends = [float(others.min()), float(others.max())] if len(others) else []
    points = sorted({*counts, *ends})
    lowest = _codes_in_a_row(points, counts)
    highest = _codes_in_a_row(points[::-1], counts)
    splits = product(range(lowest, -1, -1), range(highest, -1, -1))
    for low, high in sorted(splits, key=lambda split: -sum(split)):
        rest = points[low : len(points) - high]
        codes = points[:low] + points[len(points) - high :]
        n_rest = len(seen) - sum(counts[code] for code in codes)
        if codes and len(rest) > 1 and _all_stand_out(codes, counts, rest, n_rest):
            return {code: counts[code] for code in codes}, (rest[0], rest[-1])
    return nothing


def missing_codes_message(values: Floats, what: str) -> str | None:
    """``alliance column 'wai' seems to hold missing-value codes: -99 (20 values). …``."""
    codes, (low, high) = missing_codes(values)
    if not codes:
        return None
    shown = ", ".join(f"{code:g} ({counted(n, 'value')})" for code, n in codes.items())
    them = agree(len(codes), "it stands", "they stand")
    named = (
        f"{next(iter(codes)):g}" if len(codes) == 1 else f"[{', '.join(f'{c:g}' for c in codes)}]"
    )
    return (
        f"{what} seems to hold {agree(len(codes), 'a missing-value code', 'missing-value codes')}: "
        f"{shown}; all other values lie between {low:g} and {high:g}. If {them} for no answer, set "
        f"{agree(len(codes), 'it', 'them')} to missing before loading, for example "
        f"column.replace({named}, float('nan'))."
    )


def _codes_in_a_row(points: list[float], counts: dict[float, int]) -> int:
    """How many of the values at this end are customary codes."""
    return next((i for i, point in enumerate(points) if point not in counts), len(points))


def _all_stand_out(
    codes: list[float], counts: dict[float, int], rest: list[float], n_rest: int
) -> bool:
    low, high = rest[0], rest[-1]
    return all(
        _stands_out(code, low - code if code < low else code - high, low, high - low, n_rest)
        and (not 0 < code < 10 or counts[code] > 1)
        for code in codes
    )


def _stands_out(code: float, distance: float, low: float, width: float, n_rest: int) -> bool:
    """Whether one code lies far enough outside the other values to be no answer."""
    many = n_rest >= _MANY
    one_digit = abs(code) < 10
    all_positive = low >= 0
    if one_digit and (distance <= _MORE_THAN_A_STEP or not all_positive):
        return False
    if one_digit and code > 0 and not (many and low <= 1):
        return False
    if code < 0 and all_positive and many:
        return True
    return distance > (width / 2 if many else width)
