"""Figure of reliable change: each patient's score after against the one before."""

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
    TEXT_SIZE,
    THREAD_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches: a square panel, and the legend beside it.
SIZE = (4.5, 3.2)

#: Patients in the largest mark that is drawn in full size, marks drawn in full size, and the area
#: in square points below which no mark is drawn.
_LARGEST, _MANY, _SMALLEST = 4, 400, 3.0

_COLUMNS = ("layer", "x", "y", "y_low", "y_high", "n", "category")
#: Marker, face, edge and size of each category, told apart in grey by form and filling.
_LOOKS = {
    "recovered": ("o", LINE_COLOUR, LINE_COLOUR, 13.0),
    "improved": ("o", "white", LINE_COLOUR, 13.0),
    "unchanged": ("s", THREAD_COLOUR, THREAD_COLOUR, 7.0),
    "deteriorated": ("X", MARK_COLOUR, "white", 26.0),
}


def plot_reliable_change(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw every patient's score after treatment against the one before.

    Patients in the band did not change reliably; the thin line is no change at all. Dotted
    lines are the cut-off: who crossed it downwards (or upwards, where higher is better) is on
    the healthy side afterwards. Patients with the same scores are one larger mark. Nothing is
    computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : ReliableChange
        A result of `reliable_change`.
    ax : Axes or sequence of one Axes, optional
        Where to draw. By default pyplot makes a figure 4.5 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `reliable_change`, or several Axes are given.

    Examples
    --------
    >>> import alliance_stats as al
    >>> from alliance_stats.report import plot_reliable_change
    >>> result = al.reliable_change([18, 15, 20, 12], [6, 12, 19, 19], reliability=0.84, sd=5.5,
    ...                             higher_is_better=False, cutoff=10)
    >>> from matplotlib.figure import Figure
    >>> plot_reliable_change(result, ax=Figure().subplots())[0].get_ylabel()
    'after (lower is better)'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 1, size=SIZE)
    with journal_style():
        axes = given_axes(ax, figure, 1)
        axis = axes[0]
        panel_frame(axis)
        _limits(axis, plot)
        _draw_lines(axis, plot)
        _draw_points(axis, plot.loc[plot["layer"] == "points"])
        panel_ticks(axis, "x", "y")
        better = view.labels.get("outcome_better", "")
        tail = f" ({better} is better)" if better else ""
        label_axes(axis, [_name(view, "pre")], _name(view, "post") + tail)
        panel_head(axis, "Reliable change", [_count(plot)])
        axis.legend(
            loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=TEXT_SIZE,
            handletextpad=0.5, borderaxespad=0.0, labelspacing=0.55,
        )  # fmt: skip
    grow(figure, axes)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The figure has one panel."""
    return ["change"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    cutoff = plot.loc[plot["layer"] == "cutoff", "x"]
    dotted = f" Dotted lines: cut-off {_short(cutoff.iloc[0])}." if len(cutoff) else ""
    return (
        f"Scores after ({_name(view, 'post')}) against scores before ({_name(view, 'pre')}), "
        f"{_count(plot)}. Band: no reliable change. Thin line: no change.{dotted} Larger marks: "
        "several patients with the same scores."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "reliable_change" or view.plot is None:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', not 'reliable_change'. Give a result of "
            "reliable_change."
        )
    if view.plot.empty or any(name not in view.plot.columns for name in _COLUMNS):
        raise ArgumentError("the result has no patient with both scores, so there is no figure.")
    return view.plot


def _name(view: ResultView, label: str) -> str:
    return one_line(view.labels.get(label, label))


def _short(value: float) -> str:
    """A cut-off as it was published, or computed with two decimals."""
    return f"{round(value, 2):g}"


def _count(plot: pd.DataFrame) -> str:
    return counted(int(plot.loc[plot["layer"] == "points", "n"].sum()), "patient")


def _limits(axis: Axes, plot: pd.DataFrame) -> None:
    """The same ends on both axes, with a margin, so that no change is the diagonal."""
    ends = plot.loc[plot["layer"] == "equal", "x"].to_numpy(float)
    low, high = ends.min(), ends.max()
    margin = 0.04 * (high - low) or 1.0
    axis.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
    axis.set_aspect("equal", adjustable="box", anchor="W")


def _draw_lines(axis: Axes, plot: pd.DataFrame) -> None:
    """The band, no change, and the cut-off, prolonged to the ends of the axes."""
    band = plot.loc[plot["layer"] == "band"].sort_values("x", kind="stable")
    x = band["x"].to_numpy(float)
    wide = np.array(axis.get_xlim())
    low, high = (_prolonged(x, band[name].to_numpy(float), wide) for name in ("y_low", "y_high"))
    axis.fill_between(
        wide, low, high, color=BAND_COLOUR, alpha=0.13, linewidth=0, zorder=0,
        label="No reliable change",
    )  # fmt: skip
    axis.plot(wide, wide, color=MARK_COLOUR, linewidth=0.6, zorder=1, label="No change")
    for value in plot.loc[plot["layer"] == "cutoff", "x"].to_numpy(float):
        across = axis.axhline(value, label=f"Cut-off {_short(value)}")
        for line in (across, axis.axvline(value)):
            line.set(color=MARK_COLOUR, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)


def _prolonged(x: np.ndarray, y: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """A straight line through the first and last point, at other places."""
    if x[0] == x[-1]:
        return np.full(len(wide), y[0])
    return np.asarray(y[0] + (y[-1] - y[0]) * (wide - x[0]) / (x[-1] - x[0]))


def _draw_points(axis: Axes, points: pd.DataFrame) -> None:
    """One mark a pair of scores, its area by the number of patients; counts in the legend."""
    largest, many = float(points["n"].max()), len(points)
    shrink = min(1.0, _LARGEST / largest) * (1.0 if many <= _MANY else (_MANY / many) ** 0.5)
    for layer, (category, (marker, face, edge, size)) in enumerate(_LOOKS.items(), start=2):
        rows = points.loc[points["category"] == category]
        n = int(rows["n"].sum())
        if n:
            area = np.maximum(_SMALLEST, shrink * size * rows["n"].to_numpy(float))
            axis.scatter(
                rows["x"].to_numpy(float), rows["y"].to_numpy(float),
                s=area, marker=marker, facecolors=face, edgecolors=edge,
                linewidths=0.9 if category == "improved" else 0.4,
                zorder=layer, label=f"{category.capitalize()} ({n:,})",
            )  # fmt: skip
