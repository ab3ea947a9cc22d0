"""The rows of a fit: the columns a model uses, complete rows, weights and offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    all_finite,
    columns_present,
    counted,
    frame_given,
    numeric_column,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.formula.parse import MixedFormula


@dataclass(frozen=True, eq=False)
class Rows:
    """The complete rows of a model.

    Attributes
    ----------
    frame : DataFrame (n rows)
        The complete rows: at least the columns used.
    positions : ndarray (n,)
        Positions of the rows in the frame given.
    missing : dict of str to int
        Rows dropped, by the column that was missing first.
    response : ndarray (n,)
        The response minus the offset.
    weights : ndarray (n,) or None
        Prior weights divided by their mean.
    mean_weight : float
    """

    frame: pd.DataFrame
    positions: np.ndarray
    missing: dict[str, int]
    response: np.ndarray
    weights: np.ndarray | None
    mean_weight: float


def read_rows(
    formula: MixedFormula,
    frame: pd.DataFrame,
    weights: str | None,
    offset: str | None,
    also: Sequence[str] = (),
) -> Rows:
    """Take the complete rows of the columns a model uses, and those named in `also`.

    Raises
    ------
    DataError
        If a column is missing or not numeric where it must be, no row is complete, or a weight
        is not positive.
    ArgumentError
        If `weights` or `offset` is not the name of a column.
    """
    extra = {"weights": weights, "offset": offset}
    used, positions, missing = complete_rows(formula, frame, extra, also)
    response = used[formula.response].to_numpy(dtype=float)
    if offset:
        response = response - used[offset].to_numpy(dtype=float)
    if not weights:
        return Rows(used, positions, missing, response, None, 1.0)
    values = used[weights].to_numpy(dtype=float)
    _check_weights(values, weights)
    mean = float(values.mean())
    return Rows(used, positions, missing, response, values / mean, mean)


def complete_rows(
    formula: MixedFormula,
    frame: pd.DataFrame,
    extra: Mapping[str, str | None],
    also: Sequence[str] = (),
) -> tuple[pd.DataFrame, np.ndarray, dict[str, int]]:
    """The complete rows of the columns a model uses, their positions, and the missing, counted.

    `extra` names further columns of numbers by the argument that asks for them; those in `also`
    need not be numbers.
    """
    frame_given(frame, name="data")
    more = [_column_name(x, argument) for argument, x in extra.items() if x]
    columns = list(dict.fromkeys([*formula.columns, *more, *also]))
    columns_present(frame, columns)
    for column, what in [(formula.response, "response"), *((c, "column") for c in more)]:
        numeric_column(frame, column, what=what)
    return _complete(frame, columns)


def _column_name(value: object, argument: str) -> str:
    if not isinstance(value, str):
        raise ArgumentError(
            f"{argument} is a {type(value).__name__}. Give the name of a column of the data."
        )
    return value


def _check_weights(values: np.ndarray, name: str) -> None:
    bad = int(np.count_nonzero(~(values > 0)))
    if bad:
        raise DataError(
            f"weights column '{name}' has {counted(bad, 'value')} of zero or below. Weights are "
            "relative precisions, above zero: leave out rows that should not count."
        )


def _complete(
    frame: pd.DataFrame, columns: list[str]
) -> tuple[pd.DataFrame, np.ndarray, dict[str, int]]:
    """The complete rows, their positions, and counts of the others by the first cause."""
    n = len(frame)
    if not n:
        raise DataError("the data have no rows. Check the file or the filter before the fit.")
    incomplete: np.ndarray | None = None
    missing: dict[str, int] = {}
    for column in columns:
        gone = _missing(frame[column])
        if gone is None:
            continue
        first = gone if incomplete is None else gone & ~incomplete
        missing[column] = int(np.count_nonzero(first))
        incomplete = gone if incomplete is None else gone | incomplete
    if incomplete is None:
        return frame, np.arange(n), {}
    missing = {column: count for column, count in missing.items() if count}
    if incomplete.all():
        raise DataError(
            f"no complete row is left of {counted(n, 'row')} "
            f"({', '.join(f'{c} missing: {k:,}' for c, k in missing.items())}). "
            "Check the columns of the formula."
        )
    rows = np.flatnonzero(~incomplete)
    return frame[columns].iloc[rows], rows, missing


def _missing(column: pd.Series) -> np.ndarray | None:
    """Where a column is missing; None if nowhere."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "O"
    if kind in "iub":
        return None
    if kind == "f" and all_finite(column.to_numpy()):
        return None
    gone = column.isna().to_numpy()
    return gone if gone.any() else None
