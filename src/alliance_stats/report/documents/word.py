"""Paragraphs, rows of tables, notes, headers and footers of a Word file as plain text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.report.documents.archive import read_xml, word_parts
from alliance_stats.report.documents.document import Passage
from alliance_stats.report.documents.fields import Fields
from alliance_stats.report.documents.marks import raised

_BODY = "document"
#: Parts beside the text: what a passage of each is called, and the element that holds one.
_BESIDE = {
    "footnotes": ("footnote", "w:footnote"),
    "endnotes": ("endnote", "w:endnote"),
    "header": ("header", "w:hdr"),
    "footer": ("footer", "w:ftr"),
}
_TRACKED = {
    "w:ins": "insertion",
    "w:del": "deletion",
    "w:moveFrom": "move",
    "w:moveTo": "move",
}
_SIGNS = {
    "w:tab": "\t",
    "w:br": " ",
    "w:cr": " ",
    "w:noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
}
#: Greek letters and the minus of the font Symbol, which Word stores by their place in the font.
_SYMBOL_FONT = dict(zip("abcdefghijklmnopqrstuwxyz-", "αβχδεφγηιϕκλμνοπθρστυωξψζ−", strict=True))


def word_passages(path: Path) -> tuple[Passage, ...]:
    """The text of a .docx file: paragraphs and rows of tables in order, notes, headers, footers.

    Page numbers, tables of contents and comments are not read; empty paragraphs are not counted.

    Raises
    ------
    DataError
        If the file is damaged or locked, or holds tracked changes or text boxes.
    """
    parts = word_parts(path, (_BODY, *_BESIDE))
    if _BODY not in parts.content:
        raise DataError(
            f"'{path.name}' holds no text of a Word document. Open it in Word and save it as .docx."
        )
    readers = [_read(parts.source, parts.content[_BODY][:1], _Reader("paragraph", ""))]
    readers += [
        _read(parts.source, parts.content[name], _Reader(kind, holder))
        for name, (kind, holder) in _BESIDE.items()
        if name in parts.content
    ]
    _refuse_changes(parts.source, readers)
    return tuple(passage for reader in readers for passage in reader.passages)


def _read(source: str, contents: list[bytes], reader: _Reader) -> _Reader:
    for content in contents:
        read_xml(content, source, start=reader.start, end=reader.end, data=reader.data)
    return reader


class _Reader:
    """Collects the text of the parts of one kind while their elements pass."""

    def __init__(self, kind: str, holder: str) -> None:
        self.kind = kind
        self._holder = holder
        self._fields = Fields()
        self.passages: list[Passage] = []
        self.tracked: Counter[str] = Counter()
        self.boxes = 0
        self.first_change = ""
        self._words: list[str] = []
        self._cell: list[str] = []
        self._cells: list[str] = []
        self._tables: list[int] = []
        self._counts: Counter[str] = Counter()
        self._reading = self._superscript = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._fields.start(name, attributes)
        if name in ("w:t", "m:t"):
            self._reading = True
        elif name in _SIGNS:
            self._words.append(_SIGNS[name])
        elif name == "w:sym":
            self._words.append(_symbol(attributes.get("w:char", "")))
        elif name == "w:vertAlign":
            self._superscript = attributes.get("w:val") == "superscript"
        elif name == "w:position":  # in half points above the line
            above = attributes.get("w:val", "0")
            self._superscript |= above.isdecimal() and int(above) > 0
        elif name == "m:sup":
            self._superscript = True
        elif name == "w:txbxContent":
            self._changed("")
            self.boxes += 1
        elif name in _TRACKED:
            self._changed(_TRACKED[name])
        elif name == "w:tbl":
            self._counts["table"] += not self._tables
            self._tables.append(0)
        elif name == "w:tr" and self._tables:
            self._tables[-1] += 1

    def end(self, name: str) -> None:
        """An element ends."""
        self._fields.end(name)
        if name in ("w:t", "m:t"):
            self._reading = False
        elif name in ("w:r", "m:sup"):
            self._superscript = False
        elif name == "w:p":
            self._paragraph()
        elif name == "w:tc" and len(self._tables) == 1:
            self._cells.append(" ".join(self._cell).strip())
            self._cell = []
        elif name == "w:tr" and len(self._tables) == 1:
            self._row()
        elif name == "w:tbl" and self._tables:
            self._tables.pop()
        elif name == self._holder:
            self._note()

    def data(self, text: str) -> None:
        """Characters."""
        self._fields.data(text)
        if self._reading and not self._fields.hide:
            self._words.append(raised(text) if self._superscript else text)

    def _changed(self, kind: str) -> None:
        if kind:
            self.tracked[kind] += 1
        self.first_change = self.first_change or self._next_place()

    def _next_place(self) -> str:
        if self._tables:
            return f"table {self._counts['table']}, row {self._tables[0]}"
        return f"{self.kind} {self._counts[self.kind] + 1}"

    def _paragraph(self) -> None:
        text = "".join(self._words)
        self._words = []
        if self._tables or self.kind != "paragraph":
            self._cell.append(text)
        else:
            self._passage(text)

    def _row(self) -> None:
        text = "\t".join(self._cells).rstrip("\t")
        self._cells = []
        if text:
            self.passages.append(Passage(text, "table", self._next_place()))

    def _note(self) -> None:
        text = " ".join(self._cell)
        self._cell = []
        self._passage(text)

    def _passage(self, text: str) -> None:
        """A paragraph, a note or a header; the lines that part notes from the text hold no text."""
        if text.strip():
            self.passages.append(Passage(text.strip(), self.kind, self._next_place()))
            self._counts[self.kind] += 1


def _symbol(code: str) -> str:
    """A sign of the font Symbol, given by its code such as ``F063``."""
    try:
        place = int(code, 16) & 0xFF
    except ValueError:
        return ""
    return _SYMBOL_FONT.get(chr(place), chr(place))


def _refuse_changes(source: str, readers: list[_Reader]) -> None:
    tracked: Counter[str] = sum((reader.tracked for reader in readers), Counter())
    place = next((reader.first_change for reader in readers if reader.first_change), "")
    if tracked:
        seen = ", ".join(counted(n, kind) for kind, n in tracked.items())
        raise DataError(
            f"'{source}' holds tracked changes ({seen}), first in {place}. "
            "Accept or reject them in Word (Review, Accept All Changes), save, and read it again."
        )
    boxes = sum(reader.boxes for reader in readers)
    if boxes:
        raise DataError(
            f"'{source}' holds text boxes (first in {place}), whose place in the text is not "
            "known. Move their text into paragraphs, or delete them, and read it again."
        )
