"""A figure of a Word file: its caption above, its note below, its words as alternative text."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from alliance_stats.report.word.caption import add_caption
from alliance_stats.report.word.file import HIGHEST, add_table_styles
from alliance_stats.report.word.pages import page_rooms
from alliance_stats.report.word.text import add_prose, xml_text

if TYPE_CHECKING:
    from docx.document import Document


def add_figure(
    document: Document, png: bytes, *, number: int, title: str, note: str, alt: str
) -> None:
    """Write a figure at the end of a document, no wider or higher than its page has room for.

    Parameters
    ----------
    document : docx.document.Document
    png : bytes
        The image, which knows its resolution.
    number : int
        Shown in the caption; 0 for a caption of a title alone.
    title, note : str
        What stands above and below it.
    alt : str
        What it shows, for who cannot see it.
    """
    from docx.shared import Cm

    add_table_styles(document)
    add_caption(document, "Figure", number, title)
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = bool(note)
    paragraph.paragraph_format.line_spacing = 1.0
    shape = paragraph.add_run().add_picture(BytesIO(png))
    scale = min(1.0, Cm(page_rooms(document)[0]) / shape.width, Cm(HIGHEST) / shape.height)
    shape.width, shape.height = round(shape.width * scale), round(shape.height * scale)
    drawn = shape._inline.docPr
    drawn.set("name", f"Figure {number}" if number else xml_text(title))
    drawn.set("descr", xml_text(alt))
    below = document.add_paragraph(style="Note")
    if note:
        below.add_run("Note.").italic = True
        add_prose(below, f" {note}")
