"""Figure of importance: weights of the predictors, and their differences from the alliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import MINUS
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_ticks,
    wrapped,
)
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import Row, has_interval, records
from alliance_stats.report.wording.words import effect_place, effect_words, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAYERS = ("weights", "differences")
_LEVELS = ("within", "between")
_COLUMNS = ("panel", "layer", "term", "x", "x_low", "x_high", "marked")
#: Height in inches of a row, and of what stands around the rows of a level.
_ROW, _AROUND = 0.27, 0.85
#: Letters of a predictor's name on one line.
_NAME = 20
_OTHER_COLOUR = "#c3cbd2"
_EDGE_COLOUR = "#4d5660"


def plot_importance(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw how much each predictor explains, and the alliance's lead over each other one.

    A row of panels for each level: on the left general dominance weights as bars, that of the
    alliance dark; on the right the differences *alliance − other* with their intervals. Only the
    differences compare. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : ImportanceResult
    ax : Axes or sequence of Axes, optional
        Where to draw, one a panel in reading order. By default pyplot makes a figure 6.9 inches
        wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_importance`, or `ax` holds another number of Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "within", "layer": ["weights", "weights", "differences"],
    ...     "term": ["wai", "bond", "bond"], "x": [0.05, 0.02, 0.03],
    ...     "x_low": [0.02, 0.01, -0.01], "x_high": [0.08, 0.04, 0.07],
    ...     "marked": [True, False, False]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("importance", "", none, none, plot, none, labels={"subject": "wai"})
    >>> from matplotlib.figure import Figure
    >>> [axis.get_xlabel() for axis in plot_importance(view, ax=Figure().subplots(1, 2))]
    ['Weight (R² within patients)', 'wai − other']
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else lay_out(figure, plot)
        for axis, name in zip(axes, panels, strict=True):
            level, layer = name.split()
            rows = plot[(plot["panel"] == level) & (plot["layer"] == layer)]
            _draw(axis, view, rows.reset_index(drop=True), level, layer)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The panels in reading order: ``within weights``, ``within differences`` …"""
    found = set(zip(plot["panel"], plot["layer"], strict=True))
    return [f"{lv} {layer}" for lv in _LEVELS for layer in LAYERS if (lv, layer) in found]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    subject = one_line(view.labels.get("subject", "the alliance"))
    ends = plot["x_low"].notna().any()
    lines = f" Lines: {100 * view.conf_level:g}% bootstrap intervals." if ends else ""
    outcome = one_line(view.labels.get("outcome", "the outcome"))
    return (
        f"How much of {outcome} each predictor explains within and between patients. Bars: general "
        f"dominance weights in R² of the level, {subject} dark. Points: weight of {subject} less "
        f"that of another predictor.{lines} Only the differences compare predictors."
    )


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """A row of panels for each level, as high as its predictors ask for."""
    panels = panel_names(plot)
    levels = [level for level in _LEVELS if f"{level} weights" in panels]
    heights = [
        _ROW * max(2, int(((plot["panel"] == level) & (plot["layer"] == "weights")).sum()))
        + _AROUND
        for level in levels
    ]
    figure.set_size_inches(PAGE_WIDTH, sum(heights))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(len(levels), 2, squeeze=False, height_ratios=heights)
    found = []
    for number, level in enumerate(levels):
        for place, layer in enumerate(LAYERS):
            if f"{level} {layer}" in panels:
                found.append(grid[number, place])
            else:
                grid[number, place].set_visible(False)
    axes = np.empty(len(found), dtype=object)
    axes[:] = found
    return axes


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "importance" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_importance."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give a result of fit_importance."
        )
    return view.plot


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, level: str, layer: str) -> None:
    """One panel: bars of weights, or points of differences."""
    panel_frame(axis)
    for place, row in enumerate(records(rows)):
        if layer == "weights":
            _bar(axis, row, -place)
        else:
            axis.plot(row["x"], -place, marker="o", markersize=5, color=LINE_COLOUR, zorder=3)
        if has_interval({"ci_low": row["x_low"], "ci_high": row["x_high"]}):
            _line(axis, row, -place, LINE_COLOUR if layer == "differences" else MARK_COLOUR)
    names = [one_line(term) for term in rows["term"]]
    if layer == "differences":
        names = [f"{MINUS} {name}" for name in names]
    axis.set_yticks(-np.arange(len(names)))
    axis.set_yticklabels([wrapped(name, _NAME) for name in names], parse_math=False)
    axis.set_ylim(-len(names) + 0.4, 0.6)
    axis.tick_params(axis="y", length=0)
    axis.axvline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    axis.spines["left"].set_visible(False)
    subject = one_line(view.labels.get("subject", "alliance"))
    label = (
        f"Weight (R² {effect_place(level)})" if layer == "weights" else f"{subject} {MINUS} other"
    )
    axis.set_xlabel(label, fontsize=TEXT_SIZE, parse_math=False)
    if layer == "weights":
        axis.set_title(effect_words(level), loc="left", fontweight="bold", parse_math=False)
    panel_ticks(axis, "x")


def _bar(axis: Axes, row: Row, place: int) -> None:
    colour = LINE_COLOUR if row["marked"] else _OTHER_COLOUR
    axis.barh(
        place, row["x"], height=0.62, color=colour, edgecolor=_EDGE_COLOUR,
        linewidth=0.6, zorder=2,
    )  # fmt: skip


def _line(axis: Axes, row: Row, place: int, colour: str) -> None:
    """An interval, set off in white so that it is seen on a dark bar."""
    ends = [row["x_low"], row["x_high"]]
    for width, shade in ((2.8, "white"), (1.1, colour)):
        axis.plot(ends, [place] * 2, color=shade, linewidth=width, zorder=2.5)
