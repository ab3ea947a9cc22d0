"""The parts of a manuscript: a heading and what stands below it, references and abstract known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alliance_stats.paper.pieces import Piece
from alliance_stats.paper.render.blocks import Block

_NUMBERED = r"(?:\d+\.?[ \t]+)?"
_KINDS: dict[str, Literal["references", "abstract"]] = {
    rf"{_NUMBERED}(?:References|Bibliography|Literature)": "references",
    rf"{_NUMBERED}(?:Abstract|Summary)": "abstract",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, which the first part may lack, and the blocks up to the next one."""

    heading: Block | None
    blocks: tuple[Block | Piece, ...]
    kind: Literal["", "references", "abstract"]


def parts_of(blocks: Sequence[Block | Piece]) -> list[Part]:
    """The blocks of a manuscript, parted by its headings."""
    starts = [k for k, b in enumerate(blocks) if isinstance(b, Block) and b.kind == "heading"]
    parts = [Part(None, tuple(blocks[: starts[0] if starts else None]), "")]
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        heading = blocks[start]
        if isinstance(heading, Block):
            kind = next((k for p, k in _KINDS.items() if re.fullmatch(p, heading.text)), "")
            parts.append(Part(heading, tuple(blocks[start + 1 : stop]), kind))
    return [part for part in parts if part.heading or part.blocks]
