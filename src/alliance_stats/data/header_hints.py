"""Why a column is not found: a wide file, or a first line that does not hold the names."""

from __future__ import annotations

import re
from collections import defaultdict

import pandas as pd

from alliance_stats._base.checks import Places, agree, counted
from alliance_stats.data.roles import Roles

_DIGITS = re.compile(r"\d+")
_FIRST_ROWS = 5
_SHOWN_PATTERNS = 3


def not_found_hint(frame: pd.DataFrame, column: str, roles: Roles, places: Places) -> str | None:
    """What a missing column shows about the layout of the data, and what to do; or None."""
    return (
        spaced_name(frame, column)
        or one_column(frame)
        or names_below(frame, column, places)
        or numbers_as_names(frame)
        or wide_hint(frame, roles)
    )


def spaced_name(frame: pd.DataFrame, column: str) -> str | None:
    """Say that the name has spaces around it."""
    if column not in [str(name).strip() for name in frame.columns]:
        return None
    return (
        "the data have that name with spaces around it. Delete the spaces, for example with "
        "frame.rename(columns=str.strip)."
    )


def one_column(frame: pd.DataFrame) -> str | None:
    """Say that the data have a single column: a file whose separator was not recognised."""
    if len(frame.columns) != 1:
        return None
    return (
        "the data have one column only. If they are from a text file, its fields are not separated "
        "by commas, semicolons, tabs or vertical bars. Export it again as CSV."
    )


def names_below(frame: pd.DataFrame, column: str, places: Places) -> str | None:
    """Say that the wanted name stands in one of the first rows, below titles or merged cells."""
    for row in range(min(_FIRST_ROWS, len(frame))):
        cells = frame.iloc[row].tolist()
        if any(isinstance(cell, str) and cell.strip() == column for cell in cells):
            return (
                f"the name stands in {places([row])}, below {counted(row + 1, 'line')} of titles "
                f"or merged cells. Delete {agree(row + 1, 'that line', 'those lines')}, so that "
                "the column names come first."
            )
    return None


def numbers_as_names(frame: pd.DataFrame) -> str | None:
    """Say that the names look like data: a file without a line of names."""
    numbers = [name for name in map(str, frame.columns) if _is_number(name)]
    if len(numbers) < 2 or 2 * len(numbers) < len(frame.columns):
        return None
    return (
        f"{len(numbers)} of {len(frame.columns)} column names are numbers, so the first line looks "
        "like data. Add a first line with the column names."
    )


def wide_hint(frame: pd.DataFrame, roles: Roles) -> str | None:
    """Say that the data look wide: one row a patient, its sessions in numbered columns."""
    if list(frame.columns).count(roles.patient) != 1 or not frame[roles.patient].is_unique:
        return None
    patterns = numbered_columns([str(name) for name in frame.columns])
    if not patterns:
        return None
    shown = "; ".join(f"{names[0]}, {names[1]}, …" for names in patterns[:_SHOWN_PATTERNS])
    return (
        f"the data look wide, with one row a patient and numbered columns side by side "
        f"({shown}). One row must be one session: use reshape(frame, pattern=…, id=…), "
        "and give the frame it returns."
    )


def numbered_columns(names: list[str]) -> list[list[str]]:
    """Groups of names that differ in one number only.

    >>> numbered_columns(["id", "phq9_1", "phq9_2", "T1_wai", "T2_wai"])
    [['phq9_1', 'phq9_2'], ['T1_wai', 'T2_wai']]
    """
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        for digits in _DIGITS.finditer(name):
            groups[name[: digits.start()], name[digits.end() :]].append(name)
    return [group for (before, after), group in groups.items() if len(group) > 1 and before + after]


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
