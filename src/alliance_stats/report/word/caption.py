"""Captions in a Word file: a number that Word itself keeps, over the title in italics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from alliance_stats.report.word.text import xml_text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

Label = Literal["Table", "Figure"]


def add_caption(document: Document, label: Label, number: int, title: str) -> None:
    """Write the caption that stands above a table or a figure, in the style ``Caption``.

    The number is a field in the sequence of its label, so that Word numbers the captions of a
    document anew when one is moved, and lists them. Number and title are one paragraph, so that
    the list shows both.

    Parameters
    ----------
    document : docx.document.Document
    label : {"Table", "Figure"}
    number : int
        What the field shows until Word numbers anew; 0 for a caption of a title alone.
    title : str
    """
    paragraph = document.add_paragraph(style="Caption")
    paragraph.paragraph_format.keep_with_next = True
    if number:
        paragraph.add_run(f"{label} ").bold = True
        _add_number(paragraph, label, number)
    if title:
        run = paragraph.add_run()
        if number:
            run.add_break()
        run.add_text(xml_text(title))
        run.bold, run.italic = False, True


def _add_number(paragraph: Paragraph, label: Label, number: int) -> None:
    """The number as a field of Word's own: ``SEQ Table``."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" SEQ {label} \\* ARABIC ")
    run = paragraph.add_run(str(number))
    run.bold = True
    field.append(run._r)
    paragraph._p.append(field)
