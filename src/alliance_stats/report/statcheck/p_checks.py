"""Whether a printed p value fits its statistic, and whether it is on the same side of alpha."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.printing import without_zero
from alliance_stats.report.statcheck.findings import (
    CONSISTENT,
    DECISION,
    DOUBTFUL,
    FITS,
    INCONSISTENT,
    NOT_CHECKED,
    Finding,
    shown_p,
)
from alliance_stats.report.statcheck.items import Item
from alliance_stats.report.statcheck.p_values import (
    DIRECTED,
    agrees,
    printed_significant,
    significant,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How p values are judged.

    Attributes
    ----------
    alpha : float
    one_tailed : bool or None
        Whether half p values are right; None: where the sentence says so.
    """

    alpha: float
    one_tailed: bool | None


def p_finding(
    kind: str, value: float, low: float, high: float, p: Item, asked: Asked, *, said: bool
) -> Finding:
    """The verdict on a printed p value, given the two-tailed range that the statistic leaves open.

    `said` tells that the sentence speaks of a one-tailed test.
    """
    if agrees(low, high, p, asked.alpha):
        return FITS
    half = kind in DIRECTED and agrees(low / 2, high / 2, p, asked.alpha)
    other = kind in DIRECTED and agrees(1 - high / 2, 1 - low / 2, p, asked.alpha)
    allowed = asked.one_tailed or (asked.one_tailed is None and said)
    if allowed and (half or other):
        return Finding(CONSISTENT, one_tailed=True)
    sentence = (
        f"The statistic gives {'two-tailed ' if kind in DIRECTED else ''}{_given(low, high, value)}"
        f"; printed is {p_words(p)}."
    )
    if half:
        sentence += " Half of it, as of a one-tailed test, fits."
    claimed, found = printed_significant(p, asked.alpha), significant(low, high, asked.alpha)
    if claimed is None or found is None or claimed == found:
        return Finding(INCONSISTENT, sentence, half)
    sides = ("is", "is not") if claimed else ("is not", "is")
    decision = (
        f" At alpha = {shown_alpha(asked.alpha)} the printed p {sides[0]} significant, the "
        f"recomputed one {sides[1]}."
    )
    return Finding(DECISION, sentence + decision, half)


def number_findings(p: Item) -> list[Finding]:
    """What a p value tells of itself: that it is above 1, below 0, or printed as zero."""
    if p.sign == "ns":
        return []
    value = p.number.value
    if value > 1 and p.number.has_decimals:
        return [Finding(INCONSISTENT, f"{p_words(p)}: a p value is at most 1.")]
    if value < 0:
        return [Finding(INCONSISTENT, f"{p_words(p)}: a p value is not negative.")]
    if value == 0 and p.number.has_decimals and p.sign in "=<≤":
        least = shown_p(2 * p.number.half) if p.number.half > 5e-5 else f"{2 * p.number.half:g}"
        return [
            Finding(DOUBTFUL, f"{p_words(p)}: a p value is never zero. Write p < {_short(least)}.")
        ]
    return []


def unknown_df(kind: str) -> Finding:
    """A p value whose statistic has no degrees of freedom."""
    return Finding(NOT_CHECKED, f"p not recomputed: {kind} is printed without what it needs (df).")


def p_words(p: Item) -> str:
    """A p value as printed: ``p = .03`` or ``ns``."""
    return "ns" if p.sign == "ns" else f"p {p.sign} {p.number.shown}"


def shown_alpha(alpha: float) -> str:
    """``.05``."""
    return without_zero(f"{alpha:g}")


def _short(shown: str) -> str:
    return shown.rstrip("0") if shown.startswith(".") else shown


def _given(low: float, high: float, value: float) -> str:
    """``p = .0469 (.0458 to .0480 by rounding)``."""
    ends = shown_p(low), shown_p(high)
    middle = shown_p(value)
    sign = "p " if middle.startswith("<") else "p = "
    rounding = "" if ends[0] == ends[1] else f" ({ends[0]} to {ends[1]} by rounding)"
    return f"{sign}{middle}{rounding}"
