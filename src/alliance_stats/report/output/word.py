"""A report as a Word file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alliance_stats.report.output.content import Figure, Section, messages_heading
from alliance_stats.report.word.figure import add_figure
from alliance_stats.report.word.file import document_bytes, new_document
from alliance_stats.report.word.text import add_code, add_prose, xml_text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_GREY, _PALE, _ALERT = "999999", "F4F4F2", "8A5A00"


def write_word(title: str, intro: Sequence[str], sections: Sequence[Section], footer: str) -> bytes:
    """Return the file; names are text and nothing else, and it holds no date and no author."""
    from docx.shared import Pt

    several = len(sections) > 1 or title != sections[0].title
    document = new_document(title)
    document.add_paragraph(xml_text(title), style="Title")
    for paragraph in intro:
        document.add_paragraph(xml_text(paragraph))
    for section in sections:
        _section(document, section, heading=several)
    _code(document, sections, several=several)
    last = document.add_paragraph(xml_text(footer), style="Note")
    last.paragraph_format.space_before = Pt(14)
    return document_bytes(document)


def _section(document: Document, section: Section, *, heading: bool) -> None:
    if heading:
        document.add_paragraph(xml_text(section.title), style="Heading 1")
    for text in section.paragraphs:
        add_prose(document.add_paragraph(), text)
    if section.messages or section.alert:
        _messages(document, section)
    for table in section.tables[:1]:
        table.to_word(document)
    for figure in section.figures:
        _figure(document, figure)
    for table in section.tables[1:]:
        table.to_word(document)
    for note in section.notes:
        add_prose(document.add_paragraph(style="Note"), note)


def _code(document: Document, sections: Sequence[Section], *, several: bool) -> None:
    """The models and the code to fit them again, after all results."""
    if any(section.code for section in sections):
        document.add_paragraph("Models and code", style="Heading 1")
    for section in sections:
        if section.code and several:
            document.add_paragraph(xml_text(section.title), style="Heading 2")
        for title, code in section.code:
            document.add_paragraph(title, style="Heading 3" if several else "Heading 2")
            paragraph = document.add_paragraph(style="Code")
            _shaded(paragraph, _PALE)
            add_code(paragraph, code)


def _messages(document: Document, section: Section) -> None:
    """What the result warned of beside a line; in a box if it must not be overlooked."""
    sides = ("top", "left", "bottom", "right") if section.alert else ("left",)
    head = document.add_paragraph(style="Messages")
    head.add_run(messages_heading(section)).bold = True
    boxed = [head]
    for message in section.messages:
        paragraph = document.add_paragraph(style="Messages")
        add_prose(paragraph, message)
        boxed.append(paragraph)
    for paragraph in boxed:
        paragraph.paragraph_format.keep_with_next = paragraph is not boxed[-1]
        _boxed(paragraph, sides, _ALERT if section.alert else _GREY)
    document.add_paragraph(style="Note")


def _figure(document: Document, figure: Figure) -> None:
    add_figure(
        document,
        figure.png,
        number=figure.number,
        title=figure.title,
        note=figure.note,
        alt=figure.alt,
    )


def _boxed(paragraph: Paragraph, sides: Sequence[str], colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    borders = OxmlElement("w:pBdr")
    for side in sides:
        line = OxmlElement(f"w:{side}")
        thick = "24" if side == "left" else "6"
        for name, value in (("val", "single"), ("sz", thick), ("space", "6"), ("color", colour)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    looks = paragraph.paragraph_format
    looks.left_indent = looks.right_indent = Cm(0.3)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _shaded(paragraph: Paragraph, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(shade, "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
