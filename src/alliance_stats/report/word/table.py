"""A table of a Word file in APA style: three rules, symbols in italics, a note below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliance_stats.report.word.caption import add_caption
from alliance_stats.report.word.columns import GAP, Layout, lay_out
from alliance_stats.report.word.file import TABLE, add_table_styles
from alliance_stats.report.word.pages import lay_aside, page_rooms, set_upright
from alliance_stats.report.word.text import add_parts, add_prose, xml_text
from alliance_stats.report.wording.symbols import heading_parts, typeset

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table as WordTable
    from docx.table import _Cell, _Row
    from docx.text.paragraph import Paragraph

_NUMBER = re.compile(r"^[−<> ]*(?:\d[\d,]*)?(?:\.(\d+))?$")
#: A blank as wide as a figure, and one as wide as a point.
_FIGURE, _POINT = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"
#: Tables of up to so many rows stay on one page, upright or on its side.
_TOGETHER, _TOGETHER_ASIDE = 30, 16


@dataclass(frozen=True)
class Grid:
    """The cells of a table and the words around it, all plain text.

    Attributes
    ----------
    headings : sequence of str
    rows : sequence of sequence of str
    left : sequence of bool
        Which columns hold words and stand left.
    number : int
        Of the table in its document; 0 if it has none.
    title, warning : str
    notes, messages : sequence of str
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Sequence[bool]
    number: int
    title: str
    warning: str
    notes: Sequence[str]
    messages: Sequence[str]


@dataclass(frozen=True)
class _Look:
    """The id of the style of cells, and how much smaller their letters are."""

    style: str
    scale: float


def add_table(document: Document, grid: Grid) -> None:
    """Write a table at the end of a document, with number and title above and notes below."""
    add_table_styles(document)
    columns = [[row[k] for row in grid.rows] for k in range(len(grid.headings))]
    columns = [
        column if left else padded(column) for column, left in zip(columns, grid.left, strict=True)
    ]
    layout = lay_out(grid.headings, columns, grid.left, page_rooms(document))
    if layout.aside:
        lay_aside(document)
    if grid.number or grid.title:
        add_caption(document, "Table", grid.number, grid.title)
    for position, block in enumerate(layout.blocks):
        if position:
            document.add_paragraph(style="Note")
        _add_block(document, grid, layout, [(k, columns[k]) for k in block])
    _below(document, grid)
    if layout.aside:
        set_upright(document)


def _add_block(
    document: Document,
    grid: Grid,
    layout: Layout,
    columns: Sequence[tuple[int, Sequence[str]]],
) -> None:
    """The columns that stand side by side, by their position in the table."""
    table = document.add_table(rows=0, cols=len(columns))
    _set_up(table, [layout.widths[k] for k, _ in columns], grid.title)
    left = [grid.left[k] for k, _ in columns]
    below = bool(grid.warning or grid.notes or grid.messages)
    look = _Look(document.styles["Table Cell"].style_id, layout.scale)
    _head(table, [grid.headings[k] for k, _ in columns], left, look, alone=not grid.rows)
    for number, cells in enumerate(zip(*(cells for _, cells in columns), strict=True), start=1):
        last = number == len(grid.rows)
        together = len(grid.rows) <= (_TOGETHER_ASIDE if layout.aside else _TOGETHER)
        keep = below if last else together or number <= 2 or number == len(grid.rows) - 1
        _body_row(table, cells, left, look, keep=keep, last=last)


def padded(cells: Sequence[str]) -> list[str]:
    """Numbers of one column with blanks for the figures they lack, so that points align.

    >>> [len(cell) for cell in padded(["1.25", "−3", "–"])]
    [4, 5, 1]
    """
    found = [_NUMBER.match(cell) if cell else None for cell in cells]
    if not all(match or cell in ("", "–", "∞") for match, cell in zip(found, cells, strict=True)):
        return list(cells)
    decimals = [len(match.group(1) or "") if match else 0 for match in found]
    most = max(decimals, default=0)
    return [
        cell + (_POINT if most and not own else "") + _FIGURE * (most - own) if match else cell
        for cell, match, own in zip(cells, found, decimals, strict=True)
    ]


def _set_up(table: WordTable, widths: Sequence[float], title: str) -> None:
    """Fixed widths of the columns, no style with lines of its own, the title as its name."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    margins = OxmlElement("w:tblCellMar")
    for side, twentieths in (("left", 0), ("right", round(GAP / 2.54 * 1440))):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(twentieths))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    marks = OxmlElement("w:tblLook")
    for name in ("firstRow", "lastRow", "firstColumn", "lastColumn", "noHBand", "noVBand"):
        marks.set(qn(f"w:{name}"), str(int(name in ("firstRow", "noHBand", "noVBand"))))
    name = OxmlElement("w:tblCaption")
    name.set(qn("w:val"), xml_text(title))
    properties.extend([margins, marks, *([name] if title else [])])


def _head(
    table: WordTable, headings: Sequence[str], left: Sequence[bool], look: _Look, *, alone: bool
) -> None:
    """The row of headings, between two rules, again on every page."""
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
    from docx.oxml import OxmlElement

    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, heading, is_left in zip(row.cells, headings, left, strict=True):
        add_parts(_paragraph(cell, look, is_left, keep=True), heading_parts(heading))
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
        _rules(cell, top=8, bottom=8 if alone else 6)
    _finish(row, table, look.scale)


def _body_row(
    table: WordTable,
    cells: Sequence[str],
    left: Sequence[bool],
    look: _Look,
    *,
    keep: bool,
    last: bool,
) -> None:
    row = table.add_row()
    for cell, text, is_left in zip(row.cells, cells, left, strict=True):
        paragraph = _paragraph(cell, look, is_left, keep=keep)
        add_parts(paragraph, typeset(text) if is_left else [(text, False)])
        if last:
            _rules(cell, bottom=8)
    _finish(row, table, look.scale)


def _finish(row: _Row, table: WordTable, scale: float) -> None:
    """A row that no page break parts, in the widths and the size of the table."""
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    properties = row._tr.get_or_add_trPr()
    properties.insert(0, OxmlElement("w:cantSplit"))
    for cell, column in zip(row.cells, table.columns, strict=True):
        cell.width = column.width
        for run in cell.paragraphs[0].runs if scale < 1.0 else ():
            run.font.size = Pt(round(2 * TABLE * scale) / 2)


def _paragraph(cell: _Cell, look: _Look, left: bool, *, keep: bool) -> Paragraph:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph._p.style = look.style  # by name it would be searched for in each cell
    looks = paragraph.paragraph_format
    looks.space_before = looks.space_after = Pt(1.5)
    looks.keep_with_next = keep or None
    if not left:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return paragraph


def _rules(cell: _Cell, **eighths: int) -> None:
    """Lines at the edges of a cell, in eighths of a point."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    for side, size in eighths.items():
        line = OxmlElement(f"w:{side}")
        for name, value in (
            ("val", "single"),
            ("sz", str(size)),
            ("space", "0"),
            ("color", "000000"),
        ):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    properties = cell._tc.get_or_add_tcPr()
    aligned = properties.find(qn("w:vAlign"))
    if aligned is None:
        properties.append(borders)
    else:
        aligned.addprevious(borders)


def _below(document: Document, grid: Grid) -> None:
    """What no reader may miss in bold, the notes, and what the result warned of."""
    from docx.shared import Pt

    parts = [("warning", grid.warning)] if grid.warning else []
    parts += [("note", " ".join(grid.notes))] if grid.notes else []
    parts += [("message", message) for message in grid.messages]
    for number, (kind, text) in enumerate(parts):
        paragraph = document.add_paragraph(style="Note")
        if not number:
            paragraph.paragraph_format.space_before = Pt(4)
        if kind == "warning":
            paragraph.add_run(xml_text(text)).bold = True
            continue
        if kind == "note":
            paragraph.add_run("Note.").italic = True
            paragraph.add_run(" ")
        add_prose(paragraph, text)
    if not parts:
        document.add_paragraph(style="Note")
