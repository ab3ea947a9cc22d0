"""Markdown of a manuscript in blocks: headings, paragraphs, lists, tables, pictures, code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "heading", "paragraph", "item", "numbered", "quote", "code", "table", "image", "rule"
]

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*$")
_ITEM = re.compile(r"[ \t]{0,3}([-*+]|\d{1,3}[.)])[ \t]+(.*)")
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)")
_RULE = re.compile(r"[ \t]{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_IMAGE = re.compile(r"!\[(.*)\]\(([^()\s]+)\)")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_FRONT = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block; `level` of a heading, `target` of an image, `rows` of a table."""

    kind: Kind
    text: str = ""
    level: int = 0
    target: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    left: tuple[bool, ...] = ()


def blocks_of(source: str) -> list[Block]:
    """The blocks of a Markdown text, without front matter and comments."""
    text = _COMMENT.sub("", _FRONT.sub("", source.replace("\r\n", "\n")))
    lines = text.split("\n")
    found: list[Block] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        block, at = _block(lines, at)
        found.append(block)
    return found


def _block(lines: list[str], at: int) -> tuple[Block, int]:
    """The block that begins on a line, and the line after it."""
    line = lines[at]
    if fence := _FENCE.match(line):
        return _code(lines, at, fence.group(1))
    if heading := _HEADING.match(line):
        return Block("heading", heading.group(2), level=len(heading.group(1))), at + 1
    if _RULE.fullmatch(line):
        return Block("rule"), at + 1
    if image := _IMAGE.fullmatch(line.strip()):
        return Block("image", image.group(1), target=image.group(2)), at + 1
    if "|" in line and at + 1 < len(lines) and _DELIMITER.fullmatch(lines[at + 1]):
        return _table(lines, at)
    if item := _ITEM.match(line):
        words, end = _gathered(lines, at + 1, [item.group(2)])
        numbered = item.group(1)[0].isdigit()
        return Block("numbered" if numbered else "item", words), end
    if line.lstrip().startswith(">"):
        end = at
        while end < len(lines) and lines[end].lstrip().startswith(">"):
            end += 1
        return Block("quote", " ".join(row.lstrip()[1:].strip() for row in lines[at:end])), end
    words, end = _gathered(lines, at + 1, [line.strip()])
    return Block("paragraph", words), end


def _gathered(lines: list[str], at: int, words: list[str]) -> tuple[str, int]:
    """The lines that go on with a paragraph."""
    while at < len(lines) and lines[at].strip() and not _begins(lines[at]):
        words.append(lines[at].strip())
        at += 1
    return " ".join(words), at


def _begins(line: str) -> bool:
    """Whether a line begins a block that needs no empty line before it."""
    return any(shape.match(line) for shape in (_HEADING, _FENCE, _ITEM)) or line.startswith(">")


def _code(lines: list[str], at: int, fence: str) -> tuple[Block, int]:
    end = at + 1
    while end < len(lines) and not lines[end].strip().startswith(fence):
        end += 1
    return Block("code", "\n".join(lines[at + 1 : end])), end + 1


def _table(lines: list[str], at: int) -> tuple[Block, int]:
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    head, rules = _cells(lines[at]), _cells(lines[at + 1])
    rows = [_cells(line) for line in lines[at + 2 : end]]
    wide = len(head)
    padded = tuple(tuple([*row, *[""] * wide][:wide]) for row in [head, *rows])
    left = tuple(not rule.endswith(":") or rule.startswith(":") for rule in [*rules, *["-"] * wide])
    return Block("table", rows=padded, left=left[:wide]), end


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]
