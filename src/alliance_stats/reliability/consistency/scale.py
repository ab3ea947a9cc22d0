"""A scale ready for its coefficients: rows used, items that vary, covariances."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.reliability.consistency.items import item_rest_correlations
from alliance_stats.reliability.consistency.moments import Missing, covariance, rows_used
from alliance_stats.reliability.doors import Items, rows_by_items
from alliance_stats.reliability.messages import about_dropped

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scale:
    """Items that vary, in the rows that are used.

    Attributes
    ----------
    items : Items
        Values (n, k).
    covariance : array (k, k)
    rows : array (n,) of int
        Positions of the rows used.
    n_dropped : int
        Rows left out.
    missing : str
        How missing answers are handled.
    messages : tuple of str
    """

    items: Items
    covariance: Floats
    rows: NDArray[np.intp]
    n_dropped: int
    missing: Missing
    messages: tuple[str, ...] = field(default_factory=tuple)

    @property
    def n(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def k(self) -> int:
        """Items that vary."""
        return len(self.items.names)

    @property
    def counts(self) -> dict[str, int]:
        """What the coefficients rest on."""
        return {"row": self.n, "item": self.k}


def read_scale(items: object, missing: Missing = "complete", *, least: int = 2) -> Scale:
    """Read items and leave out incomplete rows and items that do not vary, counting them.

    Raises
    ------
    DataError
        See `rows_by_items`; also if fewer than `least` items vary.
    """
    read = rows_by_items(items, least=least)
    rows = rows_used(read, missing)
    used = read.values[rows]
    varies = np.nanmax(used, axis=0) > np.nanmin(used, axis=0)
    varies &= ~np.isnan(used).all(axis=0)
    if varies.sum() < least:
        raise DataError(
            f"{counted(int(varies.sum()), 'item')} of {len(varies):,} "
            f"{agree(int(varies.sum()), 'varies', 'vary')} over the {counted(len(rows), 'row')}. "
            f"At least {least} must vary."
        )
    names = tuple(name for name, keep in zip(read.names, varies, strict=True) if keep)
    kept = Items(used[:, varies], names)
    moments = covariance(kept.values)
    messages = (
        *_about_rows(read, rows, missing),
        *_about_constant(read, varies),
        *_about_pairs(moments),
        *_about_direction(names, moments),
    )
    return Scale(kept, moments, rows, len(read.values) - len(rows), missing, messages)


def _about_rows(read: Items, rows: NDArray[np.intp], missing: Missing) -> list[str]:
    lacks = np.isnan(read.values)
    if not lacks.any():
        return []
    by_item = name_list(
        f"{name} missing: {n:,}"
        for name, n in zip(read.names, lacks.sum(axis=0), strict=True)
        if n > 0
    )
    n_dropped, total = len(lacks) - len(rows), counted(len(lacks), "row")
    if missing == "complete":
        return about_dropped(n_dropped, len(lacks), "row", by_item)
    incomplete = int(lacks[rows].any(axis=1).sum())
    none = f", {n_dropped:,} without any answer dropped" if n_dropped else ""
    return [
        f"{incomplete:,} of {total} incomplete, used for the pairs of items they answered"
        f"{none} ({by_item})."
    ]


def _about_constant(read: Items, varies: NDArray[np.bool_]) -> list[str]:
    constant = [name for name, keep in zip(read.names, varies, strict=True) if not keep]
    if not constant:
        return []
    n = len(constant)
    return [
        f"{counted(n, 'item')} left out because all rows gave the same answer: "
        f"{name_list(constant)}."
    ]


def _about_pairs(covariances: Floats) -> list[str]:
    """Covariances of pairs need not belong to any data."""
    if np.isnan(covariances).any():
        return [
            "Some pairs of items were never answered by the same two rows, so that the "
            "coefficients are undefined (NaN)."
        ]
    values = np.linalg.eigvalsh(covariances)
    if values[0] < -1e-10 * values[-1]:
        return [
            "The covariances of the pairs are not positive definite: no complete data would have "
            "them. Compare with missing='complete'."
        ]
    return []


def _about_direction(names: tuple[str, ...], covariances: Floats) -> list[str]:
    """What negative covariances mean."""
    if len(names) < 2:
        return []
    messages = []
    if covariances.sum() < np.trace(covariances):
        messages.append(
            "The average covariance between items is negative, so alpha is below zero: the items "
            "do not measure one thing in one direction. Look for items that must be reversed."
        )
    against = [
        f"{name} ({r:.2f})"
        for name, r in zip(names, item_rest_correlations(covariances), strict=True)
        if r < 0
    ]
    if against:
        n = len(against)
        messages.append(
            f"{agree(n, 'One item correlates', f'{n} items correlate')} negatively with the rest: "
            f"{name_list(against)}. Reverse items that are worded the other way before."
        )
    return messages
