"""Items and measurements at the door: frames, series and arrays turned once into arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import columns_present, counted, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.messages import about_dropped

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Items:
    """Answers of rows to items.

    Attributes
    ----------
    values : array (n, k)
        NaN where an answer is missing.
    names : tuple of str
    """

    values: Floats
    names: tuple[str, ...]


def rows_by_items(items: object, *, least: int = 2) -> Items:
    """Answers as an array, with the names of the items.

    Parameters
    ----------
    items : DataFrame or array (n, k)
        One row a person (or session), one column an item.
    least : int
        Fewest items.

    Raises
    ------
    DataError
        If a column is not numeric, or there are fewer than `least` columns or 2 rows.

    Examples
    --------
    >>> rows_by_items([[1, 2], [3, 4]]).names
    ('item 1', 'item 2')
    """
    frame = _frame_of(items)
    names = [str(name) for name in frame.columns]
    if len(names) < least:
        raise DataError(
            f"{counted(len(names), 'item')} given, at least {least} are needed. "
            "Give a frame or an array with one row a person and one column an item."
        )
    frame = frame.set_axis(names, axis=1)
    for name in names:
        columns_present(frame, [name])
        numeric_column(frame, name, what="item")
    if len(frame) < 2:
        raise DataError(f"{counted(len(frame), 'row')} given, at least 2 are needed.")
    return Items(frame.to_numpy(dtype=float, na_value=np.nan), tuple(names))


def _frame_of(items: object) -> pd.DataFrame:
    if isinstance(items, pd.DataFrame):
        return items
    array = np.asarray(items)
    if array.ndim != 2:
        raise ArgumentError(
            f"a {type(items).__name__} of {array.ndim} dimensions is no table of rows and items. "
            "Give a DataFrame or a two-dimensional array."
        )
    names = [f"item {i + 1}" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=names).infer_objects()


def split_cluster(items: object, cluster: object) -> tuple[object, Codes | None]:
    """The items without the column that names clusters, and the cluster of each row.

    Parameters
    ----------
    items : DataFrame or array (n, k)
    cluster : str, Series or array (n,), or None
        A column of `items`, or labels in the order of its rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": ["a", "a", "b"], "q1": [1, 2, 3]})
    >>> split_cluster(frame, "patient")[1].tolist()
    [0, 0, 1]
    """
    if cluster is None:
        return items, None
    if isinstance(cluster, str):
        if not isinstance(items, pd.DataFrame):
            raise ArgumentError(
                f"cluster={cluster!r} names a column, but the items are no DataFrame. "
                "Give the labels themselves."
            )
        columns_present(items, [cluster], role="cluster")
        labels, items = items[cluster], items.drop(columns=cluster)
    else:
        labels = pd.Series(np.asarray(cluster).ravel())
    n = len(np.asarray(items))
    if len(labels) != n:
        raise DataError(
            f"cluster has {counted(len(labels), 'label')} for {counted(n, 'row')} of items. "
            "Give one label a row, in the same order."
        )
    codes = pd.factorize(labels)[0]
    if (codes < 0).any():
        raise DataError(
            f"cluster is missing in {counted(int((codes < 0).sum()), 'row')}. "
            "Leave these rows out before."
        )
    return items, codes


@dataclass(frozen=True, eq=False)
class Pair:
    """Two series of numbers without missing values.

    Attributes
    ----------
    first, second : array (n,)
    rows : array (n,) of int
        Positions of the rows kept.
    n_dropped : int
        Pairs with a missing value.
    """

    first: Floats
    second: Floats
    rows: Codes
    n_dropped: int

    @property
    def messages(self) -> list[str]:
        """Pairs left out."""
        total = len(self.rows) + self.n_dropped
        return about_dropped(self.n_dropped, total, "pair", "a measurement missing")


def two_measurements(a: object, b: object, *, least: int = 3) -> Pair:
    """Two measurements of the same rows, pairs with a missing value left out.

    Raises
    ------
    DataError
        If the lengths differ, values are not numeric, or fewer than `least` pairs are left.

    Examples
    --------
    >>> two_measurements([1, 2, 3, 4], [2, 2, None, 5]).n_dropped
    1
    """
    columns = {"first": one_column(a, "first"), "second": one_column(b, "second")}
    same_length(columns["first"], columns["second"])
    frame = pd.DataFrame(columns)
    for name in columns:
        numeric_column(frame, name, what="measurement")
    values = frame.to_numpy(dtype=float, na_value=np.nan)
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    if len(rows) < least:
        raise DataError(
            f"{counted(len(rows), 'complete pair')} of {len(frame):,}, at least {least} are needed."
        )
    return Pair(values[rows, 0], values[rows, 1], rows, len(frame) - len(rows))


def one_column(values: object, name: str) -> pd.Series:
    """A measurement or rating as a series without its index."""
    if isinstance(values, pd.Series):
        return values.reset_index(drop=True)
    array = values if isinstance(values, list | tuple) else np.asarray(values)
    if np.ndim(array) != 1:
        raise ArgumentError(
            f"the {name} measurement has {np.ndim(array)} dimensions, not one. "
            "Give a Series or a one-dimensional array."
        )
    return pd.Series(array)


def same_length(first: pd.Series, second: pd.Series) -> None:
    """Raise DataError unless both have as many rows."""
    if len(first) != len(second):
        raise DataError(
            f"the first measurement has {counted(len(first), 'row')}, the second {len(second):,}. "
            "Both must measure the same rows, in the same order."
        )
