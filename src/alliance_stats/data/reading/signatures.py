"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from alliance_stats._base.errors import DataError

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAS = bytes(12) + b"\xc2\xea\x81\x60"

#: First bytes, the kind of file in words, and the extension that it should have.
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (OLE, "an old or password-protected Office file", ".xls"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file", ".xls"),
    (b"PAR1", "a parquet file", ".parquet"),
    (b"$FL2", "an SPSS file", ".sav"),
    (b"$FL3", "a compressed SPSS file", ".zsav"),
    (b"<stata_dta>", "a Stata file", ".dta"),
    (SAS, "a SAS file", ".sas7bdat"),
    (b"HEADER RECORD*******", "a SAS transport file", ".xpt"),
    (b"\x1f\x8b", "a gzip archive", ""),
    (b"%PDF", "a PDF", ""),
    (b"{\\rtf", "a text document (RTF)", ""),
    (b"RDX", "an R file", ""),
    (b"\x89HDF", "an HDF5 file", ""),
)
_ZIPPED = (
    (b"xl/", "an Excel workbook", ".xlsx"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet", ".ods"),
    (b"Index/", "a Numbers spreadsheet", ""),
    (b"word/", "a Word document", ""),
)
_HTML = (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<body")
_HEAD = 4096


def head_of(path: Path) -> bytes:
    """The first bytes of a file; raises DataError if there are none."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise DataError(f"file '{path.name}' is empty: 0 bytes. Export or copy it again.")
    return head


def kind_of(path: Path, head: bytes) -> tuple[str, str]:
    """What the file begins like, and the extension of that format; empty words if unknown.

    >>> kind_of(Path("x.sav"), b"PAR1....")
    ('a parquet file', '.parquet')
    """
    if head.startswith(ZIP):
        return _kind_of_zip(path)
    for beginning, kind, extension in _BEGINNINGS:
        if head.startswith(beginning):
            return kind, extension
    if b"ASCII SPSS PORT FILE" in head[:80] or b"SPSSPORT" in head[:600]:
        return "an SPSS portable file", ".por"
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if plain.startswith(_HTML):
        return "a web page (HTML)", ""
    if plain.startswith(b"<?xml"):
        return "an XML file", ""
    return ("plain text", ".csv") if _is_text(head) else ("", "")


def check_kind(path: Path, wanted: str, *beginnings: bytes) -> None:
    """Raise DataError unless the file begins as the format of its extension does.

    Parameters
    ----------
    path : Path
        The file.
    wanted : str
        The format in words: ``"an SPSS file"``.
    *beginnings : bytes
        First bytes of that format.
    """
    head = head_of(path)
    if head.startswith(beginnings):
        return
    kind, extension = kind_of(path, head)
    if kind and kind != wanted:
        advice = (
            f"Rename it to '{path.stem}{extension}' if it is one, or save it again in the right "
            "format"
            if extension
            else "Open it in the program that made it, and save it as .xlsx or as CSV (UTF-8)"
        )
        raise DataError(
            f"file '{path.name}' is not {wanted}, although it is named so: it begins like {kind}, "
            f"saved with another extension. {advice}."
        )
    raise DataError(
        f"file '{path.name}' is not {wanted}, although it is named so, or it is damaged from its "
        "first bytes on. Copy or export it again."
    )


def _kind_of_zip(path: Path) -> tuple[str, str]:
    """Which of the formats packed as ZIP archives a file is: their parts are named in it."""
    raw = path.read_bytes()
    for part, kind, extension in _ZIPPED:
        if part in raw:
            return kind, extension
    return "a ZIP archive, which may be an Excel workbook", ".xlsx"


def _is_text(head: bytes) -> bool:
    """Whether bytes are letters, in UTF-8 or an encoding of one byte a letter."""
    controls = bytes(b for b in range(32) if b not in b"\t\n\r\f")
    return head.translate(None, controls) == head
