"""Panels side by side: where figures draw, and the words around a panel."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.style import PAGE_WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AxesArray = np.ndarray[Any, np.dtype[np.object_]]

_SPACING = 1.25


def figure_size(n: int) -> tuple[float, float]:
    """Width and height in inches of a figure of `n` panels."""
    return (PAGE_WIDTH if n > 1 else PAGE_WIDTH / 2, 2.9)


def panel_axes(figure: Figure, n: int, *, share_y: bool = True) -> AxesArray:
    """Panels side by side, on one vertical scale or each on its own, with room for labels."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.09))
    return np.asarray(figure.subplots(1, n, sharey=share_y, squeeze=False))[0]


def new_figure(ax: object, n: int) -> Figure | None:
    """A figure of pyplot for `n` panels if no Axes are given.

    Make it before entering a style context: loaded inside one, pyplot's choice of backend would be
    undone with the style, and a notebook would not show the figures that follow.
    """
    if ax is not None:
        return None
    import matplotlib.pyplot as plt

    return plt.figure(figsize=figure_size(n), dpi=150, facecolor="white")


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


def panel_head(axis: Axes, title: str, lines: Sequence[str]) -> None:
    """Set the panel's name in bold over lines of text, all above the axes."""
    axis.text(
        0, 1.02, "\n".join(lines), transform=axis.transAxes, va="bottom", fontsize=8,
        linespacing=_SPACING, parse_math=False,
    )  # fmt: skip
    axis.set_title(
        title, loc="left", fontweight="bold", parse_math=False,
        pad=4 + 8 * _SPACING * 1.17 * len(lines),
    )  # fmt: skip


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
