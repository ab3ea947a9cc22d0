"""The groups of a model that are independent of each other, drawn by the cluster bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.resampling.replicate import nested_products


@dataclass(frozen=True, eq=False)
class Clusters:
    """Independent groups.

    Attributes
    ----------
    name : str
        What one of them is.
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

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums (…, C) of values (…, G_1) of the first factor's groups."""
        flat = values.reshape(-1, values.shape[-1])
        found = np.array([np.bincount(self.of[0], row, self.n) for row in flat])
        return found.reshape(*values.shape[:-1], self.n)


def clusters_of(criterion: Criterion) -> Clusters:
    """The groups of the highest factor."""
    design = criterion.design
    of = [np.arange(len(design.levels[-1].labels))]
    for parent in reversed(nested_products(criterion).parents):
        of.insert(0, of[0][parent])
    rows = np.bincount(of[0], design.counts, len(of[-1]))
    return Clusters(design.levels[-1].name, of, rows)
