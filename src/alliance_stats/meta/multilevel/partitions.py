"""Rows in groups, the groups in larger groups: sums over the groups of rows that stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Partition:
    """Groups of rows that stand together.

    Attributes
    ----------
    codes : array (n,) of int
        Group of every row, 0, 1, … in the order of the rows.
    starts : array (groups,) of int
        First row of every group.
    """

    codes: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of every group."""
        return np.diff(self.starts, append=len(self.codes))

    @property
    def is_rows(self) -> bool:
        """Whether every row is a group by itself."""
        return len(self.starts) == len(self.codes)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums (groups, …) of values (n, …)."""
        return values if self.is_rows else np.add.reduceat(values, self.starts, axis=0)

    def spread(self, of_groups: np.ndarray) -> np.ndarray:
        """What a group has (groups, …), for each of its rows."""
        return of_groups if self.is_rows else of_groups[self.codes]


def partition_of(codes: np.ndarray) -> Partition:
    """The groups of rows with the same code; rows of one code stand together.

    Examples
    --------
    >>> partition_of(np.array([4, 4, 2])).sums(np.array([1.0, 2.0, 3.0])).tolist()
    [3.0, 3.0]
    """
    new = np.concatenate([[True], codes[1:] != codes[:-1]])
    return Partition(np.cumsum(new) - 1, np.flatnonzero(new))


def is_within(finer: np.ndarray, coarser: np.ndarray) -> bool:
    """Whether every group of the first codes lies in one group of the second."""
    first = np.full(int(finer.max()) + 1, -1)
    first[finer] = coarser
    return bool((first[finer] == coarser).all())


@dataclass(frozen=True, eq=False)
class Chain:
    """Partitions from the rows to the largest groups, each within the next.

    Attributes
    ----------
    partitions : tuple of Partition
        The first is that of single rows.
    """

    partitions: tuple[Partition, ...]

    def __len__(self) -> int:
        return len(self.partitions)

    def __getitem__(self, level: int) -> Partition:
        return self.partitions[level]

    @cached_property
    def _maps(self) -> dict[tuple[int, int], np.ndarray]:
        return {}

    def lift(self, values: np.ndarray, low: int, high: int) -> np.ndarray:
        """What groups of a higher level have, for the groups of a lower one."""
        return values if low == high else values[self._map(low, high)]

    def gather(self, values: np.ndarray, low: int, high: int) -> np.ndarray:
        """Sums over the groups of a lower level (groups,), by the groups of a higher one."""
        if low == high:
            return values
        return np.bincount(self._map(low, high), weights=values, minlength=len(self[high]))

    def _map(self, low: int, high: int) -> np.ndarray:
        if (low, high) not in self._maps:
            self._maps[low, high] = self[high].codes[self[low].starts]
        return self._maps[low, high]


def sorted_rows(codes: Sequence[np.ndarray]) -> np.ndarray:
    """The order of rows in which the groups of every level stand together; coarsest codes last."""
    return np.lexsort(tuple(codes)) if codes else np.array([], dtype=int)
