"""Parts of a Word file, read within limits of size and without entities of XML."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.parsers import expat

from alliance_stats._base.errors import DataError

MOST_BYTES = 100_000_000
_MOST_PARTS = 20_000
_MOST_DEPTH = 2_000
#: The vocabularies of Word files, of both editions of the standard.
_VOCABULARIES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w:",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w:",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m:",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m:",
}
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Parts:
    """The parts of a Word file that hold text, as bytes by kind: a file has several headers."""

    source: str
    content: dict[str, list[bytes]]


def word_parts(path: Path, kinds: tuple[str, ...]) -> Parts:
    """Read parts such as ``document`` of a Word file; those that it lacks are left out.

    Raises
    ------
    DataError
        If the file is no Word file, is damaged or locked, or a part is larger than
        `MOST_BYTES` when unpacked.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _OLD_OR_LOCKED:
        raise DataError(
            f"'{path.name}' is locked by a password, or is a .doc of an old Word. "
            "Save it in Word as .docx without a password."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return Parts(path.name, _unpacked(archive, kinds, path.name))
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise damaged(path.name) from error


def _unpacked(
    archive: zipfile.ZipFile, kinds: tuple[str, ...], source: str
) -> dict[str, list[bytes]]:
    there = archive.namelist()
    if len(there) > _MOST_PARTS:
        raise DataError(f"'{source}' has {len(there):,} parts. Save it anew in Word.")
    content: dict[str, list[bytes]] = {}
    for name in sorted(there, key=_by_number):
        part = re.fullmatch(rf"word/({'|'.join(kinds)})[0-9]{{0,3}}\.xml", name)
        if part is not None:
            content.setdefault(part.group(1), []).append(_unpacked_part(archive, name, source))
    return content


def _by_number(name: str) -> tuple[int, str]:
    return len(name), name


def _unpacked_part(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    with archive.open(name) as part:
        content = part.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DataError(
            f"'{source}' is too large: its part '{name}' unpacks to more than "
            f"{MOST_BYTES // 1_000_000} MB. Split the manuscript, or save it as text."
        )
    return content


def damaged(source: str) -> DataError:
    """The error of a file that is no Word file, or a broken one."""
    return DataError(
        f"'{source}' cannot be read as a Word file: it is damaged, or another kind of file. "
        "Open it in Word and save it anew as .docx."
    )


def read_xml(
    content: bytes,
    source: str,
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    """Pass the elements of a part to three functions, named ``w:p`` whatever prefix is declared.

    Raises
    ------
    DataError
        If the part is not well formed, or declares a document type (and so could hold entities).
    """
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_DEPTH:
            raise DataError(f"'{source}' nests its text too deeply. Save it anew in Word.")
        start(_short(name), {_short(key): value for key, value in attributes.items()})

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_short(name))

    def refuse(*_: object) -> None:
        raise DataError(
            f"'{source}' declares a document type, which no Word file does. "
            "Do not open it if you do not know where it is from; else save it anew in Word."
        )

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = data, refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise damaged(source) from error


@lru_cache(maxsize=1024)
def _short(name: str) -> str:
    """``w:p`` for the name of an element with its vocabulary; others without it."""
    vocabulary, _, local = name.rpartition(" ")
    return _VOCABULARIES.get(vocabulary, "") + local
