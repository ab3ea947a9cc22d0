"""The parts of the data that are independent of each other, drawn by the cluster bootstrap.

Of nested factors they are the groups of the highest one. Where factors cross, no groups of a factor
are independent and no bootstrap of single factors is exact (McCullagh, 2000, Bernoulli 6(2)): only
groups linked to each other by no row are, that is the connected components of the graph of groups
that share rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from alliance_stats.lmm.algebra.crossings import Crossings
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.resampling.crossed_responses import crossed_products_of

#: What a connected component is called.
LINKED = "linked set"


@dataclass(frozen=True, eq=False)
class Clusters:
    """Independent parts of the data.

    Attributes
    ----------
    name : str
        What one of them is: the highest factor, or a ``linked set``.
    of : list of ndarray (G_l,)
        Cluster of every group, a factor each.
    rows : ndarray (C,)
        Rows of every cluster.
    """

    name: str
    of: list[np.ndarray]
    rows: np.ndarray

    @property
    def n(self) -> int:
        """Number of clusters."""
        return len(self.rows)

    @property
    def effective(self) -> float:
        """Number of clusters of equal size that are worth as much: n²/Σn_c² for n_c rows."""
        rows = self.rows.astype(float)
        return float(rows.sum() ** 2 / (rows @ rows))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums (…, C) of values (…, G_1) of the first factor's groups."""
        flat = values.reshape(-1, values.shape[-1])
        found = np.array([np.bincount(self.of[0], row, self.n) for row in flat])
        return found.reshape(*values.shape[:-1], self.n)


def clusters_of(criterion: Criterion) -> Clusters:
    """The groups of the highest factor, or sets of linked groups where factors cross."""
    design, products = criterion.design, criterion.design.products
    if isinstance(products, NestedProducts):
        name, of = design.levels[-1].name, [np.arange(len(design.levels[-1].labels))]
        for parent in reversed(products.parents):
            of.insert(0, of[0][parent])
    else:
        name, of = LINKED, linked_sets(crossed_products_of(criterion).crossings)
    return Clusters(name, of, np.bincount(of[0], design.counts).astype(int))


def linked_sets(crossings: Crossings) -> list[np.ndarray]:
    """Connected component (G_l,) of every group, a factor each."""
    ends = np.cumsum([0, *crossings.groups])
    first = np.concatenate([links.first for links in crossings.links])
    other = [links.other + end for links, end in zip(crossings.links, ends[1:], strict=False)]
    pairs = first, np.concatenate(other)
    graph = csr_array((np.ones(len(first)), pairs), shape=(ends[-1], ends[-1]))
    found = connected_components(graph, directed=False)[1]
    return np.split(found, ends[1:-1])
