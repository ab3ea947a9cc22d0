"""Finding a data file and choosing its reader by extension."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.reading.contents import FileContents
from alliance_stats.data.reading.signatures import head_of, kind_of

_TEXT = (".csv", ".tsv", ".txt")
_EXCEL = (".xlsx", ".xlsm", ".ods")
_STATISTICS = (".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt")
#: Extensions that can be read.
READABLE = (*_TEXT, ".parquet", *_EXCEL, *_STATISTICS)
#: Files that are not readable: what they are, and what to do.
UNREADABLE = {
    ".xls": "an old Excel workbook. Open it in Excel and save it as .xlsx",
    ".xlsb": "a binary Excel workbook. Open it in Excel and save it as .xlsx",
    ".numbers": "a Numbers spreadsheet. Export it there to Excel (.xlsx) or CSV",
    ".gsheet": "a link to a Google sheet, without data. Download the sheet as .xlsx or .csv",
    ".gslides": "a link to a Google document, without data",
    ".webloc": "a link to a web page, without data. Download the file itself",
    ".url": "a link to a web page, without data. Download the file itself",
    ".spv": "SPSS output, not data. Save the data themselves as .sav",
    ".sps": "SPSS syntax, not data. Save the data themselves as .sav",
    ".do": "Stata commands, not data. Save the data themselves as .dta",
    ".sas": "SAS commands, not data. Give the .sas7bdat file",
    ".sas7bcat": "a SAS catalogue of formats, not data. Give the .sas7bdat file",
    ".rds": "an R file. Write it in R with write.csv or haven::write_sav",
    ".rdata": "an R file. Write the frame in R with write.csv or haven::write_sav",
    ".rda": "an R file. Write the frame in R with write.csv or haven::write_sav",
    ".mdb": "an Access database. Export the table to .xlsx or .csv",
    ".accdb": "an Access database. Export the table to .xlsx or .csv",
    ".zip": "a ZIP archive. Unpack it and give the file inside",
    ".gz": "a gzip archive. Unpack it and give the file inside",
}


def read_file(
    path: str | Path,
    *,
    sheet: str | int | None = None,
    numbers: frozenset[str] = frozenset(),
    labels: frozenset[str] = frozenset(),
) -> FileContents:
    """Read a data file; no row is dropped, and whatever is decided is in its notes.

    Parameters
    ----------
    path : str or Path
        The file: text, parquet, Excel, SPSS, Stata or SAS, by its extension.
    sheet : str or int, optional
        For workbooks: the sheet's name, or its position counted from 0.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels. They settle how
        texts are read: ``01`` is the number 1 in the first, and stays text in the second.

    Returns
    -------
    FileContents
        All rows and columns of the file, with its labels and reasons of missing answers.

    Raises
    ------
    DataError
        If the file is not found, empty, cut off, damaged or of a format that is not readable.
    ArgumentError
        If `sheet` names no sheet, or the file has none.
    """
    found = Path(path).expanduser()
    check_lock(found)
    check_named_xls(found)
    check_extension(found)
    extension = found.suffix.lower()
    if sheet is not None and extension not in _EXCEL:
        raise ArgumentError(
            f"sheet={sheet!r} is given, but file '{found.name}' has no sheets. Leave sheet= out."
        )
    check_exists(found)
    if extension == ".parquet":
        from alliance_stats.data.reading.parquet import read_parquet

        return read_parquet(found)
    if extension in _EXCEL:
        from alliance_stats.data.reading.excel import read_excel

        return read_excel(found, sheet=sheet, numbers=numbers, labels=labels)
    if extension in _STATISTICS:
        from alliance_stats.data.reading.spss_stata_sas import read_spss_stata_sas

        return read_spss_stata_sas(found)
    from alliance_stats.data.reading.delimited import read_delimited

    return read_delimited(found, numbers=numbers, labels=labels)


def check_lock(path: Path) -> None:
    """Raise DataError for the small file that Excel makes beside an open workbook."""
    if path.name.startswith(("~$", ".~lock.")):
        name = path.name.removeprefix("~$").removeprefix(".~lock.").removesuffix("#")
        raise DataError(
            f"file '{path.name}' is only a lock: it is there while a program has the workbook "
            f"open. Close it there, and give '{name}' or the workbook's full name."
        )


def check_named_xls(path: Path) -> None:
    """Raise DataError for an .xls file that is something else: many programs export so."""
    if path.suffix.lower() != ".xls" or not path.is_file():
        return
    kind, extension = kind_of(path, head_of(path))
    if not kind or extension == ".xls":
        return
    advice = (
        f"Rename it to '{path.stem}{extension}'"
        if extension in READABLE
        else "Open it in Excel and save it as .xlsx"
    )
    raise DataError(
        f"file '{path.name}' is no Excel workbook, although it is named so: it begins like {kind}, "
        f"which some programs export under this name. {advice}."
    )


def check_extension(path: Path) -> None:
    """Raise DataError unless the file's extension is one that can be read."""
    extension = path.suffix.lower()
    if extension in READABLE:
        return
    if extension in UNREADABLE:
        raise DataError(f"file '{path.name}' cannot be read: it is {UNREADABLE[extension]}.")
    seen = f"extension '{path.suffix}'" if path.suffix else "no extension"
    raise DataError(
        f"file '{path.name}' cannot be read: it has {seen}. Readable: {', '.join(READABLE)}."
    )


def check_exists(path: Path) -> None:
    """Raise DataError unless the path is a file; name similar files of its folder."""
    if path.is_file():
        return
    if path.is_dir():
        raise DataError(f"'{path.name}' is a folder, not a file. Give the file in it.")
    if not path.parent.is_dir():
        raise DataError(
            f"file '{path.name}' not found: there is no folder '{path.parent}'. Check the path."
        )
    names = sorted(p.name for p in path.parent.iterdir() if p.is_file())
    same_stem = [n for n in names if Path(n).stem.lower() == path.stem.lower()]
    close = [n for n in get_close_matches(path.name, names, n=5, cutoff=0.6) if n not in same_stem]
    similar = [*same_stem, *close]
    hint = f"Similar names there: {name_list(similar)}." if similar else "Check the name."
    raise DataError(f"file '{path.name}' not found in folder '{path.parent}'. {hint}")


def as_path(source: object) -> Path:
    """Accept a text or Path as the place of a file."""
    if isinstance(source, str | Path) and str(source):
        return Path(source)
    if hasattr(source, "frame") and hasattr(source, "roles"):
        raise ArgumentError(
            f"x is {type(source).__name__}: it is loaded already. Use it as it is, or give "
            "sessions.frame to load it with other roles."
        )
    raise ArgumentError(
        f"x is a {type(source).__name__}. Give the path of a file ({', '.join(READABLE)}) "
        "or a pandas DataFrame."
    )
