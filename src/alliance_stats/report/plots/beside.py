"""Words in columns beside the rows of a figure, and how much room they take."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alliance_stats.report.plots.style import FONT, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Align = Literal["left", "right"]

#: Points between two columns, and between a column and the axes.
GAP = 9.0


@dataclass(frozen=True)
class Words:
    """One text of a column; its look is plain, ``bold``, or that of a ``symbol``: bold italic."""

    y: float
    text: str
    look: str = ""
    indent: float = 0.0


@dataclass(frozen=True)
class Column:
    """Texts one below the other, on one side of the axes."""

    words: tuple[Words, ...]
    align: Align = "left"

    def width(self, size: float) -> float:
        """Points that the longest text takes."""
        return max(
            (text_width(w.text, size, w.look != "") + w.indent for w in self.words), default=0.0
        )


def text_width(text: str, size: float = TEXT_SIZE, bold: bool = False) -> float:
    """Width in points of a line of text in the font of figures."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, weight="bold" if bold else "normal", size=size)
    with warnings.catch_warnings():  # letters the font lacks: drawing warns of them
        warnings.simplefilter("ignore")
        return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def write_left(axis: Axes, columns: Sequence[Column], size: float = TEXT_SIZE) -> float:
    """Write columns to the left of the axes, the last one next to them; return their width."""
    place = 0.0
    for column in reversed(columns):
        width = column.width(size)
        place -= GAP + width
        _write(axis, column, 0.0, place, width, size)
    return -place


def write_right(axis: Axes, columns: Sequence[Column], size: float = TEXT_SIZE) -> float:
    """Write columns to the right of the axes, the first one next to them; return their width."""
    place = 0.0
    for column in columns:
        width = column.width(size)
        place += GAP
        _write(axis, column, 1.0, place, width, size)
        place += width
    return place


def _write(
    axis: Axes, column: Column, edge: float, place: float, width: float, size: float
) -> None:
    """Every text of a column that begins `place` points from an edge of the axes."""
    for words in column.words:
        x = place + (width if column.align == "right" else words.indent)
        axis.annotate(
            words.text, (edge, words.y), (x, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha=column.align, va="center", fontsize=size,
            fontweight="bold" if words.look else "normal", annotation_clip=False,
            fontstyle="italic" if words.look == "symbol" else "normal", parse_math=False,
        )  # fmt: skip


def shortened(text: str, width: int) -> str:
    """A name of at most `width` letters: the middle of a longer one gives way, years stay.

    >>> shortened("Horvath, Del Re, Flückiger, & Symonds (2011)", 24)
    'Horvath, Del Re… (2011)'
    """
    if len(text) <= width:
        return text
    tail = 7 if text[-7:-5] == " (" else 0
    head = text[: width - 1 - tail].rstrip(" ,;&.")
    return f"{head}…{text[-tail:] if tail else ''}"
