"""Covariances of items: of complete rows, of pairs of items, of resampled sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import DataError
from alliance_stats.reliability.doors import Items

Floats = NDArray[np.float64]
#: Share of an item's squares below which its variance is rounding.
ROUNDING = 1e-12
Missing = Literal["complete", "pairwise"]


def rows_used(items: Items, missing: Missing, *, least: int = 3) -> NDArray[np.intp]:
    """Rows that enter: the complete ones, or for pairs those with any answer.

    Raises
    ------
    DataError
        If fewer than `least` are left.
    """
    one_of(missing, ("complete", "pairwise"), name="missing")
    lacks = np.isnan(items.values)
    kept = np.flatnonzero(~(lacks.any(axis=1) if missing == "complete" else lacks.all(axis=1)))
    if len(kept) < least:
        kind = "complete row" if missing == "complete" else "row with answers"
        raise DataError(
            f"{counted(len(kept), kind)} of {len(lacks):,}, at least {least} are needed."
            + (" missing='pairwise' uses incomplete rows." if missing == "complete" else "")
        )
    return kept


def covariance(values: Floats) -> Floats:
    """Covariances (k, k), each from the rows that have both items, with divisor n − 1."""
    centred = values - np.nanmean(values, axis=0)
    if not np.isnan(centred).any():
        return np.asarray(centred.T @ centred / (len(values) - 1.0))
    sums = pair_sums(centred).sum(axis=0)
    return covariances_of_pairs(values.shape[1])(sums[None])[0]


def _without_rounding(cross: Floats, products: Floats) -> Floats:
    """Cross-products (b, k, k) with zeros for items that do not vary in a resample."""
    own = np.diagonal(cross, axis1=1, axis2=2)
    flat = own <= ROUNDING * np.diagonal(products, axis1=1, axis2=2)
    if not flat.any():
        return cross
    return np.where(flat[:, :, None] | flat[:, None, :], 0.0, cross)


def plain_sums(centred: Floats) -> Floats:
    """What each complete row adds to n, the sums and the sums of products (n, 1 + k + k²)."""
    n, k = centred.shape
    products = (centred[:, :, None] * centred[:, None, :]).reshape(n, k * k)
    return np.column_stack([np.ones(n), centred, products])


def covariances_of_plain(k: int) -> Callable[[Floats], Floats]:
    """From sums (b, 1 + k + k²) of `plain_sums` to covariances (b, k, k)."""

    def covariances(sums: Floats) -> Floats:
        n, means = sums[:, :1, None], sums[:, 1 : k + 1] / sums[:, :1]
        products = sums[:, k + 1 :].reshape(-1, k, k)
        cross = products - n * means[:, :, None] * means[:, None, :]
        return _without_rounding(cross, products) / (n - 1.0)

    return covariances


def pair_sums(centred: Floats) -> Floats:
    """What each row adds to the counts, sums and products of every pair of items (n, 3 k²)."""
    n, k = centred.shape
    there = (~np.isnan(centred)).astype(float)
    filled = np.where(there > 0, centred, 0.0)
    parts = [there[:, :, None] * there[:, None, :]]
    parts += [filled[:, :, None] * there[:, None, :]]
    parts += [filled[:, :, None] * filled[:, None, :]]
    return np.concatenate([part.reshape(n, k * k) for part in parts], axis=1)


def covariances_of_pairs(k: int) -> Callable[[Floats], Floats]:
    """From sums (b, 3 k²) of `pair_sums` to covariances (b, k, k); NaN below 2 rows a pair."""

    def covariances(sums: Floats) -> Floats:
        n, first, products = (sums.reshape(-1, 3, k, k)[:, part] for part in range(3))
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = _without_rounding(products - first * first.transpose(0, 2, 1) / n, products)
            return np.asarray(np.where(n > 1, cross / (n - 1.0), np.nan))

    return covariances
