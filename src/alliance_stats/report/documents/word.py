"""Paragraphs, rows of tables, notes, headers and footers of a Word file as plain text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.report.documents.archive import Parts, read_xml, word_parts
from alliance_stats.report.documents.document import Passage
from alliance_stats.report.documents.equations import Equations
from alliance_stats.report.documents.marks import raised

_BODY = "document"
_NOTES = {"footnotes": "footnote", "endnotes": "endnote"}
_MARGINS = {"header": "header", "footer": "footer"}
#: The element that holds one passage, where it is not a paragraph.
_WHOLE = {"footnote": "w:footnote", "endnote": "w:endnote", "header": "w:hdr", "footer": "w:ftr"}
_MOST_SPANNED = 60
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


def word_passages(path: Path) -> tuple[tuple[Passage, ...], tuple[str, ...]]:
    """The text of a .docx file, and messages on what of it is not read.

    Paragraphs and rows of tables stand in their order, then notes, headers and footers, each
    wording of a header once. Results of fields, links and content controls are text like any
    other; empty paragraphs are not counted.

    Raises
    ------
    DataError
        If the file is damaged or locked, or holds tracked changes or text boxes.
    """
    parts = word_parts(path, (_BODY, *_NOTES, *_MARGINS, "comments"))
    if _BODY not in parts.content:
        raise DataError(
            f"'{path.name}' holds no text of a Word document. Open it in Word and save it as .docx."
        )
    readers = [_read(parts, _BODY, "paragraph")]
    readers += [_read(parts, name, kind) for name, kind in _NOTES.items() if name in parts.content]
    margins = [_read(parts, *each) for each in _margins_of(parts)]
    _refuse_changes(parts.source, [*readers, *margins])
    body = [passage for reader in readers for passage in reader.passages]
    messages = (*_comments(parts), *_equations([*readers, *margins]))
    return (*body, *_once(margins)), messages


def _margins_of(parts: Parts) -> list[tuple[str, str]]:
    """Names of the parts that are headers and footers, each with its kind."""
    return [
        (name, kind)
        for kind in _MARGINS
        for name in parts.content
        if name.rstrip("0123456789") == kind
    ]


def _once(margins: list[_Reader]) -> list[Passage]:
    """The headers and footers that differ, numbered by kind."""
    numbered: Counter[str] = Counter()
    kept: dict[tuple[str, str], Passage] = {}
    for passage in (each for reader in margins for each in reader.passages):
        key = passage.kind, passage.text
        if key not in kept:
            numbered[passage.kind] += 1
            where = f"{passage.kind} {numbered[passage.kind]}"
            kept[key] = Passage(passage.text, passage.kind, where)
    return list(kept.values())


def _comments(parts: Parts) -> list[str]:
    n = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal n
        n += name == "w:comment"

    if "comments" in parts.content:
        content = parts.content["comments"]
        read_xml(content, parts.source, start=start, end=lambda _: None, data=lambda _: None)
    return [f"{counted(n, 'comment')} not read: comments are not part of the text."] if n else []


def _equations(readers: list[_Reader]) -> list[str]:
    n = sum(len(reader.unread) for reader in readers)
    if not n:
        return []
    first = next(place for reader in readers for place in reader.unread)
    return [
        f"{counted(n, 'equation')} not read in full (first in {first}): roots, sums and matrices "
        "have no form in a line of text. Look at statistics in them yourself."
    ]


def _read(parts: Parts, name: str, kind: str) -> _Reader:
    reader = _Reader(kind)
    read_xml(
        parts.content[name], parts.source, start=reader.start, end=reader.end, data=reader.data
    )
    return reader


class _Reader:
    """Collects the text of one part while its elements pass."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.passages: list[Passage] = []
        self.tracked: Counter[str] = Counter()
        self.boxes = 0
        self.first_change = ""
        self.unread: list[str] = []  # places of equations that are not read in full
        self._words: list[str] = []
        self._cell: list[str] = []
        self._cells: list[str] = []
        self._wide = 1
        self._tables: list[int] = []
        self._counts: Counter[str] = Counter()
        self._equations = Equations()
        self._reading = self._superscript = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name.startswith("m:"):
            self._words.append(self._equations.start(name, attributes))
            self._superscript |= name == "m:sup"
            self._reading |= name == "m:t"
        elif name == "w:t":
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
        elif name == "w:gridSpan" and len(self._tables) == 1:
            wide = attributes.get("w:val", "1")
            self._wide = min(int(wide), _MOST_SPANNED) if wide.isdecimal() else 1
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
        if name.startswith("m:"):
            self._in_equation_ends(name)
        elif name == "w:t":
            self._reading = False
        elif name == "w:r":
            self._superscript = False
        elif name == "w:p":
            self._paragraph()
        elif name == "w:tc" and len(self._tables) == 1:
            text = " ".join(self._cell).replace("\t", " ").strip()
            self._cells += [text, *[""] * (self._wide - 1)]
            self._cell, self._wide = [], 1
        elif name == "w:tr" and len(self._tables) == 1:
            self._row()
        elif name == "w:tbl" and self._tables:
            self._tables.pop()
        elif name == _WHOLE.get(self.kind):
            self._note()

    def data(self, text: str) -> None:
        """Characters."""
        if self._reading:
            self._words.append(raised(text) if self._superscript else text)

    def _in_equation_ends(self, name: str) -> None:
        self._words.append(self._equations.end(name))
        self._reading &= name != "m:t"
        self._superscript &= name != "m:sup"
        if self._equations.is_done and not self._equations.is_whole:
            self.unread.append(self._next_place())

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
            table, row = self._counts["table"], self._tables[0]
            place = self._next_place()
            self.passages.append(Passage(text, "table", place, table=table, row=row))

    def _note(self) -> None:
        text = " ".join(self._cell)
        self._cell = []
        self._passage(text)

    def _passage(self, text: str) -> None:
        """A paragraph or a note; the lines that part notes from the text hold no text."""
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
