"""One resampled data set: its cross-products, and the shared blocks they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Products
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import MixedDesign


@dataclass(frozen=True, eq=False)
class Replicate:
    """A resampled data set that shares the predictors' Gram blocks of a fit.

    Attributes
    ----------
    criterion : Criterion
        Of this data set alone, with whole Gram blocks of its own.
    along : ndarray (m − 1, G_1)
        Products W'y of every innermost group.
    square : float
        y'y over all rows; not used with `counts`.
    counts : ndarray (G_L,), optional
        How often each group of the highest factor was drawn; without it each is there once.
    """

    criterion: Criterion
    along: np.ndarray
    square: float
    counts: np.ndarray | None = None


def with_response(criterion: Criterion, along: np.ndarray, square: float) -> Replicate:
    """The model of a criterion with another response.

    Parameters
    ----------
    criterion : Criterion
        Of nested factors.
    along : ndarray (m − 1, G_1)
        W'y of every innermost group, W the standardised unique columns and y in units of the
        design's scale.
    square : float
        y'y over all rows.
    """
    products = nested_products(criterion)
    grams = products.grams.copy()
    grams[:-1, -1] = grams[-1, :-1] = along
    grams[-1, -1] = 0.0
    grams[-1, -1, 0] = square  # only its sum over groups is ever used
    design = replace(criterion.design, products=replace(products, grams=grams))
    return Replicate(Criterion(design, criterion.reml), along, square)


def with_counts(criterion: Criterion, counts: np.ndarray) -> Replicate:
    """The model of a criterion with every group of the highest factor `counts` times."""
    new = drawn_design(criterion, counts)[0]
    along = nested_products(criterion).grams[:-1, -1]
    return Replicate(Criterion(new, criterion.reml), along, 0.0, counts)


def drawn_design(criterion: Criterion, counts: np.ndarray) -> tuple[MixedDesign, np.ndarray]:
    """The design of groups drawn again, and which innermost groups (G,) it is made of."""
    design, products = criterion.design, nested_products(criterion)
    drawn = np.repeat(np.arange(len(counts)), counts)
    taken = [drawn]
    parents: list[np.ndarray] = []
    starts: list[np.ndarray] = []
    for first, inside in zip(reversed(products.starts), reversed(_sizes(products)), strict=True):
        lengths = np.diff(first, append=inside)[drawn]
        ends = np.cumsum(lengths)
        parents.insert(0, np.repeat(np.arange(len(drawn)), lengths))
        starts.insert(0, ends - lengths)
        drawn = np.repeat(first[drawn] - starts[0], lengths) + np.arange(ends[-1])
        taken.insert(0, drawn)
    found = NestedProducts(products.grams[:, :, drawn], products.z, starts, parents)
    return resampled(design, found, taken), drawn


def resampled(design: MixedDesign, products: Products, taken: Sequence[np.ndarray]) -> MixedDesign:
    """A design with other products, those of the groups `taken`, a factor each."""
    levels = tuple(
        replace(level, labels=level.labels[groups])
        for level, groups in zip(design.levels, taken, strict=True)
    )
    counts = design.counts[taken[0]]
    return replace(
        design,
        products=products,
        levels=levels,
        counts=counts,
        rows=np.full(int(counts.sum()), -1),  # rows of the frame do not stand for it any more
        log_weights=0.0 if design.weights is None else float("nan"),
    )


def nested_products(criterion: Criterion) -> NestedProducts:
    """The Gram blocks of nested factors; the doors refuse crossed ones before."""
    products = criterion.design.products
    if not isinstance(products, NestedProducts):
        raise TypeError("crossed factors have no Gram blocks of independent groups")
    return products


def _sizes(products: NestedProducts) -> list[int]:
    """Number of groups of every level but the highest."""
    return [len(parent) for parent in products.parents]
