"""Ratings of categories at the door: frames, series and arrays turned once into codes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.doors import one_column, same_length

Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Categories:
    """Ratings as positions in a list of categories.

    Attributes
    ----------
    codes : array (n, r) of int
        −1 where a rating is missing.
    labels : tuple
        The categories in their order.
    raters : tuple of str
    """

    codes: Codes
    labels: tuple[Hashable, ...]
    raters: tuple[str, ...]


def categorical_ratings(
    ratings: object, *, categories: Sequence[Hashable] | None = None
) -> Categories:
    """Ratings of rows by raters as codes.

    Parameters
    ----------
    ratings : DataFrame or array (n, r)
        One row a rated unit, one column a rater; missing where a rater did not rate.
    categories : sequence, optional
        All categories in their order. By default those that occur: an ordered categorical's
        order, numbers by size, text by alphabet.

    Raises
    ------
    DataError
        If a rating is none of the categories, or numbers and text are mixed.

    Examples
    --------
    >>> categorical_ratings([[1, 3], [3, None]]).codes.tolist()
    [[0, 1], [1, -1]]
    """
    frame = _frame_of_ratings(ratings)
    labels = _labels(frame) if categories is None else _given_labels(categories)
    codes = np.column_stack(
        [pd.Index(labels).get_indexer(pd.Index(frame.iloc[:, j])) for j in range(frame.shape[1])]
    )
    unknown = (codes < 0) & frame.notna().to_numpy()
    if unknown.any():
        raise DataError(
            f"{counted(int(unknown.sum()), 'rating')} of {unknown.size:,} are none of the "
            f"categories {name_list(labels)}. Add what is missing to categories=."
        )
    return Categories(
        np.where(frame.isna().to_numpy(), -1, codes).astype(np.intp),
        tuple(labels),
        tuple(map(str, frame.columns)),
    )


def _frame_of_ratings(ratings: object) -> pd.DataFrame:
    if isinstance(ratings, pd.DataFrame):
        frame = ratings.reset_index(drop=True)
    else:
        array = np.asarray(ratings, dtype=None if isinstance(ratings, np.ndarray) else object)
        if array.ndim != 2:
            raise ArgumentError(
                f"ratings have {array.ndim} dimensions, not two. "
                "Give one row a rated unit and one column a rater."
            )
        frame = pd.DataFrame(array).infer_objects()
        frame.columns = [f"rater {j + 1}" for j in range(frame.shape[1])]
    if frame.shape[1] < 2:
        raise DataError(f"{counted(frame.shape[1], 'rater')} given, at least 2 are needed.")
    return frame


def _labels(frame: pd.DataFrame) -> list[Hashable]:
    """The categories that occur, in their order."""
    kinds = {str(dtype): dtype for dtype in frame.dtypes}
    if len(kinds) == 1 and isinstance(dtype := next(iter(kinds.values())), pd.CategoricalDtype):
        return list(dtype.categories)
    seen = pd.unique(pd.concat([frame.iloc[:, j] for j in range(frame.shape[1])]).dropna())
    try:
        return sorted(seen.tolist())
    except TypeError:
        raise DataError(
            "ratings hold numbers and text. Give all as numbers, or all as text."
        ) from None


def _given_labels(categories: Sequence[Hashable]) -> list[Hashable]:
    labels = list(categories)
    if len(set(labels)) != len(labels):
        raise ArgumentError("categories= names a category twice. Name each once, in order.")
    return labels


def paired_categories(
    a: object, b: object, *, categories: Sequence[Hashable] | None = None
) -> Categories:
    """Two ratings of the same units as codes; lengths must agree.

    Examples
    --------
    >>> paired_categories(["no", "yes"], ["yes", "yes"]).labels
    ('no', 'yes')
    """
    first, second = one_column(a, "first"), one_column(b, "second")
    same_length(first, second)
    return categorical_ratings(
        pd.DataFrame({"rater 1": first, "rater 2": second}), categories=categories
    )
