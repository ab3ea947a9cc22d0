"""Printed numbers held against each other: which can be true at once, given their rounding."""

from __future__ import annotations

from collections.abc import Iterator
from math import atanh, sqrt

import pandas as pd

from alliance_stats._base.printed import Printed
from alliance_stats.meta.literature.implied import Heterogeneity, Implied, Interval, d_of_r, r_of_d
from alliance_stats.meta.literature.table import PublishedRow

CHECK_COLUMNS = ("check", "printed", "recomputed", "low", "high", "verdict")
AGREES, DIFFERS = "agrees", "differs"
#: Percentage points by which weights and estimators of τ² may move I².
I2_SLACK = 5.0
Z_ONLY, R_ONLY = "on Fisher's z only", "on r only"
Check = tuple[str, float, float, float, float, str]


def check_frame(
    row: PublishedRow, interval: Interval | None, found: tuple[Heterogeneity, ...]
) -> pd.DataFrame:
    """Every check that the printed numbers of a row allow.

    Columns `CHECK_COLUMNS`: what was compared, the number as printed, the same from the other
    numbers, the range that their rounding leaves, and whether the two agree. An estimate in the
    middle of its interval on one scale only says so.
    """
    rows = [
        *_centre_checks(row, interval),
        *_test_checks(row, interval),
        *_d_checks(row),
        *_size_checks(row),
        *_i2_checks(row, found),
        *_negative_checks(row, found),
    ]
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def _check(what: str, printed: Printed, again: Implied) -> Check:
    agrees = printed.holds(again.low, again.high)
    verdict = AGREES if agrees else DIFFERS
    return (what, printed.value, again.value, again.low, again.high, verdict)


def _centre_checks(row: PublishedRow, interval: Interval | None) -> Iterator[Check]:
    """Whether r is in the middle: an interval need be symmetric on one of the two scales only."""
    if interval is None or row.estimate is None:
        return
    checks = [
        _check(f"r in the middle of its interval on {word}", row.estimate, interval.centre(scale))
        for scale, word in (("z", "Fisher's z"), ("r", "r"))
    ]
    fits = [check[-1] == AGREES for check in checks]
    verdicts = {(True, False): (AGREES, Z_ONLY), (False, True): (R_ONLY, AGREES)}
    for check, verdict in zip(
        checks, verdicts.get((fits[0], fits[1]), (checks[0][-1], checks[1][-1])), strict=True
    ):
        yield (*check[:-1], verdict)


def _test_checks(row: PublishedRow, interval: Interval | None) -> Iterator[Check]:
    """The test of the mean: Fisher's z over the standard error that the interval implies."""
    if row.z is None or row.estimate is None or interval is None:
        return
    se = interval.standard_error("z")
    z, low, high = row.estimate.mapped(atanh)
    yield _check("test of the mean", row.z, Implied(z / se.value, low / se.high, high / se.low))


def _d_checks(row: PublishedRow) -> Iterator[Check]:
    if row.d is None or row.estimate is None:
        return
    yield _check("d of r", row.d, Implied(*row.estimate.mapped(d_of_r)))
    yield _check("r of d", row.estimate, Implied(*row.d.mapped(r_of_d)))


def _size_checks(row: PublishedRow) -> Iterator[Check]:
    if row.mean_n is not None and row.n_per_study is not None:
        mean = row.n_per_study
        yield _check("mean study size", row.mean_n, Implied(mean, mean, mean))


def _i2_checks(row: PublishedRow, found: tuple[Heterogeneity, ...]) -> Iterator[Check]:
    """I² over all study sizes that were supposed; the relation is approximate."""
    if row.i2 is not None and found:
        shares = [each.i2 for each in found]
        low, high = min(s.low for s in shares), max(s.high for s in shares)
        ends = max(low - I2_SLACK, 0.0), min(high + I2_SLACK, 100.0)
        yield _check("I² in percent", row.i2, Implied(shares[0].value, *ends))


def _negative_checks(row: PublishedRow, found: tuple[Heterogeneity, ...]) -> Iterator[Check]:
    """Share of negative effects, give or take two standard errors of a share of k effects."""
    if row.negative is None or row.estimate is None or row.k is None or not found:
        return
    share = found[0].negative(row.estimate.value, observed=True)
    chance = 2 * sqrt(share.value * (1 - share.value) / row.k)
    again = Implied(share.value, max(share.low - chance, 0.0), share.high + chance)
    yield _check("share of negative effects", row.negative, again)
