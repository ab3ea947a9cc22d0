"""Splitting .csv and .tsv files: every row complete, identifiers kept as written."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from alliance_stats._base.checks import Places, agree, counted, name_list, row_places
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.celltypes import holds_numbers, typed_columns
from alliance_stats.data.reading.contents import FileContents, Note
from alliance_stats.data.reading.double_header import (
    MOST_LINES,
    NAMELESS,
    HeaderLines,
    header_lines,
)
from alliance_stats.data.reading.separators import (
    SEPARATORS,
    find_separator,
    records,
    separator_of,
    without_hint,
)
from alliance_stats.data.reading.textfiles import decode

#: Cells that are read as missing.
MISSING_CELLS = ("", ".", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "<NA>")
#: The header is looked for in so many characters: twice what a field may have.
_FIRST_CHARACTERS = 1 << 18


def read_delimited(path: Path, *, numbers: frozenset[str], labels: frozenset[str]) -> FileContents:
    """Read a text file with a header line, one row a line.

    Parameters
    ----------
    path : Path
        The file: UTF-8, UTF-16 or Windows-1252; fields separated by commas, semicolons, tabs or
        vertical bars.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels.

    Returns
    -------
    FileContents
        Numbers where every cell of a column is a number, otherwise text.

    Raises
    ------
    DataError
        If the file is empty, no text, has no rows, has a row with too few or too many fields,
        names a column twice, or can be read in two ways.
    """
    decoded = decode(path)
    text, hint = without_hint(decoded.text)
    separator = hint or find_separator(text, path)
    check_quotes(text, path.name, separator)
    names = header_names(text, path, separator)
    cells = read_cells(text, path.name, separator, len(names))
    between = lines_between(names, cells)
    cells = cells.slice(between.n)
    columns, said = typed_columns(
        cells, names, numbers=numbers, labels=labels, commas_inside=separator != ","
    )
    notes = list(decoded.notes)
    if separator != separator_of(path):
        notes.append(Note(f"separated by {SEPARATORS[separator]}"))
    if between.n:
        notes.append(Note(between.text, doubtful=not between.sure))
    return FileContents(
        pd.DataFrame(dict(zip(names, columns, strict=True))),
        variable_labels={names[i]: label for i, label in between.labels.items()},
        places=line_places(path, separator, between.n),
        said=(*notes, *said),
    )


def lines_between(names: list[str], cells: pa.Table) -> HeaderLines:
    """The header lines between the column names and the data."""
    first = [list(row.values()) for row in cells.slice(0, MOST_LINES).to_pylist()]

    def numeric_below() -> list[bool]:
        below = [column.slice(1) for column in cells.columns]
        return [column.null_count < len(column) and holds_numbers(column) for column in below]

    return header_lines(names, first, numeric_below)


def line_places(path: Path, separator: str, skipped: int) -> Places:
    """Name rows by the lines of the file on which they begin: ``line 5 of the file``."""

    def places(rows: Sequence[int]) -> str:
        lines = row_lines(
            without_hint(decode(path).text)[0], separator, [row + skipped for row in rows]
        )
        if len(lines) < len(rows):
            return row_places(rows)
        shown = ", ".join(str(line) for line in lines)
        return f"{agree(len(lines), 'line', 'lines')} {shown} of the file"

    return places


def row_lines(text: str, separator: str, rows: Sequence[int]) -> list[int]:
    """Lines, counted from 1, on which rows begin; fewer if the text cannot be split.

    >>> row_lines("id,x\\na,1\\n\\nb,2\\n", ",", [1])
    [4]
    """
    wanted, lines = set(rows), []
    try:
        for row, (line, _) in enumerate(records(text, separator), start=-1):
            if row in wanted:
                lines.append(line)
            if len(lines) == len(wanted):
                break
    except csv.Error:
        return []
    return lines


def header_names(text: str, path: Path, separator: str) -> list[str]:
    """Column names of the first line; a nameless column is called ``Unnamed: 0``."""
    try:
        header = next(records(text[:_FIRST_CHARACTERS], separator))[1]
    except csv.Error:
        header = []
    if not header:
        raise DataError(
            f"file '{path.name}' has no readable line of column names. Export it again."
        )
    names = [name or f"{NAMELESS}{i}" for i, name in enumerate(header)]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"file '{path.name}' has {counted(len(twice), 'column name')} more than once: "
            f"{name_list(twice)}. Rename them in the file; its first line must hold the names."
        )
    return names


def check_quotes(text: str, file: str, separator: str) -> None:
    """Raise DataError if a quotation mark is opened and never closed (a file cut off)."""
    if text.count('"') % 2 == 0:
        return
    line = 1
    unclosed = False
    try:
        for begins, _ in records(text, separator, strict=True):
            line = begins
    except csv.Error as error:
        unclosed = "end of data" in str(error)
    if unclosed:
        raise DataError(
            f"file '{file}' is cut off or damaged: a quotation mark opened after line {line} is "
            "never closed. Export it again."
        )


def read_cells(text: str, file: str, separator: str, n_columns: int) -> pa.Table:
    """All cells as text, missing where they are empty or a missing-value word."""
    names = [f"c{i}" for i in range(n_columns)]
    raw = text.encode("utf-8")
    try:
        table = pacsv.read_csv(
            pa.BufferReader(raw),
            read_options=pacsv.ReadOptions(
                column_names=names, block_size=min(max(len(raw), 1 << 20), 1 << 26)
            ),
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=list(MISSING_CELLS),
            ),
        )
    except pa.ArrowInvalid:
        table = None  # its message shows cells: find the row ourselves
    if table is None:
        raise ragged_row(text, file, separator, n_columns)
    if table.num_rows < 2:
        raise DataError(
            f"file '{file}' has a header of {counted(n_columns, 'column')} and no rows. "
            "Export it again."
        )
    return table.slice(1)


def ragged_row(text: str, file: str, separator: str, n_columns: int) -> DataError:
    """The error for the first row whose number of fields differs from the header's."""
    last = len(text.rstrip().splitlines())
    line, problem = 0, "a row cannot be read"
    try:
        for row, (line, fields) in enumerate(records(text, separator)):
            if len(fields) != n_columns:
                advice = _ragged_advice(fields, n_columns, separator, row == 1, line == last)
                return DataError(
                    f"file '{file}', line {line}, has {counted(len(fields), 'field')}; the header "
                    f"has {n_columns}. {advice}"
                )
    except csv.Error as error:
        if "larger than" in str(error):
            problem = (
                f"after line {line} a field has more than {csv.field_size_limit():,} characters, "
                "most likely because a quotation mark is not closed"
            )
    return DataError(
        f"file '{file}' cannot be split into fields: {problem}. Export it again as CSV UTF-8."
    )


def _ragged_advice(
    fields: list[str], n_columns: int, separator: str, is_first: bool, is_last: bool
) -> str:
    separators = SEPARATORS[separator]
    if is_last and len(fields) < n_columns:
        return (
            "It is the last line: the file is cut off. Export it again, or delete the line if it "
            "is a footnote."
        )
    if len(fields) > n_columns and not any(fields[n_columns:]):
        return (
            f"The fields beyond are empty. Delete the {separators} at the ends of lines, or add "
            "as many to the header."
        )
    whole = sum(field.strip().isdigit() for field in fields)
    if is_first and separator == "," and 2 * (len(fields) - n_columns) <= whole and n_columns > 2:
        return (
            "If its numbers have decimal commas, the comma stands for two things: export the file "
            f"with semicolons between fields, or with decimal points. Else put text that contains "
            f"{separators} in quotation marks."
        )
    if is_first and n_columns <= 2 < len(fields):
        return "Delete title lines above the column names: these must be the first line."
    return f"Correct that line, or put text that contains {separators} in quotation marks."
