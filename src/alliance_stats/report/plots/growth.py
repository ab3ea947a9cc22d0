"""Figure of growth models: patients' ratings as thin lines under the mean course of each shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    journal_style,
)
from alliance_stats.report.plots.trajectories import draw_lines, panel_names, shown_patients
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import as_heading, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = {
    "linear": (0, (1, 1.2)),
    "log": (0, (5, 1.5)),
    "quadratic": (0, (4, 1.3, 1, 1.3)),
    "piecewise": (0, (2.2, 1.2)),
}


def plot_growth(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the course of alliance and outcome: a thin line a patient, and a mean of each shape.

    The wide line with its confidence band is the shape that is reported; dashed lines are the
    other shapes. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_growth`.
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a panel. By default a figure is made by pyplot.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)
        Alliance, then outcome.

    Raises
    ------
    ArgumentError
        If the result is not of `fit_growth`, or the number of Axes is not that of the panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "alliance", "layer": ["lines", "lines", "chosen", "chosen"],
    ...     "shape": ["", "", "linear", "linear"], "x": [0.0, 1, 0, 1], "y": [40.0, 44, 41, 43],
    ...     "y_low": [None, None, 40, 42], "y_high": [None, None, 42, 44], "group": [0, 0, -1, -1]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("growth", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_growth(view, ax=Figure().subplots())[0].get_ylabel()
    'wai'
    """
    view = as_view(result)
    if view.kind != "growth" or view.plot is None:
        raise ArgumentError(
            f"a result of kind '{view.kind}' holds no courses. Give a result of fit_growth."
        )
    panels, shown = panel_names(view.plot), shown_patients(view.plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, figure, len(panels), share_y=False)
        for axis, panel in zip(axes, panels, strict=True):
            rows = view.plot.loc[view.plot["panel"] == panel]
            _draw_panel(axis, rows, shown)
            _label(axis, view, panel)
            panel_head(axis, as_heading(panel), [_patients(rows, shown), _reported(view, rows)])
    grow(figure, axes)
    return axes


def _draw_panel(axis: Axes, rows: pd.DataFrame, shown: Sequence[int]) -> None:
    """Patients, the other shapes, and the reported one on top with its band."""
    panel_frame(axis)
    lines = rows.loc[(rows["layer"] == "lines") & rows["group"].isin(shown)]
    draw_lines(axis, lines, [])
    for shape, line in rows.loc[rows["layer"] == "shape"].groupby("shape", sort=False):
        axis.plot(
            line["x"], line["y"], color=MARK_COLOUR, linewidth=1.0, zorder=5,
            linestyle=_DASHES.get(str(shape), "--"), label=str(shape),
        )  # fmt: skip
    chosen = rows.loc[rows["layer"] == "chosen"]
    x = chosen["x"].to_numpy(float)
    low, high = chosen["y_low"].to_numpy(float), chosen["y_high"].to_numpy(float)
    axis.fill_between(x, low, high, color=BAND_COLOUR, alpha=0.28, linewidth=0, zorder=3)
    y = chosen["y"].to_numpy(float)
    axis.plot(x, y, color="white", linewidth=3.4, zorder=5.5)
    shape = str(chosen["shape"].iloc[0]) if len(chosen) else ""
    axis.plot(x, y, color=LINE_COLOUR, linewidth=2.2, zorder=6, label=f"{shape} (reported)")


def _label(axis: Axes, view: ResultView, panel: str) -> None:
    panel_ticks(axis, "x", "y")
    clock = one_line(view.labels.get("clock", "session"))
    name = one_line(view.labels.get(panel, panel))
    better = view.labels.get("outcome_better", "") if panel == "outcome" else ""
    tail = f" ({better} is better)" if better in ("lower", "higher") else ""
    label_axes(axis, [f"{clock}s since the first" if clock == "session" else clock], name + tail)
    handles, names = axis.get_legend_handles_labels()
    axis.legend(
        handles[::-1], names[::-1], frameon=True, framealpha=0.85, edgecolor="none",
        fontsize=TEXT_SIZE - 1, handlelength=2.6, borderpad=0.2, labelspacing=0.25, loc="best",
    )  # fmt: skip


def _patients(rows: pd.DataFrame, shown: Sequence[int]) -> str:
    groups = rows.loc[rows["layer"] == "lines", "group"]
    n, drawn = int(groups.nunique()), int(groups[groups.isin(shown)].nunique())
    return counted(n, "patient") if drawn == n else f"{drawn:,} of {counted(n, 'patient')}"


def _reported(view: ResultView, rows: pd.DataFrame) -> str:
    """``linear: smallest BIC``."""
    chosen = rows.loc[rows["layer"] == "chosen", "shape"]
    how = "smallest BIC" if view.labels.get("post_selection") else "chosen beforehand"
    return f"{chosen.iloc[0]}: {how}" if len(chosen) else ""


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    names = [one_line(view.labels.get(name, name)) for name in ("alliance", "outcome")]
    clock = one_line(view.labels.get("clock", "session"))
    how = "of smallest BIC" if view.labels.get("post_selection") else "chosen beforehand"
    return (
        f"Course of {names[0]} and {names[1]} by {clock} since the patient's first. Thin lines: "
        f"observed ratings. Wide lines: mean course of the shape {how}, with its pointwise "
        f"{100 * view.conf_level:g}% confidence band; dashed lines: the other shapes. Means are "
        "at average growth factors; patients leave, so that later sessions hold fewer of them."
    )
