"""Why a column is not found: another layout, or a first line that does not hold the names."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import Places, agree, counted
from alliance_stats.data.layout_hints import redcap_hint, wide_hint
from alliance_stats.data.roles import Roles

_FIRST_ROWS = 5


def not_found_hint(frame: pd.DataFrame, column: str, roles: Roles, places: Places) -> str | None:
    """What a missing column shows about the layout of the data, and what to do; or None."""
    return (
        spaced_name(frame, column)
        or one_column(frame)
        or names_below(frame, column, places)
        or numbers_as_names(frame)
        or redcap_hint(frame)
        or wide_hint(frame, roles.patient)
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


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
