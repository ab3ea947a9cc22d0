"""A Markdown manuscript in blocks, its bindings resolved, for targets of another kind."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from alliance_stats._base.errors import DataError
from alliance_stats.paper.bindings import find_bindings
from alliance_stats.paper.paths import inside
from alliance_stats.paper.pieces import Numbering, Picture, Piece, Words, resolve
from alliance_stats.paper.render.blocks import Block, blocks_of
from alliance_stats.paper.render.markdown import inline_markdown
from alliance_stats.paper.render.substitute import problem_of
from alliance_stats.paper.stored import Stored

#: A symbol in italics with its sign, which no line breaks from its number.
_TIE = re.compile(r"(\*[A-Za-z]{1,3}\*(?:\([\d., ]+\))?) ([=<>≤≥]) (?=[−\d.])")


def resolved_blocks(source: str, stored: Stored, folder: Path) -> list[Block | Piece]:
    """Blocks of the text, and pieces where bindings of blocks stood.

    Raises
    ------
    DataError
        If a binding does not resolve, or a picture is not in the paper.
    """
    found: list[Block | Piece] = []
    numbering = Numbering()
    for block in blocks_of(_with_numbers(source, stored)):
        binding = next(find_bindings(block.text, "md"), None) if block.kind != "code" else None
        if binding is not None and block.text.strip() == binding.source:
            found.append(numbering.numbered(resolve(binding, stored)))
        elif block.kind == "image":
            found.append(_picture(block, folder))
        elif block.kind == "code":
            found.append(block)
        else:
            found.append(replace(block, text=_TIE.sub("\\1\xa0\\2\xa0", block.text)))
    return found


def _with_numbers(source: str, stored: Stored) -> str:
    """The text with its numbers in place; blocks stay bound."""
    parts, end = [], 0
    for binding in find_bindings(source, "md"):
        problem = problem_of(source, binding, stored)
        if problem:
            line = source.count("\n", 0, binding.start) + 1
            raise DataError(f"line {line}, {binding.source}: {problem}")
        piece = resolve(binding, stored)
        kept = inline_markdown(piece) if isinstance(piece, Words) else binding.source
        parts += [source[end : binding.start], kept]
        end = binding.end
    return "".join([*parts, source[end:]])


def _picture(block: Block, folder: Path) -> Picture:
    """A picture that the manuscript itself shows."""
    path = inside(folder, block.target, what="a picture of the manuscript")
    if not path.is_file():
        raise DataError(f"picture '{block.target}' is not in the paper. Correct its path.")
    return Picture(path, block.text)
