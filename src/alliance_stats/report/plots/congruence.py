"""Figure of bias and tracking: one line a therapist or patient, around the average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    label_axes,
    new_figure,
    panel_frame,
    panel_head,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    COLUMN_WIDTH,
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    THREAD_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import number
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("panel", "unit", "y", "x", "ci_low", "ci_high", "observed", "average")
_TITLES = {"bias": "Directional bias", "tracking": "Tracking"}
#: Values that mean something, with their words.
_MARKS = {"bias": {0.0: "no bias"}, "tracking": {0.0: "none", 1.0: "full"}}
#: Inches for each member, around them, and at least and at most for all.
_ROW, _AROUND, _LEAST, _MOST = 0.085, 1.15, 1.4, 5.6
_FEW = 40


def plot_tracking(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the bias and the tracking of every therapist, or patient where there are no therapists.

    A line a member: the dot is what the model predicts, with its interval; the grey cross is the
    plain mean difference of the ratings, before it is shrunken. The vertical line with its band is
    the average with its interval; dotted lines are no bias, no tracking and full tracking. Both
    panels have one order, that of the biases. Members are not named. Nothing is computed: the
    figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_congruence`.
    ax : sequence of Axes, optional
        Where to draw, one a panel; the tracking has one only if it may differ between members. By
        default pyplot makes a figure as wide as a journal's page, higher for more members.

    Returns
    -------
    numpy.ndarray of Axes

    Raises
    ------
    ArgumentError
        If the result is not of `fit_congruence`, or the number of Axes is not that of the panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": ["bias", "bias"], "unit": "therapist", "y": [1, 2], "x": [-5.0, -2.0],
    ...     "ci_low": [-7.0, -4.0], "ci_high": [-3.0, 0.0], "observed": [-6.0, -1.5],
    ...     "n": [40, 50], "average": -3.5, "average_low": -5.0, "average_high": -2.0})
    >>> none = pd.DataFrame()
    >>> view = ResultView("congruence", "", none, none, plot, none)
    >>> from matplotlib.figure import Figure
    >>> plot_tracking(view, ax=Figure().subplots())[0].get_title(loc="left")
    'Directional bias'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels), size=figure_size(plot))
    with journal_style():
        axes = given_axes(ax, figure, len(panels))
        for axis, panel in zip(axes, panels, strict=True):
            rows = plot.loc[plot["panel"] == panel]
            panel_frame(axis)
            _draw(axis, panel, rows)
            label_axes(axis, _x_words(view, panel), _y_words(rows), set_y=axis is axes[0])
            panel_head(axis, _TITLES[panel], _head_lines(view, rows))
            panel_ticks(axis, "x")
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """Bias, then tracking if it may differ."""
    return [name for name in _TITLES if name in set(plot["panel"])]


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches, higher for more members."""
    rows = float(np.clip(_ROW * plot["y"].max(), _LEAST, _MOST))
    return PAGE_WIDTH if plot["panel"].nunique() > 1 else COLUMN_WIDTH, rows + _AROUND


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    truth, judgement = _names(view)
    unit = str(plot["unit"].iloc[0])
    tracking = " and tracking" if "tracking" in set(plot["panel"]) else ""
    return (
        f"Directional bias{tracking} of {judgement} against {truth}, by {unit} "
        f"({counted(int(plot['y'].max()), unit)}), in the order of the biases. Dots: as the model "
        f"predicts them, shrunken towards the average, with {100 * view.conf_level:g}% intervals. "
        "Crosses: plain mean differences of the ratings. Line and band: the average with its "
        "interval."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    plot = view.plot
    if view.kind != "congruence" or plot is None or any(name not in plot for name in _COLUMNS):
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_congruence."
        )
    return plot


def _names(view: ResultView) -> tuple[str, str]:
    return (
        one_line(view.labels.get("truth", "the truth")),
        one_line(view.labels.get("judgement", "the judgement")),
    )


def _draw(axis: Axes, panel: str, rows: pd.DataFrame) -> None:
    """The average, what would mean something, and every member."""
    many = len(rows) > _FEW
    size, width = (9.0, 0.7) if many else (18.0, 1.1)
    y, x = rows["y"].to_numpy(float), rows["x"].to_numpy(float)
    first = rows.iloc[0]
    axis.axvspan(first["average_low"], first["average_high"], color=BAND_COLOUR, alpha=0.13, lw=0)
    axis.axvline(first["average"], color=LINE_COLOUR, linewidth=1.2, zorder=2)
    for value in _MARKS[panel]:
        axis.axvline(value, color="#6a6a6a", linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    axis.scatter(
        rows["observed"].to_numpy(float), y, marker="x", s=0.6 * size, c=THREAD_COLOUR,
        linewidths=0.7, zorder=3.5,
    )  # fmt: skip
    low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
    axis.hlines(y, low, high, colors=MARK_COLOUR, linewidth=width, zorder=3)
    axis.scatter(x, y, s=size, facecolors="white", edgecolors=MARK_COLOUR, linewidths=0.9, zorder=4)
    axis.set_ylim(0.2, y.max() + (2.2 if not many else 4.5))
    _reach(axis, panel, rows)
    for value, words in _MARKS[panel].items():
        axis.annotate(
            words, (value, 1.0), (-2, -1), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="right", va="top", fontsize=TEXT_SIZE - 1,
            color="#444444",
        )  # fmt: skip
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)


def _reach(axis: Axes, panel: str, rows: pd.DataFrame) -> None:
    """Ends of the horizontal axis: everything drawn, and the values that mean something."""
    columns = rows[["x", "ci_low", "ci_high", "observed", "average_low", "average_high"]]
    values = np.concatenate([columns.to_numpy(dtype=float).ravel(), list(_MARKS[panel])])
    low, high = np.nanmin(values), np.nanmax(values)
    room = 0.06 * (high - low) or 1.0
    axis.set_xlim(low - room * (2.0 if panel == "tracking" else 1.0), high + room)


def _x_words(view: ResultView, panel: str) -> list[str]:
    truth, judgement = _names(view)
    if panel == "bias":
        return [f"{judgement} less {truth}, in points", f"where {truth} is at its mean"]
    return [f"{judgement} per point of {truth}", "within patients"]


def _y_words(rows: pd.DataFrame) -> str:
    return f"{counted(len(rows), str(rows['unit'].iloc[0]))}, ordered"


def _head_lines(view: ResultView, rows: pd.DataFrame) -> list[str]:
    """The average with its interval."""
    row = rows.iloc[0]
    ends = f"[{number(row['average_low'], 2)}, {number(row['average_high'], 2)}]"
    return [f"average {number(row['average'], 2)}, {100 * view.conf_level:g}% CI {ends}"]
