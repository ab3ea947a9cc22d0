"""krippendorff_alpha: agreement of any number of raters, with missing ratings, on any scale.

Krippendorff (2011, Computing Krippendorff's alpha-reliability; 2018, Content analysis, ch. 12). Of
units with m_u ≥ 2 ratings let n_c be how often value c occurs, n their sum and δ² the squared
difference that the metric gives:

    α = 1 − (n − 1) Σ_u [Σ_{i≠j in u} δ²_ij/(m_u − 1)] / Σ_{c,k} n_c n_k δ²_ck.

δ² is 1 for different values (nominal), (c − k)² (interval), ((c − k)/(c + k))² (ratio), and for
ordinal values the squared difference of their mean ranks among all n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, counted, one_of, probability
from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.reliability.agreement.categories import Categories, categorical_ratings
from alliance_stats.reliability.agreement.chance import count_categories
from alliance_stats.reliability.messages import about_dropped, warned
from alliance_stats.reliability.resampling import (
    N_BOOT,
    about_undefined,
    check_bootstrap,
    percentiles,
    resampled,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]
METRICS = ("nominal", "ordinal", "interval", "ratio")
#: Most different values of an ordinal scale, and most entries, in a bootstrap.
MOST_ORDINAL = 60
MOST_ENTRIES = 50_000_000


@dataclass(frozen=True, eq=False)
class Units:
    """Units with two ratings or more, as sums from which alpha follows.

    Attributes
    ----------
    contributions : array (n, m)
        What each unit adds.
    statistic : callable
        From sums (b, m) to alpha (b, 1).
    """

    contributions: Floats
    statistic: Callable[[Floats], Floats]


def krippendorff_alpha(
    ratings: object,
    *,
    metric: Metric,
    categories: Sequence[Hashable] | None = None,
    conf_level: float = 0.95,
    n_boot: int = N_BOOT,
    rng: RandomSource | None = None,
) -> ReliabilityResult:
    """Krippendorff's alpha of two or more raters.

    Parameters
    ----------
    ratings : DataFrame or array (n, r)
        One row a unit, one column a rater; missing where a rater did not rate.
    metric : {"nominal", "ordinal", "interval", "ratio"}
        What a difference between two values is. There is no default: alpha can change much.
    categories : sequence, optional
        Order of ordinal categories that are not numbers.
    conf_level : float
    n_boot : int
        Resamples.
    rng : int, SeedSequence or Generator, optional
        With it, a percentile interval from resampled units. (Krippendorff's own bootstrap draws
        pairs of values as if independent; units are drawn here.)

    Returns
    -------
    ReliabilityResult
        Term ``alpha``; a table with observed and expected disagreement.

    Raises
    ------
    DataError
        If no unit has two ratings, values of an interval or ratio scale are not numbers, or those
        of a ratio scale are below zero.
    UnsupportedError
        If the bootstrap would need too much memory.

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of
    Pennsylvania. Hayes, A. F., & Krippendorff, K. (2007). Communication Methods and Measures, 1(1).

    Examples
    --------
    >>> ratings = [[1, 1], [2, 3], [3, 3], [3, 3], [2, 2], [1, 2]]
    >>> round(krippendorff_alpha(ratings, metric="ordinal").estimate, 3)
    0.764
    """
    probability(conf_level, name="conf_level")
    one_of(metric, METRICS, name="metric")
    check_bootstrap(n_boot, rng, wanted=rng is not None, how="rng=")
    read = categorical_ratings(ratings, categories=categories)
    counts = count_categories(read)
    table = counts.table[counts.per_unit > 1]
    units = _units(table, metric, _values(read, metric), bootstrap=rng is not None)
    total = units.contributions.sum(axis=0, keepdims=True)
    estimate = float(units.statistic(total)[0, 0])
    row: dict[str, object] = {"term": "alpha", "estimate": estimate}
    messages = _about_units(len(read.codes), len(table), estimate)
    notes = ["No interval: give rng=1, say, for one from resampled units."]
    if rng is not None:
        draws = resampled(units.contributions, units.statistic, n_boot, rng)
        se, low, high = (float(x[0]) for x in percentiles(draws, conf_level))
        row |= {"se": se, "ci_low": low, "ci_high": high}
        notes = [f"Interval: percentiles of {n_boot:,} resamples of units."]
        messages += about_undefined(draws, "Alpha")
    return warned(
        ReliabilityResult(
            kind="krippendorff",
            title=f"Krippendorff's alpha, {metric}",
            terms=coefficient_rows([row]),
            counts={"unit": len(table), "rater": len(read.raters), "rating": int(table.sum())},
            n_dropped=len(read.codes) - len(table),
            conf_level=conf_level,
            notes=tuple(notes),
            messages=tuple(messages),
            tables=_shares(read, table),
        )
    )


def _values(read: Categories, metric: Metric) -> Floats:
    """Values of the categories on an interval or ratio scale; their places otherwise."""
    if metric in ("nominal", "ordinal"):
        return np.arange(len(read.labels), dtype=float)
    numbers = all(
        isinstance(x, int | float | np.number) and not isinstance(x, bool) for x in read.labels
    )
    if not numbers:
        raise DataError(
            f"metric={metric!r} needs numbers, but ratings are text. Use 'nominal' or 'ordinal'."
        )
    values = np.array([float(str(x)) for x in read.labels])
    below = int((values < 0).sum())
    if metric == "ratio" and below:
        raise DataError(
            f"metric='ratio' needs values from zero, but {counted(below, 'value')} of the scale "
            f"{agree(below, 'is', 'are')} below. Use 'interval'."
        )
    return values


def _units(table: Floats, metric: Metric, values: Floats, *, bootstrap: bool) -> Units:
    n, q = table.shape
    if metric == "ordinal":
        if bootstrap and q > MOST_ORDINAL:
            raise UnsupportedError(
                f"a bootstrap of {q} ordinal values is not available (at most {MOST_ORDINAL}). "
                "Leave rng= out, or use metric='interval' of ranks."
            )
        return _ordinal(table) if bootstrap else _ordinal_point(table)
    if metric == "interval":
        return _interval(table, values)
    if bootstrap and n * q > MOST_ENTRIES:
        raise UnsupportedError(
            f"a bootstrap of {n:,} units and {q:,} values needs too much memory. Leave rng= out."
        )
    return _by_difference(table, squared_differences(values, metric))


def squared_differences(values: Floats, metric: Metric) -> Floats:
    """δ² (q, q) of a nominal or ratio scale.

    Examples
    --------
    >>> squared_differences(np.array([1.0, 3.0]), "ratio").tolist()
    [[0.0, 0.25], [0.25, 0.0]]
    """
    if metric == "nominal":
        return np.asarray(1.0 - np.eye(len(values)))
    total = np.add.outer(values, values)
    apart = np.subtract.outer(values, values)
    return np.asarray((apart / np.where(total > 0, total, 1.0)) ** 2)


def _alpha(observed: Floats, expected: Floats, n: Floats) -> Floats:
    """Alpha (b, 1); NaN where no disagreement is possible."""
    possible = expected > 0
    ratio = (n - 1.0) * observed / np.where(possible, expected, 1.0)
    return np.asarray(np.where(possible, 1.0 - ratio, np.nan)[:, None])


def _by_difference(table: Floats, squared: Floats) -> Units:
    """Each unit gives its disagreement and its counts."""
    own = np.sum(table @ squared * table, axis=1) / (table.sum(axis=1) - 1.0)

    def statistic(sums: Floats) -> Floats:
        counts = sums[:, 1:]
        expected = np.sum(counts @ squared * counts, axis=1)
        return _alpha(sums[:, 0], expected, counts.sum(axis=1))

    return Units(np.column_stack([own, table]), statistic)


def _interval(table: Floats, values: Floats) -> Units:
    """Squared differences need the number, the sum and the sum of squares of values only."""
    centred = values - float(table.sum(axis=0) @ values) / float(table.sum())
    m, first, second = table.sum(axis=1), table @ centred, table @ centred**2
    own = 2.0 * (m * second - first**2) / (m - 1.0)

    def statistic(sums: Floats) -> Floats:
        own, m, first, second = sums.T
        expected = np.maximum(0.0, 2.0 * (m * second - first**2))
        return _alpha(own, expected, m)

    return Units(np.column_stack([own, m, first, second]), statistic)


def mean_ranks(counts: Floats) -> Floats:
    """Mean rank (b, q) of the ratings of each value among all, from counts (b, q).

    Examples
    --------
    >>> mean_ranks(np.array([[2.0, 1.0, 3.0]])).tolist()
    [[1.0, 2.5, 4.5]]
    """
    return np.asarray(np.cumsum(counts, axis=1) - counts / 2.0)


def _ordinal(table: Floats) -> Units:
    """Ranks depend on the resample, so each unit gives all its pairs of values (q²)."""
    n, q = table.shape
    pairs = table[:, :, None] * table[:, None, :]
    pairs[:, np.arange(q), np.arange(q)] -= table
    pairs /= (table.sum(axis=1) - 1.0)[:, None, None]

    def statistic(sums: Floats) -> Floats:
        together = sums.reshape(-1, q, q)
        counts = together.sum(axis=2)
        ranks = mean_ranks(counts)
        squared = (ranks[:, :, None] - ranks[:, None, :]) ** 2
        observed = np.sum(together * squared, axis=(1, 2))
        expected = np.einsum("bc,bck,bk->b", counts, squared, counts)
        return _alpha(observed, expected, counts.sum(axis=1))

    return Units(pairs.reshape(n, q * q), statistic)


def _ordinal_point(table: Floats) -> Units:
    """Alpha of these units only: an interval scale of their ranks."""
    return _interval(table, mean_ranks(table.sum(axis=0, keepdims=True))[0])


def _about_units(n: int, used: int, estimate: float) -> list[str]:
    messages = about_dropped(n - used, n, "unit", "fewer than two ratings")
    if math.isnan(estimate):
        messages.append("Alpha is undefined: all ratings are the same, so none could disagree.")
    return messages


def _shares(read: Categories, table: Floats) -> dict[str, pd.DataFrame]:
    """How often each value was used, where there are few."""
    if len(read.labels) > 20:
        return {}
    used = table.sum(axis=0)
    names = [str(label) for label in read.labels]
    return {"Values": pd.DataFrame({"value": names, "n": used.astype(int)})}
