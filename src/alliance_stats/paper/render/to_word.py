"""A Markdown manuscript as a Word file in the style of the library's reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from alliance_stats.paper.pieces import Paragraphs, Picture, Piece
from alliance_stats.paper.render.blocks import Block
from alliance_stats.paper.render.from_markdown import resolved_blocks
from alliance_stats.paper.render.inline import Span, spans_of
from alliance_stats.paper.render.word_blocks import add_picture
from alliance_stats.paper.stored import Stored
from alliance_stats.report.table import Table
from alliance_stats.report.word.file import MONOSPACED, document_bytes, new_document
from alliance_stats.report.word.text import add_code, add_prose, xml_text

_STYLES = {"item": "List Bullet", "numbered": "List Number"}


def markdown_as_word(source: str, stored: Stored, folder: Path) -> bytes:
    """The file; a first heading is its title."""
    blocks = resolved_blocks(source, stored, folder)
    first = blocks[0] if blocks else None
    title = first.text if isinstance(first, Block) and first.kind == "heading" else ""
    document = new_document("".join(span.text for span in spans_of(title)))
    for position, block in enumerate(blocks):
        if isinstance(block, Block):
            _block(document, block, title=position == 0)
        else:
            _piece(document, block)
    return document_bytes(document)


def _piece(document: Any, piece: Piece) -> None:
    if isinstance(piece, Paragraphs):
        for text in piece.texts:
            add_prose(document.add_paragraph(), text)
    elif isinstance(piece, Picture):
        add_picture(document, piece)
    elif isinstance(piece, Table):
        piece.to_word(document)


def _block(document: Any, block: Block, *, title: bool) -> None:
    if block.kind == "table":
        _table(block).to_word(document)
        return
    if block.kind == "code":
        add_code(document.add_paragraph(style="Code"), block.text)
        return
    add_spans(document.add_paragraph(style=_style(block, title)), spans_of(block.text))


def _style(block: Block, title: bool) -> str:
    if block.kind == "heading":
        return "Title" if title else "Heading 1" if block.level <= 2 else "Heading 2"
    if block.kind == "quote":
        return "Note"
    return _STYLES.get(block.kind, "Normal")


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
