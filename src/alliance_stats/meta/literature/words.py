"""What a reproduction says in words: what N stands for, what fails to fit, what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from alliance_stats._base.printing import format_fixed
from alliance_stats.meta.literature.checks import DIFFERS, R_ONLY, Z_ONLY
from alliance_stats.meta.literature.implied import Heterogeneity, Interval
from alliance_stats.meta.literature.table import PublishedRow


def reproduction_messages(
    row: PublishedRow,
    supposed: tuple[Heterogeneity, ...],
    checks: pd.DataFrame,
    *,
    interval: Interval | None,
    n_given: bool,
) -> tuple[str, ...]:
    """All messages of a reproduction."""
    return (
        *_what_n_is(row, n_given),
        *_not_known(row, supposed, interval),
        *_no_room(supposed),
        *_what_differs(row, checks),
    )


def _what_n_is(row: PublishedRow, n_given: bool) -> Iterator[str]:
    mean = row.n_per_study
    if row.n_kind == "floor" and mean is not None and not n_given:
        yield (
            f"N = {row.n:,} is a floor (more than): {format_fixed(mean, 0)} patients a study or "
            "more on average. With larger studies τ² is larger, up to k·SE²."
        )
    if row.n_kind == "mixed units":
        yield f"N = {row.n:,} adds up different units, so N/k is no number of patients a study."


def _not_known(
    row: PublishedRow, supposed: tuple[Heterogeneity, ...], interval: Interval | None
) -> Iterator[str]:
    """What cannot be reproduced, and why."""
    if row.estimate is None:
        what = "Only a range of estimates is" if row.range_low else "No pooled estimate is"
        yield f"{what} known: nothing can be computed from it."
    if interval is None:
        yield "No interval is known: neither the standard error nor the heterogeneity can be found."
    elif row.sampling != "correlation":
        yield (
            "The effects are not plain correlations between patients, so 1/(n − 3) is not their "
            "sampling variance: the standard error is implied, the heterogeneity is not."
        )
    elif not supposed:
        yield (
            "N is not known: give n=, the patients a study that are to be supposed, to get the "
            "heterogeneity that the interval would imply."
        )


def _no_room(supposed: tuple[Heterogeneity, ...]) -> Iterator[str]:
    narrow = [each for each in supposed if each.excess.value <= 0]
    if narrow:
        sizes = " and ".join(format_fixed(each.n, 0) for each in narrow)
        yield (
            f"With {sizes} patients a study the interval is as narrow as sampling error alone "
            "makes it (an equal-effects analysis): it leaves no room for heterogeneity, and τ² is "
            "set to 0."
        )


def _what_differs(row: PublishedRow, checks: pd.DataFrame) -> Iterator[str]:
    all_checks: dict[str, dict[str, Any]] = {
        str(one["check"]): {str(name): value for name, value in one.items()}
        for one in checks.to_dict("records")
    }
    differs = {name: one for name, one in all_checks.items() if one["verdict"] == DIFFERS}
    if "d of r" in differs and row.d is not None and row.estimate is not None:
        again, back = differs["d of r"], all_checks["r of d"]
        yield (
            f"d = {_two(row.d.value)} is not the d of r = {_two(row.estimate.value)}, which is "
            f"{_two(again['recomputed'])}; it is that of r = {_two(back['recomputed'])}."
        )
    if "share of negative effects" in differs:
        one = differs["share of negative effects"]
        yield (
            f"Were effects normal, {_percent(one['recomputed'])} of them would be negative; "
            f"{_percent(one['printed'])} were: mean, interval and share of negative effects are "
            "not jointly reproducible under normality. Match the mean and its interval, and say so."
        )
    if "I² in percent" in differs:
        one = differs["I² in percent"]
        yield (
            f"I² = {one['printed']:g}% is outside of what the interval implies, "
            f"{format_fixed(one['low'], 0)} to {format_fixed(one['high'], 0)}%: other weights, "
            "another estimator of τ², or several effects a sample."
        )
    yield from _off_centre(set(checks["verdict"]), set(differs))


def _off_centre(verdicts: set[str], differs: set[str]) -> Iterator[str]:
    """On which scale the interval is symmetric about the estimate."""
    if Z_ONLY in verdicts:
        yield "The interval is symmetric about r on Fisher's z, not on r."
    if R_ONLY in verdicts:
        yield "The interval is symmetric about r on r itself, not on Fisher's z."
    if "r in the middle of its interval on r" in differs:
        yield "The estimate is in the middle of its interval neither on Fisher's z nor on r."


def _two(value: float) -> str:
    return format_fixed(value, 2)


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%"
