"""Checks made at the public doors, one function a check, one message style."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError

MAX_NAMES = 10

#: Says where rows stand, given by position: in a frame, or on which lines of a file.
Places = Callable[[Sequence[int]], str]

#: A number with a comma in it: 45,5 or 1.234,5 or 1,234.
_COMMA_NUMBER = r"\s*[+-]?[\d.]*,\d+\s*"
_DATE = r"\s*(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3\d{2,4})(\D.*)?"
_DATE_ADVICE = "Give a number instead, such as the session's number or the weeks since intake."


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
    """``1 session`` or ``41 sessions``; ``2 studies``."""
    return f"{n:,} {noun if n == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """``sessions``, ``studies``."""
    ends_in_ies = noun.endswith("y") and noun[-2:-1] not in tuple("aeiou")
    return f"{noun[:-1]}ies" if ends_in_ies else f"{noun}s"


def agree(n: int, one: str, several: str) -> str:
    """The form of a word that agrees with a count: ``is`` for 1, ``are`` otherwise."""
    return one if n == 1 else several


def row_places(rows: Sequence[int]) -> str:
    """``row 3 (counted from 0)`` or ``rows 1, 3 (counted from 0)``."""
    shown = ", ".join(str(int(row)) for row in rows)
    return f"{agree(len(rows), 'row', 'rows')} {shown} (counted from 0)"


def some_row_places(rows: Sequence[int] | np.ndarray) -> str:
    """Where rows stand; at most ten are named.

    >>> some_row_places(range(12))
    'rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 (counted from 0) and more'
    """
    named = row_places([int(row) for row in rows[:MAX_NAMES]])
    return named + (" and more" if len(rows) > MAX_NAMES else "")


def columns_present(frame: pd.DataFrame, names: Iterable[str], *, role: str | None = None) -> None:
    """Raise DataError for the first of `names` that `frame` lacks or holds twice."""
    for name in names:
        if name not in frame.columns:
            of_role = f" (role '{role}')" if role else ""
            raise DataError(
                f"column '{name}'{of_role} not found.{did_you_mean(str(name), frame.columns)} "
                f"Available: {name_list(frame.columns)}."
            )
        if not frame.columns.is_unique and (times := list(frame.columns).count(name)) > 1:
            raise DataError(
                f"column '{name}' occurs {times} times. Rename or drop all but one of them."
            )


def all_finite(values: np.ndarray) -> bool:
    """Whether no number is missing or infinite; a sum, in one pass, says so nearly always."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())


def numeric_column(
    frame: pd.DataFrame, name: str, *, what: str = "column", places: Places = row_places
) -> None:
    """Raise DataError unless column `name` holds numbers (or booleans) and no infinities."""
    column = frame[name]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise DataError(f"{what} '{name}' is not numeric: {_seen_instead(column, places)}")
    if pd.api.types.is_complex_dtype(column):
        raise DataError(f"{what} '{name}' holds complex numbers. Give real numbers.")
    plain = isinstance(column.dtype, np.dtype)  # asking for na_value copies
    values = column.to_numpy() if plain else column.to_numpy(dtype=float, na_value=np.nan)
    if all_finite(values):
        return
    infinite = np.isinf(values)
    if infinite.any():
        raise DataError(
            f"{what} '{name}' holds {counted(int(infinite.sum()), 'infinite value')}, first at "
            f"{places([int(np.flatnonzero(infinite)[0])])}. Replace them by missing."
        )


def _seen_instead(column: pd.Series, places: Places) -> str:
    """What a column holds in place of numbers, and what to do about it."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return f"it holds dates. {_DATE_ADVICE}"
    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        kind = str(column.dtype).split("[")[0]
        return f"it holds {kind} values. Convert it to numbers before."
    try:
        as_number = pd.to_numeric(column, errors="coerce")
    except TypeError:
        return "its cells are lists or other containers. Give one number a cell."
    bad = np.flatnonzero(as_number.isna() & column.notna())
    if not len(bad):
        return "its cells are numbers stored as text. Convert it with pd.to_numeric before."
    cells = column.iloc[bad].astype(str)
    seen = f"{counted(len(bad), 'cell')} of {len(column):,}"
    first = f"first at {places([int(bad[0])])}"
    if cells.str.fullmatch(_COMMA_NUMBER).all():
        return (
            f"{seen} {agree(len(bad), 'has', 'have')} a comma in the number (such as 45,5 for "
            f"45.5), {first}. Write decimal points and no separators of thousands."
        )
    if cells.str.fullmatch(_DATE).all():
        return f"{seen} {agree(len(bad), 'looks like a date', 'look like dates')}, {first}. " + (
            _DATE_ADVICE
        )
    alike = " (all the same text)" if len(bad) > 1 and cells.nunique() == 1 else ""
    advice = agree(len(bad), "it, or empty it if its", "them, or empty those whose")
    return (
        f"{seen} cannot be read as a number{alike}, {first}. Correct {advice} text means missing."
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
    """Raise ArgumentError unless 0 < value < 1; a percentage is told its share."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < value < 1:
        return
    percentage = is_number and 2 <= value < 100
    advice = f"{value / 100:g} instead of {value:g}" if percentage else "a number such as 0.95"
    seen = f"{value:g}" if is_number else repr(value)
    raise ArgumentError(f"{name}={seen} is not between 0 and 1. Give {advice}.")


def positive_number(value: object, *, name: str) -> None:
    """Raise ArgumentError unless argument `name` is a finite number above 0."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (is_number and 0 < float(value) < float("inf")):  # type: ignore[arg-type]
        raise ArgumentError(f"{name}={value!r} is not a number above 0. Give one such as 5.4.")


def frame_given(value: object, *, name: str) -> None:
    """Raise ArgumentError unless `value` is a DataFrame."""
    if isinstance(value, pd.DataFrame):
        return
    kind = type(value).__name__
    if isinstance(getattr(value, "frame", None), pd.DataFrame) and hasattr(value, "roles"):
        raise ArgumentError(f"{name} is {kind}, not a DataFrame. Give sessions.frame.")
    raise ArgumentError(
        f"{name} is a {kind}, not a DataFrame. "
        "Give a pandas DataFrame, or read a file with load_sessions."
    )


def names_free(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise DataError if a derived column would take the name of one that exists."""
    taken = [name for name in names if name in frame.columns]
    if taken:
        raise DataError(
            f"derived columns exist already: {name_list(taken)}. "
            "Drop or rename them, or go on with the frame as it is."
        )


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
