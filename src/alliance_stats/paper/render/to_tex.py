"""A Markdown manuscript as a LaTeX document."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from alliance_stats.paper.pieces import Piece
from alliance_stats.paper.render.blocks import Block
from alliance_stats.paper.render.document import Part, parts_of
from alliance_stats.paper.render.from_markdown import resolved_blocks
from alliance_stats.paper.render.inline import Span, spans_of
from alliance_stats.paper.render.running_head import running_head
from alliance_stats.paper.render.tex import tex_piece
from alliance_stats.paper.render.tex_style import PAGE, preamble
from alliance_stats.paper.render.tex_table import tabular
from alliance_stats.paper.render.tex_text import escape_tex
from alliance_stats.paper.stored import Stored

_ADDRESS = re.compile(r"https?://[^\s{}\\^]*[^\s{}\\^.,;:)\]]")
_HEADINGS = ("section*", "subsection*", "subsubsection*", "paragraph*")
_LISTS = {"item": "itemize", "numbered": "enumerate"}


def markdown_as_tex(source: str, stored: Stored, folder: Path, output: Path) -> str:
    """The document; a first heading is its title. Pictures are looked for from `output`."""
    blocks = resolved_blocks(source, stored, folder)
    title = ""
    if blocks and isinstance(blocks[0], Block) and blocks[0].kind == "heading":
        title, blocks = blocks[0].text, blocks[1:]
    plain = "".join(span.text for span in spans_of(title))
    head = preamble(inline_tex(title), escape_tex(plain), escape_tex(running_head(plain)))
    made = [f"\\begin{{center}}\n\\textbf{{{inline_tex(title)}}}\n\\end{{center}}"] if title else []
    body = [text for part in parts_of(blocks) for text in _part(part, output)]
    return "\n\n".join([head, "\\begin{document}", *made, *body, "\\end{document}"]) + "\n"


def _part(part: Part, output: Path) -> list[str]:
    """A heading and what stands below it; references with a hanging indent."""
    texts: list[str] = []
    for kind, group in groupby(part.blocks, _kind):
        if kind in _LISTS:
            texts.append(_list(kind, [b for b in group if isinstance(b, Block)]))
        else:
            texts += [
                _block(b) if isinstance(b, Block) else tex_piece(b, output, PAGE) for b in group
            ]
    if part.kind == "references" and texts:
        texts = ["\\begin{references}", *texts, "\\end{references}"]
    if part.kind == "abstract" and texts:
        texts[0] = f"\\noindent {texts[0]}"
    return [*([_block(part.heading)] if part.heading else []), *texts]


def _written(block: Block | Piece, output: Path) -> str:
    return _block(block) if isinstance(block, Block) else tex_piece(block, output, PAGE)


def _kind(block: Block | Piece) -> str:
    return block.kind if isinstance(block, Block) else "piece"


def inline_tex(text: str) -> str:
    """A paragraph with its marks as LaTeX."""
    return "".join(map(_span, spans_of(text)))


def _span(span: Span) -> str:
    text = _with_addresses(span.text) if not (span.link or span.code) else escape_tex(span.text)
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


def _with_addresses(text: str) -> str:
    """Text whose web addresses may be broken over lines."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found.group().replace("%", r"\%").replace("#", r"\#")
        parts += [escape_tex(text[end : found.start()]), f"\\url{{{address}}}"]
        end = found.end()
    return "".join([*parts, escape_tex(text[end:])])


def _table(block: Block) -> str:
    head, *rows = block.rows
    table = tabular(head, rows, block.left, PAGE.line, head=inline_tex, cell=inline_tex)
    return f"\\begin{{singlespace}}\n{table}\n\\end{{singlespace}}"


def _list(kind: str, blocks: list[Block]) -> str:
    name = _LISTS[kind]
    items = "\n".join(f"\\item {inline_tex(block.text)}" for block in blocks)
    return f"\\begin{{{name}}}\n{items}\n\\end{{{name}}}"
