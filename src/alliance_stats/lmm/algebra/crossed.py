"""Crossed factors: the choice between dense and sparse elimination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.algebra.crossed_dense import DenseProducts
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts, sparse_products
from alliance_stats.lmm.algebra.crossings import Crossings, find_crossings

#: Up to so many random effects beside those of factor 1 dense elimination takes no time.
FEW = 200
#: So many random effects, and no more, can be held in one dense matrix.
MOST = 6_000
#: Most pairs of entries that meet in a group of factor 1.
MOST_PAIRS = 20_000_000
#: Multiplications of a dense matrix in the time of one on scattered positions.
SCATTERED = 60.0


def crossed_products(
    columns: np.ndarray,
    codes: Sequence[np.ndarray],
    z: Sequence[np.ndarray],
    names: Sequence[str],
) -> DenseProducts | SparseProducts:
    """Form the cross-products of crossed factors and plan their elimination.

    Parameters
    ----------
    columns : ndarray (m, n)
        The unique columns, one a row, in any order of the rows of the data.
    codes : sequence of ndarray (n,)
        Group of every row, a factor each; the factor with most groups first.
    z : sequence of ndarray (q_l,)
        Positions of every factor's columns among the unique ones.
    names : sequence of str
        Names of the factors, for messages.

    Raises
    ------
    DataError
        If too many groups of the other factors meet each other.
    """
    return plan_elimination(find_crossings(columns, codes, z), names)


def replanned(
    products: DenseProducts | SparseProducts, crossings: Crossings
) -> DenseProducts | SparseProducts:
    """The same plan for other cross-products of the same groups and numbers of columns."""
    if isinstance(products, DenseProducts):
        return DenseProducts(crossings, products)
    return replace(products, crossings=crossings)


def plan_elimination(crossings: Crossings, names: Sequence[str]) -> DenseProducts | SparseProducts:
    """Choose between dense and sparse elimination of crossed factors with these `names`.

    Raises
    ------
    DataError
        If too many groups of the other factors meet each other.
    """
    size = len(crossings.along)
    if size <= FEW:
        return DenseProducts(crossings)
    sparse = sparse_products(crossings, most_pairs=MOST_PAIRS)
    if sparse is not None and sparse.pattern.core[0] <= MOST:
        scattered = SCATTERED * (sparse.pattern.updates + len(sparse.target))
        if size > MOST or scattered + sparse.pattern.core[0] ** 3 < size**3:
            return sparse
    if size > MOST:
        rest = ", ".join(
            f"{counted(n, 'group')} of '{name}'"
            for n, name in zip(crossings.groups[1:], names[1:], strict=True)
        )
        raise DataError(
            f"{size:,} random effects of crossed factors ({rest}) are too many where most of "
            f"them meet: at most {MOST:,} can be held beside those of '{names[0]}'. Use fewer "
            "random slopes, or leave a factor out."
        )
    return DenseProducts(crossings)
