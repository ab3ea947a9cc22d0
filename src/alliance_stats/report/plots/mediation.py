"""Figure of a mediation model: effects and paths of every level with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import has_interval, interval, number, records
from alliance_stats.report.wording.words import effect_words, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("level", "row", "x", "x_low", "x_high")
#: Height in rows of the heading of a level, and in inches of a row.
_HEADING = 1.1
_ROW = 0.28
#: Rows that are paths, set off from the effects by a hollow mark.
_PATHS = ("a", "b")


def plot_mediation(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw total, indirect and direct effects and the paths of a mediation model, by level.

    Dots are effects in standard deviations of their level with their intervals, hollow dots the
    two paths that the indirect effect is made of. Nothing is computed: the figure draws the frame
    ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_mediation`.
    ax : Axes, optional
        Where to draw, one Axes. By default pyplot makes a figure 6.9 inches wide (two columns of
        a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_mediation`, or `ax` holds several Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "level": ["within"], "row": ["indirect"], "x": [-0.12], "x_low": [-0.20],
    ...     "x_high": [-0.04]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("mediation", "", none, none, plot, none, labels={"mediator": "insight"})
    >>> from matplotlib.figure import Figure
    >>> plot_mediation(view, ax=Figure().subplots())[0].get_xlabel()
    'Standardised coefficient (SD of the level)'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 1)
    with journal_style():
        if figure is not None:
            figure.set_size_inches(*figure_size(plot))
        axes = given_axes(ax, figure, 1)
        _draw(axes[0], view, plot)
    return axes


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches: both columns of a journal, a row an effect."""
    return PAGE_WIDTH, _ROW * (len(plot) + _HEADING * plot["level"].nunique()) + 0.8


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["effects"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, m, y = _names(view)
    return (
        f"Total, indirect and direct effects of {x} on {y} with {m} as mediator, and the paths a "
        f"({x} to {m}) and b ({m} to {y}; hollow): coefficients in standard deviations of their "
        f"level with {100 * view.conf_level:g}% intervals."
    )


def _names(view: ResultView) -> tuple[str, str, str]:
    found = [one_line(view.labels.get(n, n)) for n in ("predictor", "mediator", "outcome")]
    return found[0], found[1], found[2]


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "mediation" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_mediation."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give a result of fit_mediation."
        )
    return view.plot


def _draw(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    panel_frame(axis)
    axis.axvline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    words = _row_words(view)
    height, level = 0.0, ""
    places, labels = [], []
    for row in records(plot):
        if row["level"] != level:
            level = row["level"]
            height -= _HEADING
            axis.annotate(
                effect_words(level), (0.0, height + 0.75), xycoords=("axes fraction", "data"),
                va="center", ha="right", fontsize=TEXT_SIZE, fontweight="bold", xytext=(-4, 0),
                textcoords="offset points", annotation_clip=False,
            )  # fmt: skip
        _draw_row(axis, view, row, height)
        places.append(height)
        labels.append(words[row["row"]])
        height -= 1.0
    axis.set_yticks(places)
    axis.set_yticklabels(labels, parse_math=False)
    axis.set_ylim(height + 0.4, -0.1)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("Standardised coefficient (SD of the level)", fontsize=TEXT_SIZE)
    panel_ticks(axis, "x")


def _draw_row(axis: Axes, view: ResultView, row: dict[str, float], height: float) -> None:
    path = row["row"] in _PATHS
    face = "white" if path else LINE_COLOUR
    ends = {"ci_low": row["x_low"], "ci_high": row["x_high"]}
    if has_interval(ends):
        axis.plot(
            [row["x_low"], row["x_high"]], [height, height], zorder=2,
            color=MARK_COLOUR if path else LINE_COLOUR, linewidth=1.0 if path else 1.6,
        )  # fmt: skip
    axis.plot(
        row["x"], height, marker="o", markersize=5.5, zorder=3, markerfacecolor=face,
        markeredgecolor=MARK_COLOUR if path else LINE_COLOUR, linestyle="none",
    )  # fmt: skip
    words = number(row["x"], 2)
    words += f"  {interval(ends, 2, view.conf_level)}" if has_interval(ends) else ""
    axis.annotate(
        words, (1.02, height), xycoords=("axes fraction", "data"), va="center",
        fontsize=TEXT_SIZE, annotation_clip=False, parse_math=False,
    )  # fmt: skip


def _row_words(view: ResultView) -> dict[str, str]:
    """What each row is called at the axis."""
    x, m, y = _names(view)
    return {
        "total": "total",
        "indirect": f"indirect, through {m}",
        "direct": "direct",
        "a": f"a: {x} → {m}",
        "b": f"b: {m} → {y}",
    }
