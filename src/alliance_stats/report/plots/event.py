"""Figure of an event model: who has left by when at low and high alliance, and the hazard."""

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
    grow,
    label_axes,
    new_figure,
    panel_frame,
    panel_head,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    POINT_COLOUR,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import as_heading, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("panel", "layer", "level", "x", "y", "y_low", "y_high", "n")
#: Colour and dashes of each curve: they differ in grey too.
_CURVES = {
    "−1 SD": (MARK_COLOUR, (0, (4, 1.5))),
    "mean": (LINE_COLOUR, "-"),
    "+1 SD": (POINT_COLOUR, (0, (1, 1))),
}
_OTHERS = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1.3, 1, 1.3)))
#: Area in points² of the dot of the session with most patients at risk.
_LARGEST = 60.0


def plot_event(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw who has left by each session at low, mean and high alliance, and the hazard.

    On the left the cumulative incidence of the event, with a competing end of therapy taken into
    account and bands for the curves away from the mean. On the right the hazard at mean alliance
    over the observed shares, dots as large as the number of sessions at risk. Nothing is computed:
    the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_event`.
    ax : Axes or sequence of Axes, optional
        Where to draw, two Axes. By default a figure is made by pyplot.

    Returns
    -------
    numpy.ndarray of Axes, shape (2,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_event`, or the number of Axes is not two.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": ["incidence", "incidence", "hazard", "hazard"], "layer": "line",
    ...     "level": "mean", "x": [1.0, 2, 1, 2], "y": [0.1, 0.2, 0.1, 0.1],
    ...     "y_low": [0.05, 0.1, 0.05, 0.05], "y_high": [0.2, 0.3, 0.2, 0.2], "n": 0})
    >>> none = pd.DataFrame()
    >>> view = ResultView("event", "", none, none, plot, none, labels={"event": "dropout"})
    >>> from matplotlib.figure import Figure
    >>> plot_event(view, ax=Figure().subplots(1, 2))[0].get_ylabel()
    'cumulative incidence'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, figure, len(panels), share_y=False)
        _draw_incidence(axes[0], view, plot[plot["panel"] == "incidence"])
        _draw_hazard(axes[1], view, plot[plot["panel"] == "hazard"])
    grow(figure, axes)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The two panels of the figure."""
    return ["incidence", "hazard"]


def _plot_frame(view: ResultView) -> pd.DataFrame:
    columns = set() if view.plot is None else set(view.plot.columns)
    if view.kind != "event" or view.plot is None or not set(_COLUMNS) <= columns:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_event."
        )
    return view.plot


def _draw_incidence(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """Every curve from zero on, those off the mean with bands."""
    panel_frame(axis)
    levels = list(dict.fromkeys(rows["level"].astype(str)))
    for k, level in enumerate(levels):
        line = rows[rows["level"] == level].sort_values("x")
        colour, dashes = _CURVES.get(level, (MARK_COLOUR, _OTHERS[k % len(_OTHERS)]))
        x = _from_start(line["x"], float(line["x"].iloc[0]) - 1.0)
        if level != "mean":
            low, high = (_from_start(line[name].fillna(line["y"]), 0.0) for name in _COLUMNS[5:7])
            axis.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0)
        y = _from_start(line["y"], 0.0)
        axis.plot(x, y, color=colour, linestyle=dashes, linewidth=1.7, label=level)
    panel_ticks(axis, "x", "y")
    axis.set_ylim(bottom=0.0)
    name = one_line(view.labels.get("alliance", "alliance"))
    axis.legend(
        title=name, title_fontsize=TEXT_SIZE, frameon=False, fontsize=TEXT_SIZE, loc="upper left",
        handlelength=2.6, labelspacing=0.3, borderpad=0.1, alignment="left",
    )  # fmt: skip
    competing = one_line(view.labels.get("competing", ""))
    beside = f"beside {competing} as competing event" if competing else "no competing event"
    label_axes(axis, [_session(view)], "cumulative incidence")
    panel_head(axis, as_heading(view.labels.get("event", "event")), [beside])


def _draw_hazard(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """The hazard with its band over the observed shares."""
    panel_frame(axis)
    points = rows[rows["layer"] == "points"]
    line = rows[rows["layer"] == "line"].sort_values("x")
    x = line["x"].to_numpy(float)
    axis.fill_between(
        x, line["y_low"].to_numpy(float), line["y_high"].to_numpy(float), color=BAND_COLOUR,
        alpha=0.18, linewidth=0, zorder=1,
    )  # fmt: skip
    axis.plot(x, line["y"].to_numpy(float), color=LINE_COLOUR, linewidth=1.8, zorder=3)
    if len(points):
        size = _LARGEST * points["n"].to_numpy(float) / float(points["n"].max())
        axis.scatter(
            points["x"], points["y"], s=np.maximum(size, 3.0), facecolor="white",
            edgecolor=MARK_COLOUR, linewidth=0.8, zorder=4, clip_on=False,
        )  # fmt: skip
    highest = float(np.nanmax([line["y"].max(), points["y"].max() if len(points) else 0.0]))
    axis.set_ylim(0.0, 1.8 * highest if highest > 0 else 1.0)  # bands may reach far where few are
    panel_ticks(axis, "x", "y")
    label_axes(axis, [_session(view)], "hazard")
    panel_head(axis, "Hazard", ["line: at mean alliance; dots: observed"])


def _from_start(values: pd.Series, start: float) -> np.ndarray:
    return np.concatenate([[start], values.to_numpy(float)])


def _session(view: ResultView) -> str:
    return one_line(view.labels.get("session", "session"))


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    event, x = one_line(view.labels.get("event", "event")), one_line(view.labels["alliance"])
    competing = one_line(view.labels.get("competing", ""))
    beside = f", with '{competing}' as competing event" if competing else ""
    return (
        f"Left: cumulative incidence of '{event}' by {_session(view)} for patients whose {x} is at "
        f"its mean, or one standard deviation below or above, throughout{beside}; bands are "
        f"{100 * view.conf_level:g}% confidence intervals. Right: hazard of '{event}' at the mean, "
        "with its band; dots are observed shares, as large as the number of sessions at risk."
    )
