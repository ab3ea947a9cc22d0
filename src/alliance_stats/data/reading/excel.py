"""Reading the table of one sheet: where it begins, what its columns hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alliance_stats._base.checks import Places, agree, counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.contents import CODED_COLUMNS, FileContents, Note, table
from alliance_stats.data.reading.double_header import (
    MOST_LINES,
    NAMELESS,
    HeaderLines,
    header_lines,
    is_number,
)
from alliance_stats.data.reading.excel_cells import (
    DOUBTFUL,
    SAID,
    error_counts,
    typed_cells,
    written,
)
from alliance_stats.data.reading.excel_marks import SheetMarks, sheet_marks
from alliance_stats.data.reading.excel_sheets import Grid, open_sheet

#: Title lines are looked for above so many rows.
_TITLE_ROWS = 20

_NO_MARKS = "formula errors without a text and hidden rows cannot be told in this file"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table stands in a sheet: row of the names, first and last row of data, columns.

    ``titles`` counts the rows above the names that are not empty.
    """

    titles: int
    names_row: int
    first: int
    last: int
    columns: tuple[int, ...]


def read_excel(
    path: Path, *, sheet: str | int | None, numbers: frozenset[str], labels: frozenset[str]
) -> FileContents:
    """Read one sheet of an .xlsx, .xlsm or .ods file.

    Parameters
    ----------
    path : Path
        The file.
    sheet : str, int or None
        Name of the sheet, or its position counted from 0. None takes the only sheet with cells.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels.

    Returns
    -------
    FileContents
        Dates are dates, numbers numbers; identifiers stored as text stay text. Titles above the
        column names and empty rows and columns at the ends are left out, and said so.

    Raises
    ------
    DataError
        If the file is no workbook, protected by a password, cut off or damaged; if several sheets
        hold cells and none is chosen; if the sheet has no rows, or names a column twice.
    ArgumentError
        If there is no such sheet.
    """
    name, grid, merged, others = open_sheet(path, sheet)
    known_marks = None if path.suffix.lower() == ".ods" else sheet_marks(path, name)
    marks = known_marks or SheetMarks()
    layout = find_table(grid, path.name, name, merged, numbers | labels)
    names = column_names(grid, layout, path.name, name)
    body, between = _data_rows(grid, layout, names)
    said = [Note(f"sheet '{name}' read{others}")] if others or sheet is not None else []
    said += _layout_notes(layout, between, names, numbers | labels)
    columns, errors = {}, list[tuple[object, ...]]()
    remarks: dict[str, list[str]] = {}
    for position, column in zip(layout.columns, names, strict=True):
        cells = [row[position] for row in body]
        typed = typed_cells(cells, number=column in numbers, label=column in labels)
        columns[column] = typed.values
        if typed.said:
            remarks.setdefault(typed.said, []).append(column)
        found = Counter(error_counts(cells))
        found.update(_errors_in(marks, position, layout, between.n))
        errors += [(column, code, "formula error", n) for code, n in found.items()]
    said += [_remark(words, remarks[words]) for words in SAID if words in remarks]
    if known_marks is None:
        said.append(Note(_NO_MARKS, doubtful=path.suffix.lower() != ".ods"))
    said += _marks_notes(marks, layout, names, between.n, errors)
    return FileContents(
        pd.DataFrame(columns),
        variable_labels={names[i]: text for i, text in between.labels.items()},
        coded_missing=table(errors, CODED_COLUMNS),
        places=sheet_places(name, layout.first + between.n),
        said=tuple(said),
    )


def sheet_places(sheet: str, first: int) -> Places:
    """Name rows as Excel numbers them: ``row 5 of sheet 'Data'``."""

    def places(rows: Sequence[int]) -> str:
        shown = ", ".join(str(first + row + 1) for row in rows)
        return f"{agree(len(rows), 'row', 'rows')} {shown} of sheet '{sheet}'"

    return places


def find_table(
    grid: Grid, file: str, sheet: str, merged: set[int], wanted: frozenset[str]
) -> Layout:
    """Where the column names and the data stand."""
    rows = [row for row in range(len(grid)) if _is_filled(grid[row])]
    if not rows:
        raise DataError(f"sheet '{sheet}' of file '{file}' is empty. Choose another sheet=.")
    names_row = _names_row(grid, rows, merged, wanted)
    last = rows[-1]
    if last == names_row:
        n_names = len(_texts_in(grid[names_row]))
        raise DataError(
            f"sheet '{sheet}' of file '{file}' has a header of {counted(n_names, 'column')} and no "
            "rows. Choose another sheet=, or export it again."
        )
    below = range(names_row, last + 1)
    columns = tuple(
        c for c in range(len(grid[names_row])) if any(grid[row][c] != "" for row in below)
    )
    return Layout(rows.index(names_row), names_row, names_row + 1, last, columns)


def _names_row(grid: Grid, rows: list[int], merged: set[int], wanted: frozenset[str]) -> int:
    """The row with most names that are looked for; else the fullest row of texts at the top."""
    top = rows[:_TITLE_ROWS]
    if wanted:
        hits = {row: len(wanted & set(_texts_in(grid[row]))) for row in top}
        best = max(top, key=lambda row: hits[row])
        if hits[best] >= min(2, len(wanted)):
            return best
    texts = []
    for row in top:
        if any(cell != "" and not isinstance(cell, str) for cell in grid[row]):
            break
        if row not in merged and not any(is_number(cell) for cell in _texts_in(grid[row])):
            texts.append(row)
    if not texts:
        return rows[0]
    fullest = max(len(_texts_in(grid[row])) for row in texts)
    return next(row for row in texts if len(_texts_in(grid[row])) >= 0.75 * fullest)


def column_names(grid: Grid, layout: Layout, file: str, sheet: str) -> list[str]:
    """Column names as text; a nameless column with cells is called ``Unnamed: 0``."""
    cells = [grid[layout.names_row][c] for c in layout.columns]
    names = [f"{NAMELESS}{i}" if cell == "" else written(cell) for i, cell in enumerate(cells)]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"sheet '{sheet}' of file '{file}' has {counted(len(twice), 'column name')} more than "
            f"once, in row {layout.names_row + 1}: {name_list(twice)}. Rename them in the file."
        )
    return names


def _data_rows(grid: Grid, layout: Layout, names: list[str]) -> tuple[Grid, HeaderLines]:
    """The rows of data, and the header lines found between the names and them."""
    rows = grid[layout.first : layout.last + 1]
    first = [
        [written(row[c]) if row[c] != "" else None for c in layout.columns]
        for row in rows[:MOST_LINES]
    ]

    def numeric_below() -> list[bool]:
        return [_all_numbers([row[c] for row in rows[1:]]) for c in layout.columns]

    between = header_lines(names, first, numeric_below)
    return rows[between.n :], between


def _all_numbers(cells: list[Any]) -> bool:
    seen = [cell for cell in cells if cell != ""]
    return bool(seen) and all(
        is_number(cell) if isinstance(cell, str) else isinstance(cell, int | float) for cell in seen
    )


def _layout_notes(
    layout: Layout, between: HeaderLines, names: list[str], wanted: frozenset[str]
) -> list[Note]:
    said = []
    if layout.titles:
        said.append(
            Note(
                f"column names taken from row {layout.names_row + 1} of the sheet; what stands "
                "above is left out",
                doubtful=not wanted & set(names),
            )
        )
    if between.n:
        said.append(Note(between.text, doubtful=not between.sure))
    return said


def _remark(words: str, columns: list[str]) -> Note:
    return Note(
        f"{agree(len(columns), 'column', 'columns')} {name_list(columns)}: {words}",
        doubtful=words in DOUBTFUL,
    )


def _marks_notes(
    marks: SheetMarks,
    layout: Layout,
    names: list[str],
    skipped: int,
    errors: list[tuple[object, ...]],
) -> list[Note]:
    """Errors, unsaved formulas and hidden cells that stand in the table."""
    said = []
    if errors:
        n = sum(int(str(row[3])) for row in errors)
        columns = name_list(dict.fromkeys(row[0] for row in errors))
        kinds = name_list(sorted({str(row[1]) for row in errors}))
        said.append(
            f"{counted(n, 'cell')} with a formula error ({kinds}) read as missing, in {columns}"
        )
    rows = range(layout.first + skipped, layout.last + 1)
    unsaved = [c for r, c in marks.unsaved if r in rows and c in layout.columns]
    if unsaved:
        columns = name_list(
            name for name, c in zip(names, layout.columns, strict=True) if c in set(unsaved)
        )
        said.append(
            f"{counted(len(unsaved), 'cell')} with a formula whose result is not saved, read as "
            f"missing, in {columns}: open the file in Excel, save it, and load it again"
        )
    hidden = len(marks.hidden_rows & set(rows))
    if hidden:
        said.append(
            f"{counted(hidden, 'row')} hidden in the sheet (by hand or by a filter) "
            f"{agree(hidden, 'is', 'are')} read like the others: delete totals and excluded rows"
        )
    columns_hidden = [
        n for n, c in zip(names, layout.columns, strict=True) if c in marks.hidden_columns
    ]
    if columns_hidden:
        said.append(
            f"columns hidden in the sheet are read like the others: {name_list(columns_hidden)}"
        )
    return [Note(text, doubtful=True) for text in said]


def _errors_in(marks: SheetMarks, column: int, layout: Layout, skipped: int) -> Counter[str]:
    rows = range(layout.first + skipped, layout.last + 1)
    return Counter(code for (r, c), code in marks.errors.items() if c == column and r in rows)


def _texts_in(row: list[Any]) -> list[str]:
    return [written(cell) for cell in row if cell != ""]


def _is_filled(row: list[Any]) -> bool:
    return any(cell != "" for cell in row)
