"""Tables and figures in a Word file, in place of a paragraph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alliance_stats.paper.pieces import Picture
from alliance_stats.report.table import Table
from alliance_stats.report.word.text import add_prose, xml_text


def insert_table(paragraph: Any, table: Table, document: Any) -> None:
    """The title, the table and its notes in place of a paragraph."""
    _in_place(paragraph, document, lambda: table.to_word(document))


def insert_picture(paragraph: Any, picture: Picture, document: Any) -> None:
    """The figure and its caption in place of a paragraph."""
    _in_place(paragraph, document, lambda: add_picture(document, picture))


def add_picture(document: Any, picture: Picture) -> None:
    """The figure with its alternative text at the end of a document, and its caption below."""
    from docx.shared import Emu

    section = document.sections[0]
    wide = Emu(section.page_width - section.left_margin - section.right_margin)
    paragraph = document.add_paragraph()
    shape = paragraph.add_run().add_picture(str(picture.path))
    if shape.width > wide:
        shape.height, shape.width = Emu(round(shape.height * wide / shape.width)), wide
    shape._inline.docPr.set("descr", xml_text(picture.words))
    paragraph.paragraph_format.keep_with_next = True
    add_prose(document.add_paragraph(), picture.words)


def _in_place(paragraph: Any, document: Any, write: Callable[[], None]) -> None:
    """What is written at the end of the document moved to a paragraph, which goes."""
    there = set(document.element.body)
    write()
    for element in [e for e in document.element.body if e not in there]:
        paragraph.addprevious(element)
    paragraph.getparent().remove(paragraph)
