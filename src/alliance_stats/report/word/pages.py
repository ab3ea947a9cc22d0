"""Pages of a Word file that lie on their side, for tables too wide for upright ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document


def lay_aside(document: Document) -> None:
    """Go on with a page on its side; after a table on such a page, with that page."""
    from docx.oxml.ns import qn

    body = document.element.body
    last = body[-2] if len(body) > 1 else None
    breaks = None if last is None else last.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")
    size = None if breaks is None else breaks.find(qn("w:pgSz"))
    if last is None or size is None or size.get(qn("w:orient")) != "landscape":
        _turn_page(document)
        return
    body.remove(last)
    _turn(document)


def set_upright(document: Document) -> None:
    """Go on with an upright page."""
    _turn_page(document)


def _turn_page(document: Document) -> None:
    from docx.enum.section import WD_SECTION

    document.add_section(WD_SECTION.NEW_PAGE)
    _turn(document)


def _turn(document: Document) -> None:
    """The last section of the document on its other side."""
    from docx.enum.section import WD_ORIENT

    section = document.sections[-1]
    section.page_width, section.page_height = section.page_height, section.page_width
    aside = (section.page_width or 0) > (section.page_height or 0)
    section.orientation = WD_ORIENT.LANDSCAPE if aside else WD_ORIENT.PORTRAIT
