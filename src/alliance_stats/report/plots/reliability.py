"""Figure of a reliability report: coefficients with their intervals by what is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import AxesArray, given_axes, new_figure, panel_frame
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (PAGE_WIDTH, 3.9)
#: Rows of space over the name of what is compared.
_GAP = 1.3
_COLUMNS = ("unit", "score", "term", "estimate", "ci_low", "ci_high", "main")
_HEADS = {
    "one session": "One session",
    "patients": "Patients' means",
    "change": "Change within patients",
    "therapists": "Therapists' means",
}


def plot_reliability(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the coefficients of a reliability report, with intervals, by what is compared.

    Filled marks with intervals are of the main score, hollow ones of the other scores. Dashed lines
    are the cut points of the report. Nothing is computed: the figure draws the frame
    ``result.view().plot``.

    Parameters
    ----------
    result : ReliabilityReport
    ax : Axes, optional
        Where to draw. By default pyplot makes a figure 6.9 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is no reliability report.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "unit": ["change"], "score": ["total"], "term": ["RC"], "estimate": [0.6],
    ...     "ci_low": [0.5], "ci_high": [0.7], "main": [True]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("reliability_report", "", none, none, plot, none, labels={"cuts": "0.7"})
    >>> from matplotlib.figure import Figure
    >>> plot_reliability(view, ax=Figure().subplots())[0].get_xlabel()
    'Reliability'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 1, size=SIZE)
    with journal_style():
        axes = given_axes(ax, figure, 1)
        axis = axes[0]
        panel_frame(axis)
        places = row_places(plot)
        _draw_cuts(axis, view, max(places.values()))
        _draw_others(axis, plot, places)
        _draw_main(axis, plot, places)
        _name_rows(axis, places)
        axis.set_xlabel("Reliability", parse_math=False)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["coefficients"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences."""
    plot = _plot_frame(view)
    main = one_line(view.labels.get("score", "the score"))
    others = list(dict.fromkeys(plot.loc[~plot["main"], "score"]))
    hollow = f" Hollow: {', '.join(map(one_line, others))}." if others else ""
    return (
        f"Reliability by what is compared. Filled: {main}, with {100 * view.conf_level:g}% "
        f"confidence intervals.{hollow} Dashed: cut points."
    )


def row_places(plot: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Height of every row of the figure, from the top, by what is compared and the coefficient."""
    places: dict[tuple[str, str], float] = {}
    height, last = 0.0, ""
    for unit, term in dict.fromkeys(zip(plot["unit"], plot["term"], strict=True)):
        height += 1.0 if unit == last else 1.0 + _GAP
        places[(unit, term)] = height
        last = unit
    return places


def _plot_frame(view: ResultView) -> pd.DataFrame:
    plot = view.plot
    if view.kind != "reliability_report" or plot is None or set(_COLUMNS) - set(plot.columns):
        raise ArgumentError(
            f"a result of kind '{view.kind}' is no reliability report. Give what "
            "reliability_report returns."
        )
    order = {unit: place for place, unit in enumerate(_HEADS)}
    rank = plot["unit"].map(order).to_numpy()
    return plot.iloc[np.argsort(rank, kind="stable")]


def _draw_cuts(axis: Axes, view: ResultView, lowest: float) -> None:
    for cut in map(float, view.labels.get("cuts", "").split()):
        axis.plot(
            [cut, cut], [0.0, lowest + 1.0], color="#555555", linewidth=0.6,
            linestyle=(0, (5, 3)), zorder=1,
        )  # fmt: skip
        axis.annotate(
            without_zero(f"{cut:.2f}"), (cut, 0.0), (0, 2), textcoords="offset points",
            ha="center", va="bottom", fontsize=TEXT_SIZE,
        )  # fmt: skip
    axis.set_ylim(lowest + 1.0, 0.0)


def _draw_others(axis: Axes, plot: pd.DataFrame, places: dict[tuple[str, str], float]) -> None:
    rows = plot.loc[~plot["main"].astype(bool)].dropna(subset=["estimate"])
    heights = [places[key] for key in zip(rows["unit"], rows["term"], strict=True)]
    axis.plot(
        rows["estimate"].to_numpy(float), heights, linestyle="", marker="o", markersize=4.0,
        markerfacecolor="white", markeredgecolor=MARK_COLOUR, markeredgewidth=0.7, zorder=3,
    )  # fmt: skip


def _draw_main(axis: Axes, plot: pd.DataFrame, places: dict[tuple[str, str], float]) -> None:
    rows = plot.loc[plot["main"].astype(bool)].dropna(subset=["estimate"])
    heights = np.array([places[key] for key in zip(rows["unit"], rows["term"], strict=True)])
    low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
    known = ~(np.isnan(low) | np.isnan(high))
    axis.hlines(heights[known], low[known], high[known], color=LINE_COLOUR, linewidth=1.3, zorder=4)
    axis.plot(
        rows["estimate"].to_numpy(float), heights, linestyle="", marker="o", markersize=4.6,
        color=LINE_COLOUR, zorder=5,
    )  # fmt: skip
    ends = plot[["estimate", "ci_low", "ci_high"]].to_numpy(float)
    left = max(0.0, np.floor(10 * np.nanmin(ends) - 1e-9) / 10) if np.isfinite(ends).any() else 0.0
    axis.set_xlim(left, 1.0)


def _name_rows(axis: Axes, places: dict[tuple[str, str], float]) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    axis.set_yticks(list(places.values()), [one_line(term) for _, term in places])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_major_locator(MultipleLocator(0.1))
    axis.xaxis.set_major_formatter(FuncFormatter(_share))
    first: dict[str, float] = {}
    for (unit, _), height in places.items():
        first.setdefault(unit, height)
    for unit, height in first.items():
        axis.annotate(
            _HEADS.get(unit, unit), (0, height - 0.95), (3, 0), va="center",
            xycoords=("axes fraction", "data"), textcoords="offset points", fontweight="bold",
            fontsize=TEXT_SIZE, parse_math=False, zorder=6,
        ).set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip


def _share(value: float, _: int) -> str:
    return "1.0" if value >= 0.999 else without_zero(f"{value:.1f}") if value > 0 else "0"
