"""Tables and figures in a Word file, in place of a paragraph."""

from __future__ import annotations

from typing import Any

from alliance_stats.paper.pieces import Picture
from alliance_stats.report.table import Table
from alliance_stats.report.word.text import add_prose


def insert_table(paragraph: Any, table: Table, document: Any) -> None:
    """The title, the table and its notes in place of a paragraph."""
    there = set(document.element.body)
    table.to_word(document)  # at the end, from where it is moved
    for element in [e for e in document.element.body if e not in there]:
        paragraph.addprevious(element)
    paragraph.getparent().remove(paragraph)


def insert_picture(paragraph: Any, picture: Picture, document: Any) -> None:
    """The figure with its alternative text, and its caption below."""
    from docx.shared import Emu
    from docx.text.paragraph import Paragraph

    place = Paragraph(paragraph, document._body)
    section = document.sections[0]
    wide = Emu(section.page_width - section.left_margin - section.right_margin)
    before = place.insert_paragraph_before()
    shape = before.add_run().add_picture(str(picture.path))
    if shape.width > wide:
        shape.height, shape.width = Emu(round(shape.height * wide / shape.width)), wide
    shape._inline.docPr.set("descr", picture.caption)
    before.paragraph_format.keep_with_next = True
    empty(paragraph)
    add_prose(place, picture.caption)


def empty(paragraph: Any) -> None:
    """Take the text of a paragraph out; its style stays."""
    from docx.oxml.ns import qn

    for element in list(paragraph):
        if element.tag != qn("w:pPr"):
            paragraph.remove(element)
