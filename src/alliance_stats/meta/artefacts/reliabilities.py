"""Reliabilities of the measures of each study, read and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    name_list,
    numeric_column,
    some_row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError


@dataclass(frozen=True, eq=False)
class Reliabilities:
    """Reliabilities of one variable.

    Attributes
    ----------
    values : array (k,)
        NaN where a study reports none.
    name : str
        The argument: ``reliability_x`` or ``reliability_y``.
    """

    values: np.ndarray
    name: str

    @property
    def missing(self) -> np.ndarray:
        """Which studies report none."""
        return np.isnan(self.values)

    @property
    def roots(self) -> np.ndarray:
        """Square roots of the reported ones: by these factors correlations are attenuated."""
        return np.sqrt(self.values[~self.missing])

    def filled(self) -> np.ndarray:
        """All values, the mean of the reported ones in place of those that are missing."""
        return np.where(self.missing, self.values[~self.missing].mean(), self.values)


def read_reliabilities(
    frame: pd.DataFrame, column: str | float | None, rows: np.ndarray, name: str
) -> Reliabilities | None:
    """The reliabilities in the rows that are used; None if none are given.

    Parameters
    ----------
    column : str or float, optional
        A column, or one reliability for all.
    rows : array of int
        Positions of the rows that are used.
    name : str
        The argument, for messages.
    """
    if column is None:
        return None
    if isinstance(column, str):
        columns_present(frame, [column])
        numeric_column(frame, column)
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)[rows]
    elif isinstance(column, int | float | np.number) and not isinstance(column, bool):
        values = np.full(len(rows), float(column))
    else:
        raise ArgumentError(
            f"{name}={column!r} is neither a column nor a number. Give one of them."
        )
    _check(values, rows, column, name)
    return Reliabilities(values, name)


def _check(values: np.ndarray, rows: np.ndarray, column: str | float, name: str) -> None:
    bad = np.flatnonzero((values <= 0) | (values > 1))
    if len(bad):
        raise DataError(
            f"{name}={column!r}: {counted(len(bad), 'reliability')} "
            f"{agree(len(bad), 'is', 'are')} not above 0 and at most 1 "
            f"({name_list(f'{value:g}' for value in values[bad])}), "
            f"at {some_row_places(rows[bad])}. Correct them; .85, not 85."
        )
    if np.isnan(values).all():
        raise DataError(f"{name}={column!r}: no study reports a reliability. Leave it out.")
