"""Figure of therapists: their predicted effects before and after the alliance, in one order."""

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
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    THREAD_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import number, records
from alliance_stats.report.wording.words import names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("panel", "y", "x", "ci_low", "ci_high", "observed", "excludes_average")
_TITLES = {"before": "Before the alliance", "after": "With the alliance"}
#: Inches for each therapist, around them, and at least and at most for all.
_ROW, _AROUND, _LEAST, _MOST = 0.085, 1.15, 1.4, 5.6
#: Most therapists with marks of full size.
_FEW = 40


def plot_therapists(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the predicted effect of every therapist before and after the alliance is in the model.

    A line a therapist: the dot is the predicted effect with its interval, filled where the
    interval leaves out the average therapist; the grey cross is the mean of what the model leaves
    of the therapist's patients before it is shrunken. Both panels have one order, that of the
    effects before. Therapists are not named. Nothing is computed: the figure draws the frame
    ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_therapist`.
    ax : sequence of two Axes, optional
        Where to draw. By default pyplot makes a figure 6.9 inches wide (two columns of a journal),
        higher for more therapists.

    Returns
    -------
    numpy.ndarray of Axes, shape (2,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_therapist`, or the number of Axes is not two.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": ["before", "before", "after", "after"], "y": [1, 2, 1, 2],
    ...     "x": [-0.8, 0.8, -0.5, 0.5], "ci_low": [-1.5, 0.1, -1.2, -0.2],
    ...     "ci_high": [-0.1, 1.5, 0.2, 1.2], "observed": [-1.4, 1.4, -1.0, 1.0],
    ...     "n": [9, 9, 9, 9], "excludes_average": [True, True, False, False]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("therapist", "", none, none, plot, none, labels={"outcome": "phq9"})
    >>> from matplotlib.figure import Figure
    >>> axes = plot_therapists(view, ax=Figure().subplots(1, 2))
    >>> axes[1].get_title(loc="left")
    'With the alliance'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels), size=figure_size(plot))
    with journal_style():
        axes = given_axes(ax, figure, len(panels))
        reach = _reach(plot)
        for axis, panel in zip(axes, panels, strict=True):
            rows = plot.loc[plot["panel"] == panel]
            panel_frame(axis)
            axis.set_xlim(*reach)
            _draw(axis, rows)
            label_axes(axis, _x_words(view), _y_words(rows), set_y=axis is axes[0])
            panel_head(axis, _TITLES[panel], _head_lines(view, panel, rows))
            panel_ticks(axis, "x")
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """Before, then after."""
    return [name for name in _TITLES if name in set(plot["panel"])]


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches: both columns of a journal, higher for more therapists."""
    rows = float(np.clip(_ROW * plot["y"].max(), _LEAST, _MOST))
    return PAGE_WIDTH, rows + _AROUND


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    y = names_of(view)[1]
    n = int(_plot_frame(view)["y"].max())
    return (
        f"Differences of {counted(n, 'therapist')} from the average in post-treatment {y}, before "
        "and after the alliance is in the model, in the order of those before. Dots: shrunken, "
        "with "
        f"{100 * view.conf_level:g}% intervals, given the estimated variances; filled where the "
        "interval leaves out the average therapist. Crosses: means of the therapist's patients, "
        "not shrunken."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "therapist" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_therapist."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give a result of fit_therapist."
        )
    return view.plot


def _reach(plot: pd.DataFrame) -> tuple[float, float]:
    """Ends of the horizontal axis, symmetric about the average."""
    columns = plot[["x", "ci_low", "ci_high", "observed"]].to_numpy(dtype=float)
    end = 1.06 * float(np.abs(columns).max()) or 1.0
    return -end, end


def _draw(axis: Axes, rows: pd.DataFrame) -> None:
    """Intervals, crosses and dots; smaller ones for many therapists."""
    many = len(rows) > _FEW
    size, width = (9.0, 0.7) if many else (18.0, 1.1)
    y, x = rows["y"].to_numpy(float), rows["x"].to_numpy(float)
    away = rows["excludes_average"].to_numpy(bool)
    axis.axvline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    axis.scatter(
        rows["observed"].to_numpy(float), y, marker="x", s=0.6 * size, c=THREAD_COLOUR,
        linewidths=0.7, zorder=3.5,
    )  # fmt: skip
    low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
    axis.hlines(y, low, high, colors=LINE_COLOUR, linewidth=width, zorder=3)
    for chosen, face, edge in ((away, MARK_COLOUR, MARK_COLOUR), (~away, "white", LINE_COLOUR)):
        axis.scatter(
            x[chosen], y[chosen], s=size, facecolors=face, edgecolors=edge, linewidths=0.9,
            zorder=4,
        )  # fmt: skip
    axis.set_ylim(0.2, y.max() + 0.8)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)


def _x_words(view: ResultView) -> list[str]:
    y = names_of(view)[1]
    better = view.labels.get("outcome_better", "")
    tail = f" ({better} is better)" if better in ("lower", "higher") else ""
    return ["difference from the average therapist", f"in post-treatment {y}{tail}"]


def _y_words(rows: pd.DataFrame) -> str:
    return f"{counted(len(rows), 'therapist')}, ordered"


def _head_lines(view: ResultView, panel: str, rows: pd.DataFrame) -> list[str]:
    """The intraclass correlation with its interval, and how many intervals leave out zero."""
    n, away = len(rows), int(rows["excludes_average"].sum())
    lines = [f"{away:,} of {n:,} intervals leave out the average"]
    shares = view.tables.get("Therapists' share of variance", pd.DataFrame())
    for row in records(shares):
        if row.get("model") == panel:
            ends = f"[{number(row['ci_low'], 3)}, {number(row['ci_high'], 3)}]"
            lines.insert(0, f"ICC {number(row['icc'], 3)}, {100 * view.conf_level:g}% CI {ends}")
    return lines
