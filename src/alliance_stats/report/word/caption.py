"""Numbers of tables and figures as fields of Word, and figures with their title and note."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

from alliance_stats.report.word.file import add_table_styles
from alliance_stats.report.word.text import add_prose, xml_text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph


def title_and_note(caption: str) -> tuple[str, str]:
    """The first sentence of a caption, without its point, and the others.

    >>> title_and_note("Course by week No. since intake. Lines: fitted.")
    ('Course by week No. since intake', 'Lines: fitted.')
    """
    title, *rest = re.split(r"\. (?=[A-Z])", caption, maxsplit=1)
    return title.removesuffix("."), "".join(rest)


def add_number(document: Document, label: str) -> Paragraph:
    """``Table 1`` in bold: its number is a field, which Word counts on and lists."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.add_paragraph(style="Table Number")
    kind, _, number = label.rpartition(" ")
    if not (kind.isalpha() and number.isdecimal()):
        paragraph.add_run(xml_text(label))
        return paragraph
    paragraph.add_run(f"{kind} ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" SEQ {kind} \\* ARABIC ")
    field.append(paragraph.add_run(number)._r)
    paragraph._p.append(field)
    return paragraph


def add_figure(
    document: Document, png: bytes, *, label: str, title: str, note: str, words: str
) -> None:
    """A figure under its number and title, with its note below.

    Parameters
    ----------
    document : docx.document.Document
    png : bytes
    label, title, note : str
        ``Figure 1``, what it shows, and the sentences below it; each may be empty.
    words : str
        The same for who cannot see it.
    """
    from docx.shared import Emu

    add_table_styles(document)
    if label:
        add_number(document, label)
    document.add_paragraph(xml_text(title), style="Table Title")
    section = document.sections[0]
    wide = Emu((section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0))
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.line_spacing = 1.0
    shape = paragraph.add_run().add_picture(BytesIO(png))
    if shape.width > wide > 0:
        shape.height, shape.width = Emu(round(shape.height * wide / shape.width)), wide
    drawn = shape._inline.docPr
    drawn.set("name", xml_text(label or title))
    drawn.set("descr", xml_text(words))
    below = document.add_paragraph(style="Note")
    if note:
        below.add_run("Note.").italic = True
        add_prose(below, f" {note}")
