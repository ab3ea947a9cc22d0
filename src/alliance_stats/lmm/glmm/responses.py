"""The response of a generalised linear mixed model: what its values may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.lmm.glmm.families import Family, RowParts


@dataclass(frozen=True, eq=False)
class Response:
    """Rows of a response: y successes of m trials, or counts.

    Attributes
    ----------
    family : Family
    y, trials, offset : ndarray (n,)
    """

    family: Family
    y: np.ndarray
    trials: np.ndarray
    offset: np.ndarray

    @property
    def is_zero_one(self) -> bool:
        """Whether every row is one trial."""
        return self.family.name == "binomial" and float(self.trials.max()) == 1.0

    def parts(self, eta: np.ndarray) -> RowParts:
        """Log-likelihood and derivatives at η."""
        return self.family.evaluate(eta, self.y, self.trials)

    @cached_property
    def constant(self) -> float:
        """The part of the log-likelihood that `parts` leaves out."""
        return self.family.constant(self.y, self.trials)

    def sorted(self, order: np.ndarray) -> Response:
        """The same rows in another order."""
        return Response(self.family, self.y[order], self.trials[order], self.offset[order])


def check_labels(frame: object, name: str, family: Family) -> None:
    """Raise DataError for a response of two labels: which of them counts is not ours to say."""
    if family.name != "binomial" or not isinstance(frame, pd.DataFrame) or name not in frame:
        return
    column = frame[name]
    if not isinstance(column, pd.Series) or pd.api.types.is_numeric_dtype(column):
        return
    if column.nunique() == 2:
        raise DataError(
            f"response '{name}' holds two labels, not 0 and 1, and which of them shall be "
            f"predicted is not said. Make it a column of 0 and 1: (frame['{name}'] == …)."
        )


def read_response(
    used: pd.DataFrame, name: str, family: Family, trials: str | None, offset: str | None
) -> Response:
    """The response of complete rows.

    Raises
    ------
    DataError
        If a value is none that the family can have, or all rows are failures or successes.
    ArgumentError
        For trials of a Poisson response.
    """
    y = used[name].to_numpy(dtype=float)
    m = np.ones(len(y)) if trials is None else used[trials].to_numpy(dtype=float)
    if family.name == "poisson":
        if trials is not None:
            raise ArgumentError(
                f"trials={trials!r} belongs to family='binomial'. For counts a time "
                "base is an offset: give offset= the column of its logarithm."
            )
        _check_counts(y, name)
    elif trials is None:
        _check_zero_one(y, name)
    else:
        _check_successes(y, m, name, trials)
    _check_varies(y, m, name, family)
    shift = np.zeros(len(y)) if offset is None else used[offset].to_numpy(dtype=float)
    return Response(family, y, m, shift)


def _check_zero_one(y: np.ndarray, name: str) -> None:
    bad = int(np.count_nonzero((y != 0) & (y != 1)))
    if bad:
        raise DataError(
            f"response '{name}' has {counted(bad, 'value')} other than 0 and 1. A binomial "
            "response is 0/1, or a number of successes with trials= the column of the number "
            "of trials; for counts without an upper end give family='poisson'."
        )


def _check_successes(y: np.ndarray, m: np.ndarray, name: str, trials: str) -> None:
    _check_whole(m, trials, "trials column")
    _check_whole(y, name, "response")
    none = int(np.count_nonzero(m < 1))
    if none:
        raise DataError(
            f"trials column '{trials}' has {counted(none, 'value')} below 1. "
            "A row without trials says nothing: leave it out."
        )
    over = int(np.count_nonzero(y > m))
    if over:
        raise DataError(
            f"{counted(over, 'row')} {agree(over, 'has', 'have')} more successes ('{name}') than "
            f"trials ('{trials}'). Correct them, or check that the two columns are not swapped."
        )


def _check_counts(y: np.ndarray, name: str) -> None:
    _check_whole(y, name, "response")


def _check_whole(values: np.ndarray, name: str, what: str) -> None:
    negative = int(np.count_nonzero(values < 0))
    if negative:
        raise DataError(
            f"{what} '{name}' has {counted(negative, 'value')} below zero. Counts are 0, 1, 2, …"
        )
    broken = int(np.count_nonzero(values != np.floor(values)))
    if broken:
        raise DataError(
            f"{what} '{name}' has {counted(broken, 'value')} that "
            f"{agree(broken, 'is', 'are')} not whole. Counts are whole numbers: give the counts "
            "themselves, and their base as trials= or offset=."
        )


def _check_varies(y: np.ndarray, m: np.ndarray, name: str, family: Family) -> None:
    n = len(y)
    if not y.any():
        raise DataError(
            f"the response '{name}' is 0 in all {n:,} rows used. There is nothing to explain."
        )
    if family.name == "binomial" and np.array_equal(y, m):
        seen = "1" if float(m.max()) == 1.0 else "all trials"
        raise DataError(
            f"the response '{name}' is {seen} in all {n:,} rows used. There is nothing to explain."
        )
