"""Bindings written as LaTeX, without packages beyond graphicx."""

from __future__ import annotations

import os
from pathlib import Path

from alliance_stats.paper.pieces import Paragraphs, Picture, Piece, Words
from alliance_stats.paper.render.substitute import substitute
from alliance_stats.paper.render.tex_table import below, tex_table
from alliance_stats.paper.render.tex_text import Page, escape_tex
from alliance_stats.paper.stored import Stored

#: The page of a manuscript that brings its own style.
UNKNOWN = Page()


def render_tex(text: str, stored: Stored, folder: Path) -> str:
    """The manuscript with its bindings replaced; pictures are looked for from `folder`."""
    return substitute(text, stored, lambda piece: tex_piece(piece, folder), "tex")


def tex_piece(piece: Piece, folder: Path, page: Page = UNKNOWN) -> str:
    """A piece as LaTeX."""
    if isinstance(piece, Words):
        return page.prose(piece.text) if piece.numeric else escape_tex(piece.text)
    if isinstance(piece, Paragraphs):
        return "\n\n".join(page.prose(text) for text in piece.texts)
    if isinstance(piece, Picture):
        return _picture(piece, folder, page)
    return tex_table(piece, page)


def _picture(piece: Picture, folder: Path, page: Page) -> str:
    """A figure under its title, with its note below."""
    note = page.prose(piece.note)
    path = Path(os.path.relpath(piece.path, folder)).as_posix()
    return "\n".join([
        "\\begin{figure}[htbp]",
        f"\\caption{{{escape_tex(piece.name)}}}",
        f"\\noindent\\includegraphics[width=\\linewidth]{{{path}}}",
        *(["\\par\\smallskip", below(f"\\textit{{Note.}} {note}")] if piece.note else []),
        "\\end{figure}",
    ])  # fmt: skip
