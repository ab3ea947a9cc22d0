"""fleiss_kappa: agreement of several raters beyond chance.

Fleiss (1971, Psychological Bulletin 76(5)); test under chance after Fleiss, Nee & Landis (1979,
Psychological Bulletin 86(5)); interval and missing ratings after Gwet (2014).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from alliance_stats._base.checks import probability
from alliance_stats.reliability.agreement.categories import categorical_ratings
from alliance_stats.reliability.agreement.chance import (
    Counts,
    about_counts,
    corrected,
    count_categories,
    fleiss_chance,
    shares,
    t_row,
)
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]


def fleiss_kappa(
    ratings: object,
    *,
    categories: Sequence[Hashable] | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Fleiss's kappa of two or more raters of nominal categories.

    The raters of one unit need not be those of another; only the counts of categories matter.

    Parameters
    ----------
    ratings : DataFrame or array (n, r)
        One row a unit, one column a rating; missing where there are fewer.
    categories : sequence, optional
        By default those that occur, sorted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``kappa``: ``se`` and interval (t) over units; with equal numbers of ratings also
        ``statistic`` and ``p_value`` from the standard error under chance (``se_null``), and a
        table of kappa by category.

    Raises
    ------
    DataError
        If no unit has two ratings, or a rating is none of the categories.

    Examples
    --------
    >>> ratings = [["a", "a", "a"], ["a", "a", "b"], ["b", "b", "b"], ["b", "b", "b"]]
    >>> round(fleiss_kappa(ratings).estimate, 3)
    0.657
    """
    probability(conf_level, name="conf_level")
    read = categorical_ratings(ratings, categories=categories)
    counts = count_categories(read)
    weights = np.eye(len(read.labels))
    found = corrected(counts, weights, fleiss_chance(counts, weights))
    null = se_under_chance(counts)
    z = found.estimate / null if null > 0 else math.nan
    test = {
        "statistic": z,
        "df": math.inf if math.isfinite(z) else math.nan,
        "p_value": 2.0 * float(ndtr(-abs(z))),
        "se_null": null,
    }
    row = {**t_row("kappa", found, counts.n, conf_level), **test}
    agreement = pd.DataFrame([{"observed": found.observed, "expected": found.expected}])
    return warned(
        ReliabilityResult(
            kind="kappa",
            title="Fleiss's kappa",
            terms=coefficient_rows([row]),
            counts={"unit": counts.n, "rater": len(read.raters)},
            n_dropped=counts.n_unrated,
            conf_level=conf_level,
            statistic="z",
            notes=(_note(counts),),
            messages=(
                *about_counts(counts, len(read.raters)),
                *_about_fleiss(found.estimate),
            ),
            tables={"Agreement": agreement, **_by_category(counts, read.labels)},
        )
    )


def se_under_chance(counts: Counts) -> float:
    """Standard error of kappa if raters agree by chance; NaN for unequal numbers of ratings.

    Examples
    --------
    >>> table = np.array([[3.0, 0], [2, 1], [0, 3], [0, 3]])
    >>> round(se_under_chance(Counts(table, 4, 0)), 4)
    0.2887
    """
    if not counts.balanced:
        return math.nan
    p, m, n = shares(counts), float(counts.per_unit[0]), counts.n
    spread = float(np.sum(p * (1.0 - p)))
    if not spread > 0:
        return math.nan
    inner = spread**2 - float(np.sum(p * (1.0 - p) * (1.0 - 2.0 * p)))
    return math.sqrt(2.0 / (n * m * (m - 1.0)) * max(0.0, inner)) / spread


def _by_category(counts: Counts, labels: tuple[Hashable, ...]) -> dict[str, pd.DataFrame]:
    """Kappa of each category against all others."""
    if not counts.balanced:
        return {}
    p, m, n = shares(counts), float(counts.per_unit[0]), counts.n
    split = np.sum(counts.table * (m - counts.table), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = 1.0 - split / (n * m * (m - 1.0) * p * (1.0 - p))
    kappa = np.where((p > 0) & (p < 1), kappa, np.nan)
    z = kappa / math.sqrt(2.0 / (n * m * (m - 1.0)))
    table = pd.DataFrame(
        {
            "category": [str(label) for label in labels],
            "share": p,
            "kappa": kappa,
            "z": z,
            "p_value": 2.0 * ndtr(-np.abs(z)),
        }
    )
    return {"By category": table}


def _note(counts: Counts) -> str:
    if counts.balanced:
        return "Interval over units; test from the standard error under chance."
    return "Interval over units. No test under chance: numbers of ratings differ."


def _about_fleiss(estimate: float) -> list[str]:
    if not math.isnan(estimate):
        return []
    return ["Kappa is undefined: all ratings are of one category."]
