"""Reading SPSS, Stata and SAS files: stored values, with reasons of missing answers counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.contents import (
    CODED_COLUMNS,
    LABEL_COLUMNS,
    FileContents,
    Note,
    table,
)
from alliance_stats.data.reading.signatures import SAS, check_kind, head_of

if TYPE_CHECKING:
    from collections.abc import Callable

#: Extensions, the format in words, and the reader's name in pyreadstat.
FORMATS = {
    ".sav": ("an SPSS file", "read_sav"),
    ".zsav": ("a compressed SPSS file", "read_sav"),
    ".por": ("an SPSS portable file", "read_por"),
    ".dta": ("a Stata file", "read_dta"),
    ".sas7bdat": ("a SAS file", "read_sas7bdat"),
    ".xpt": ("a SAS transport file", "read_xport"),
}
#: What SPSS, Stata and SAS print for a missing number that has no reason.
SYSTEM_MISSING = "."
#: Formats whose reader sets declared missing values to missing without saying which they were.
_NO_REASONS = {
    ".por": "user-missing codes",
    ".xpt": "special missing values (.A to .Z, ._)",
}
#: What pandas calls columns of numbers among missing cells.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "integer-na")
_OLD_ENCODING = "WINDOWS-1252"
_OLD_TEXTS = (
    "texts read as Windows-1252 (Latin-1): the file names no encoding, or one that its letters do "
    "not fit. Compare names and labels with accents or umlauts"
)
_UTF8 = ("UTF-8", "UTF8", None)
#: First bytes of Stata files before version 13: the number of the format, the byte order.
_OLD_STATA = tuple(bytes([n, order]) for n in range(104, 116) for order in (1, 2))


def read_spss_stata_sas(path: Path) -> FileContents:
    """Read a .sav, .zsav, .por, .dta, .sas7bdat or .xpt file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    FileContents
        Numbers are the stored values. User-missing codes and ranges (SPSS), extended missing
        values (Stata, SAS) and empty texts are missing in the frame; the first two are counted by
        code in ``coded_missing``, with the other missing cells of the same column under ``.``.

    Raises
    ------
    DataError
        If the file is empty, cut off, damaged, of another format, or without rows.
    """
    check_whole(path)
    frame, meta, notes = _read(path)
    if not len(frame):
        raise DataError(
            f"file '{path.name}' has {counted(len(frame.columns), 'column')} and no rows. "
            "Export it again."
        )
    labels = _value_labels(meta)
    columns, rows = {}, []
    for name in frame.columns:
        codes = _missing_codes(frame[name], name, meta)
        columns[name] = _clean(frame[name], codes)
        if codes is not None:
            point = "." if name in meta.missing_user_values else ""
            rows += _counts(name, frame[name], codes, labels.get(name, {}), point)
    return FileContents(
        pd.DataFrame(columns),
        variable_labels={c: v for c, v in meta.column_names_to_labels.items() if v},
        value_labels=_label_table(labels),
        coded_missing=table(rows, CODED_COLUMNS),
        said=(*notes, *_without_reasons(path, frame), *_said(rows)),
    )


def check_whole(path: Path) -> None:
    """Raise DataError unless the file begins, and where formats say so ends, as it should."""
    extension = path.suffix.lower()
    kind = FORMATS[extension][0]
    if extension in (".sav", ".zsav"):
        check_kind(path, kind, b"$FL2", b"$FL3")
    elif extension == ".dta":
        check_kind(path, kind, b"<stata_dta>", *_OLD_STATA)
    elif extension == ".sas7bdat":
        check_kind(path, kind, SAS)
    elif extension == ".xpt":
        check_kind(path, kind, b"HEADER RECORD*******")
    elif b"SPSSPORT" not in head_of(path)[:600].replace(b"\r\n", b"").replace(b"\n", b""):
        check_kind(path, kind)
    if not _ends_well(path, extension):
        raise cut_off(path)


def cut_off(path: Path) -> DataError:
    """The error for a file whose beginning is right and whose rest is not."""
    kind = FORMATS[path.suffix.lower()][0]
    return DataError(
        f"file '{path.name}' cannot be read: it begins as {kind}, but its end is missing or it is "
        f"damaged ({path.stat().st_size:,} bytes). Most likely it was cut off while it was copied "
        "or downloaded. Copy or export it again."
    )


def _ends_well(path: Path, extension: str) -> bool:
    """Whether the last bytes are the end mark of the format, where there is one."""
    if extension == ".xpt":
        return path.stat().st_size % 80 == 0
    if extension == ".por":
        return path.read_bytes().rstrip().endswith(b"Z")
    if extension == ".dta" and head_of(path).startswith(b"<stata_dta>"):
        return path.read_bytes().endswith(b"</stata_dta>")
    return True


def _read(path: Path) -> tuple[pd.DataFrame, Any, list[Note]]:
    """The stored values and what the file says of them; texts in its old encoding if need be."""
    name = FORMATS[path.suffix.lower()][1]
    read = _reader(name)
    check_row_count(read, path)
    given: dict[str, Any] = {} if name in ("read_por", "read_xport") else {"user_missing": True}
    frame, meta = _tried(read, path, given)
    declared = getattr(meta, "file_encoding", None)
    notes = []
    has_encoding = name != "read_por"
    if has_encoding and (frame is None or _texts_lost(read, path, given, frame, declared)):
        frame, meta = _tried(read, path, {**given, "encoding": _OLD_ENCODING})
        notes = [Note(_OLD_TEXTS, doubtful=True)]
    if frame is None:
        raise cut_off(path)
    return frame, meta, notes


def check_row_count(read: Callable[..., tuple[pd.DataFrame, Any]], path: Path) -> None:
    """Raise DataError if a file says that it holds more rows than could fit into it.

    The reader would reserve memory for all of them.
    """
    _, meta = _tried(read, path, {"metadataonly": True})
    rows = None if meta is None else meta.number_rows
    if rows is None:
        return
    is_packed = path.suffix.lower() != ".dta"  # a compressed row may take less than a byte
    n_bytes = rows / 1000 if is_packed else rows * meta.number_columns
    if n_bytes > path.stat().st_size:
        raise cut_off(path)


def _reader(name: str) -> Callable[..., tuple[pd.DataFrame, Any]]:
    """A reader of pyreadstat, which is imported here only."""
    import pyreadstat

    reader: Callable[..., tuple[pd.DataFrame, Any]] = getattr(pyreadstat, name)
    return reader


def _tried(
    read: Callable[..., tuple[pd.DataFrame, Any]], path: Path, given: Mapping[str, Any]
) -> tuple[Any, Any]:
    """What the reader gives, or (None, None) if it fails.

    Damaged files make it raise errors of any kind, whose messages may show cells.
    """
    try:
        return read(path, **given)
    except Exception:
        return None, None


def _texts_lost(
    read: Callable[..., tuple[pd.DataFrame, Any]],
    path: Path,
    given: Mapping[str, Any],
    frame: pd.DataFrame,
    declared: str | None,
) -> bool:
    """Whether cells arrive empty because their letters do not fit the encoding declared."""
    if declared not in _UTF8:
        return False
    columns = [c for c in frame.columns if (frame[c] == "").any()]
    if not columns:
        return False
    old, _ = _tried(read, path, {**given, "encoding": _OLD_ENCODING, "usecols": columns})
    return old is not None and any(((frame[c] == "") & (old[c] != "")).any() for c in columns)


def _missing_codes(column: pd.Series, name: str, meta: Any) -> np.ndarray | None:
    """Which cells hold values that the file declares as missing; None if it declares none."""
    letters = meta.missing_user_values.get(name)
    if letters:
        return column.isin(letters).to_numpy()
    ranges = meta.missing_ranges.get(name)
    if not ranges:
        return None
    found = np.zeros(len(column), dtype=bool)
    for piece in ranges:
        low, high = piece["lo"], piece["hi"]
        if isinstance(low, str) or isinstance(high, str):
            found |= (column == low).to_numpy()
        else:
            values = _stored_numbers(column)
            found |= (values >= _stored_number(low)) & (values <= _stored_number(high))
    return found


def _stored_numbers(column: pd.Series) -> np.ndarray:
    """The numbers that SPSS stores: dates as seconds since 14 October 1582, NaN where none."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float)
    return np.array([_stored_number(cell) for cell in column], dtype=float)


def _stored_number(cell: Any) -> float:
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, dt.time):
        return 3600.0 * cell.hour + 60.0 * cell.minute + cell.second
    if not isinstance(cell, dt.date) or pd.isna(cell):
        return np.nan
    day, of_day = cell, 0.0
    if isinstance(cell, dt.datetime):
        day, of_day = cell.date(), _stored_number(cell.time())
    return 86400.0 * (day - dt.date(1582, 10, 14)).days + of_day


def _clean(column: pd.Series, codes: np.ndarray | None) -> pd.Series:
    """A column without declared codes and empty texts; dates as dates, numbers as numbers."""
    if codes is not None and codes.any():
        column = column.mask(codes, None if column.dtype == object else np.nan)
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        return _typed_objects(column)
    return _whole(column)


def _whole(column: pd.Series) -> pd.Series:
    """Floats that are whole numbers without a missing one as integers, as in text files."""
    if column.dtype != float or column.isna().any():
        return column
    values = column.to_numpy()
    whole = (values == np.floor(values)) & (np.abs(values) < 1e15)
    return column.astype(np.int64) if whole.all() else column


def _typed_objects(column: pd.Series) -> pd.Series:
    """Texts, dates or times of day, empty texts missing."""
    empty = (column.isna() | (column == "")).to_numpy()
    if empty.all():
        return pd.Series(np.full(len(column), np.nan))
    column = column.mask(empty, None) if empty.any() else column
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _NUMBERS:
        return pd.to_numeric(column).astype(float)
    if kind in ("date", "datetime"):
        return pd.to_datetime(column)
    if kind != "string":
        column = column.map(str, na_action="ignore")
    return column.infer_objects()


def _counts(
    name: str, column: pd.Series, codes: np.ndarray, labels: Mapping[Any, str], point: str
) -> list[tuple[object, ...]]:
    """One row a code seen (``-99``, ``.a``), then the missing cells without a reason."""
    rows: list[tuple[object, ...]] = [
        (name, _written(code, point), labels.get(code, ""), n)
        for code, n in column[codes].value_counts().sort_index().items()
    ]
    system = int((column.isna() | (column == "")).sum())
    return [*rows, (name, SYSTEM_MISSING, "", system)] if system else rows


def _written(code: Any, point: str) -> str:
    if isinstance(code, str):
        return f"{point}{code}"
    return f"{code:g}" if isinstance(code, int | float) else str(code).removesuffix(" 00:00:00")


def _value_labels(meta: Any) -> dict[str, dict[Any, str]]:
    return {name: dict(labels) for name, labels in meta.variable_value_labels.items() if labels}


def _label_table(labels: Mapping[str, Mapping[Any, str]]) -> pd.DataFrame:
    """One row a labelled value."""
    rows: list[tuple[object, ...]] = [
        (name, value, label) for name, of in labels.items() for value, label in of.items()
    ]
    return table(rows, LABEL_COLUMNS)


def _without_reasons(path: Path, frame: pd.DataFrame) -> list[Note]:
    """Say that a transport format gives declared missing values without their codes."""
    words = _NO_REASONS.get(path.suffix.lower())
    numbers = [c for c in frame.columns if pd.api.types.is_float_dtype(frame[c])]
    if words is None or not frame[numbers].isna().to_numpy().any():
        return []
    return [
        Note(f"{words} are missing here like any missing number; this format does not count them")
    ]


def _said(rows: list[tuple[object, ...]]) -> list[Note]:
    """How many declared missing values were set to missing, and in which columns."""
    coded = [row for row in rows if row[1] != SYSTEM_MISSING]
    if not coded:
        return []
    n = sum(int(str(row[3])) for row in coded)
    columns = list(dict.fromkeys(row[0] for row in coded))
    return [
        Note(
            f"{counted(n, 'value')} that the file declares as missing "
            f"{agree(n, 'is', 'are')} missing here, in {agree(len(columns), 'column', 'columns')} "
            f"{name_list(columns)}"
        )
    ]
