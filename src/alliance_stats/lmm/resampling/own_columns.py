"""Data sets that share the groups of a fit and none of its columns, all fitted at once.

Simulated studies draw predictors as well as responses. Their criteria are evaluated together as
those of the bootstrap are, and minimised by scoring steps that are taken together: a data set
leaves when the decrease of its deviance that is still predicted is below a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import canonical, pack, symmetric_basis
from alliance_stats.lmm.resampling.lockstep import Expansions, Lockstep

#: Scoring steps, halved ones included, after which a data set counts as not converged.
MOST_STEPS = 60
#: Smallest part of a scoring step that is tried.
SHORTEST = 1e-3


@dataclass(frozen=True, eq=False)
class OwnColumns(Lockstep):
    """Data sets with other numbers in all columns, groups and rows as in the fit."""

    def fill_all(self, columns: np.ndarray, responses: np.ndarray) -> None:
        """Put a data set into every slot.

        Parameters
        ----------
        columns : ndarray (p, n, A)
            The fixed columns in the units of the data, rows sorted by innermost group as the
            cross-products are. No random effect has a column that is not a fixed one too.
        responses : ndarray (n, A)
        """
        p, n, a = columns.shape
        unique = np.empty((n, p + 1, a))
        mixed = self.criterion.design.transform.T @ columns.reshape(p, -1)
        unique[:, :p] = mixed.reshape(p, n, a).transpose(1, 0, 2)
        unique[:, p] = responses
        flat = np.ascontiguousarray(unique.transpose(2, 1, 0))
        self._total[:] = flat @ flat.transpose(0, 2, 1)
        used = np.unique(np.concatenate(self._z))
        sums = {int(column): self._along(unique, int(column)) for column in used}
        for level, z in enumerate(self._z):
            for row, column in enumerate(z):
                self._own_rows[level][:, row] = self._sum_up(sums[int(column)], 0, level)
        self._degrees[:] = self.criterion.degrees

    def _along(self, unique: np.ndarray, column: int) -> np.ndarray:
        """Products (A, m, G) of one column with all, summed over the innermost groups."""
        n, m, a = unique.shape
        products = unique[:, column, None] * unique
        sums = self._members @ products.reshape(n, -1)
        return np.ascontiguousarray(sums.reshape(-1, m, a).transpose(2, 1, 0))

    @cached_property
    def _members(self) -> csr_array:
        """The rows (G, n) of every innermost group."""
        counts = self.criterion.design.counts
        n = int(counts.sum())
        ends = np.concatenate([[0], np.cumsum(counts)])
        return csr_array((np.ones(n), np.arange(n), ends), shape=(len(counts), n))

    @cached_property
    def _own_rows(self) -> list[np.ndarray]:
        levels, m = self.criterion.design.levels, self._k + 1
        return [np.empty((self.width, len(v.z), m, len(v.labels))) for v in levels]

    def _all_rows(self, slots: np.ndarray, level: int) -> np.ndarray:
        return np.asarray(self._own_rows[level][slots])


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the searches ended.

    Attributes
    ----------
    entries : ndarray (A, k)
        Of the symmetric roots.
    beta, se : ndarray (A, p)
        In the units of the data.
    converged : ndarray (A,) of bool
    """

    entries: np.ndarray
    beta: np.ndarray
    se: np.ndarray
    converged: np.ndarray


def fit_together(data: OwnColumns, start: np.ndarray, *, tolerance: float) -> Ends:
    """Fit the data sets of all slots.

    Parameters
    ----------
    data : OwnColumns
    start : ndarray (k,)
        Entries of the symmetric roots to start from, off the boundary.
    tolerance : float
        Predicted further decrease of the deviance below which a search has ended.
    """
    at = np.tile(start, (data.width, 1))
    found = data.expand(np.arange(data.width), at)
    open_ = np.arange(data.width)
    length = np.ones(data.width)
    for _ in range(MOST_STEPS):
        step = -np.linalg.solve(found.hessian[open_], found.slope[open_, :, None])[..., 0]
        left = -0.5 * (found.slope[open_] * step).sum(axis=-1)
        going = (left > tolerance) & (length[open_] > SHORTEST)
        going &= np.isfinite(found.value[open_])
        open_, step = open_[going], step[going]
        if not len(open_):
            break
        trial = at[open_] + length[open_, None] * step
        new = data.expand(open_, trial)
        lower = new.value <= found.value[open_]
        at[open_[lower]] = trial[lower]
        length[open_] = np.where(lower, 1.0, length[open_] / 2.0)
        _keep(found, new, open_, lower)
    converged = np.isfinite(found.value) & (length > SHORTEST)
    converged[open_] = False
    transform = data.criterion.design.transform
    half = found.root @ transform.T
    se = np.sqrt(found.sigma2[:, None] * (half**2).sum(axis=1))
    return Ends(at, found.beta @ transform.T, se, converged)


def _keep(found: Expansions, new: Expansions, slots: np.ndarray, lower: np.ndarray) -> None:
    """Take over the values of the points that are lower, in place."""
    taken = slots[lower]
    found.value[taken], found.slope[taken] = new.value[lower], new.slope[lower]
    found.hessian[taken], found.root[taken] = new.hessian[lower], new.root[lower]
    found.beta[taken], found.sigma2[taken] = new.beta[lower], new.sigma2[lower]


def mean_theta(criterion: Criterion, entries: np.ndarray) -> np.ndarray:
    """θ of the mean covariances of searches that ended at entries (A, k)."""
    factors, first = [], 0
    for q in criterion.sizes:
        basis = symmetric_basis(q)
        last = first + basis.shape[1]
        root = (entries[:, first:last] @ basis.T).reshape(-1, q, q)
        factors.append(canonical((root @ root).mean(axis=0), tolerance=0.0))
        first = last
    return pack(factors)
