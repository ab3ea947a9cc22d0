"""Fields of a Word file whose text is layout: page numbers, dates, the table of contents."""

from __future__ import annotations

import re

_LAYOUT = re.compile(
    r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|PAGEREF|TOC|DATE|TIME|CREATEDATE|SAVEDATE|PRINTDATE"
    r"|FILENAME)\b"
)


class Fields:
    """The fields that are open while the elements of a part pass."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._naming = False

    @property
    def hide(self) -> bool:
        """Whether text stands in a field of layout now."""
        return any(_LAYOUT.match(instruction) for instruction in self._open)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "w:fldSimple":
            self._open.append(attributes.get("w:instr", ""))
        elif name == "w:instrText":
            self._naming = True
        elif name == "w:fldChar":
            kind = attributes.get("w:fldCharType")
            if kind == "begin":
                self._open.append("")
            elif kind == "end" and self._open:
                self._open.pop()

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "w:fldSimple" and self._open:
            self._open.pop()
        elif name == "w:instrText":
            self._naming = False

    def data(self, text: str) -> None:
        """Characters: what a field is, if they say so."""
        if self._naming and self._open:
            self._open[-1] += text
