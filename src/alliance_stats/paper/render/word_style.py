"""The look of a manuscript in Word: APA headings, double spacing, running head, page number."""

from __future__ import annotations

from typing import Any

SIZE = 12.0
#: Centimetres of a first line, and of the lines below the first of a reference.
_INDENT = 1.27
BODY, REFERENCE = "Body Text", "Reference"
_TEXTS = (BODY, "List Bullet", "List Number")


def style_manuscript(document: Any, running: str) -> None:
    """Give an empty document of the library the style of a manuscript."""
    _texts(document)
    _headings(document)
    _running_head(document, running)


def _texts(document: Any) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt

    document.styles["Normal"].font.size = Pt(SIZE)
    reference = document.styles.add_style(REFERENCE, WD_STYLE_TYPE.PARAGRAPH)
    reference.base_style = document.styles["Normal"]
    for style in (*(document.styles[name] for name in _TEXTS), reference):
        looks = style.paragraph_format
        looks.line_spacing, looks.space_before, looks.space_after = 2.0, Pt(0), Pt(0)
    document.styles[BODY].paragraph_format.first_line_indent = Cm(_INDENT)
    reference.paragraph_format.left_indent = Cm(_INDENT)
    reference.paragraph_format.first_line_indent = Cm(-_INDENT)


def _headings(document: Any) -> None:
    """Level 1 centred, level 2 at the left, levels 3 and 4 in italics too, all bold."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for level, name in enumerate(("Title", "Heading 1", "Heading 2", "Heading 3", "Heading 4")):
        style = document.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(SIZE), True, level > 2
        _black(style)
        looks = style.paragraph_format
        looks.line_spacing, looks.space_after, looks.keep_with_next = 2.0, Pt(0), True
        looks.space_before = Pt(0 if level == 0 else SIZE)
        left, centre = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER
        looks.alignment = centre if level < 2 else left


def _black(style: Any) -> None:
    """The font and the colour of the text, also where the template has others."""
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    from alliance_stats.report.word.file import FONT

    style.font.color.rgb, style.font.name = RGBColor(0, 0, 0), FONT
    fonts = style.element.rPr.rFonts
    for kind in [key for key in fonts.attrib if key.endswith("Theme")]:
        del fonts.attrib[kind]
    for kind in ("w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), FONT)


def _running_head(document: Any, running: str) -> None:
    """The short title at the left of the header, before the page number."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
    from docx.shared import Cm

    from alliance_stats.report.word.file import UPRIGHT

    paragraph = document.sections[0].header.paragraphs[0]
    if not running:
        return
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    stops = document.styles["Header"].paragraph_format.tab_stops
    stops.clear_all()  # the template has one in the middle
    stops.add_tab_stop(Cm(UPRIGHT), WD_TAB_ALIGNMENT.RIGHT)
    field = paragraph._p[-1]
    field.addprevious(paragraph.add_run(f"{running}\t")._r)
