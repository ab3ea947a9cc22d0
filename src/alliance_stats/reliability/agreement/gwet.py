"""gwet_ac: Gwet's AC1 and AC2, agreement that stays stable where one category prevails."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import DataError
from alliance_stats.reliability.agreement.categories import categorical_ratings
from alliance_stats.reliability.agreement.chance import (
    about_counts,
    corrected,
    count_categories,
    gwet_chance,
    t_row,
)
from alliance_stats.reliability.agreement.weights import Weights, about_gaps, agreement_weights
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows


def gwet_ac(
    ratings: object,
    *,
    weights: Weights = None,
    categories: Sequence[Hashable] | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Gwet's AC1, or AC2 with weights, of two or more raters.

    Kappa falls towards zero where nearly all units are of one category, however well raters
    agree; AC1 does not. It depends on the number of categories: name those that nobody used.

    Parameters
    ----------
    ratings : DataFrame or array (n, r)
        One row a unit, one column a rater; missing where a rater did not rate.
    weights : {None, "linear", "quadratic"}
        None is AC1; with weights for ordered categories it is AC2.
    categories : sequence, optional
        All categories in their order; by default those that occur, sorted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``AC1`` or ``AC2``, with Gwet's variance over units (raters taken as given), t test
        and interval; a table with agreement observed and expected.

    Raises
    ------
    DataError
        If no unit has two ratings, fewer than 2 categories are known, or a rating is none of them.

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high
    agreement. British Journal of Mathematical and Statistical Psychology, 61(1). Gwet, K. L.
    (2014). Handbook of inter-rater reliability (4th ed.).

    Examples
    --------
    >>> ratings = [["a", "a"], ["a", "a"], ["b", "b"], ["b", "a"], ["a", "a"], ["c", "c"]]
    >>> round(gwet_ac(ratings).estimate, 3)
    0.767
    """
    probability(conf_level, name="conf_level")
    read = categorical_ratings(ratings, categories=categories)
    if len(read.labels) < 2:
        raise DataError(
            "only one category occurs. Name the others in categories=: AC depends on their number."
        )
    counts = count_categories(read)
    matrix = agreement_weights(len(read.labels), weights)
    found = corrected(counts, matrix, gwet_chance(counts, matrix))
    term = "AC1" if weights is None else "AC2"
    agreement = {"observed": found.observed, "expected": found.expected}
    return warned(
        ReliabilityResult(
            kind="gwet",
            title=f"Gwet's {term}" + ("" if weights is None else f", {weights} weights"),
            terms=coefficient_rows([t_row(term, found, counts.n, conf_level)]),
            counts={"unit": counts.n, "rater": len(read.raters)},
            n_dropped=counts.n_unrated,
            conf_level=conf_level,
            statistic="t",
            notes=(f"{len(read.labels)} categories. Standard error over units; raters as given.",),
            messages=(
                *about_counts(counts, len(read.raters)),
                *about_gaps(read.labels, weights),
                *([] if math.isfinite(found.se) else ["One unit only: no standard error."]),
            ),
            tables={"Agreement": pd.DataFrame([agreement])},
        )
    )
