"""Figure of confounding: contours of the effect that a confounder of any strength would leave."""

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
    panel_head,
    panel_ticks,
    wrapped,
)
from alliance_stats.report.plots.style import LINE_COLOUR, MARK_COLOUR, TEXT_SIZE, journal_style
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import Row, number, records
from alliance_stats.report.wording.words import names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("layer", "label", "r2_alliance", "r2_outcome", "estimate")
SIZE = (4.6, 3.9)
_GREY = "#7d8a97"


def plot_confounding(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the within effect that a time-varying confounder would leave, by its strength.

    Lines join confounders that leave the same coefficient; the thick broken one is zero. The
    triangle at the origin is the estimate as it is, the diamond the robustness value, and dots are
    confounders as strong as the benchmarks. Nothing is computed: the figure draws the frame
    ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `AllianceResult.confounding`.
    ax : Axes, optional
        Where to draw, one Axes. By default pyplot makes a figure 4.6 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `confounding`, or `ax` holds several Axes.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> side = np.tile([0.0, 0.1, 0.2], 3)
    >>> plot = pd.DataFrame({"layer": "grid", "label": "", "r2_alliance": side,
    ...     "r2_outcome": np.sort(side), "estimate": -0.1 + side * np.sort(side) * 5})
    >>> none = pd.DataFrame()
    >>> view = ResultView("confounding", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_confounding(view, ax=Figure().subplots())[0].get_xlabel()[:10]
    'Partial R²'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 1, size=SIZE)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else lay_out(figure, plot)
        _draw(axes[0], view, plot)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["confounding"]


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """One nearly square panel."""
    figure.set_size_inches(*SIZE)
    figure.set_layout_engine("constrained")
    return np.asarray(figure.subplots(1, 1, squeeze=False))[0]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    marked = _plot_frame(view)["layer"].eq("benchmark").any()
    dots = " Dots: confounders as strong as observed variables." if marked else ""
    return (
        f"Within-patient coefficient of {x} for {y} that an unmeasured, time-varying confounder "
        "would leave, by its partial R² with both. Triangle: no confounder. Broken line: nothing "
        f"left. Diamond: the robustness value.{dots}"
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    plot = view.plot
    if view.kind != "confounding" or plot is None or any(name not in plot for name in _COLUMNS):
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_within_between(…).confounding()."
        )
    return plot


def _draw(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    panel_frame(axis)
    grid = plot[plot["layer"] == "grid"]
    table = grid.pivot(index="r2_outcome", columns="r2_alliance", values="estimate")
    x, y = (np.asarray(side, dtype=float) for side in (table.columns, table.index))
    z = table.to_numpy(dtype=float)
    levels = _levels(z)
    lines = axis.contour(x, y, z, levels=levels, colors=_GREY, linewidths=0.8, linestyles="-")
    places = _places(levels)
    texts = {float(level): number(float(level), places) for level in levels}
    axis.clabel(lines, fontsize=TEXT_SIZE - 1, fmt=texts)
    if z.min() < 0 < z.max():
        axis.contour(x, y, z, levels=[0.0], colors=LINE_COLOUR, linewidths=1.8, linestyles="--")
    axis.margins(0)
    axis.set_xlim(0.0, float(x.max()))
    axis.set_ylim(0.0, float(y.max()))
    _origin(axis, float(z[0, 0]))
    for row in records(plot[plot["layer"] != "grid"]):
        _mark(axis, row)
    names = names_of(view)
    for which, words in zip(
        "xy",
        (f"Partial R² of confounder with {names[0]}", f"Partial R² of confounder with {names[1]}"),
        strict=True,
    ):
        label = wrapped(words, letters_along(axis, which))
        getattr(axis, f"set_{which}label")(label, parse_math=False)
    panel_ticks(axis, "x", "y")


def _levels(values: np.ndarray) -> np.ndarray:
    """Round contour levels, without zero, which has a line of its own."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(9, steps=[1, 2, 2.5, 5, 10])
    found = np.asarray(locator.tick_values(float(values.min()), float(values.max())))
    step = found[1] - found[0]
    return np.asarray(found[np.abs(found) > step / 2])


def _places(levels: np.ndarray) -> int:
    """Decimals that tell the levels apart."""
    step = float(np.diff(levels).min()) if len(levels) > 1 else 0.01
    places = 0
    while places < 6 and abs(round(step, places) - step) > 1e-9:
        places += 1
    return places


def _origin(axis: Axes, estimate: float) -> None:
    """The estimate as it is, in the corner and in words over the panel."""
    axis.plot(
        0, 0, marker="^", markersize=8, color=MARK_COLOUR, clip_on=False, zorder=5,
        linestyle="none",
    )  # fmt: skip
    panel_head(axis, "", [f"▲ without confounder: b = {number(estimate, 3)}; broken line: b = 0"])


_BOX = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def _mark(axis: Axes, row: Row) -> None:
    """The robustness value or a benchmark, with its label."""
    diamond = row["layer"] == "robustness"
    point = (float(row["r2_alliance"]), float(row["r2_outcome"]))
    axis.plot(
        *point, marker="D" if diamond else "o", markersize=6 if diamond else 5,
        markerfacecolor="white" if diamond else MARK_COLOUR, markeredgecolor=MARK_COLOUR,
        linestyle="none", clip_on=False, zorder=5,
    )  # fmt: skip
    words = "robustness value" if diamond else one_line(row["label"])
    axis.annotate(
        words, point, (6, 4), textcoords="offset points", fontsize=TEXT_SIZE, zorder=6,
        parse_math=False, annotation_clip=False, bbox=_BOX,
    )  # fmt: skip
