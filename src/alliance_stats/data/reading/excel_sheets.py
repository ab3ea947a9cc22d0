"""Opening a workbook and choosing one of its sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alliance_stats._base.checks import MAX_NAMES, counted, did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.reading.signatures import OLE, ZIP, check_kind, head_of, kind_of

#: Extensions and the format in words.
FORMATS = {
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
}
Grid = list[list[Any]]


def sheet_names(path: Path) -> list[str]:
    """Names of a workbook's sheets in its order; none where the file is no workbook."""
    if path.suffix.lower() not in FORMATS or not path.is_file():
        return []
    return list(_opened(path)[0])


def open_sheet(path: Path, sheet: str | int | None) -> tuple[str, Grid, set[int], str]:
    """Name, cells and rows with merged cells of the chosen sheet; which others there are."""
    sheets, hidden = _opened(path)
    sizes = {
        name: (0, 0) if of.end is None else (of.end[0] + 1, of.end[1] + 1)
        for name, of in sheets.items()
    }
    name = chosen_sheet(sizes, sheet, path.name, hidden)
    filled = [other for other in sizes if other != name and sizes[other] != (0, 0)]
    others = f"; not read: {name_list(filled)}" if filled else ""
    return name, _cells(sheets[name]), _merged_rows(sheets[name]), others


def _opened(path: Path) -> tuple[dict[str, Any], set[str]]:
    """The sheets of a workbook by name, and the names of hidden ones."""
    check_workbook(path)
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(str(path))
        hidden = {m.name for m in book.sheets_metadata if m.visible != SheetVisibleEnum.Visible}
        return {name: book.get_sheet_by_name(name) for name in book.sheet_names}, hidden
    except (CalamineError, OSError, ValueError):
        pass
    raise DataError(
        f"file '{path.name}' cannot be read: it begins as {FORMATS[path.suffix.lower()]}, but "
        f"its end is missing or it is damaged ({path.stat().st_size:,} bytes). Most likely it "
        "was cut off while it was copied or downloaded. Copy or save it again."
    )


def check_workbook(path: Path) -> None:
    """Raise DataError for a file that is no workbook, a protected one, or an old one renamed."""
    head = head_of(path)
    if head.startswith(OLE):
        protected = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        raise DataError(
            f"file '{path.name}' is protected by a password. Open it in Excel, remove the password "
            "(File, Info, Protect Workbook), and save a copy."
            if protected
            else f"file '{path.name}' begins like an old Excel workbook (.xls), saved with another "
            "extension. Open it in Excel and save it as .xlsx."
        )
    wanted = FORMATS[path.suffix.lower()]
    check_kind(path, wanted, ZIP)
    kind, extension = kind_of(path, head)
    if kind.startswith(("an OpenDocument", "a Word", "a Numbers")) and kind != wanted:
        advice = f"Rename it to '{path.stem}{extension}'" if extension else "Save it as .xlsx"
        raise DataError(
            f"file '{path.name}' is not {wanted}, although it is named so: it begins like {kind}, "
            f"saved with another extension. {advice}."
        )


def chosen_sheet(
    sizes: dict[str, tuple[int, int]], sheet: str | int | None, file: str, hidden: set[str]
) -> str:
    """The name of the sheet to read, given rows and columns of each; raises if it is not clear."""
    names = list(sizes)
    if isinstance(sheet, str):
        if sheet not in names:
            raise ArgumentError(
                f"file '{file}' has no sheet '{sheet}'.{did_you_mean(sheet, names)} "
                f"Sheets: {name_list(names)}."
            )
        return sheet
    if isinstance(sheet, int) and not isinstance(sheet, bool):
        if not 0 <= sheet < len(names):
            raise ArgumentError(
                f"file '{file}' has {counted(len(names), 'sheet')}, so sheet={sheet} is not there. "
                f"Positions count from 0: {name_list(names)}."
            )
        return names[sheet]
    if sheet is not None:
        raise ArgumentError(
            f"sheet is a {type(sheet).__name__}. Give the sheet's name, or its position from 0."
        )
    filled = [name for name in names if sizes[name] != (0, 0)]
    shown = [name for name in filled if name not in hidden] or filled
    if not shown:
        raise DataError(f"file '{file}' has no sheet with cells in it. Save it again.")
    if len(shown) > 1:
        listed = "; ".join(f"'{name}' ({_size(*sizes[name])})" for name in shown[:MAX_NAMES])
        raise DataError(
            f"file '{file}' has {len(shown)} sheets with cells: {listed}. Say which one to read, "
            f"for example sheet='{shown[0]}'."
        )
    return shown[0]


def _cells(sheet: Any) -> Grid:
    """All cells from the first row and column on, so that positions are the sheet's own."""
    grid: Grid = sheet.to_python(skip_empty_area=False)
    return grid


def _merged_rows(sheet: Any) -> set[int]:
    """Rows with cells merged from side to side: titles and headings of groups."""
    ranges = getattr(sheet, "merged_cell_ranges", None) or []
    return {row for (row, left), (_, right) in ranges if right > left}


def _size(rows: int, columns: int) -> str:
    """``960 rows, 8 columns``."""
    return f"{counted(rows, 'row')}, {counted(columns, 'column')}"
