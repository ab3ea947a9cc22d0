"""Which choice moves the estimate most: the variance of the estimates divided among the choices.

Where every combination is there once, an analysis of variance divides it: main effects, pairs,
and what is left for three and more choices together. Otherwise choices overlap, and the variance
that main effects explain is divided by Shapley values: what a choice adds to R², averaged over
all orders (Lindeman, Merenda & Gold, 1980). With one case for each combination there is no error;
the shares describe and are not tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, prod

import numpy as np
import pandas as pd

WAYS = ("analysis of variance", "Shapley values")
REST = "(all others)"
#: Estimates that differ by less than this share of their size are the same.
SAME = 1e-12


def influence_table(estimate: np.ndarray, codes: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Shares of the variance of the estimates.

    Parameters
    ----------
    estimate : ndarray (n,)
    codes : ndarray (n, c) of int
        Option of every specification, by choice.
    names : sequence of str (c,)

    Returns
    -------
    DataFrame
        Columns ``choice with_choice share range way``; ``range`` is between the mean estimates of
        a choice's options. Choices by falling share, then pairs, then the rest.
    """
    spread = estimate - estimate.mean()
    whole = float(spread @ spread)
    ranges = [_range(estimate, codes[:, k]) for k in range(len(names))]
    nan = float("nan")
    if whole <= (SAME * np.abs(estimate).max(initial=0.0)) ** 2 * len(estimate):
        rows = [(name, "", nan, r, WAYS[0]) for name, r in zip(names, ranges, strict=True)]
        return _table(rows)
    if _is_full(codes):
        return _table(_anova(spread, codes, names, ranges, whole))
    shares = _shapley(spread, codes, whole)
    rows = [
        (name, "", share, r, WAYS[1]) for name, share, r in zip(names, shares, ranges, strict=True)
    ]
    return _table([*_sorted(rows), (REST, "", 1.0 - sum(shares), nan, WAYS[1])])


InfluenceRow = tuple[str, str, float, float, str]


def _table(rows: Sequence[InfluenceRow]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["choice", "with_choice", "share", "range", "way"])


def _sorted(rows: list[InfluenceRow]) -> list[InfluenceRow]:
    return sorted(rows, key=lambda row: -row[2])


def _range(estimate: np.ndarray, codes: np.ndarray) -> float:
    means = [estimate[codes == code].mean() for code in np.unique(codes)]
    return float(max(means) - min(means))


def _is_full(codes: np.ndarray) -> bool:
    """Whether every combination of options is there once."""
    cells = prod(len(np.unique(column)) for column in codes.T)
    return len(codes) == cells == len(np.unique(codes, axis=0))


def _anova(
    spread: np.ndarray,
    codes: np.ndarray,
    names: Sequence[str],
    ranges: Sequence[float],
    whole: float,
) -> list[InfluenceRow]:
    """Main effects and pairs of a full factorial; what is left belongs to three and more."""
    main = [_between(spread, codes[:, [k]]) for k in range(len(names))]
    nan = float("nan")
    rows = [
        (name, "", ss / whole, r, WAYS[0]) for name, ss, r in zip(names, main, ranges, strict=True)
    ]
    pairs = []
    for i, j in combinations(range(len(names)), 2):
        ss = _between(spread, codes[:, [i, j]]) - main[i] - main[j]
        pairs.append((names[i], names[j], max(ss, 0.0) / whole, nan, WAYS[0]))
    left = 1.0 - sum(row[2] for row in (*rows, *pairs))
    return [*_sorted(rows), *_sorted(pairs), (REST, "", max(left, 0.0), nan, WAYS[0])]


def _between(spread: np.ndarray, codes: np.ndarray) -> float:
    """Sum of squares between the cells of some choices."""
    cell = np.unique(codes, axis=0, return_inverse=True)[1].ravel()
    return float((np.bincount(cell, spread) ** 2 / np.bincount(cell)).sum())


def _shapley(spread: np.ndarray, codes: np.ndarray, whole: float) -> list[float]:
    """What each choice adds to R² of the main effects, over all orders of the choices."""
    c = codes.shape[1]
    blocks = [_indicators(codes[:, k]) for k in range(c)]
    explained = {
        members: _explained(spread, [blocks[k] for k in members]) / whole
        for size in range(c + 1)
        for members in combinations(range(c), size)
    }
    shares = []
    for k in range(c):
        others = [j for j in range(c) if j != k]
        share = 0.0
        for size in range(c):
            weight = 1.0 / (c * comb(c - 1, size))
            for members in combinations(others, size):
                both = tuple(sorted((*members, k)))
                share += weight * (explained[both] - explained[members])
        shares.append(share)
    return shares


def _indicators(codes: np.ndarray) -> np.ndarray:
    found = (codes[:, None] == np.unique(codes)[None, 1:]).astype(float)
    return np.asarray(found - found.mean(axis=0))


def _explained(spread: np.ndarray, blocks: Sequence[np.ndarray]) -> float:
    """Sum of squares that indicators explain, of whatever rank."""
    if not blocks:
        return 0.0
    x = np.column_stack(blocks)
    fitted = x @ np.linalg.lstsq(x, spread, rcond=1e-10)[0]
    return float(fitted @ fitted)
