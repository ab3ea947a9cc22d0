"""Figure of a within-between model: one panel an effect, points under a line with its band."""

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
    POINT_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import has_interval, interval, number, records
from alliance_stats.report.wording.words import (
    EFFECT_ORDER,
    effect_words,
    listed,
    names_of,
    one_line,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More points than this in a panel are thinned, and the figure says so.
MOST_POINTS = 5000
#: Size and opacity of points, by how many at most there are.
_POINT_LOOKS = ((60, (18.0, 0.75)), (400, (11.0, 0.45)), (2000, (7.0, 0.30)), (5000, (4.0, 0.18)))
_X_WORDS = {
    "early_alliance": "mean of the early sessions",
    "within": "deviation from the patient's mean",
    "between": "patient's mean − mean of patients",
    "patient_between": "patient's mean − therapist's mean",
    "therapist_between": "therapist's mean − mean of therapists",
}
_DOTS = {
    "early_alliance": "patient",
    "within": "session",
    "between": "patient",
    "patient_between": "patient",
    "therapist_between": "therapist",
}
_COLUMNS = ("panel", "layer", "x", "y", "y_low", "y_high")


def plot_within_between(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the associations of a within-between model, one panel for each effect.

    Each panel shows the observed points, adjusted for the rest of the model, under the fitted
    line with its confidence band. Above a panel stand the coefficient, its interval and the
    number of points. Nothing is computed: the figure draws the frame ``result.view().plot``. Of
    more than 5,000 points in a panel a fixed random selection is drawn, and the panel says so.

    Parameters
    ----------
    result : result
        A result of `fit_within_between`, or anything whose view has such a plot frame.
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a panel. By default pyplot makes a figure 6.9 inches wide
        (two columns of a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)
        In the order within, between patients, between therapists.

    Raises
    ------
    ArgumentError
        If the result has no plot frame of this kind, or the number of Axes is not that of the
        panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "within", "layer": ["points", "line", "line"], "x": [0.5, -1, 1],
    ...     "y": [11.0, 12.5, 12.3], "y_low": [None, 12.1, 11.9], "y_high": [None, 12.9, 12.7],
    ...     "group": [1, -1, -1]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("within_between", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> axes = plot_within_between(view, ax=Figure().subplots())
    >>> axes[0].get_xlabel()
    "wai\\ndeviation from the patient's mean"
    """
    return draw_panels(as_view(result), ax)


def draw_panels(
    view: ResultView, ax: Axes | Sequence[Axes] | None, *, maker: str = "fit_within_between"
) -> AxesArray:
    """Draw each panel of a view's plot frame; `maker` is named where there is none."""
    plot = _plot_frame(view, maker)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, figure, len(panels))
        heads = _head_lines(view, plot, panels)
        for axis, panel, head in zip(axes, panels, heads, strict=True):
            panel_frame(axis)
            _draw(axis, plot.loc[plot["panel"] == panel])
            label_axes(axis, _x_words(view, panel), _y_words(view), set_y=axis is axes[0])
            panel_head(axis, effect_words(panel), head)
    grow(figure, axes)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The panels of a plot frame in print order."""
    found = [str(name) for name in dict.fromkeys(plot["panel"])]
    known = [name for name in EFFECT_ORDER if name in found]
    return known + [name for name in found if name not in known]


def shown_points(panel: pd.DataFrame) -> pd.DataFrame:
    """The points that are drawn: all of them, or a fixed random selection in the same order."""
    points = panel.loc[panel["layer"] == "points"]
    if len(points) <= MOST_POINTS:
        return points
    kept = np.random.default_rng(0).permutation(len(points))[:MOST_POINTS]
    return points.iloc[np.sort(kept)]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    return f"Association of {x} with {y}: {caption_details(view)}"


def caption_details(view: ResultView) -> str:
    """The panels, what points and lines are, and how many points there are of what."""
    plot = _plot_frame(view)
    panels = panel_names(plot)
    names = [effect_words(panel).lower() for panel in panels]
    counts = listed([_count(view, plot, panel) for panel in panels])
    parts = [
        f"{', '.join(names)}.",
        f"Points: observed {names_of(view)[1]}, adjusted for the other terms of the model "
        f"({counts}).",
        f"Lines: fitted, with {100 * view.conf_level:g}% confidence bands.",
    ]
    thinned = [
        f"{_count(view, plot, p)}, selected at random." for p in panels if _is_thinned(plot, p)
    ]
    return " ".join([*parts, *thinned])


def _n_points(plot: pd.DataFrame, panel: str) -> int:
    return int(((plot["panel"] == panel) & (plot["layer"] == "points")).sum())


def _is_thinned(plot: pd.DataFrame, panel: str) -> bool:
    return _n_points(plot, panel) > MOST_POINTS


def _count(view: ResultView, plot: pd.DataFrame, panel: str) -> str:
    """``240 patients``, or ``5,000 of 17,716 sessions shown``."""
    n, unit = _n_points(plot, panel), _DOTS.get(panel, "point")
    if unit == "patient":
        unit = one_line(view.labels.get("patient_dots", unit))
    if _is_thinned(plot, panel):
        return f"{MOST_POINTS:,} of {counted(n, unit)} shown"
    return counted(n, unit)


def _plot_frame(view: ResultView, maker: str = "fit_within_between") -> pd.DataFrame:
    if view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result (kind '{view.kind}') has no plot frame. Give a result of {maker}."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result (kind '{view.kind}') lacks {', '.join(missing)}. "
            f"Give a result of {maker}."
        )
    return view.plot


def _draw(axis: Axes, rows: pd.DataFrame) -> None:
    points = shown_points(rows)
    line = rows.loc[rows["layer"] == "line"].sort_values("x", kind="stable")
    many = len(points)
    size, alpha = next(look for most, look in _POINT_LOOKS if many <= most)
    axis.scatter(
        points["x"].to_numpy(float), points["y"].to_numpy(float), s=size, c=POINT_COLOUR,
        alpha=alpha, linewidths=0, zorder=1,
    )  # fmt: skip
    x = line["x"].to_numpy(float)
    low, high = line["y_low"].to_numpy(float), line["y_high"].to_numpy(float)
    axis.fill_between(x, low, high, color=BAND_COLOUR, alpha=0.22, linewidth=0, zorder=2)
    axis.plot(x, line["y"].to_numpy(float), color=LINE_COLOUR, linewidth=1.6, zorder=3)
    panel_ticks(axis, "x", "y")


def _x_words(view: ResultView, panel: str) -> list[str]:
    """The alliance by name, and what of it the panel shows."""
    x = one_line(view.labels.get("alliance", "alliance"))
    window = one_line(view.labels.get("window", ""))
    if panel == "early_alliance" and window:
        return [x, f"mean over {window}"]
    return [x, _X_WORDS.get(panel, one_line(panel))]


def _y_words(view: ResultView) -> str:
    y = one_line(view.labels.get("outcome", "outcome"))
    better = view.labels.get("outcome_better", "")
    tail = f"; {better} is better" if better in ("lower", "higher") else ""
    last = "post-treatment " if view.kind == "outcome" else ""
    return f"{last}{y} (adjusted{tail})"


def _head_lines(view: ResultView, plot: pd.DataFrame, panels: Sequence[str]) -> list[list[str]]:
    """Lines over each panel: coefficient, interval, points; as many over all panels."""
    heads = [
        [
            *_coefficient(view, panel),
            *([_count(view, plot, panel)] if _n_points(plot, panel) else []),
        ]
        for panel in panels
    ]
    most = max(map(len, heads))
    return [[*head, *[""] * (most - len(head))] for head in heads]


def _coefficient(view: ResultView, panel: str) -> list[str]:
    """``b = −0.108`` and ``95% CI [−0.150, −0.066]``; nothing if the view has no such row."""
    for row in records(view.terms):
        if row.get("effect") == panel and not pd.isna(row["estimate"]):
            decimals = view_decimals(view)
            ends = [interval(row, decimals, view.conf_level)] if has_interval(row) else []
            return [f"b = {number(row['estimate'], decimals)}", *ends]
    return []
