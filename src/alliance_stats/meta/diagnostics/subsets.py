"""Which effect sizes take part in each of many refits: all but one group, or the first groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Subsets:
    """As many subsets of effect sizes as there are groups.

    Attributes
    ----------
    codes : array (k,) of int
        The group of every effect size, 0 … n − 1.
    growing : bool
        Whether subset g holds the groups 0 … g; otherwise it holds all but group g.
    """

    codes: np.ndarray
    growing: bool = False

    @cached_property
    def n(self) -> int:
        """How many subsets there are."""
        return int(self.codes.max()) + 1

    def keep(self, which: np.ndarray) -> np.ndarray:
        """1 for the effect sizes of the subsets asked for, else 0: (len(which), k)."""
        groups = which[:, None]
        kept = self.codes <= groups if self.growing else self.codes != groups
        return kept.astype(float)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums of values (k, m) over every subset, (n, m)."""
        of_groups = self._members @ values
        return np.cumsum(of_groups, axis=0) if self.growing else of_groups.sum(axis=0) - of_groups

    def left_out(self, values: np.ndarray) -> np.ndarray:
        """Sums of values (k, m) over what every subset lacks, (n, m)."""
        of_groups = self._members @ values
        if not self.growing:
            return of_groups
        return of_groups.sum(axis=0) - np.cumsum(of_groups, axis=0)

    @cached_property
    def _members(self) -> csr_array:
        k = len(self.codes)
        return csr_array((np.ones(k), (self.codes, np.arange(k))), shape=(self.n, k))
