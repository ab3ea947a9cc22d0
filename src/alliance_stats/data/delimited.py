"""Splitting .csv and .tsv files: every row complete, identifiers kept as written."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from alliance_stats._base.checks import Places, agree, counted, name_list, row_places
from alliance_stats._base.errors import DataError
from alliance_stats.data.celltypes import typed_column
from alliance_stats.data.textfiles import decode

#: Cells that are read as missing.
MISSING_CELLS = ("", ".", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "<NA>")
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
#: The extension under which fields separated so are read.
_EXTENSIONS = {",": ".csv", "\t": ".tsv"}


def read_delimited(
    path: Path, *, separator: str, numbers: frozenset[str], labels: frozenset[str]
) -> pd.DataFrame:
    """Read a text file with a header line, one row a line.

    Parameters
    ----------
    path : Path
        The file, UTF-8 with or without a byte-order mark.
    separator : str
        ``","`` or a tab.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels.

    Returns
    -------
    DataFrame
        Numbers where every cell of a column is a number, otherwise text.

    Raises
    ------
    DataError
        If the file is empty, not UTF-8, has no rows, has a row with too few or too many fields,
        or names a column twice.
    """
    text = decode(path)
    check_quotes(text, path.name, separator)
    names = header_names(text, path, separator)
    cells = read_cells(text, path.name, separator, len(names))
    columns = [
        typed_column(cells.column(i), number=name in numbers, label=name in labels)
        for i, name in enumerate(names)
    ]
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def records(text: str, separator: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, counted from 1, and its fields."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    begins = 1
    for fields in reader:
        if fields:
            yield begins, fields
        begins = reader.line_num + 1


def line_places(path: Path, separator: str) -> Places:
    """Name rows by the lines of the file on which they begin: ``line 5 of the file``."""

    def places(rows: Sequence[int]) -> str:
        lines = row_lines(decode(path), separator, rows)
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
        header = next(records(text, separator))[1]
    except csv.Error:
        header = []
    if not header:
        raise DataError(
            f"file '{path.name}' has no readable line of column names. Export it again."
        )
    check_separator(header, path, separator)
    names = [name or f"Unnamed: {i}" for i, name in enumerate(header)]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"file '{path.name}' has {counted(len(twice), 'column name')} more than once: "
            f"{name_list(twice)}. Rename them in the file; its first line must hold the names."
        )
    return names


def check_separator(header: list[str], path: Path, separator: str) -> None:
    """Raise DataError if the only column name holds another separator."""
    others = [other for other in _SEPARATORS if other != separator and other in header[0]]
    if len(header) > 1 or not others:
        return
    seen, wanted = _SEPARATORS[others[0]], _SEPARATORS[separator]
    advice = (
        f"Rename it to '{path.stem}{_EXTENSIONS[others[0]]}'"
        if others[0] in _EXTENSIONS
        else f"Export it with {wanted} and decimal points, or give the DataFrame of "
        f"pd.read_csv(path, sep='{others[0]}', decimal=',')"
    )
    raise DataError(
        f"file '{path.name}' has one column, with {seen} in its name: its fields are separated "
        f"by {seen}, not {wanted}. {advice}."
    )


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
    separators = _SEPARATORS[separator]
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
    if is_first and n_columns <= 2 < len(fields):
        return "Delete title lines above the column names: these must be the first line."
    return f"Correct that line, or put text that contains {separators} in quotation marks."
