"""The data of crossed factors with whole sets of linked groups drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.algebra.crossed import plan_elimination
from alliance_stats.lmm.algebra.crossings import Crossings, Links, Meetings
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.resampling.clusters import Clusters
from alliance_stats.lmm.resampling.crossed_responses import crossed_products_of
from alliance_stats.lmm.resampling.replicate import Replicate, resampled


@dataclass(frozen=True, eq=False)
class _Copies:
    """Copies of things that belong to clusters, cluster by cluster as drawn.

    Attributes
    ----------
    items : ndarray (n,)
        Which thing every copy is of.
    copy : ndarray (n,)
        Which of the drawn clusters it belongs to.
    first : ndarray
        Place of the first copy of every drawn cluster.
    rank : ndarray
        Place of every thing within its cluster.
    """

    items: np.ndarray
    copy: np.ndarray
    first: np.ndarray
    rank: np.ndarray

    def places(self, items: np.ndarray, copy: np.ndarray) -> np.ndarray:
        """Where the copies of things stand."""
        return np.asarray(self.first[copy] + self.rank[items])


def _copies(of: np.ndarray, drawn: np.ndarray, n: int) -> _Copies:
    """Copy what belongs to clusters `of` (0 … n − 1) as often as these were `drawn`."""
    order = np.argsort(of, kind="stable")
    sizes = np.bincount(of, minlength=n)
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[drawn]
    first = np.cumsum(lengths) - lengths
    copy = np.repeat(np.arange(len(drawn)), lengths)
    items = order[np.arange(len(copy)) - first[copy] + starts[drawn][copy]]
    rank = np.empty(len(of), dtype=int)
    rank[order] = np.arange(len(of)) - starts[of[order]]
    return _Copies(items, copy, first, rank)


def with_linked_sets(criterion: Criterion, clusters: Clusters, counts: np.ndarray) -> Replicate:
    """The model of a criterion with every set of linked groups `counts` (C,) times."""
    design = criterion.design
    drawn = np.repeat(np.arange(len(counts)), counts)
    groups = [_copies(of, drawn, len(counts)) for of in clusters.of]
    found = _copied(crossed_products_of(criterion).crossings, clusters, groups, drawn)
    products = plan_elimination(found, [level.name for level in design.levels])
    new = resampled(design, products, [one.items for one in groups])
    return Replicate(Criterion(new, criterion.reml), found.grams[:-1, -1], 0.0, counts)


def _copied(
    found: Crossings, clusters: Clusters, groups: Sequence[_Copies], drawn: np.ndarray
) -> Crossings:
    """All products of the drawn groups."""

    def pairs(i: int, j: int, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, ...]:
        """Which pairs of groups of two factors, and where these groups stand."""
        taken = _copies(clusters.of[i][one], drawn, clusters.n)
        first = groups[i].places(one[taken.items], taken.copy)
        return taken.items, first, groups[j].places(other[taken.items], taken.copy)

    links, meetings = [], []
    for k, link in enumerate(found.links, start=1):
        items, first, other = pairs(0, k, link.first, link.other)
        links.append(Links(first, other, link.products[..., items]))
    for pair in found.meetings:
        i, j = pair.first, pair.second
        items, one, other = pairs(i + 1, j + 1, pair.one, pair.other)
        meetings.append(Meetings(i, j, one, other, pair.blocks[..., items]))
    rows = [found.columns_of(k, one.items).ravel() for k, one in enumerate(groups[1:])]
    return Crossings(
        found.grams[..., groups[0].items],
        found.z,
        [len(one.items) for one in groups],
        links,
        meetings,
        found.along[np.concatenate(rows)],
    )
