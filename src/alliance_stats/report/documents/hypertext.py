"""The visible text of an HTML page, read in one pass."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from alliance_stats.report.documents.document import Passage
from alliance_stats.report.documents.marks import raised

_NO_TEXT = ("script", "style", "template", "annotation")
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div",
     "dl", "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
     "head", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "tbody",
     "tfoot", "thead", "title", "ul")
)  # fmt: skip
_OF_TABLES = frozenset(("table", "/table", "tr", "/tr", "td", "/td", "th", "/th"))
_WIDE, _HIGH = (
    re.compile(rf"\b{name}\s?=\s?[\"']?([0-9]{{1,3}})") for name in ("colspan", "rowspan")
)
_MOST_SPANNED = 100
_LONGEST_TAG = 1000
_OPENING = re.compile(r"<(?=!--|[/!?A-Za-z])")
_QUOTED_OR_END = re.compile(r"\"[^\"]*\"|'[^']*'|>")
_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9-]{0,30}")


def html_passages(source: str) -> tuple[Passage, ...]:
    """Paragraphs, items and rows of tables of a page, each with its line in the source."""
    page = _Page()
    is_raised = False
    for text, name, tag, breaks in _pieces(source):
        page.say(raised(text) if is_raised else text)
        if name in ("sup", "/sup"):
            is_raised = name == "sup"
        elif name in _OF_TABLES:
            page.table_tag(name, tag)
        elif name.strip("/") in _BLOCKS:
            page.block()
        page.say("\n" * breaks)
    page.close()
    return tuple(page.found)


class _Page:
    """Collects the text of a page while its tags pass."""

    def __init__(self) -> None:
        self.found: list[Passage] = []
        self._words: list[str] = []
        self._cells: list[str] | None = None  # of the row that is open
        self._line = 1  # on which the words, or the row, start
        self._depth = 0  # of tables within tables
        self._table = self._row = self._wide = 0
        self._taken: dict[int, int] = {}  # columns that cells above reach into, to which row

    def say(self, text: str) -> None:
        """Characters."""
        self._words.append(text)

    def block(self) -> None:
        """A block starts or ends; in a cell it is no passage of its own."""
        if self._cells is None:
            self.close()
        else:
            self.say(" ")

    def table_tag(self, name: str, tag: str) -> None:
        """A table, a row or a cell starts or ends."""
        if name.endswith("table"):
            self._depth = max(self._depth + (1 if name == "table" else -1), 0)
        if self._depth > 1 or (self._depth == 1 and name == "/table"):
            self.say(" ")
        elif name == "table":
            self.close()
            self._table, self._row, self._taken = self._table + 1, 0, {}
        elif name in ("td", "th"):
            self._cell(tag)
        elif name not in ("/td", "/th"):
            self.close()

    def _cell(self, tag: str) -> None:
        """A cell starts, after the columns that cells of rows above reach into."""
        if self._cells is None:
            self.close()
            self._cells, self._row = [], self._row + 1
        else:
            self._end_cell()
        while self._taken.get(len(self._cells), 0) >= self._row:
            self._cells.append("")
        self._wide = _span(tag, _WIDE)
        last = self._row + _span(tag, _HIGH) - 1
        if last > self._row:
            here = range(len(self._cells), len(self._cells) + self._wide)
            self._taken.update(dict.fromkeys(here, last))

    def _end_cell(self) -> None:
        """The words so far are those of a cell, and of as many empty ones as it spans."""
        if self._cells is not None and self._wide:
            words = "".join(self._words).replace("\t", " ")
            self._cells += [words, *[""] * (self._wide - 1)]
            self._words, self._wide = [], 0

    def close(self) -> None:
        """The text so far becomes a passage, or a row of a table."""
        self._end_cell()
        raw = "".join(self._words) if self._cells is None else "\t".join(self._cells)
        text = html.unescape(raw)
        skipped = text[: len(text) - len(text.lstrip())].count("\n")
        if text.strip() and self._cells is None:
            self.found.append(Passage(text.strip(), line=self._line + skipped))
        elif text.strip():
            cells = "\t".join(" ".join(cell.split()) for cell in text.split("\t")).rstrip("\t")
            line = self._line + skipped
            self.found.append(Passage(cells, "table", line=line, table=self._table, row=self._row))
        self._line += raw.count("\n")
        self._words, self._cells = [], None


def _span(tag: str, pattern: re.Pattern[str]) -> int:
    """How many columns or rows a cell takes."""
    found = pattern.search(tag)
    return min(max(int(found.group(1)), 1), _MOST_SPANNED) if found else 1


def _pieces(source: str) -> Iterator[tuple[str, str, str, int]]:
    """Runs of text, each with the name, the source and the line breaks of the tag after it."""
    place = 0
    while (opening := _OPENING.search(source, place)) is not None:
        end = _tag_end(source, opening.start())
        if end < 0:
            break
        name = _NAME.match(source, opening.end())
        word = name.group().lower() if name else ""
        tag = source[opening.end() : min(end, opening.end() + _LONGEST_TAG)]
        if word in _NO_TEXT:
            end = _element_end(source, end, word)
        breaks = source.count("\n", opening.start(), end)
        yield source[place : opening.start()], word, tag, breaks
        place = end
    yield source[place:], "", "", 0


def _tag_end(source: str, start: int) -> int:
    """The position after a tag or a comment; -1 if it does not end."""
    if source.startswith("<!--", start):
        close = source.find("-->", start + 4)
        return close + 3 if close >= 0 else -1
    for piece in _QUOTED_OR_END.finditer(source, start + 1):
        if piece.group() == ">":
            return piece.end()
    return -1


def _element_end(source: str, start: int, name: str) -> int:
    """The position of the tag that closes an element without visible text."""
    closing = re.compile(f"</{re.escape(name)}", re.IGNORECASE).search(source, start)
    return closing.start() if closing else len(source)
