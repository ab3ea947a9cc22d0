"""Bindings written as Markdown."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from alliance_stats._base.printing import escape_markdown
from alliance_stats.paper.pieces import Paragraphs, Picture, Piece, Words
from alliance_stats.paper.render.substitute import substitute
from alliance_stats.paper.stored import Stored
from alliance_stats.report.wording.prose import prose_markdown
from alliance_stats.report.wording.symbols import prose_parts


def render_markdown(text: str, stored: Stored, folder: Path) -> str:
    """The manuscript with its bindings replaced; pictures are looked for from `folder`."""
    return substitute(text, stored, lambda piece: _written(piece, folder), "md")


def _written(piece: Piece, folder: Path) -> str:
    if isinstance(piece, Words):
        return inline_markdown(piece)
    if isinstance(piece, Paragraphs):
        return "\n\n".join(map(prose_markdown, piece.texts))
    if isinstance(piece, Picture):
        return _picture(piece, folder)
    return piece.to_markdown()


def _picture(piece: Picture, folder: Path) -> str:
    """A figure under its number and title, which the picture itself says too, with its note."""
    link = quote(Path(os.path.relpath(piece.path, folder)).as_posix())
    title = ". ".join(part for part in (piece.label, piece.name) if part)
    note = [f"*Note.* {prose_markdown(piece.note)}"] if piece.note else []
    # a picture alone in its paragraph would get its words as a second caption from some programs
    picture = f"![{escape_markdown(piece.words)}]({link})&nbsp;"
    return "\n\n".join([f"**{escape_markdown(title)}**", picture, *note])


def inline_markdown(piece: Words) -> str:
    """Numbers with their symbols in italics, for nothing in them is a mark; other text escaped."""
    if not piece.numeric:
        return escape_markdown(piece.text)
    parts = prose_parts(piece.text)
    return "".join(f"*{words}*" if italic else words for words, italic in parts)
