"""Tables and figures in a Word file, in place of a paragraph."""

from __future__ import annotations

from typing import Any

from alliance_stats.paper.pieces import Picture
from alliance_stats.report.symbols import heading_parts
from alliance_stats.report.table import Table


def insert_table(paragraph: Any, table: Table, document: Any) -> None:
    """The title, the table with rules above and below, and its notes."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.text.paragraph import Paragraph

    place = Paragraph(paragraph, document._body)
    title = place.insert_paragraph_before()
    title.add_run(table.title).italic = True
    title.paragraph_format.keep_with_next = True
    rows = table.frame.to_numpy(dtype=object)
    made = document.add_table(rows=len(rows) + 1, cols=table.frame.shape[1])
    _rules(made)
    for column, name in enumerate(table.frame.columns):
        cell = made.cell(0, column).paragraphs[0]
        for words, italic in heading_parts(str(name)):
            cell.add_run(words).italic = italic or None
        for row, words in enumerate(rows[:, column], start=1):
            made.cell(row, column).paragraphs[0].add_run(str(words))
        if not table.left[column]:
            for cell_ in made.columns[column].cells:
                cell_.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.addprevious(made._tbl)
    _empty(paragraph)
    if table.notes:
        place.add_run("Note.").italic = True
        place.add_run(f" {' '.join(table.notes)}")


def insert_picture(paragraph: Any, picture: Picture, document: Any) -> None:
    """The figure with its alternative text, and its caption below."""
    from docx.shared import Emu
    from docx.text.paragraph import Paragraph

    place = Paragraph(paragraph, document._body)
    section = document.sections[0]
    wide = Emu(section.page_width - section.left_margin - section.right_margin)
    before = place.insert_paragraph_before()
    shape = before.add_run().add_picture(str(picture.path), width=wide)
    shape._inline.docPr.set("descr", picture.caption)
    before.paragraph_format.keep_with_next = True
    _empty(paragraph)
    place.add_run(picture.caption)


def _empty(paragraph: Any) -> None:
    """Take the text of a paragraph out; its style stays."""
    from docx.oxml.ns import qn

    for element in list(paragraph):
        if element.tag != qn("w:pPr"):
            paragraph.remove(element)


def _rules(table: Any) -> None:
    """Lines above, below the headings, and below, as APA style has them."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    line = '<w:{side} w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
    sides = "".join(line.format(side=side) for side in ("top", "bottom"))
    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblBorders")):
        properties.remove(old)
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{sides}</w:tblBorders>"))
    for cell in table.rows[0].cells:
        below = line.format(side="bottom")
        cell._tc.get_or_add_tcPr().append(
            parse_xml(f"<w:tcBorders {nsdecls('w')}>{below}</w:tcBorders>")
        )
