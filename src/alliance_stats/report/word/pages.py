"""Pages of a Word file that lie on their side, for tables too wide for upright ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliance_stats.report.word.file import ASIDE, UPRIGHT

if TYPE_CHECKING:
    from docx.document import Document


def page_rooms(document: Document) -> tuple[float, float]:
    """Centimetres between the margins of a page, and of one that lies on its side."""
    from docx.shared import Emu

    section = document.sections[-1]
    margins = (section.left_margin or 0) + (section.right_margin or 0)
    sides = [Emu(side - margins).cm for side in (section.page_width, section.page_height) if side]
    return (min(sides), max(sides)) if len(sides) == 2 and min(sides) > 0 else (UPRIGHT, ASIDE)


def lay_aside(document: Document) -> None:
    """Go on with a page on its side: the one at hand if nothing else stands on it yet."""
    if len(document.element.body) == 1:  # an empty document
        _turn(document)
    elif not _without_empty_page(document):
        _turn_page(document)


def set_upright(document: Document) -> None:
    """Go on with an upright page."""
    _turn_page(document)


def end_pages(document: Document) -> None:
    """Leave out the upright page after a last one on its side, if nothing stands on it."""
    _without_empty_page(document)


def _without_empty_page(document: Document) -> bool:
    """Take back the turn after a page on its side; False if something else stands last."""
    from docx.oxml.ns import qn

    body = document.element.body
    last = body[-2] if len(body) > 1 else None
    size = None if last is None else last.find("/".join(map(qn, ("w:pPr", "w:sectPr", "w:pgSz"))))
    if last is None or size is None or size.get(qn("w:orient")) != "landscape":
        return False
    body.remove(last)
    _turn(document)
    return True


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
