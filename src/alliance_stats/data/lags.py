"""Lags: what a patient's earlier session held, never what another patient's did."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    names_free,
    numeric_column,
    one_of,
    row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.units import Codes, Floats, float_values, unit_codes

Gap = Literal["strict", "previous"]
Rows = NDArray[np.int64]

_LAGGED = re.compile(r"_lag\d+$")
#: Whole numbers beyond this are not exact as floats.
_LARGEST_WHOLE = 2.0**53


def lag_name(column: str, step: int) -> str:
    """``wai_total_lag1``."""
    return f"{column}_lag{step}"


def lag_within(
    frame: pd.DataFrame,
    columns: str | Sequence[str],
    *,
    by: str = "patient",
    order: str = "session",
    gap: Gap = "strict",
    step: int = 1,
) -> pd.DataFrame:
    """Add what the same patient had at an earlier session.

    Use it to relate a session to the one before. Centre first, then lag: the patient mean
    belongs to all sessions of the patient, not only to those that have an earlier one.

    Parameters
    ----------
    frame : DataFrame
        One row a session, in any order. Not changed.
    columns : str or list of str
        Numeric columns to lag, raw or centred.
    by : str
        Column of the patient's identifier.
    order : str
        Column of the session's number.
    gap : {"strict", "previous"}
        What counts as earlier. ``"strict"``: session t - `step` exactly, so that a session
        after a gap has none. ``"previous"``: the row of the patient that is `step` rows
        before, however long ago; then time between sessions differs.
    step : int
        How far back, in sessions.

    Returns
    -------
    DataFrame
        `frame` and a new column ``x_lag1`` (``x_lag2`` with ``step=2``) for each x of
        `columns`, in the units of x; rows and index as in `frame`. Missing where there is no
        earlier session, and where x was missing at it.

    Raises
    ------
    DataError
        If a column is missing or not numeric, an identifier or session number is missing, a
        session occurs twice, or a derived column exists; with ``gap="strict"`` also if session
        numbers are not whole, or if sessions are most often k > 1 apart and `step` is no multiple
        of k, so that hardly any session would have an earlier one.
    ArgumentError
        If an argument has a value that is not allowed.

    Warns
    -----
    DataWarning
        How many sessions have no session t - `step` because of gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.data import lag_within
    >>> frame = pd.DataFrame({"patient": ["a", "a", "b", "a"], "session": [2, 1, 3, 3],
    ...                       "wai": [5.0, 4.0, 1.0, 7.0]})
    >>> lag_within(frame, "wai")
      patient  session  wai  wai_lag1
    0       a        2  5.0       4.0
    1       a        1  4.0       NaN
    2       b        3  1.0       NaN
    3       a        3  7.0       5.0
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    _check_arguments(frame, names, by, order, gap, step)
    patient, session = _ordered_units(frame, by, order)
    if gap == "strict":
        _check_whole(session, order)
    sort = np.lexsort((session, patient))
    _check_one_row_a_session(patient[sort], session[sort], sort, by, order)
    if gap == "strict":
        check_step(patient[sort], session[sort], order, step)
        earlier = strict_rows(patient, session, sort, step)
        _warn_of_gaps(patient, session, earlier, step)
    else:
        earlier = previous_rows(patient, sort, step)
    return frame.assign(**{lag_name(n, step): _taken(frame, n, earlier) for n in names})


def strict_rows(patient: Codes, session: Floats, sort: Rows, step: int) -> Rows:
    """Row of each row's patient at session t - `step`; -1 where there is none.

    Parameters
    ----------
    patient : array of int
        Codes 0, 1, …, none missing.
    session : array of float
        Whole numbers, each once a patient.
    sort : array of int
        The rows by patient and session.
    step : int
        How far back.

    Examples
    --------
    >>> patient, session = np.array([0, 0, 0]), np.array([4.0, 1.0, 2.0])
    >>> strict_rows(patient, session, np.array([1, 2, 0]), 1).tolist()
    [-1, -1, 1]
    """
    earlier = np.full(len(patient), -1, dtype=np.int64)
    if not len(patient):
        return earlier
    numbers, place = np.unique(session, return_inverse=True)
    wanted = np.searchsorted(numbers, numbers - step)  # place of each number minus step
    there = numbers[wanted] == numbers - step
    key = patient * len(numbers) + place  # one number a patient and session
    wanted_key = (patient * len(numbers) + wanted[place])[sort]
    sorted_key = key[sort]
    at = np.minimum(np.searchsorted(sorted_key, wanted_key), len(key) - 1)
    found = there[place[sort]] & (sorted_key[at] == wanted_key)
    earlier[sort[found]] = sort[at[found]]
    return earlier


def previous_rows(patient: Codes, sort: Rows, step: int) -> Rows:
    """Row that is `step` rows before each row in its patient's order; -1 where there is none.

    >>> previous_rows(np.array([0, 0, 0]), np.array([1, 2, 0]), 1).tolist()
    [2, -1, 1]
    """
    earlier = np.full(len(patient), -1, dtype=np.int64)
    rows, before = sort[step:], sort[:-step]
    same = patient[rows] == patient[before]
    earlier[rows[same]] = before[same]
    return earlier


def _taken(frame: pd.DataFrame, name: str, rows: Rows) -> Floats:
    """The column's values at `rows`; NaN for row -1."""
    values = np.append(float_values(frame, name), np.nan)
    return values[rows]


def _check_arguments(
    frame: pd.DataFrame, columns: list[str], by: str, order: str, gap: str, step: int
) -> None:
    frame_given(frame, name="frame")
    one_of(gap, ("strict", "previous"), name="gap")
    is_whole = isinstance(step, int | np.integer) and not isinstance(step, bool)
    if not is_whole or step < 1:
        raise ArgumentError(
            f"step={step!r} is not a number of sessions back. Give 1, 2, 3, …; "
            "later sessions are not looked at."
        )
    if not columns or len(set(columns)) < len(columns):
        raise ArgumentError(
            f"columns={columns!r} names no column or one twice. Give each column once."
        )
    columns_present(frame, [by, order, *columns])
    if by in (order, *columns):
        raise ArgumentError(
            f"column '{by}' is named twice: it holds the patient's identifier (by). "
            "Give other columns for order and columns."
        )
    for name in (order, *columns):
        numeric_column(frame, name)
    names_free(frame, [lag_name(name, step) for name in columns])


def _ordered_units(frame: pd.DataFrame, by: str, order: str) -> tuple[Codes, Floats]:
    """Patient codes and session numbers, none missing."""
    patient, _ = unit_codes(frame, by)
    session = float_values(frame, order)
    for column, missing in ((by, patient < 0), (order, np.isnan(session))):
        rows = np.flatnonzero(missing)
        if len(rows):
            raise DataError(
                f"column '{column}' is missing in {counted(len(rows), 'row')}, first at "
                f"{row_places(rows[:1].tolist())}. Drop them, as load_sessions does."
            )
    return patient, session


def _check_whole(session: Floats, order: str) -> None:
    off = np.flatnonzero((session != np.floor(session)) | (np.abs(session) > _LARGEST_WHOLE))
    if len(off):
        raise DataError(
            f"column '{order}' does not count sessions: {counted(len(off), 'number')} of "
            f"{len(session):,} {agree(len(off), 'is', 'are')} not whole (or too large), first at "
            f"{row_places(off[:1].tolist())}. Give each session the patient's own count 1, 2, 3, "
            '…, or take the previous row whenever it was with gap="previous".'
        )


def _check_one_row_a_session(
    patient: Codes, session: Floats, sort: Rows, by: str, order: str
) -> None:
    """Raise DataError if neighbours of the sorted rows are the same patient and session."""
    again = (np.diff(patient) == 0) & (np.diff(session) == 0)
    if again.any():
        rows = np.sort(sort[1:][again])
        raise DataError(
            f"{counted(len(rows), 'row')} of {len(patient):,} {agree(len(rows), 'has', 'have')} "
            f"the patient and session of another row (columns '{by}' and '{order}'), first at "
            f"{row_places(rows[:1].tolist())}. Keep one row a patient and session."
        )


def check_step(
    patient: Codes, session: Floats, order: str, step: int, *, what: str = "sessions"
) -> None:
    """Raise DataError if sessions are most often k > 1 apart and `step` is no multiple of k.

    The rows are sorted by patient and session; `what` says which sessions they are.
    """
    apart = np.diff(session)[np.diff(patient) == 0]
    if not len(apart):
        return
    sizes, times = np.unique(apart, return_counts=True)
    usual = int(sizes[times.argmax()])
    if usual > 1 and step % usual:
        raise DataError(
            f"step={step} does not fit column '{order}': successive {what} of a patient are "
            f"most often {usual} apart ({times.max():,} of {len(apart):,} pairs). "
            f'Give step={usual} for the session before, or gap="previous".'
        )


def refuse_lagged(column: str) -> None:
    """Raise DataError if the name of `column` says that it is lagged already."""
    if found := _LAGGED.search(column):
        raise DataError(
            f"column '{column}' is lagged already: its name ends in '{found.group()}'. "
            f"Give the rating of the session itself, such as '{_LAGGED.sub('', column)}'."
        )


def _warn_of_gaps(patient: Codes, session: Floats, earlier: Rows, step: int) -> None:
    """``312 of 2,180 sessions have no session t − 1: 240 first sessions, 72 after a gap.``"""
    if not len(patient):
        return
    first = np.full(int(patient.max()) + 1, np.inf)
    np.minimum.at(first, patient, session)
    without = earlier < 0
    at_start = session - step < first[patient]
    n_gap = int((without & ~at_start).sum())
    if not n_gap:
        return
    n_start = int(at_start.sum())
    start = (
        counted(n_start, "first session")
        if step == 1
        else f"{n_start:,} less than {step} after the patient's first"
    )
    warnings.warn(
        f"{int(without.sum()):,} of {counted(len(patient), 'session')} "
        f"{agree(int(without.sum()), 'has', 'have')} no session t − {step}: {start}, "
        f"{n_gap:,} after a gap.",
        DataWarning,
        stacklevel=3,
    )
