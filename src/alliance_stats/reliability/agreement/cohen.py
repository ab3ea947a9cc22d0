"""cohen_kappa: agreement of two raters beyond chance, weighted or not.

Cohen (1960, Educ. Psychol. Meas. 20(1); 1968, Psychological Bulletin 70(4)); standard errors of
Fleiss, Cohen & Everitt (1969, Psychological Bulletin 72(5)), at the estimate and under chance.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from alliance_stats._base.checks import counted, probability
from alliance_stats._base.errors import DataError
from alliance_stats.reliability.agreement.categories import paired_categories
from alliance_stats.reliability.agreement.weights import Weights, about_gaps, agreement_weights
from alliance_stats.reliability.messages import about_dropped, warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kappa:
    """Kappa of a table of two raters.

    Attributes
    ----------
    observed, expected, estimate : float
    se, se_null : float
        At the estimate, and if raters agree by chance only.
    highest : float
        Kappa that these margins allow.
    """

    observed: float
    expected: float
    estimate: float
    se: float
    se_null: float
    highest: float


def kappa_of(counts: Floats, weights: Floats) -> Kappa:
    """Kappa of counts (q, q) with weights of agreement (q, q).

    Examples
    --------
    >>> found = kappa_of(np.array([[20.0, 5.0], [10.0, 15.0]]), np.eye(2))
    >>> round(found.observed, 3), round(found.expected, 3), round(found.estimate, 3)
    (0.7, 0.5, 0.4)
    """
    n = counts.sum()
    p = counts / n
    first, second = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(first, second)
    observed, expected = float(np.vdot(weights, p)), float(np.vdot(weights, chance))
    if expected >= 1.0 - 1e-12:
        return Kappa(observed, expected, *[math.nan] * 4)
    kappa = (observed - expected) / (1.0 - expected)
    mean = (weights @ second)[:, None] + (first @ weights)[None, :]
    spread = np.vdot(p, (weights * (1.0 - expected) - mean * (1.0 - observed)) ** 2)
    centre = observed * expected - 2.0 * expected + observed
    variance = (float(spread) - centre**2) / (n * (1.0 - expected) ** 4)
    null = float(np.vdot(chance, (weights - mean) ** 2)) - expected**2
    se, se_null = math.sqrt(max(0.0, variance)), math.sqrt(max(0.0, null) / n) / (1.0 - expected)
    highest = (_highest(first, second, weights) - expected) / (1.0 - expected)
    return Kappa(observed, expected, kappa, se, se_null, highest)


def _highest(first: Floats, second: Floats, weights: Floats) -> float:
    """Largest weighted agreement with these margins: both raters' ratings put in order."""
    first, second = first.copy(), second.copy()
    if np.array_equal(weights, np.eye(len(weights))):
        return float(np.minimum(first, second).sum())
    total, i, j = 0.0, 0, 0
    while i < len(first) and j < len(second):
        moved = min(first[i], second[j])
        total += moved * weights[i, j]
        first[i] -= moved
        second[j] -= moved
        i, j = (i + 1, j) if first[i] <= second[j] else (i, j + 1)
    return float(total)


def cohen_kappa(
    a: object,
    b: object,
    *,
    weights: Weights = None,
    categories: Sequence[Hashable] | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Cohen's kappa of two raters who put the same units into categories.

    Parameters
    ----------
    a, b : Series or array (n,)
        The categories that each rater gave, in the same order of units. Pairs with a missing
        rating are left out and counted.
    weights : {None, "linear", "quadratic"}
        Credit for near misses of ordered categories, by their places in the order.
    categories : sequence, optional
        All categories in their order; by default those that occur, sorted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``kappa``: ``se`` and interval at the estimate, ``statistic`` and ``p_value`` from
        the standard error under chance (``se_null``). Tables: agreement observed, expected and
        the highest kappa these margins allow; the counts.

    Raises
    ------
    DataError
        If lengths differ, no pair is complete, or a rating is none of the categories.

    Warns
    -----
    DataWarning
        If pairs were dropped, kappa is undefined, or whole numbers between the categories were
        not used and weights are asked for.

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin, 70(4). Fleiss, J. L., Cohen, J., &
    Everitt, B. S. (1969). Psychological Bulletin, 72(5).

    Examples
    --------
    >>> first = ["rupture"] * 25 + ["none"] * 25
    >>> second = ["rupture"] * 20 + ["none"] * 5 + ["rupture"] * 10 + ["none"] * 15
    >>> round(cohen_kappa(first, second).estimate, 3)
    0.4
    """
    probability(conf_level, name="conf_level")
    read = paired_categories(a, b, categories=categories)
    kept = np.flatnonzero((read.codes >= 0).all(axis=1))
    total = len(read.codes)
    n, q = len(kept), len(read.labels)
    if n == 0:
        raise DataError(f"no complete pair of ratings among {counted(total, 'row')}.")
    cells = read.codes[kept, 0] * q + read.codes[kept, 1]
    counts = np.bincount(cells, minlength=q * q).reshape(q, q).astype(float)
    found = kappa_of(counts, agreement_weights(q, weights))
    dropped = total - n
    return warned(
        ReliabilityResult(
            kind="kappa",
            title="Cohen's kappa" if weights is None else f"Cohen's kappa, {weights} weights",
            terms=coefficient_rows([_row(found, conf_level)]),
            counts={"unit": n},
            n_dropped=dropped,
            conf_level=conf_level,
            notes=("Interval at the estimate; test from the standard error under chance.",),
            messages=(
                *about_dropped(dropped, total, "unit", "a rating missing"),
                *_about_kappa(found),
                *about_gaps(read.labels, weights),
            ),
            statistic="z",
            tables=_tables(found, counts, read.labels),
        )
    )


def _row(found: Kappa, conf_level: float) -> dict[str, object]:
    z = found.estimate / found.se_null if found.se_null > 0 else math.nan
    half = float(ndtri((1.0 + conf_level) / 2.0)) * found.se
    return {
        "term": "kappa",
        "estimate": found.estimate,
        "se": found.se,
        "statistic": z,
        "df": math.inf if math.isfinite(z) else math.nan,
        "p_value": 2.0 * float(ndtr(-abs(z))),
        "ci_low": max(-1.0, found.estimate - half),
        "ci_high": min(1.0, found.estimate + half),
        "se_null": found.se_null,
    }


def _tables(found: Kappa, counts: Floats, labels: tuple[Hashable, ...]) -> dict[str, pd.DataFrame]:
    names = [str(label) for label in labels]
    cross = pd.DataFrame(counts.astype(int), columns=names)
    cross.insert(0, "first \\ second", names)
    shares = {"observed": found.observed, "expected": found.expected}
    return {
        "Agreement": pd.DataFrame([{**shares, "highest_kappa": found.highest}]),
        "Counts": cross,
    }


def _about_kappa(found: Kappa) -> list[str]:
    if not math.isnan(found.estimate):
        return []
    return ["Kappa is undefined: both raters used one and the same category only."]
