"""A manuscript as plain text: passages that know where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property


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
    """

    text: str
    kind: str = "paragraph"
    where: str = ""
    line: int = 0

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
    """

    source: str
    kind: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """All passages, parted by empty lines."""
        return "\n\n".join(passage.text for passage in self.passages)


def text_passages(text: str) -> tuple[Passage, ...]:
    """Passages of plain text, parted by empty lines, each with the line on which it starts.

    >>> [(p.line, p.text) for p in text_passages("One,\\ntwo.\\n\\n\\nThree.")]
    [(1, 'One,\\ntwo.'), (5, 'Three.')]
    """
    found: list[Passage] = []
    block: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            found.append(Passage("\n".join(block), line=number - len(block)))
            block = []
    return tuple(found)
