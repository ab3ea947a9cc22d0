"""A design without the rows of some groups, by leaving out their blocks of cross-products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.influence.downdate import ancestors


def nested_products(design: MixedDesign) -> NestedProducts:
    """The products of a design whose factors nest. Raises UnsupportedError where they cross."""
    if isinstance(design.products, NestedProducts):
        return design.products
    raise UnsupportedError(
        "the grouping factors are crossed: the rows of one group share other groups with the rest, "
        "and the cross-products of the fit do not say which part is whose. Fit again without the "
        "rows of one group at a time."
    )


def design_without(design: MixedDesign, level: int, group: int) -> MixedDesign:
    """The nested design without one group of a level, and without parents that lose all groups.

    The columns keep the scales of all rows, which changes no result.
    """
    products = nested_products(design)
    inner = np.arange(products.grams.shape[-1])
    kept = ancestors(products.parents, inner, up_to=level) != group
    keeps, parents, starts = [kept], [], []
    for parent in products.parents:
        groups = parent[keeps[-1]]
        kept_above = np.zeros(int(parent.max()) + 1, dtype=bool)
        kept_above[groups] = True
        renumbered = (np.cumsum(kept_above) - 1)[groups]
        parents.append(renumbered)
        starts.append(np.flatnonzero(np.diff(renumbered, prepend=-1)))
        keeps.append(kept_above)
    return replace(
        design,
        levels=tuple(
            replace(one, labels=one.labels[keep])
            for one, keep in zip(design.levels, keeps, strict=True)
        ),
        products=NestedProducts(products.grams[:, :, kept], products.z, starts, parents),
        rows=np.arange(int(design.counts[kept].sum())),
        counts=design.counts[kept],
    )


def rows_of_groups(design: MixedDesign, level: int) -> np.ndarray:
    """Number of rows (G_l,) of every group of a nested level."""
    products = nested_products(design)
    group = ancestors(products.parents, np.arange(len(design.counts)), up_to=level)
    return np.bincount(group, design.counts, len(design.levels[level].labels)).astype(int)


def is_estimable(design: MixedDesign) -> bool:
    """Whether every factor has two groups or more, and fewer random effects than rows."""
    n = design.n_obs
    return n > len(design.names) and all(
        len(level.labels) >= 2
        and all(len(level.labels) * len(block.names) < n for block in level.blocks)
        for level in design.levels
    )
