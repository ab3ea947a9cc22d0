"""Identities between printed numbers: t = b / SE, r and d of one effect, values that cannot be."""

from __future__ import annotations

from math import hypot, inf, log, sqrt

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.findings import (
    DOUBTFUL,
    FITS,
    INCONSISTENT,
    Finding,
    shown,
)
from alliance_stats.report.statcheck.items import Item

#: Kinds whose values or degrees of freedom have limits.
_LIMITED = frozenset(("t", "F", "z", "χ²", "Q", "r", "ratio", "se"))


def ratio_finding(estimate: Item, se: Item, test: Item) -> Finding:
    """Whether a t or z is the printed coefficient over its standard error."""
    low, high = ratio_range(estimate.number, se.number)
    if test.number.holds(low, high):
        return FITS
    between = f"{shown(low, 2)} and {shown(high, 2)}" if high < inf and low > -inf else "any value"
    sentence = (
        f"{estimate.symbol} / {se.symbol} = {estimate.number.shown} / {se.number.shown} lies "
        f"between {between}; printed is {test.symbol} = {test.number.shown}."
    )
    turned = Printed(-test.number.value, test.number.half, test.number.text)
    if turned.holds(low, high):
        sentence += " The size fits, the sign does not."
    return Finding(INCONSISTENT, sentence)


def log_ratio_finding(ratio: Item, se: Item, test: Item) -> Finding:
    """Whether a z fits an odds or other ratio, with the standard error of it or of its logarithm.

    The standard error of the ratio itself is the ratio times that of its logarithm.
    """
    number = ratio.number
    if number.low <= 0:
        return FITS
    logs = log(number.low), log(number.high)
    of_log = Printed(sum(logs) / 2, (logs[1] - logs[0]) / 2)
    low, high = se.number.low / number.high, se.number.high / number.low
    of_ratio = Printed((low + high) / 2, (high - low) / 2)
    if any(test.number.holds(*ratio_range(of_log, each)) for each in (se.number, of_ratio)):
        return FITS
    both = [shown(log(number.value) / s, 2) for s in (se.number.value, of_ratio.value) if s > 0]
    return Finding(
        DOUBTFUL,
        f"The logarithm of {ratio.symbol} = {number.shown} over its standard error is "
        f"{' or '.join(both)}; printed is {test.symbol} = {test.number.shown}.",
    )


def r_of_t_finding(r: Item, test: Item, df: Printed) -> Finding:
    """Whether an r goes with the t beside it: r² = t² / (t² + df) (Rosenthal, 1991, chapter 2)."""
    size = abs(test.number.value)
    least = max(size - test.number.half, 0.0)
    half = df.half if df.has_decimals else 0.0
    low = least / hypot(least, sqrt(df.value + half))
    most = size + test.number.half
    high = most / hypot(most, sqrt(df.value - half))
    printed = Printed(abs(r.number.value), r.number.half)
    if printed.holds(low, high):
        return FITS
    return Finding(
        DOUBTFUL,
        f"{test.symbol}({df.shown}) = {test.number.shown} goes with r = "
        f"{shown(size / hypot(size, sqrt(df.value)))}; printed is r = {r.number.shown}. They fit "
        "only if r is another effect.",
    )


def ratio_range(estimate: Printed, se: Printed) -> tuple[float, float]:
    """The quotients of all numbers that round to two printed ones."""
    if se.low <= 0:
        ends = [each / se.high for each in (estimate.low, estimate.high)]
        return (-inf if estimate.low < 0 else ends[0], inf if estimate.high > 0 else ends[1])
    found = [e / s for e in (estimate.low, estimate.high) for s in (se.low, se.high)]
    return min(found), max(found)


def d_of_r(r: float) -> float:
    """The standardised difference of two groups of equal size that goes with a correlation."""
    return 2 * r / sqrt(1 - r**2) if abs(r) < 1 else inf if r > 0 else -inf


def r_of_d(d: float) -> float:
    """The correlation that goes with a standardised difference of two groups of equal size."""
    return d / hypot(d, 2.0)


def conversion_finding(d: Item, r: Item, *, together: bool) -> Finding:
    """Whether a d and an r are two prints of one effect (Borenstein et al., 2009, chapter 7).

    With groups of unequal size r is nearer to zero than with equal ones, never further.
    """
    low, high = r_of_d(d.number.low), r_of_d(d.number.high)
    if r.number.holds(low, high):
        return FITS
    back = d_of_r(r.number.value)
    sentence = (
        f"{d.symbol} = {d.number.shown} goes with r = {shown(r_of_d(d.number.value))} and "
        f"r = {r.number.shown} with d = {shown(back)} (two groups of equal size)"
    )
    beyond = abs(r.number.value) > abs(r_of_d(d.number.value))
    if together and (beyond or d.number.value * r.number.value < 0):
        return Finding(INCONSISTENT, f"{sentence}; the two do not fit.")
    why = "groups of unequal size" if together and not beyond else "two different effects"
    return Finding(DOUBTFUL, f"{sentence}; they fit only if these are {why}.")


def impossible_findings(item: Item) -> list[Finding]:
    """Values that a statistic cannot have, one sentence each."""
    if item.kind not in _LIMITED:
        return []
    value, said = item.number.value, []
    if item.kind == "r" and item.number.has_decimals and abs(value) - item.number.half > 1:
        said.append(f"r = {item.number.shown}: a correlation lies between −1 and 1.")
    if item.kind in ("F", "χ²", "Q") and item.number.high < 0:
        said.append(f"{item.symbol} = {item.number.shown}: this statistic is not negative.")
    if item.kind == "ratio" and item.number.high < 0:
        said.append(f"{item.symbol} = {item.number.shown}: a ratio is not negative.")
    if item.kind == "se" and item.number.high < 0:
        said.append(f"{item.symbol} = {item.number.shown}: a standard error is not negative.")
    if any(each.value <= 0 for each in item.df):
        degrees = ", ".join(each.shown for each in item.df)
        said.append(f"{item.symbol}({degrees}): degrees of freedom are above 0.")
    return [Finding(INCONSISTENT, sentence) for sentence in said]
