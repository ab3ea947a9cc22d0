"""The text of a file, whatever encoding it is written in, or what the file is instead."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from alliance_stats._base.checks import agree, counted
from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.contents import Note
from alliance_stats.data.reading.signatures import kind_of

#: Byte-order marks of the encoding that spreadsheets call "Unicode text".
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OLD_ENCODING = "cp1252"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and how it was decoded where that must be said."""

    text: str
    notes: tuple[Note, ...] = ()


def decode(path: Path) -> Decoded:
    """Text of a file in UTF-8, UTF-16 or Windows-1252, without its byte-order mark.

    Raises
    ------
    DataError
        If the file is empty, holds NUL bytes, is of another format, or mixes encodings.
    """
    raw = path.read_bytes()
    if raw.startswith(_WIDE_MARKS):
        decoded = _wide(raw, path.name)
    else:
        check_format(raw, path)
        decoded = _utf8(raw) or _old(raw, path.name)
    if not decoded.text.strip():
        raise DataError(
            f"file '{path.name}' is empty: {counted(len(raw), 'byte')}. Export it again."
        )
    return decoded


def _utf8(raw: bytes) -> Decoded | None:
    """Text in UTF-8, or None if a byte does not fit."""
    try:
        return Decoded(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def _wide(raw: bytes, file: str) -> Decoded:
    """Text of two bytes a letter."""
    try:
        text = raw.decode("utf-16")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise DataError(
            f"file '{file}' is cut off or damaged: it begins as UTF-16 (what Excel calls 'Unicode "
            "text') but cannot be decoded. Save it as 'CSV UTF-8'."
        )
    return Decoded(text, (Note("read as UTF-16 (what Excel calls 'Unicode text')"),))


def _old(raw: bytes, file: str) -> Decoded:
    """Text of one byte a letter, if no letter is written in UTF-8."""
    marked = raw.decode("utf-8", errors="surrogateescape")
    damaged = [i for i, letter in enumerate(marked) if "\udc80" <= letter <= "\udcff"]
    n_good = sum(letter > "\x7f" for letter in marked) - len(damaged)
    line = marked.count("\n", 0, damaged[0]) + 1
    text = None
    if not n_good:
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode(_OLD_ENCODING)
    if text is None:
        raise DataError(
            f"file '{file}' is neither UTF-8 nor Windows-1252 (Latin-1): "
            f"{counted(len(damaged), 'byte')} {agree(len(damaged), 'does', 'do')} not fit, first "
            f"in line {line}. Files of two encodings were joined, or it is damaged. Save it as "
            "'CSV UTF-8'."
        )
    note = Note(
        f"read as Latin-1 (Windows-1252), because line {line} is not UTF-8. Compare names and "
        "texts with accents or umlauts",
        doubtful=True,
    )
    return Decoded(text, (note,))


def check_format(raw: bytes, path: Path) -> None:
    """Raise DataError for bytes that are no text in an encoding of one byte a letter."""
    file = path.name
    kind, extension = kind_of(path, raw[:4096]) if raw else ("", "")
    if kind not in ("", "plain text"):
        advice = f"Rename it to '{path.stem}{extension}', or open" if extension else "Open"
        raise DataError(
            f"file '{file}' is no text with separators: it begins like {kind}. {advice} it in its "
            "own program and save it as 'CSV UTF-8'."
        )
    if b"\0" in raw:
        n_nul = raw.count(b"\0")
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise DataError(
            f"file '{file}' is no plain text: it holds {counted(n_nul, 'NUL byte')}, first in line "
            f"{line}. {agree(n_nul, 'It comes', 'They come')} from UTF-16 or from a damaged copy. "
            "Save the file as 'CSV UTF-8', or copy it again."
        )
