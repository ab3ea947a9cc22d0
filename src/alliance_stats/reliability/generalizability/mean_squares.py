"""Variance components of a complete design from expected mean squares (Brennan, 2001, chapter 3).

With T(α) the sum of squares of the means of an effect's cells, each times its number of scores,
SS(α) = T(α) − Σ SS(β) over the effects β inside α. With all factors random,
E MS(α) = Σ k(β) σ²(β) over the effects β that hold α, k(β) the number of scores a cell of β.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alliance_stats.reliability.generalizability.components import Components
from alliance_stats.reliability.generalizability.design import Design, Effect
from alliance_stats.reliability.generalizability.intervals import ting_intervals


def complete_tensor(
    design: Design, codes: Mapping[str, np.ndarray], values: np.ndarray
) -> np.ndarray | None:
    """Scores as an array with one axis a factor, or None where cells are missing.

    The levels of a nested factor are numbered within its parents, which must hold equally many.
    """
    places, sizes = [], []
    for factor in design.factors:
        place = _within_parents(codes[factor], [codes[p] for p in design.parents[factor]])
        places.append(place)
        sizes.append(int(place.max()) + 1)
    if np.prod(sizes, dtype=float) != len(values):
        return None
    tensor = np.full(sizes, np.nan)
    tensor[tuple(places)] = values
    return None if np.isnan(tensor).any() else tensor


def _within_parents(codes: np.ndarray, parents: Sequence[np.ndarray]) -> np.ndarray:
    """Number of every row's level among those that share its parents."""
    if not parents:
        return codes
    group = np.zeros_like(codes)
    for parent in parents:
        group = np.unique(group * (parent.max() + 1) + parent, return_inverse=True)[1]
    first = np.unique(codes, return_index=True)[1]  # a level has one set of parents
    order = np.lexsort((np.arange(len(first)), group[first]))
    in_order = group[first][order]
    starts = np.flatnonzero(np.diff(in_order, prepend=-1))
    rank = np.arange(len(first)) - np.repeat(starts, np.diff(starts, append=len(first)))
    place = np.empty(len(first), dtype=np.intp)
    place[order] = rank
    return place[codes]


def anova_components(design: Design, tensor: np.ndarray, level: float) -> Components:
    """Components of a complete design, in closed form, with intervals at `level`."""
    squares, df = _sums_of_squares(design, tensor)
    mean_squares = squares / df
    parts = np.linalg.inv(expected_mean_squares(design, tensor.shape)) * mean_squares
    low, high = ting_intervals(parts, df, level)
    return Components(
        effects=design.effects,
        variance=parts.sum(axis=1),
        covariance=(parts * (2.0 / (df + 2.0))) @ parts.T,
        low=low,
        high=high,
        intervals="ting",
        mean_square=mean_squares,
        mean_square_df=df,
    )


def expected_mean_squares(design: Design, sizes: Sequence[int]) -> np.ndarray:
    """Coefficients (k, k) of the components (columns) in the expected mean squares (rows)."""
    effects = design.effects
    size = dict(zip(design.factors, sizes, strict=True))
    scores = [
        np.prod([size[f] for f in design.factors if f not in e], dtype=float) for e in effects
    ]
    return np.array(
        [
            [n * (inner <= outer) for outer, n in zip(effects, scores, strict=True)]
            for inner in effects
        ]
    )


def _sums_of_squares(design: Design, tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of squares and degrees of freedom of every effect, without differences of large sums."""
    axes = {factor: axis for axis, factor in enumerate(design.factors)}
    rest = tensor - tensor.mean()
    squares: dict[Effect, float] = {}
    df: dict[Effect, float] = {}
    for effect in design.effects:  # small ones first: what is left of the means is the effect
        over = tuple(axes[f] for f in design.factors if f not in effect)
        means = rest.mean(axis=over, keepdims=True)
        squares[effect] = float((means**2).sum()) * tensor.size / means.size
        rest = rest - means
        df[effect] = means.size - 1.0 - sum(n for e, n in df.items() if e < effect)
    return np.array(list(squares.values())), np.array(list(df.values()))
