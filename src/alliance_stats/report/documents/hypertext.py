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
     "head", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table",
     "tbody", "tfoot", "thead", "title", "tr", "ul")
)  # fmt: skip
_CELLS = ("td", "th")
_OPENING = re.compile(r"<(?=!--|[/!?A-Za-z])")
_QUOTED_OR_END = re.compile(r"\"[^\"]*\"|'[^']*'|>")
_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9-]{0,30}")


def html_passages(source: str) -> tuple[Passage, ...]:
    """Paragraphs, items and rows of tables of a page, each with its line in the source."""
    found: list[Passage] = []
    words: list[str] = []
    line = 1

    def close() -> None:
        nonlocal line, words
        text = html.unescape("".join(words))
        body = text.lstrip()
        skipped = text[: len(text) - len(body)].count("\n")
        if body:
            found.append(Passage(body.rstrip(), line=line + skipped))
        line, words = line + text.count("\n"), []

    is_raised = False
    for text, tag, breaks in _pieces(source):
        words.append(raised(text) if is_raised else text)
        name = tag.lower()
        if name.strip("/") in _BLOCKS:
            close()
        elif name in _CELLS:
            words.append("\t")
        elif name in ("sup", "/sup"):
            is_raised = name == "sup"
        words.append("\n" * breaks)
    close()
    return tuple(found)


def _pieces(source: str) -> Iterator[tuple[str, str, int]]:
    """Runs of text, each with the name of the tag after it and the line breaks within the tag."""
    place = 0
    while (opening := _OPENING.search(source, place)) is not None:
        end = _tag_end(source, opening.start())
        if end < 0:
            break
        name = _NAME.match(source, opening.end())
        word = name.group() if name else ""
        if word.lower() in _NO_TEXT:
            end = _element_end(source, end, word)
        breaks = source.count("\n", opening.start(), end)
        yield source[place : opening.start()], word, breaks
        place = end
    yield source[place:], "", 0


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
