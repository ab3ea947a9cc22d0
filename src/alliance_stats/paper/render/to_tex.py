"""A Markdown manuscript as a LaTeX document."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from alliance_stats.paper.render.blocks import Block
from alliance_stats.paper.render.from_markdown import resolved_blocks
from alliance_stats.paper.render.inline import Span, spans_of
from alliance_stats.paper.render.tex import escape_tex, tex_piece, tex_row
from alliance_stats.paper.stored import Stored

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{graphicx}
\usepackage[hidelinks]{hyperref}
"""
_HEADINGS = ("section*", "subsection*", "subsubsection*", "paragraph")
_LISTS = {"item": "itemize", "numbered": "enumerate"}


def markdown_as_tex(source: str, stored: Stored, folder: Path, output: Path) -> str:
    """The document; a first heading is its title. Pictures are looked for from `output`."""
    blocks = resolved_blocks(source, stored, folder)
    title = ""
    if blocks and isinstance(blocks[0], Block) and blocks[0].kind == "heading":
        title = inline_tex(blocks[0].text)
        blocks = blocks[1:]
    body = [
        _list(key, [b for b in group if isinstance(b, Block)])
        if key in _LISTS
        else "\n\n".join(_block(b) if isinstance(b, Block) else tex_piece(b, output) for b in group)
        for key, group in groupby(blocks, lambda b: b.kind if isinstance(b, Block) else "piece")
    ]
    head = [f"\\title{{{title}}}\n\\author{{}}\n\\date{{}}"] if title else []
    made = ["\\maketitle"] if title else []
    return "\n\n".join(
        [_PREAMBLE, *head, "\\begin{document}", *made, *body, "\\end{document}"]
    ) + "\n"  # fmt: skip


def inline_tex(text: str) -> str:
    """A paragraph with its marks as LaTeX."""
    return "".join(map(_span, spans_of(text)))


def _span(span: Span) -> str:
    text = escape_tex(span.text)
    for on, command in (
        (span.code, "texttt"), (span.italic, "textit"), (span.bold, "textbf"),
        (span.raised, "textsuperscript"), (span.lowered, "textsubscript"),
    ):  # fmt: skip
        text = f"\\{command}{{{text}}}" if on else text
    if span.link.startswith(("http://", "https://", "mailto:")):
        link = span.link.replace("\\", "").replace("%", r"\%").replace("#", r"\#")
        text = f"\\href{{{link.replace('{', '').replace('}', '')}}}{{{text}}}"
    return text


def _block(block: Block) -> str:
    if block.kind == "heading":
        command = _HEADINGS[min(max(block.level - 2, 0), len(_HEADINGS) - 1)]
        return f"\\{command}{{{inline_tex(block.text)}}}"
    if block.kind == "code":
        safe = block.text.replace("\\end{verbatim}", "\\end {verbatim}")
        return f"\\begin{{verbatim}}\n{safe}\n\\end{{verbatim}}"
    if block.kind == "quote":
        return f"\\begin{{quote}}\n{inline_tex(block.text)}\n\\end{{quote}}"
    if block.kind == "rule":
        return "\\par\\noindent\\hrulefill\\par"
    if block.kind == "table":
        return _table(block)
    return inline_tex(block.text)


def _table(block: Block) -> str:
    sides = "".join("l" if left else "r" for left in block.left)
    head, *rows = (tex_row([inline_tex(cell) for cell in row]) for row in block.rows)
    lines = [f"\\begin{{tabular}}{{{sides}}}", "\\hline", head, "\\hline", *rows, "\\hline"]
    return "\n".join(["\\begin{center}", *lines, "\\end{tabular}", "\\end{center}"])


def _list(kind: str, blocks: list[Block]) -> str:
    name = _LISTS[kind]
    items = "\n".join(f"\\item {inline_tex(block.text)}" for block in blocks)
    return f"\\begin{{{name}}}\n{items}\n\\end{{{name}}}"
