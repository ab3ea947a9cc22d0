"""The text of a UTF-8 file, or what the file is instead."""

from __future__ import annotations

from pathlib import Path

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.errors import DataError

#: Byte-order marks of encodings that spreadsheets write as "Unicode text".
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: First bytes of formats that are sometimes only renamed to .csv.
_OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook (or another zip archive)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a parquet file",
    b"$FL2": "an SPSS file",
    b"$FL3": "an SPSS file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
}


def decode(path: Path) -> str:
    """Text of a UTF-8 file, without its byte-order mark.

    Raises
    ------
    DataError
        If the file is empty, not UTF-8, holds NUL bytes, or is of another format.
    """
    raw = path.read_bytes()
    check_format(raw, path.name)
    text = None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    if text is not None and text.strip():
        return text
    if text is not None:
        raise DataError(
            f"file '{path.name}' is empty: {counted(len(raw), 'byte')}. Export it again."
        )
    raise DataError(
        f"file '{path.name}' is not UTF-8: line {line} has a byte that does not belong there. "
        "Most likely it is written in Windows-1252 or Latin-1 (Excel's plain 'CSV'). "
        "Save it as 'CSV UTF-8'."
    )


def check_format(raw: bytes, file: str) -> None:
    """Raise DataError for bytes that are no text in an encoding of one byte a letter."""
    for first, kind in _OTHER_FORMATS.items():
        if raw.startswith(first):
            raise DataError(
                f"file '{file}' is no text: it begins like {kind}. "
                "Open it in its own program and save it as 'CSV UTF-8'."
            )
    if raw.startswith(_WIDE_MARKS):
        raise DataError(
            f"file '{file}' is not UTF-8: it is written in UTF-16 (what Excel calls "
            "'Unicode text'). Save it as 'CSV UTF-8'."
        )
    n_nul = raw.count(b"\0")
    if n_nul:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise DataError(
            f"file '{file}' is no plain text: it holds {counted(n_nul, 'NUL byte')}, first in line "
            f"{line}. {agree(n_nul, 'It comes', 'They come')} from UTF-16 or from a damaged copy. "
            "Save the file as 'CSV UTF-8', or copy it again."
        )
