"""percent_agreement: the share of pairs of raters who agree, without correction for chance."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from alliance_stats._base.checks import probability
from alliance_stats.reliability.agreement.categories import categorical_ratings
from alliance_stats.reliability.agreement.chance import (
    about_counts,
    corrected,
    count_categories,
    no_chance,
    t_row,
)
from alliance_stats.reliability.agreement.weights import Weights, about_gaps, agreement_weights
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows


def percent_agreement(
    ratings: object,
    *,
    weights: Weights = None,
    categories: Sequence[Hashable] | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Share of pairs of ratings of the same unit that agree.

    It says nothing of chance: two raters who both say "no rupture" nearly always agree often.
    Report it beside a corrected coefficient.

    Parameters
    ----------
    ratings : DataFrame or array (n, r)
        One row a unit, one column a rater; missing where a rater did not rate.
    weights : {None, "linear", "quadratic"}
        Credit for near misses of ordered categories.
    categories : sequence, optional
        All categories in their order; by default those that occur, sorted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``agreement``, between 0 and 1, with a standard error over units.

    Raises
    ------
    DataError
        If no unit has two ratings, or a rating is none of the categories.

    Examples
    --------
    >>> percent_agreement([["a", "a"], ["a", "b"], ["b", "b"], ["b", "b"]]).estimate
    0.75
    """
    probability(conf_level, name="conf_level")
    read = categorical_ratings(ratings, categories=categories)
    counts = count_categories(read)
    matrix = agreement_weights(len(read.labels), weights)
    found = corrected(counts, matrix, no_chance(counts, matrix))
    row = t_row("agreement", found, counts.n, conf_level)
    untested = {"statistic": float("nan"), "df": float("nan"), "p_value": float("nan")}
    return warned(
        ReliabilityResult(
            kind="percent_agreement",
            title="Share of agreeing pairs",
            terms=coefficient_rows([{**row, **untested}]),
            counts={"unit": counts.n, "rater": len(read.raters)},
            n_dropped=counts.n_unrated,
            conf_level=conf_level,
            notes=("Not corrected for chance.",),
            messages=(
                *about_counts(counts, len(read.raters)),
                *about_gaps(read.labels, weights),
            ),
        )
    )
