"""How wide the columns of a table in a Word file must be, and how a table fits its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alliance_stats.report.word.file import ASIDE, TABLE, UPRIGHT

#: Room between columns in centimetres.
GAP = 0.36
#: Widths of the letters of Times in thousandths of their size.
_WIDTHS = {
    letter: width
    for width, letters in {
        180: "'",
        250: " .,\N{PUNCTUATION SPACE}\N{NO-BREAK SPACE}", 278: "ijlt:;/\\", 333: "fr-I()[]!",
        389: "sJ", 444: "acez", 556: "FPS", 564: "−<>=+×", 611: "ELTZ", 667: "BCR",
        722: "wADGHKNOQUVXY", 778: "m&", 833: "%", 889: "M", 921: "@", 944: "W",
    }.items()
    for letter in letters
}  # fmt: skip
_OTHER_WIDTH = 500
#: Word and LibreOffice differ a little, and so do the fonts they take for Times.
_SAFE = 1.04
_CENTIMETRES = _SAFE * TABLE * 2.54 / 72 / 1000
#: Words of a column are not squeezed below the first width, and only longer ones are broken than
#: the second (thousandths of the size of letters).
_FEWEST, _LONGEST = 7_000.0, 16_000.0
_SCALES = (1.0, 0.9, 0.82)
#: Where a line may end.
_BREAKS = re.compile(r"[ \-]")


@dataclass(frozen=True)
class Layout:
    """How a table is set.

    Attributes
    ----------
    blocks : tuple of tuple of int
        Columns that stand side by side; more than one block if all are too wide for a page.
    widths : tuple of float
        Of every column, in centimetres.
    scale : float
        How much smaller the letters are.
    aside : bool
        Whether the page lies on its side.
    """

    blocks: tuple[tuple[int, ...], ...]
    widths: tuple[float, ...]
    scale: float
    aside: bool


def lay_out(
    headings: Sequence[str],
    columns: Sequence[Sequence[str]],
    left: Sequence[bool],
    rooms: tuple[float, float] = (UPRIGHT, ASIDE),
) -> Layout:
    """The largest letters on an upright page that break no number and no name, else on its side.

    A table too wide for that is set in blocks one below the other, each with the first column.
    `rooms` are the centimetres of a page upright and on its side.
    """
    wanted, least = [], []
    for heading, cells, is_left in zip(headings, columns, left, strict=True):
        longest = max([*map(text_width, cells), 0.0])
        needed = max(min(longest, _FEWEST), _longest_word(cells)) if is_left else longest
        wanted.append(max(longest, text_width(heading)))
        least.append(max(needed, _longest_word([heading])))
    every = tuple(range(len(least)))
    for room in rooms:
        for scale in _SCALES:
            if sum(_centimetres(n, scale) for n in least) <= room:
                widths = _spread(wanted, least, scale, room)
                return Layout((every,), widths, scale, aside=room == rooms[1])
    return _in_blocks(least, _SCALES[-1], rooms[1])


def text_width(text: str) -> float:
    """The width of a text in thousandths of the size of its letters.

    >>> text_width("0.5"), text_width("Mm")
    (1250.0, 1667.0)
    """
    return float(sum(_WIDTHS.get(letter, _OTHER_WIDTH) for letter in text))


def _longest_word(texts: Sequence[str]) -> float:
    words = {word for text in texts for word in _BREAKS.split(text)}
    return min(max(map(text_width, words), default=0.0), _LONGEST)


def _centimetres(width: float, scale: float) -> float:
    return width * _CENTIMETRES * scale + GAP


def _in_blocks(least: Sequence[float], scale: float, room: float) -> Layout:
    """As many columns side by side as fit a page on its side, the first of them in each block."""
    widths = [min(_centimetres(n, scale), room / 2) for n in least]
    blocks: list[tuple[int, ...]] = [(0,)]
    used = widths[0]
    for column, width in enumerate(widths[1:], start=1):
        if used + width > room:
            blocks.append((0,))
            used = widths[0]
        blocks[-1] = (*blocks[-1], column)
        used += width
    return Layout(tuple(blocks), tuple(widths), scale, aside=True)


def _spread(
    wanted: Sequence[float], least: Sequence[float], scale: float, room: float
) -> tuple[float, ...]:
    """Every column as wide as it must be; what is left goes first to those that want little."""
    widths = [_centimetres(n, scale) for n in least]
    left = room - sum(widths)
    more = [max(w - n, 0.0) * _CENTIMETRES * scale for w, n in zip(wanted, least, strict=True)]
    for done, column in enumerate(sorted(range(len(more)), key=more.__getitem__)):
        given = min(more[column], left / (len(more) - done))
        widths[column] += given
        left -= given
    spare = left / len(widths) if len(widths) > 3 else 0.0
    return tuple(width + spare for width in widths)
