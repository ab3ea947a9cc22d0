"""A Markdown manuscript as a Word file in the style of the library's reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from alliance_stats.paper.pieces import Paragraphs, Picture, Piece
from alliance_stats.paper.render.blocks import Block
from alliance_stats.paper.render.document import Part, parts_of
from alliance_stats.paper.render.from_markdown import resolved_blocks
from alliance_stats.paper.render.inline import Span, spans_of
from alliance_stats.paper.render.running_head import running_head
from alliance_stats.paper.render.word_blocks import add_picture
from alliance_stats.paper.render.word_style import BODY, REFERENCE, style_manuscript
from alliance_stats.paper.stored import Stored
from alliance_stats.report.tables.table import Table
from alliance_stats.report.word.file import MONOSPACED, document_bytes, new_document
from alliance_stats.report.word.text import add_code, add_prose, xml_text

_STYLES = {"item": "List Bullet", "numbered": "List Number", "quote": "Note"}


def markdown_as_word(source: str, stored: Stored, folder: Path) -> bytes:
    """The file in APA style; a first heading is its title."""
    blocks = resolved_blocks(source, stored, folder)
    title = ""
    if blocks and isinstance(blocks[0], Block) and blocks[0].kind == "heading":
        title = _bare(blocks[0].text)
    document = new_document(title)
    style_manuscript(document, running_head(title))
    for position, part in enumerate(parts_of(blocks)):
        _part(document, part, first=position == 0)
    return document_bytes(document)


def _part(document: Any, part: Part, *, first: bool) -> None:
    """A heading and what stands below it."""
    if part.heading is not None:
        level = min(max(part.heading.level - 1, 1), 4)
        style = "Title" if first else f"Heading {level}"
        add_spans(document.add_paragraph(style=style), spans_of(part.heading.text))
    for block in part.blocks:
        if isinstance(block, Block):
            _block(document, block, part.kind)
        else:
            _piece(document, block)


def _piece(document: Any, piece: Piece) -> None:
    if isinstance(piece, Paragraphs):
        for text in piece.texts:
            add_prose(document.add_paragraph(style=BODY), text)
    elif isinstance(piece, Picture):
        add_picture(document, piece)
    elif isinstance(piece, Table):
        piece.to_word(document)


def _block(document: Any, block: Block, kind: str) -> None:
    if block.kind == "table":
        _table(block).to_word(document)
        return
    if block.kind == "code":
        add_code(document.add_paragraph(style="Code"), block.text)
        return
    text = REFERENCE if kind == "references" else BODY
    paragraph = document.add_paragraph(style=_STYLES.get(block.kind, text))
    if kind == "abstract" and block.kind == "paragraph":
        paragraph.paragraph_format.first_line_indent = 0
    add_spans(paragraph, spans_of(block.text))


def add_spans(paragraph: Any, spans: list[Span]) -> None:
    """Runs of text, each in its look; of a link its words."""
    for span in spans:
        run = paragraph.add_run(xml_text(span.text))
        run.bold, run.italic = span.bold or None, span.italic or None
        run.font.superscript, run.font.subscript = span.raised or None, span.lowered or None
        if span.code:
            run.font.name = MONOSPACED


def _table(block: Block) -> Table:
    """A table of the manuscript, its cells without marks."""
    head, *rows = ([_bare(cell) for cell in row] for row in block.rows)
    return Table(pd.DataFrame(rows, columns=head, dtype=object), "", (), block.left)


def _bare(text: str) -> str:
    return "".join(span.text for span in spans_of(text))
