"""The model without predictors, from the cross-products of the one with them.

The response was replaced by its least-squares residuals; adding back what was taken out, a
combination of the fixed columns, gives products of the response itself. No row is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.crossed import plan_elimination
from alliance_stats.lmm.algebra.crossings import Crossings, Links, Meetings
from alliance_stats.lmm.algebra.derivatives import Products
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import Block, Level, MixedDesign


def null_criterion(criterion: Criterion) -> Criterion:
    """The criterion of an intercept and one random intercept of every factor, same rows.

    Raises
    ------
    UnsupportedError
        If the model lacks an intercept, fixed or (where factors cross) random.
    """
    design = criterion.design
    if INTERCEPT not in design.names:
        raise UnsupportedError(
            "the model has no fixed intercept, so there is no model without predictors below it. "
            "Fit the null model yourself and give it as before=."
        )
    mixture, mean, scale = response_of(design)
    products = _mixed(design, mixture)
    null = replace(
        design,
        names=(INTERCEPT,),
        redundant=(),
        levels=tuple(_level(level) for level in design.levels),
        products=products,
        transform=np.eye(1),
        least_squares=np.array([mean]),
        scale=scale,
        log_scales=0.0,
    )
    return Criterion(null, criterion.reml)


def response_of(design: MixedDesign) -> tuple[np.ndarray, float, float]:
    """Matrix (m, 2) from the unique columns to [1, y], with y centred and scaled; both numbers."""
    one, n = design.names.index(INTERCEPT), design.n_obs
    whole = np.zeros(design.y + 1)
    whole[design.y] = design.scale
    whole[design.x] = np.linalg.solve(design.transform, design.least_squares)
    constant, whole[one] = whole[one], 0.0  # large, and of no use for the variances
    total = design.products.total
    shift = float(total[one] @ whole) / n
    whole[one] = -shift
    scale = float(np.sqrt(whole @ total @ whole / n))
    mixture = np.zeros((len(whole), 2))
    mixture[one, 0] = 1.0
    mixture[:, 1] = whole / scale
    return mixture, float(constant) + shift, scale


def _level(level: Level) -> Level:
    """The same groups with a random intercept only."""
    return replace(
        level, blocks=(Block((INTERCEPT,), slice(0, 1), np.eye(1)),), z=np.zeros(1, dtype=int)
    )


def _mixed(design: MixedDesign, mixture: np.ndarray) -> Products:
    """Cross-products of [1, y]."""
    z = [np.zeros(1, dtype=int)] * len(design.levels)
    products = design.products
    if isinstance(products, NestedProducts):
        return NestedProducts(
            _turned(products.grams, mixture), z, products.starts, products.parents
        )
    crossings: Crossings = products.crossings  # type: ignore[attr-defined]
    at = [_own_intercept(level) for level in design.levels]
    reduced = Crossings(
        _turned(crossings.grams, mixture),
        z,
        crossings.groups,
        [
            Links(links.first, links.other, links.products[at[0]][:, at[1 + k]])
            for k, links in enumerate(crossings.links)
        ],
        [
            Meetings(
                pair.first,
                pair.second,
                pair.one,
                pair.other,
                pair.blocks[at[1 + pair.first]][:, at[1 + pair.second]],
            )
            for pair in crossings.meetings
        ],
        _along(crossings, at) @ mixture,
    )
    return plan_elimination(reduced, [level.name for level in design.levels])


def _turned(grams: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """M'GM (2, 2, G) of Gram matrices (m, m, G)."""
    half = np.einsum("ai,abg->ibg", mixture, grams)
    return np.asarray(np.einsum("ibg,bj->ijg", half, mixture))


def _own_intercept(level: Level) -> slice:
    """Where the intercept stands among a crossed factor's effects."""
    if INTERCEPT not in level.effects:
        raise UnsupportedError(
            f"the crossed factor '{level.name}' has no random intercept, so the products of a null "
            "model with one are not known. Fit the null model yourself and give it as before=."
        )
    first = level.effects.index(INTERCEPT)
    return slice(first, first + 1)


def _along(crossings: Crossings, at: Sequence[slice]) -> np.ndarray:
    """Rows of Z_R'U (Q, m) that belong to intercepts."""
    rows = [
        crossings.columns_of(k, np.arange(n))[at[1 + k]].ravel()
        for k, n in enumerate(crossings.groups[1:])
    ]
    return crossings.along[np.concatenate(rows)]


def check_comparable(after: MixedDesign, before: MixedDesign) -> None:
    """Raise DataError unless two fits are of the same response, rows and factors."""
    for what, one, other in (
        ("response", after.formula.response, before.formula.response),
        ("number of rows used", after.n_obs, before.n_obs),
        ("weights", after.weights, before.weights),
        ("offset", after.offset, before.offset),
    ):
        if one != other:
            raise DataError(
                f"the two models differ in their {what}: {one!r} here, {other!r} before. "
                "Fit both to the same rows of one frame."
            )
    names = [sorted(level.name for level in design.levels) for design in (after, before)]
    if names[0] != names[1]:
        raise DataError(
            f"the two models differ in their grouping factors: {', '.join(names[0])} here, "
            f"{', '.join(names[1])} before. Shares can be compared between equal factors only."
        )
    if not np.array_equal(after.rows, before.rows):
        raise DataError(
            "the two models use different rows: other values were missing. Drop incomplete rows "
            "before both fits."
        )
