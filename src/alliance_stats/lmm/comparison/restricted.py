"""A smaller model on the Gram blocks of a larger one, so that both can share drawn responses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.resampling.replicate import nested_products


@dataclass(frozen=True, eq=False)
class Restricted:
    """A smaller model, written in the columns and groups of a larger one.

    Attributes
    ----------
    criterion : Criterion
        The smaller model on sums of the larger one's Gram blocks.
    columns : ndarray (m' − 1, m − 1)
        The smaller model's standardised columns as combinations of the larger one's.
    innermost : ndarray
        First group of the larger model's innermost factor in each group of the smaller one's.
    ancestors : list of ndarray (G_1,)
        For every factor of the smaller model, the group that holds each innermost group.
    """

    criterion: Criterion
    columns: np.ndarray
    innermost: np.ndarray
    ancestors: list[np.ndarray]

    def summed(self, along: np.ndarray) -> np.ndarray:
        """W'y (m − 1, G) of the smaller model's groups from that of the larger one's."""
        return np.asarray(np.add.reduceat(self.columns.T @ along, self.innermost, axis=-1))


def restricted(smaller: MixedDesign, larger: Criterion) -> Restricted:
    """Write a model on the Gram blocks of one it is nested in.

    The response is not the smaller model's: it is to be replaced.
    """
    design, products = larger.design, nested_products(larger)
    columns = _columns(smaller, design)
    names = [frozenset(level.name.split(":")) for level in design.levels]
    kept = [names.index(frozenset(level.name.split(":"))) for level in smaller.levels]
    if kept != sorted(kept):
        raise UnsupportedError(
            "two grouping factors have the same groups, so neither is within the other. "
            "Leave one of them out."
        )
    above = [np.arange(products.grams.shape[-1])]
    for parent in products.parents:
        above.append(parent[above[-1]])
    ancestors = [above[level] for level in kept]
    firsts = [np.flatnonzero(np.diff(groups, prepend=-1)) for groups in ancestors]
    starts = [
        np.flatnonzero(np.diff(outer[first], prepend=-1))
        for first, outer in zip(firsts, ancestors[1:], strict=False)
    ]
    parents = [outer[first] for first, outer in zip(firsts, ancestors[1:], strict=False)]
    both = np.zeros((len(columns) + 1, columns.shape[1] + 1))
    both[:-1, :-1], both[-1, -1] = columns, 1.0
    grams = np.add.reduceat(
        np.einsum("ai,abg,bj->ijg", both, products.grams, both, optimize=True), firsts[0], axis=-1
    )
    own = NestedProducts(grams, [level.z for level in smaller.levels], starts, parents)
    levels = tuple(
        replace(level, labels=design.levels[k].labels)
        for level, k in zip(smaller.levels, kept, strict=True)
    )
    counts = np.add.reduceat(design.counts, firsts[0])
    new = replace(smaller, products=own, levels=levels, counts=counts)
    return Restricted(Criterion(new, larger.reml), columns, firsts[0], ancestors)


def _columns(smaller: MixedDesign, larger: MixedDesign) -> np.ndarray:
    """The smaller model's standardised columns as combinations (m' − 1, m − 1) of the other's."""
    original: dict[str, np.ndarray] = {}
    for names, positions, transform in _parts(larger):
        inverse = np.linalg.inv(transform)
        for k, name in enumerate(names):
            if name not in original:
                original[name] = np.zeros(larger.y)
                original[name][positions] = inverse[:, k]
    found = np.zeros((larger.y, smaller.y))
    for names, positions, transform in _parts(smaller):
        found[:, positions] = np.array([original[name] for name in names]).T @ transform
    return found


def _parts(design: MixedDesign) -> list[tuple[tuple[str, ...], np.ndarray, np.ndarray]]:
    """Names, positions and transform of the fixed columns and of every block."""
    parts = [(design.names, design.x, design.transform)] if len(design.names) else []
    for level in design.levels:
        parts += [(b.names, level.z[b.columns], b.transform) for b in level.blocks]
    return parts
