"""Estimates one below the other: a point with its interval, and numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isinf, isnan
from typing import TYPE_CHECKING

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import panel_ticks, wrapped
from alliance_stats.report.plots.style import LINE_COLOUR, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ZERO_COLOUR = "#8a8a8a"
_LINE_WIDTH = 1.6
#: Letters in a line of the label below, which may reach beyond the axes.
_LABEL = 60


def rows_of(
    view: ResultView, kind: str | Sequence[str], columns: Sequence[str], *, maker: str = ""
) -> pd.DataFrame:
    """The plot frame of a view of this kind, or of one of these.

    `maker` is what gives such a result; by default ``fit_<kind>``.

    Raises
    ------
    ArgumentError
        If the view is of another kind, has no plot frame, or one that lacks columns.
    """
    kinds, maker = (kind,) if isinstance(kind, str) else kind, maker or f"fit_{kind}"
    if view.kind not in kinds or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. Give a result of {maker}."
        )
    missing = [name for name in columns if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. Give a result of {maker}."
        )
    return view.plot


def zero_line(axis: Axes) -> None:
    """A thin line at zero, under everything."""
    axis.axvline(0.0, color=_ZERO_COLOUR, linewidth=0.8, zorder=1)


def point_with_interval(
    axis: Axes, y: float, x: float, low: float, high: float, *, colour: str = LINE_COLOUR,
    hollow: bool = False,
) -> None:  # fmt: skip
    """A dot on its interval; an infinite end is an arrow to the edge of the axes.

    Set the limits of the axes before, where an end is infinite. A dot beyond them is left out.
    """
    left, right = axis.get_xlim()
    if not (isnan(low) or isnan(high)):
        ends = left if isinf(low) else low, right if isinf(high) else high
        axis.plot(ends, [y, y], color=colour, linewidth=_LINE_WIDTH, zorder=2)
        for end, infinite in zip(ends, (isinf(low), isinf(high)), strict=True):
            if infinite:
                _arrow(axis, y, end, colour)
    if (isinf(low) or isinf(high)) and not left <= x <= right:
        return
    axis.plot(
        x, y, marker="o", markersize=6, color=colour, zorder=3,
        markerfacecolor="white" if hollow else colour, markeredgewidth=1.2 if hollow else 1.0,
    )  # fmt: skip


def _arrow(axis: Axes, y: float, end: float, colour: str) -> None:
    """The head of an arrow at one edge of the axes."""
    left, right = axis.get_xlim()
    inwards = (right - left) * (0.03 if end == left else -0.03)
    axis.annotate(
        "", xy=(end, y), xytext=(end + inwards, y), annotation_clip=False, zorder=2,
        arrowprops={
            "arrowstyle": "-|>", "color": colour, "linewidth": _LINE_WIDTH, "shrinkA": 0,
            "shrinkB": 0, "mutation_scale": 9,
        },
    )  # fmt: skip


def words_beside(axis: Axes, y: float, words: str) -> None:
    """The numbers of a row, to the right of the axes."""
    axis.annotate(
        words, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=TEXT_SIZE,
        annotation_clip=False, parse_math=False,
    )  # fmt: skip


def name_rows(axis: Axes, places: Mapping[str, float], names: Sequence[str], label: str) -> None:
    """Names of the rows instead of a vertical axis, and the label of the horizontal one."""
    axis.set_yticks(list(places.values()))
    axis.set_yticklabels(names, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel(wrapped(label, _LABEL), fontsize=TEXT_SIZE, parse_math=False)
    panel_ticks(axis, "x")
