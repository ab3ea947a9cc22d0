"""Checks made at the public doors, one function a check, one message style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError

MAX_NAMES = 10


def name_list(names: Iterable[object]) -> str:
    """Names in a message, at most ten: ``patient, session, wai_tot, … (14 in all)``."""
    shown = [str(name) for name in names]
    if len(shown) <= MAX_NAMES:
        return ", ".join(shown)
    return ", ".join(shown[:MAX_NAMES]) + f", … ({len(shown)} in all)"


def did_you_mean(wrong: str, known: Iterable[object]) -> str:
    """``Did you mean 'wai_tot'?`` with a leading space, or nothing if no known name is close."""
    by_lower = {str(name).lower(): str(name) for name in known}
    close = get_close_matches(wrong.lower(), list(by_lower), n=1, cutoff=0.6)
    return f" Did you mean '{by_lower[close[0]]}'?" if close else ""


def counted(n: int, noun: str) -> str:
    """``1 session`` or ``41 sessions``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def columns_present(frame: pd.DataFrame, names: Iterable[str], *, role: str | None = None) -> None:
    """Raise DataError for the first of `names` that `frame` lacks or holds twice."""
    for name in names:
        if name not in frame.columns:
            of_role = f" (role '{role}')" if role else ""
            raise DataError(
                f"column '{name}'{of_role} not found.{did_you_mean(str(name), frame.columns)} "
                f"Available: {name_list(frame.columns)}."
            )
        if (frame.columns == name).sum() > 1:
            raise DataError(
                f"column '{name}' occurs {int((frame.columns == name).sum())} times. "
                "Rename or drop all but one of them."
            )


def numeric_column(frame: pd.DataFrame, name: str, *, what: str = "column") -> None:
    """Raise DataError unless column `name` holds numbers (or booleans) and no infinities."""
    column = frame[name]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        as_number = pd.to_numeric(column, errors="coerce")
        bad = np.flatnonzero(as_number.isna() & column.notna())
        raise DataError(
            f"{what} '{name}' is not numeric: {counted(len(bad), 'cell')} of {len(column):,} "
            f"cannot be read as a number, first at row {int(bad[0]) if len(bad) else 0} "
            "(counted from 0). Convert the column, or declare its missing-value codes on reading."
        )
    if pd.api.types.is_complex_dtype(column):
        raise DataError(f"{what} '{name}' holds complex numbers. Give real numbers.")
    infinite = np.isinf(column.to_numpy(dtype=float, na_value=np.nan))
    if infinite.any():
        raise DataError(
            f"{what} '{name}' holds {counted(int(infinite.sum()), 'infinite value')}, first at "
            f"row {int(np.flatnonzero(infinite)[0])} (counted from 0). Replace them by missing."
        )


def one_of(value: Any, allowed: Sequence[Any], *, name: str) -> None:
    """Raise ArgumentError unless argument `name` is one of the `allowed` values."""
    if not any(type(value) is type(option) and value == option for option in allowed):
        hint = (
            did_you_mean(value, [a for a in allowed if isinstance(a, str)])
            if isinstance(value, str)
            else ""
        )
        raise ArgumentError(
            f"{name}={value!r} is not known.{hint} Allowed: {', '.join(map(repr, allowed))}."
        )


def probability(value: float, *, name: str) -> None:
    """Raise ArgumentError unless 0 < value < 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ArgumentError(f"{name}={value!r} is not between 0 and 1. Give a number such as 0.95.")


def frame_given(value: object, *, name: str) -> None:
    """Raise ArgumentError unless `value` is a DataFrame."""
    if not isinstance(value, pd.DataFrame):
        raise ArgumentError(
            f"{name} is a {type(value).__name__}, not a DataFrame. "
            "Give a pandas DataFrame, or read a file with load_sessions."
        )
