"""An empty Word file in the style of a manuscript, and its bytes without dates or names."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from alliance_stats.report.word.text import xml_text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle

FONT = "Times New Roman"
MONOSPACED = "Courier New"
#: Sizes in points.
TEXT, TABLE, NOTE, CODE = 11.0, 9.5, 9.5, 7.5
#: The first day a zip file can name.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
#: Word refuses longer properties.
_MOST_LETTERS = 255
_A4, _MARGIN = (21.0, 29.7), 2.54
#: Width of the text in centimetres, upright and on a page that lies on its side.
UPRIGHT, ASIDE = _A4[0] - 2 * _MARGIN, _A4[1] - 2 * _MARGIN
#: A figure may be so high in centimetres that its caption and note stand on the same page.
HIGHEST = 20.5


def new_document(title: str) -> Document:
    """A document of A4 pages with styles for text, tables, messages and code."""
    import docx

    document = docx.Document()
    _pages(document)
    _styles(document)
    _properties(document, title)
    _number_pages(document)
    return document


def document_bytes(document: Document) -> bytes:
    """The file: the same content gives the same bytes."""
    stream = BytesIO()
    document.save(stream)
    undated = BytesIO()
    with ZipFile(stream) as written, ZipFile(undated, "w", ZIP_DEFLATED) as target:
        for name in written.namelist():
            entry = ZipInfo(name, _NO_DATE)
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            target.writestr(entry, written.read(name))
    return undated.getvalue()


def _pages(document: Document) -> None:
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(_A4[0]), Cm(_A4[1])
    section.left_margin = section.right_margin = Cm(_MARGIN)
    section.top_margin = section.bottom_margin = Cm(_MARGIN)


def _styles(document: Document) -> None:
    normal = _restyled(document, "Normal", TEXT, after=6.0, line=1.15)
    normal.paragraph_format.widow_control = True
    _restyled(document, "Title", 16.0, bold=True, after=14.0)
    _restyled(document, "Heading 1", 13.0, bold=True, before=20.0, after=6.0, keep=True)
    _restyled(document, "Heading 2", TEXT, bold=True, before=12.0, after=3.0, keep=True)
    _restyled(document, "Heading 3", TEXT, italic=True, before=8.0, after=3.0, keep=True)
    _restyled(document, "Caption", TEXT, before=14.0, after=4.0, keep=True)
    add_table_styles(document)
    _made(document, "Messages", 10.0, after=0.0)
    _made(document, "Code", CODE, font=MONOSPACED)


def add_table_styles(document: Document) -> None:
    """The styles of tables and what stands around them, where the document has none so named."""
    wanted: dict[str, dict[str, Any]] = {
        "Caption": {"size": TEXT, "before": 14.0, "after": 4.0, "keep": True},
        "Table Cell": {"size": TABLE},
        "Note": {"size": NOTE, "after": 4.0},
    }
    known = {style.name for style in document.styles}
    for name in (name for name in wanted if name not in known):
        _made(document, name, **wanted[name])


def _restyled(
    document: Document,
    name: str,
    size: float,
    *,
    font: str = FONT,
    bold: bool = False,
    italic: bool = False,
    before: float = 0.0,
    after: float = 0.0,
    line: float = 1.0,
    keep: bool = False,
) -> ParagraphStyle:
    """A style of the empty document in black and our font, without rules or colours."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style: ParagraphStyle = document.styles[name]
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.font.name = font
    fonts = style.element.rPr.rFonts
    for kind in [key for key in fonts.attrib if key.endswith("Theme")]:
        del fonts.attrib[kind]
    for kind in ("w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), font)
    rules = style.element.pPr.find(qn("w:pBdr")) if style.element.pPr is not None else None
    if rules is not None:
        style.element.pPr.remove(rules)
    looks = style.paragraph_format
    looks.space_before, looks.space_after = Pt(before), Pt(after)
    looks.line_spacing, looks.keep_with_next = line, keep
    looks.alignment = WD_ALIGN_PARAGRAPH.LEFT
    return style


def _made(document: Document, name: str, size: float, **looks: Any) -> ParagraphStyle:
    """A style of our own, on top of that of the text."""
    from docx.enum.style import WD_STYLE_TYPE

    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.quick_style = True
    return _restyled(document, name, size, **looks)


def _properties(document: Document, title: str) -> None:
    """A title and a language; no author, date, program or picture of the first page."""
    from docx.oxml.ns import qn

    properties = document.core_properties
    for child in list(properties._element):
        properties._element.remove(child)
    properties.title = xml_text(title)[:_MOST_LETTERS]
    properties.language = "en-GB"
    for key, relation in list(document.part.package.rels.items()):
        if relation.reltype.endswith(("/thumbnail", "/extended-properties")):
            del document.part.package.rels[key]
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")


def _number_pages(document: Document) -> None:
    """The number of the page at the top right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.sections[0].header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)
