"""The parts of a manuscript: a heading and what stands below it, references and abstract known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from alliance_stats.paper.pieces import Piece
from alliance_stats.paper.render.blocks import Block

_NUMBERED = r"(?:\d+\.?[ \t]+)?"
Kind = Literal["", "references", "abstract"]
_KINDS: dict[str, Kind] = {
    rf"{_NUMBERED}(?:References|Bibliography|Literature)": "references",
    rf"{_NUMBERED}(?:Abstract|Summary)": "abstract",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, which the first part may lack, and the blocks up to the next one."""

    heading: Block | None
    blocks: tuple[Block | Piece, ...]
    kind: Kind


def parts_of(blocks: Sequence[Block | Piece]) -> list[Part]:
    """The blocks of a manuscript, parted by its headings."""
    starts = [k for k, b in enumerate(blocks) if isinstance(b, Block) and b.kind == "heading"]
    parts = [Part(None, tuple(blocks[: starts[0] if starts else None]), "")]
    parts += [_part(blocks[a:b]) for a, b in pairwise([*starts, len(blocks)])]
    return [part for part in parts if part.heading or part.blocks]


def _part(blocks: Sequence[Block | Piece]) -> Part:
    """A heading, and the blocks behind it."""
    heading = blocks[0]
    if not isinstance(heading, Block):  # a part begins with its heading
        return Part(None, tuple(blocks), "")
    kind: Kind = next((k for p, k in _KINDS.items() if re.fullmatch(p, heading.text)), "")
    return Part(heading, tuple(blocks[1:]), kind)
