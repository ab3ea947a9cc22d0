"""Figure of several perspectives: each one's coefficient by level, alone and beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    letters_along,
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
from alliance_stats.report.wording.numbers import records
from alliance_stats.report.wording.words import as_heading, effect_words, names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("panel", "perspective", "model", "x", "x_low", "x_high")
#: Height in inches of a perspective, and of what is around the panels.
_ROW, _AROUND = 0.46, 1.15
#: Inches of the legend at the top, and from the panels up to it.
_LEGEND, _OVER = 0.22, 0.27
#: Distance from the middle of its row at which a coefficient stands.
_APART = 0.15
_MODELS = ("alone", "together")


def plot_perspectives(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the coefficient of every perspective, level by level, alone and beside the others.

    Hollow dots are models of one perspective, filled dots the model of all; lines are confidence
    intervals. Where a filled dot lies nearer to zero than the hollow one, the perspective shares
    what it goes with; where it lies further out, the others hid it. Every level has a scale of its
    own. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_perspectives`.
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a level. By default pyplot makes a figure 6.9 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_levels,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_perspectives`, or the number of Axes is not that of the levels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "within", "perspective": ["patient", "observer"], "model": "together",
    ...     "x": [-0.12, 0.02], "x_low": [-0.16, -0.01], "x_high": [-0.08, 0.05]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("perspectives", "", none, none, plot, none, labels={"outcome": "phq9"})
    >>> from matplotlib.figure import Figure
    >>> plot_perspectives(view, ax=Figure().subplots())[0].get_title(loc="left")
    'Within patients'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else lay_out(figure, plot)
        for place, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
            _draw(axis, plot[plot["panel"] == panel], first=place == 0)
            axis.set_title(effect_words(panel), loc="left", fontweight="bold", parse_math=False)
            words = f"b ({names_of(view)[1]} per point)"
            axis.set_xlabel(wrapped(words, letters_along(axis, "x")), parse_math=False)
        _legend(axes[0], plot)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The levels, innermost first."""
    return list(dict.fromkeys(plot["panel"]))


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Panels side by side, with room for a row a perspective and a legend over them."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    n = len(panel_names(plot))
    height = _ROW * plot["perspective"].nunique() + _AROUND
    figure.set_size_inches(PAGE_WIDTH, height)
    figure.set_layout_engine(
        ConstrainedLayoutEngine(w_pad=0.09, rect=(0.0, 0.0, 1.0, 1.0 - _LEGEND / height))
    )
    return np.asarray(figure.subplots(1, n, squeeze=False))[0]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    y = names_of(view)[1]
    return (
        f"Coefficients of the alliance as several raters see it for {y}, by level, with "
        f"{100 * view.conf_level:g}% confidence intervals. Hollow: each perspective alone. Filled: "
        "all perspectives in one model. Every level has a scale of its own."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    known = view.kind == "perspectives" and view.plot is not None and not view.plot.empty
    if not known or view.plot is None or any(name not in view.plot for name in _COLUMNS):
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_perspectives."
        )
    return view.plot


def _draw(axis: Axes, frame: pd.DataFrame, *, first: bool) -> None:
    names = list(dict.fromkeys(frame["perspective"]))
    panel_frame(axis)
    axis.axvline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    for row in records(frame):
        alone = row["model"] == "alone"
        y = -names.index(row["perspective"]) + (_APART if alone else -_APART)
        colour = MARK_COLOUR if alone else LINE_COLOUR
        axis.plot(
            [row["x_low"], row["x_high"]], [y, y], color=colour, linewidth=1.0 if alone else 1.6,
            zorder=2,
        )  # fmt: skip
        axis.plot(
            row["x"], y, marker="o", markersize=5.5, color=colour, linestyle="none",
            markerfacecolor="white" if alone else colour, markeredgewidth=0.9, zorder=3,
        )  # fmt: skip
    axis.set_yticks([-float(place) for place in range(len(names))])
    labels = [as_heading(name) if first else "" for name in names]
    axis.set_yticklabels(labels, parse_math=False)
    axis.set_ylim(-len(names) + 0.45, 0.55)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    panel_ticks(axis, "x")


def _legend(axis: Axes, plot: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    words = {"alone": "each perspective alone", "together": "all in one model"}
    shown = [model for model in _MODELS if (plot["model"] == model).any()]
    handles = [
        Line2D(
            [], [], marker="o", markersize=5.5, markeredgewidth=0.9,
            color=MARK_COLOUR if model == "alone" else LINE_COLOUR,
            linewidth=1.0 if model == "alone" else 1.6,
            markerfacecolor="white" if model == "alone" else LINE_COLOUR,
        )
        for model in shown
    ]  # fmt: skip
    legend = axis.legend(
        handles, [words[model] for model in shown], frameon=False, loc="lower left", ncols=2,
        bbox_to_anchor=(0.0, 1.0 + _OVER / axis.bbox.height * axis.figure.dpi), borderpad=0.0,
        handletextpad=0.5, fontsize=TEXT_SIZE,
    )  # fmt: skip
    legend.set_in_layout(False)
