"""krippendorff_alpha: agreement of any number of raters, with missing ratings, on any scale.

Krippendorff (2011, Computing Krippendorff's alpha-reliability; 2018, Content analysis, ch. 12).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, counted, one_of, probability
from alliance_stats._base.errors import DataError
from alliance_stats._base.random import RandomSource
from alliance_stats.reliability.agreement.categories import Categories, categorical_ratings
from alliance_stats.reliability.agreement.disagreement import Metric, units_of
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
Codes = NDArray[np.intp]
METRICS = ("nominal", "ordinal", "interval", "ratio")


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
        Term ``alpha``; a table of how often each value was used, where there are few.

    Raises
    ------
    DataError
        If no unit has two ratings, values of an interval or ratio scale are not numbers, or those
        of a ratio scale are below zero.
    UnsupportedError
        If there are too many different values for the metric, or for a bootstrap of it.

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
    codes = _pairable(read.codes)
    units = units_of(codes, _values(read, metric), metric, bootstrap=rng is not None)
    total = units.contributions.sum(axis=0, keepdims=True)
    estimate = float(units.statistic(total)[0, 0])
    row: dict[str, object] = {"term": "alpha", "estimate": estimate}
    messages = _about_units(len(read.codes), len(codes), estimate)
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
            counts={
                "unit": len(codes),
                "rater": len(read.raters),
                "rating": int((codes >= 0).sum()),
            },
            n_dropped=len(read.codes) - len(codes),
            conf_level=conf_level,
            notes=tuple(notes),
            messages=tuple(messages),
            tables=_shares(read, codes),
        )
    )


def _pairable(codes: Codes) -> Codes:
    """Units with two ratings or more."""
    found = codes[(codes >= 0).sum(axis=1) > 1]
    if not len(found):
        raise DataError(
            f"none of the {counted(len(codes), 'unit')} has two ratings. Agreement needs units "
            "that two raters rated."
        )
    return found


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


def _about_units(n: int, used: int, estimate: float) -> list[str]:
    messages = about_dropped(n - used, n, "unit", "fewer than two ratings")
    if math.isnan(estimate):
        messages.append("Alpha is undefined: all ratings are the same, so none could disagree.")
    return messages


def _shares(read: Categories, codes: Codes) -> dict[str, pd.DataFrame]:
    """How often each value was used, where there are few."""
    if len(read.labels) > 20:
        return {}
    used = np.bincount(codes[codes >= 0], minlength=len(read.labels))
    names = [str(label) for label in read.labels]
    return {"Values": pd.DataFrame({"value": names, "n": used})}
