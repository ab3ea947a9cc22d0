"""Tables and figures in a Word file, in place of a paragraph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alliance_stats.paper.pieces import Picture
from alliance_stats.report.tables.table import Table
from alliance_stats.report.word.figure import add_figure


def insert_table(paragraph: Any, table: Table, document: Any) -> None:
    """The title, the table and its notes in place of a paragraph."""
    _in_place(paragraph, document, lambda: table.to_word(document))


def insert_picture(paragraph: Any, picture: Picture, document: Any) -> None:
    """The figure and its caption in place of a paragraph."""
    _in_place(paragraph, document, lambda: add_picture(document, picture))


def add_picture(document: Any, picture: Picture) -> None:
    """The figure under its number and title at the end of a document, with its note below."""
    png = picture.path.read_bytes()
    add_figure(
        document,
        png,
        number=picture.number,
        title=picture.name,
        note=picture.note,
        alt=picture.words,
    )


def _in_place(paragraph: Any, document: Any, write: Callable[[], None]) -> None:
    """What is written at the end of the document moved to a paragraph, which goes."""
    there = set(document.element.body)
    write()
    for element in [e for e in document.element.body if e not in there]:
        paragraph.addprevious(element)
    paragraph.getparent().remove(paragraph)
