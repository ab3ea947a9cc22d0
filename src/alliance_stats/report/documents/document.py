"""A manuscript as plain text: passages that know where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from alliance_stats.report.documents.table_rows import FIRST, ROW


@dataclass(frozen=True, eq=False)
class Passage:
    """A paragraph, a row of a table or a note, as plain text.

    Attributes
    ----------
    text : str
        Without marks of layout. Line breaks of a text file are kept, so that lines can be counted.
    kind : str
        ``"paragraph"``, ``"table"`` (one row, cells parted by tabs), ``"footnote"``,
        ``"endnote"``, ``"header"`` or ``"footer"``.
    where : str
        Of Word files ``paragraph 12``, ``table 2, row 3``, ``footnote 1``; else empty.
    line : int
        Of text files the line of the file on which the passage starts, counted from 1; else 0.
    table, row : int
        Of rows of tables the number of the table and of the row in it, counted from 1; else 0.
    """

    text: str
    kind: str = "paragraph"
    where: str = ""
    line: int = 0
    table: int = 0
    row: int = 0

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def place(self, offset: int = 0) -> str:
        """Where a position of the text stands: ``paragraph 12`` or ``line 34``."""
        if self.where:
            return self.where
        return f"line {self.line + bisect_right(self._breaks, offset - 1)}"


@dataclass(frozen=True, eq=False)
class Document:
    """The plain text of a manuscript.

    Made by `read_document`.

    Attributes
    ----------
    source : str
        The name of the file.
    kind : str
        ``"docx"``, ``"md"``, ``"tex"``, ``"html"`` or ``"txt"``.
    passages : tuple of Passage
        In reading order; notes, headers and footers of Word files stand last.
    messages : tuple of str
        What the file holds that is not part of its text, or could not be read.
    """

    source: str
    kind: str
    passages: tuple[Passage, ...]
    messages: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All passages, parted by empty lines."""
        return "\n\n".join(passage.text for passage in self.passages)


def text_passages(text: str) -> tuple[Passage, ...]:
    """Passages of plain text, parted by empty lines, each with the line on which it starts.

    Rows that `table_rows` marked are passages of their own.

    >>> [(p.line, p.text) for p in text_passages("One,\\ntwo.\\n\\n\\nThree.")]
    [(1, 'One,\\ntwo.'), (5, 'Three.')]
    """
    found: list[Passage] = []
    place, line, table, row = 0, 1, 0, 0
    for match in ROW.finditer(text):
        before = text[place : match.start()]
        if before.strip():
            found += _blocks(before, line)
        line += before.count("\n")
        first = match.group(1) == FIRST or not table
        table, row = table + first, 1 if first else row + 1
        if match.group(2).strip():
            found.append(Passage(match.group(2), "table", line=line, table=table, row=row))
        place = match.end()
    return (*found, *_blocks(text[place:], line))


def _blocks(text: str, first: int) -> list[Passage]:
    """Passages of plain text whose first line has a number."""
    found: list[Passage] = []
    block: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate([*lines, ""], start=first):
        if line.strip():
            block.append(line)
        elif block:
            found.append(Passage("\n".join(block), line=number - len(block)))
            block = []
    return found
