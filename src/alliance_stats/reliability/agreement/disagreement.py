"""Krippendorff's alpha from what each unit adds, for every metric.

Of units with m_u ≥ 2 ratings let n_c be how often value c occurs, n their sum and δ² the squared
difference that the metric gives:

    α = 1 − (n − 1) Σ_u [Σ_{i≠j in u} δ²_ij/(m_u − 1)] / Σ_{c,k} n_c n_k δ²_ck.

δ² is 1 for different values (nominal), (c − k)² (interval), ((c − k)/(c + k))² (ratio), and for
ordinal values the squared difference of their mean ranks among all n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.errors import UnsupportedError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]
#: Most different values of an ordinal scale in a bootstrap, and most entries of a table.
MOST_ORDINAL = 60
MOST_ENTRIES = 50_000_000
#: Share of the squares of values below which a sum of squared differences is rounding.
ROUNDING = 1e-12


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


def units_of(codes: Codes, values: Floats, metric: Metric, *, bootstrap: bool) -> Units:
    """What each unit adds to the sums.

    Parameters
    ----------
    codes : array (n, r) of int
        Places in `values`, −1 where a rating is missing; two or more in every row.
    values : array (q,)
    metric : str
    bootstrap : bool
        Whether sums of other units than these will be asked for.

    Examples
    --------
    >>> found = units_of(
    ...     np.array([[0, 0], [0, 1], [1, 1]]), np.array([0.0, 1]), "nominal", bootstrap=False
    ... )
    >>> found.statistic(found.contributions.sum(axis=0, keepdims=True)).round(4).tolist()
    [[0.4444]]
    """
    q = len(values)
    if metric == "interval":
        return _interval(codes, values)
    if metric == "ordinal" and not bootstrap:
        counts = np.bincount(codes[codes >= 0], minlength=q).astype(float)
        return _interval(codes, mean_ranks(counts[None])[0])
    if metric == "ordinal" and q > MOST_ORDINAL:
        raise UnsupportedError(
            f"a bootstrap of {q} ordinal values is not available (at most {MOST_ORDINAL}). "
            "Leave rng= out, or use metric='interval' of ranks."
        )
    if max(len(codes), q) * q > MOST_ENTRIES:
        raise UnsupportedError(
            f"{len(codes):,} units with {q:,} different values need too much memory for "
            f"metric={metric!r}. Use metric='interval', or round the values."
        )
    table = counts_of(codes, q)
    if metric == "ordinal":
        return _ordinal(table)
    return _by_difference(table, squared_differences(values, metric))


def counts_of(codes: Codes, q: int) -> Floats:
    """How often each unit has each value (n, q)."""
    n, raters = codes.shape
    there = codes >= 0
    cells = np.repeat(np.arange(n), raters)[there.ravel()] * q + codes[there]
    return np.asarray(np.bincount(cells, minlength=n * q).reshape(n, q), dtype=float)


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


def _interval(codes: Codes, values: Floats) -> Units:
    """Squared differences need the number, the sum and the sum of squares of values only."""
    there = codes >= 0
    seen = values[codes]
    centre = seen[there][np.argmin(np.abs(seen[there] - seen[there].mean()))]
    centred = np.where(there, seen - centre, 0.0)
    m, first, second = there.sum(axis=1), centred.sum(axis=1), np.sum(centred**2, axis=1)
    own = _twice_squares(m, first, second) / (m - 1.0)

    def statistic(sums: Floats) -> Floats:
        own, m, first, second = sums.T
        return _alpha(own, _twice_squares(m, first, second), m)

    return Units(np.column_stack([own, m, first, second]), statistic)


def _twice_squares(m: np.ndarray, first: Floats, second: Floats) -> Floats:
    """Σ (x_i − x_j)² over all ordered pairs, from number, sum and sum of squares."""
    found = 2.0 * (m * second - first**2)
    return np.asarray(np.where(found > ROUNDING * m * second, found, 0.0))


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
