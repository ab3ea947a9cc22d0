"""Whether an interval holds its estimate, lies evenly about it, and has the width it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atanh, inf, isinf, isnan, log, sqrt, tanh

from scipy.special import ndtri, stdtrit

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.findings import (
    DOUBTFUL,
    FITS,
    INCONSISTENT,
    Finding,
    shown,
)
from alliance_stats.report.statcheck.items import Item
from alliance_stats.report.statcheck.p_checks import p_words, shown_alpha
from alliance_stats.report.statcheck.p_values import printed_significant

#: An interval may lie this share of its half width off the middle, beyond rounding.
_EVEN = 0.05
_SCALES: dict[str, tuple[Callable[[float], float], str]] = {
    "b": (float, ""),
    "d": (float, ""),
    "r": (atanh, " on Fisher's z"),
    "ratio": (log, " on the logarithmic scale"),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What is printed with an estimate and its interval; None where nothing is.

    Attributes
    ----------
    se, p : Item or None
    df : float or None
        Degrees of freedom of its test; infinite for z.
    n : float or None
        N behind a correlation.
    """

    se: Item | None
    p: Item | None
    df: float | None
    n: float | None


def interval_findings(
    estimate: Item, interval: Item, beside: Beside, *, usual: bool
) -> list[Finding]:
    """What an interval tells, given what is printed with it.

    `usual` is false in texts that speak of bootstrap, profile or posterior intervals: these need
    not lie evenly about the estimate, so only whether they hold it is judged.
    """
    low, high = interval.number, interval.high
    if high is None:
        return []
    if low.value > high.value:
        return [Finding(INCONSISTENT, f"{_words(interval)}: the ends stand in the wrong order.")]
    if low.low > estimate.number.high or high.high < estimate.number.low:
        said = f"{_named(estimate)} lies outside its interval {_words(interval)}."
        return [Finding(INCONSISTENT, said)]
    if not usual or estimate.kind not in _SCALES:
        return [FITS]
    found = [
        _even(estimate, interval),
        _width(estimate, interval, beside),
        _decision(estimate, interval, beside.p),
    ]
    return [finding for finding in found if finding is not None] or [FITS]


def is_even(estimate: Item, interval: Item) -> bool:
    """Whether an estimate is in the middle of its interval, on the scale of its kind.

    Five percent of half the width are let pass beyond rounding.
    """
    if interval.high is None:
        return True
    scale = _SCALES[estimate.kind][0]
    low, high = _on(scale, interval.number), _on(scale, interval.high)
    at = _on(scale, estimate.number)
    slack = _EVEN * (high[1] - low[0]) / 2
    if isinf(slack) or isnan(slack) or isinf(at[0]) or isinf(at[1]):
        return True
    return (low[0] + high[0]) / 2 - slack <= at[1] and (low[1] + high[1]) / 2 + slack >= at[0]


def _even(estimate: Item, interval: Item) -> Finding | None:
    """A doubt if an estimate is not in the middle of its interval."""
    if is_even(estimate, interval):
        return None
    return Finding(
        DOUBTFUL,
        f"{_named(estimate)} is not in the middle of {_words(interval)}"
        f"{_SCALES[estimate.kind][1]}, as it is in most intervals but those by bootstrap or "
        "profile.",
    )


def _on(scale: Callable[[float], float], number: Printed) -> tuple[float, float]:
    """The ends of a rounded number on a scale; infinite where the scale ends."""
    if scale is float:
        return number.low, number.high
    try:
        return scale(number.low), scale(number.high)
    except ValueError:
        return -inf, inf


def _width(estimate: Item, interval: Item, beside: Beside) -> Finding | None:
    """A doubt if an interval is wider or narrower than the standard error or N gives."""
    if not 0 < interval.level < 1 or interval.high is None:
        return None
    se, df, n = beside.se, beside.df, beside.n
    if estimate.kind == "r" and n is not None and n > 3 and abs(estimate.number.value) < 1:
        half = float(ndtri((1 + interval.level) / 2)) / sqrt(n - 3)
        middle = atanh(estimate.number.value)
        slack = 2 * estimate.number.half
        ends = tanh(middle - half), tanh(middle + half)
        return _compared(interval, *ends, slack, f"N = {n:g}")
    if estimate.kind in ("b", "d") and se is not None and df is not None and df > 0:
        share = (1 + interval.level) / 2
        times = float(ndtri(share) if df == inf else stdtrit(df, share))
        half = times * se.number.value
        slack = estimate.number.half + times * se.number.half
        middle = estimate.number.value
        words = f"{se.symbol} = {se.number.shown}"
        return _compared(interval, middle - half, middle + half, slack, words)
    return None


def _compared(interval: Item, low: float, high: float, slack: float, given: str) -> Finding | None:
    """A doubt if both ends, or one, are further off than rounding lets them be."""
    if interval.high is None:
        return None
    slack += _EVEN * (high - low) / 2
    off = [abs(printed.value - end) - printed.half - slack
           for printed, end in ((interval.number, low), (interval.high, high))]  # fmt: skip
    if max(off) <= 0:
        return None
    share = f"{100 * interval.level:g}%"
    return Finding(
        DOUBTFUL,
        f"With {given} the {share} interval is about [{shown(low)}, {shown(high)}]; printed is "
        f"{_words(interval)}.",
    )


def _named(estimate: Item) -> str:
    return f"{estimate.symbol} = {estimate.number.shown}"


def _words(interval: Item) -> str:
    high = interval.high.shown if interval.high is not None else ""
    return f"[{interval.number.shown}, {high}]"


def _decision(estimate: Item, interval: Item, p: Item | None) -> Finding | None:
    """A doubt if an interval leaves out the null value and its p value does not, or the reverse."""
    if p is None or interval.high is None or not 0 < interval.level < 1:
        return None
    null = 1.0 if estimate.kind == "ratio" else 0.0
    left_out = interval.number.low > null or interval.high.high < null
    held = interval.number.high < null < interval.high.low
    alpha = round(1 - interval.level, 12)
    claimed = printed_significant(p, alpha)
    if claimed is None or claimed == left_out or not (left_out or held):
        return None
    return Finding(
        DOUBTFUL,
        f"{_words(interval)} {'leaves out' if left_out else 'holds'} {null:g}, which goes with "
        f"{'p < ' if left_out else 'p > '}{shown_alpha(alpha)}; printed is {p_words(p)}.",
    )
