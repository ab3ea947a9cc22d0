"""Panels side by side: where figures draw, and the words around a panel."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.plots.style import COLUMN_WIDTH, PAGE_WIDTH, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AxesArray = np.ndarray[Any, np.dtype[np.object_]]

_SPACING = 1.25
_HEIGHT = 3.1
#: Mean width of a letter, as a share of the size of the text.
_LETTER = 0.58
#: Height in points of a line of text.
_LINE = _SPACING * TEXT_SIZE
#: Points between a panel, the lines over it, and its name.
_GAP = 3.5
#: A label under one of several panels may reach this far into the gaps beside it.
_OVERHANG = 1.1


def figure_size(n: int) -> tuple[float, float]:
    """Width and height in inches of a figure of `n` panels."""
    return (PAGE_WIDTH if n > 1 else COLUMN_WIDTH, _HEIGHT)


def panel_axes(figure: Figure, n: int, *, share_y: bool = True) -> AxesArray:
    """Panels side by side, on one vertical scale or each on its own, with room for labels."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.09))
    return np.asarray(figure.subplots(1, n, sharey=share_y, squeeze=False))[0]


def single_axes(
    figure: Figure, size: tuple[float, float], *, pad: float | None = None
) -> AxesArray:
    """One panel in a figure of this size in inches, with `pad` inches around all words."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure.set_size_inches(*size)
    figure.set_layout_engine(ConstrainedLayoutEngine(h_pad=pad, w_pad=pad))
    axes = np.empty(1, dtype=object)
    axes[0] = figure.subplots()
    return axes


def single_name(plot: pd.DataFrame) -> list[str]:
    """The panel of a figure that has one."""
    return ["panel"]


def new_figure(ax: object, n: int, *, size: tuple[float, float] | None = None) -> Figure | None:
    """A figure of pyplot for `n` panels if no Axes are given, of the usual size or another.

    Make it before entering a style context: loaded inside one, pyplot's choice of backend would be
    undone with the style, and a notebook would not show the figures that follow.
    """
    if ax is not None:
        return None
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size or figure_size(n), dpi=150, facecolor="white")


def given_axes(
    ax: Axes | Sequence[Axes] | None, figure: Figure | None, n: int, *, share_y: bool = True
) -> AxesArray:
    """The Axes given, one a panel, or those of the new figure.

    Raises
    ------
    ArgumentError
        If the number of Axes is not that of the panels.
    """
    if figure is not None:
        return panel_axes(figure, n, share_y=share_y)
    given = np.empty(np.size(np.asarray(ax, dtype=object)), dtype=object)
    given[:] = np.asarray(ax, dtype=object).ravel()
    if len(given) != n:
        panels = "1 panel" if n == 1 else f"{n} panels"
        raise ArgumentError(
            f"ax holds {len(given)} Axes, but the figure has {panels}. "
            f"Give {n} Axes, such as plt.subplots(1, {n})[1], or None."
        )
    return given


def panel_frame(axis: Axes) -> None:
    """Two spines, and text of one size also on Axes that were made in another style."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(x=0.03)
    axis.tick_params(labelsize=TEXT_SIZE)
    for label in (axis.xaxis.label, axis.yaxis.label):
        label.set_fontsize(TEXT_SIZE)


def panel_ticks(axis: Axes, *which: str) -> None:
    """Round numbers on the axes named, fewer where there is less room."""
    from matplotlib.ticker import MaxNLocator

    for name in which:
        room = letters_along(axis, name)
        locator = MaxNLocator(4 if room < 25 else 5 if room < 32 else 6, steps=[1, 2, 5, 10])
        getattr(axis, f"{name}axis").set_major_locator(locator)


def whole_ticks(axis: Axes) -> None:
    """Whole numbers on the horizontal axis, which counts."""
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))


def panel_head(axis: Axes, title: str, lines: Sequence[str]) -> None:
    """Set the panel's name in bold over lines of text, all above the axes."""
    axis.annotate(
        "\n".join(lines), (0, 1), (0, _GAP), xycoords="axes fraction", textcoords="offset points",
        va="bottom", fontsize=TEXT_SIZE, linespacing=_SPACING, parse_math=False,
    )  # fmt: skip
    axis.set_title(
        title, loc="left", fontweight="bold", parse_math=False, pad=2 * _GAP + _LINE * len(lines)
    )


def letters_along(axis: Axes, which: str) -> int:
    """How many letters of a label have room along the ``x`` or ``y`` axis."""
    pixels = axis.bbox.height if which == "y" else axis.bbox.width
    if which == "x" and not _is_alone(axis):
        pixels *= _OVERHANG
    return max(12, int(pixels / axis.figure.dpi * 72 / (_LETTER * TEXT_SIZE)))


def label_axes(axis: Axes, x: Sequence[str], y: str, *, set_y: bool = True) -> None:
    """Labels wrapped to the room there is: `x` of parts that stand on lines of their own.

    Without `set_y` the label `y` of another panel only takes its room.
    """
    room, upright = letters_along(axis, "x"), wrapped(y, letters_along(axis, "y"))
    if _is_alone(axis):  # the lines of y take from its own width
        room = max(12, room - round(upright.count("\n") * _LINE / (_LETTER * TEXT_SIZE)))
    axis.set_xlabel("\n".join(wrapped(part, room) for part in x), parse_math=False)
    if set_y:
        axis.set_ylabel(upright, parse_math=False)


def _is_alone(axis: Axes) -> bool:
    """Whether a panel has none beside it."""
    return bool(axis.bbox.width > axis.figure.bbox.width / 2)


def grow(figure: Figure | None, axes: AxesArray) -> None:
    """Make a figure of our own higher by the lines of its longest label over two."""
    if figure is None:
        return
    lines = max(axis.get_xlabel().count("\n") + 1 for axis in axes)
    figure.set_figheight(figure.get_figheight() + max(0, lines - 2) * _LINE / 72)


def wrapped(words: str, width: int) -> str:
    """Lines of at most `width` letters, as even in length as that many lines can be.

    A name longer than a line is broken after an underscore.

    >>> wrapped("phq9 (adjusted; lower is better)", 20)
    'phq9 (adjusted;\\nlower is better)'
    """
    loose = " ".join(w.replace("_", "_\0 ") if len(w) > width else w for w in words.split(" "))
    n_lines = len(textwrap.wrap(loose, width))
    longest = min(width, max(len(word) for word in loose.split(" ")))
    even = next(w for w in range(longest, width + 1) if len(textwrap.wrap(loose, w)) <= n_lines)
    return "\n".join(textwrap.wrap(loose, even)).replace("\0 ", "").replace("\0", "")
