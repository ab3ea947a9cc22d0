"""Bindings written as LaTeX, without packages beyond graphicx."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from alliance_stats.paper.pieces import Paragraphs, Picture, Piece, Words
from alliance_stats.paper.render.substitute import substitute
from alliance_stats.paper.stored import Stored
from alliance_stats.report.symbols import heading_parts, prose_parts
from alliance_stats.report.table import Table

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "−": r"\ensuremath{-}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\textbar{}",
    "–": "--", "—": "---", "…": r"\dots{}", "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}",
    "∞": r"\ensuremath{\infty}", "²": r"\ensuremath{^2}", "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}", "χ": r"\ensuremath{\chi}", "τ": r"\ensuremath{\tau}",
    "ρ": r"\ensuremath{\rho}", "ω": r"\ensuremath{\omega}", "α": r"\ensuremath{\alpha}",
    "κ": r"\ensuremath{\kappa}", "σ": r"\ensuremath{\sigma}", "β": r"\ensuremath{\beta}",
    "Δ": r"\ensuremath{\Delta}", "λ": r"\ensuremath{\lambda}", "\n": " ",
}  # fmt: skip
_SPECIALS = re.compile("|".join(map(re.escape, _SPECIAL)))


def render_tex(text: str, stored: Stored, folder: Path) -> str:
    """The manuscript with its bindings replaced; pictures are looked for from `folder`."""
    return substitute(text, stored, lambda piece: tex_piece(piece, folder), "tex")


def escape_tex(text: object) -> str:
    r"""Text that LaTeX prints as it is, in formulas too.

    >>> escape_tex("50% of a_b"), escape_tex("p < .001")
    ('50\\% of a\\_b', 'p \\ensuremath{<} .001')
    """
    return _SPECIALS.sub(lambda found: _SPECIAL[found.group()], str(text))


def tex_piece(piece: Piece, folder: Path) -> str:
    """A piece as LaTeX."""
    if isinstance(piece, Words):
        return _in_italics(prose_parts(piece.text)) if piece.numeric else escape_tex(piece.text)
    if isinstance(piece, Paragraphs):
        return "\n\n".join(_in_italics(prose_parts(text)) for text in piece.texts)
    if isinstance(piece, Picture):
        return _picture(piece, folder)
    return tex_table(piece)


def tex_table(table: Table) -> str:
    """A table as a float: rules above and below, its notes as a paragraph."""
    sides = "".join("l" if left else "r" for left in table.left)
    head = [_in_italics(heading_parts(str(name))) for name in table.frame.columns]
    cells = ([escape_tex(cell) for cell in row] for row in table.frame.to_numpy(dtype=object))
    rows = [tex_row(row) for row in cells]
    below = [
        f"\\par\\smallskip\\footnotesize \\textit{{Note.}} {escape_tex(' '.join(table.notes))}"
    ]
    return "\n".join([
        "\\begin{table}[htbp]",
        "\\centering",
        f"\\caption{{{escape_tex(table.title)}}}",
        f"\\begin{{tabular}}{{{sides}}}",
        "\\hline",
        tex_row(head),
        "\\hline",
        *rows,
        "\\hline",
        "\\end{tabular}",
        *(below if table.notes else []),
        "\\end{table}",
    ])  # fmt: skip


def tex_row(cells: Sequence[str]) -> str:
    r"""A row of a table; a bracket at its start would be read as an argument of the row above.

    >>> print(tex_row(["[1, 2]", "x"]))
    {}[1, 2] & x \\
    """
    row = " & ".join(cells)
    return f"{'{}' if row.startswith('[') else ''}{row} \\\\"


def _picture(piece: Picture, folder: Path) -> str:
    path = Path(os.path.relpath(piece.path, folder)).as_posix()
    return "\n".join([
        "\\begin{figure}[htbp]",
        "\\centering",
        f"\\includegraphics[width=\\linewidth]{{{path}}}",
        f"\\caption{{{escape_tex(piece.caption)}}}",
        "\\end{figure}",
    ])  # fmt: skip


def _in_italics(parts: list[tuple[str, bool]]) -> str:
    return "".join(f"\\textit{{{escape_tex(t)}}}" if i else escape_tex(t) for t, i in parts)
