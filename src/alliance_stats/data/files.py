"""Finding a data file and choosing its reader by extension."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from alliance_stats._base.checks import Places, name_list, row_places
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.delimited import line_places, read_delimited
from alliance_stats.data.parquet import read_parquet

#: Extensions that can be read.
READABLE = (".csv", ".tsv", ".parquet")
#: Formats of other programs, which are not readable yet.
NOT_YET = {
    ".xlsx": "an Excel", ".xls": "an Excel", ".ods": "an OpenDocument", ".sav": "an SPSS",
    ".zsav": "an SPSS", ".por": "an SPSS", ".dta": "a Stata", ".sas7bdat": "a SAS",
    ".xpt": "a SAS", ".rds": "an R", ".rdata": "an R", ".rda": "an R",
}  # fmt: skip


def read_file(
    path: str | Path, *, numbers: frozenset[str] = frozenset(), labels: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """Read a .csv, .tsv or .parquet file; nothing is dropped or recoded.

    Parameters
    ----------
    path : str or Path
        The file.
    numbers, labels : frozenset of str
        Columns known to hold numbers, and known to hold identifiers or labels. They settle how
        text files are read: ``01`` is the number 1 in the first, and stays text in the second.

    Returns
    -------
    DataFrame
        All rows and columns of the file.

    Raises
    ------
    DataError
        If the file is not found, empty, cut off, damaged or of a format that is not readable.
    """
    found = Path(path).expanduser()
    check_extension(found)
    check_exists(found)
    if found.suffix.lower() == ".parquet":
        return read_parquet(found)
    return read_delimited(found, separator=separator_of(found), numbers=numbers, labels=labels)


def separator_of(path: Path) -> str:
    """What separates the fields of a text file, by its extension."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def file_places(path: Path) -> Places:
    """How messages about a file name its rows: by line in a text file, else by position."""
    found = path.expanduser()
    if found.suffix.lower() == ".parquet":
        return row_places
    return line_places(found, separator_of(found))


def check_extension(path: Path) -> None:
    """Raise DataError unless the file's extension is one that can be read."""
    extension = path.suffix.lower()
    if extension in READABLE:
        return
    if extension in NOT_YET:
        raise DataError(
            f"file '{path.name}' is {NOT_YET[extension]} file: {extension} is not readable yet. "
            "Export it to CSV (UTF-8) there, or read it with pandas and give the DataFrame."
        )
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
