"""The inverse covariance by blocks of any kind: blocks of one size factored at once.

Of a batch of J blocks of s rows, M = V + Σ_a t_a Q_a is (J, s, s). Q_a joins the rows of one
group, Q_a[i, j] = S_a[inner_i, inner_j].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.meta.multilevel.terms import Term

#: Entries of the matrices of one batch.
BATCH = 2_000_000


@dataclass(frozen=True, eq=False)
class Batch:
    """Blocks of one size.

    Attributes
    ----------
    rows : array (J, s) of int
    v : array (J, s, s)
        Sampling covariances.
    q : array (k, J, s, s)
        Q of every natural parameter.
    """

    rows: np.ndarray
    v: np.ndarray
    q: np.ndarray


def batch_of(rows: np.ndarray, v: np.ndarray, terms: Sequence[Term]) -> Batch:
    """The matrices of a batch of blocks (J, s)."""
    parts = [q for term in terms for q in term.matrices(rows)]
    return Batch(rows, v, np.stack(parts) if parts else np.zeros((0, *v.shape)))


@dataclass(frozen=True, eq=False)
class BlockPrecision:
    """M⁻¹ of independent blocks.

    Attributes
    ----------
    batches : sequence of Batch
    inverses : list of array (J, s, s)
    log_det : float
    """

    batches: Sequence[Batch]
    inverses: list[np.ndarray]
    log_det: float

    def solve(self, b: np.ndarray) -> np.ndarray:
        """M⁻¹b (n, m)."""
        found = np.empty_like(b)
        for batch, inverse in zip(self.batches, self.inverses, strict=True):
            found[batch.rows] = inverse @ b[batch.rows]
        return found

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Diagonal (n,) of M⁻¹."""
        found = np.empty(sum(batch.rows.size for batch in self.batches))
        for batch, inverse in zip(self.batches, self.inverses, strict=True):
            found[batch.rows] = np.einsum("jss->js", inverse)
        return found

    def traces(self) -> np.ndarray:
        """tr M⁻¹Q_a (k,)."""
        return sum(
            np.einsum("ajrs,jrs->a", batch.q, inverse)
            for batch, inverse in zip(self.batches, self.inverses, strict=True)
        )

    def products(self) -> np.ndarray:
        """tr M⁻¹Q_aM⁻¹Q_b (k, k)."""
        k = len(self.batches[0].q)
        found = np.zeros((k, k))
        for batch, inverse in zip(self.batches, self.inverses, strict=True):
            moved = inverse @ batch.q
            turned = moved.transpose(0, 1, 3, 2).reshape(k, -1)
            found += moved.reshape(k, -1) @ turned.T
        return found


def block_precision(batches: Sequence[Batch], natural: np.ndarray) -> BlockPrecision:
    """The inverse covariance at natural parameters (k,).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a block is not positive definite.
    """
    inverses, log_det = [], 0.0
    for batch in batches:
        lower = np.linalg.cholesky(batch.v + np.tensordot(natural, batch.q, axes=1))
        log_det += 2.0 * float(np.log(np.einsum("jss->js", lower)).sum())
        whitened = np.linalg.inv(lower)
        inverses.append(whitened.transpose(0, 2, 1) @ whitened)
    return BlockPrecision(batches, inverses, log_det)
