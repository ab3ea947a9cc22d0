"""Figure of a response surface: its contours, and the surface in perspective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    POINT_COLOUR,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("layer", "x", "y", "z", "inside")
SIZE = (PAGE_WIDTH, 3.6)
_LEVELS = 8
#: Lines over the surface: colour, dashes, words.
_LINES: dict[str, tuple[str, Any, str]] = {
    "congruence": (MARK_COLOUR, "-", "both alike"),
    "incongruence": (MARK_COLOUR, (0, (5, 2)), "opposite"),
    "ridge": ("#b4560f", (0, (1, 1.2)), "ridge"),
}


def plot_surface(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw a response surface: contours on the left, in perspective on the right.

    The black line is that of congruence (both ratings alike), the broken one that of incongruence,
    the dotted brown one the ridge, the first principal axis. The outline is the hull of what was
    observed; beyond it the surface is an extrapolation, and is not drawn in perspective. Grey dots
    are the pairs of ratings that occur. Nothing is computed: the figure draws the frame
    ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_response_surface`.
    ax : sequence of two Axes, optional
        Where to draw, the second of them of the projection ``"3d"``. By default pyplot makes a
        figure 6.9 inches wide (two columns of a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (2,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_response_surface`, the number of Axes is not two, or the second
        has no third dimension.

    Examples
    --------
    >>> import alliance_stats as al
    >>> dyads = al.load_example("dyads")
    >>> result = al.models.fit_response_surface(dyads, level="between", n_boot=0)
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> axes = [figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")]
    >>> plot_surface(result, ax=axes)[0].get_title(loc="left")
    'Contours'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 2, size=SIZE)
    with journal_style():
        axes = given_axes(ax, None, 2) if figure is None else lay_out(figure, plot)
        if not hasattr(axes[1], "plot_surface"):
            raise ArgumentError(
                "the second of the Axes has no third dimension. Make it with "
                "figure.add_subplot(1, 2, 2, projection='3d')."
            )
        _contours(axes[0], view, plot)
        _perspective(axes[1], view, plot)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The two panels of the figure."""
    return ["contours", "perspective"]


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """A square panel, and one in perspective."""
    figure.set_size_inches(*SIZE)
    axes = np.empty(2, dtype=object)
    axes[0] = figure.add_axes((0.085, 0.205, 0.36, 0.655))
    axes[1] = figure.add_axes((0.53, 0.07, 0.42, 0.80), projection="3d")
    return axes


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = _ratings(view)
    z = names_of(view)[1]
    return (
        f"Fitted {z} by {x} and {y} ({_compared(view)}). Black line: both ratings alike; broken: "
        "opposite; dotted: the ridge, where improvement is largest across it. Outline: the hull of "
        "the observed pairs (dots); beyond it the surface is an extrapolation."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    plot = view.plot
    if view.kind != "surface" or plot is None or any(name not in plot for name in _COLUMNS):
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_response_surface."
        )
    return plot


def _ratings(view: ResultView) -> tuple[str, str]:
    return one_line(view.labels.get("x", "x")), one_line(view.labels.get("y", "y"))


def _compared(view: ResultView) -> str:
    within = view.labels.get("level") == "within"
    return "from the patient's common centre" if within else "means of patients"


def _grid(plot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x, y, z and whether it was observed, as square matrices."""
    rows = plot.loc[plot["layer"] == "grid"]
    n = round(len(rows) ** 0.5)
    x, y, z = (rows[name].to_numpy(float).reshape(n, n) for name in ("x", "y", "z"))
    return x, y, z, rows["inside"].to_numpy(bool).reshape(n, n)


def _contours(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    """Contours inside the hull, with the lines and the observed pairs."""
    from matplotlib.ticker import MaxNLocator

    x, y, z, inside = _grid(plot)
    panel_frame(axis)
    seen = z[inside] if inside.any() else z
    levels = MaxNLocator(_LEVELS, steps=[1, 2, 2.5, 5, 10]).tick_values(seen.min(), seen.max())
    hull, points = (plot.loc[plot["layer"] == name] for name in ("hull", "points"))
    filled = axis.contourf(x, y, z, levels=levels, cmap="Greys", alpha=0.55, extend="both")
    drawn = axis.contour(x, y, z, levels=levels, colors=LINE_COLOUR, linewidths=0.6)
    outline = hull[["x", "y"]].to_numpy(float)
    patch = None
    if len(outline) > 3:
        patch = axis.fill(*outline.T, facecolor="none", edgecolor="#333333", linewidth=0.9)[0]
        for artist in (filled, drawn):
            artist.set_clip_path(patch)
    labels = axis.clabel(drawn, levels[1:-1], fontsize=TEXT_SIZE - 1.5, fmt="%.3g")
    if patch is not None:
        for label in labels:  # matplotlib sets them without regard to what is clipped
            label.set_visible(patch.get_path().contains_point(label.get_position()))
    axis.scatter(points["x"], points["y"], s=2.0, c=POINT_COLOUR, alpha=0.35, linewidths=0)
    for name, (colour, dashes, words) in _LINES.items():
        rows = plot.loc[plot["layer"] == name]
        if len(rows) > 1:
            axis.plot(
                rows["x"], rows["y"], color=colour, linestyle=dashes, linewidth=1.3, label=words
            )
    axis.set_xlim(x.min(), x.max())
    axis.set_ylim(y.min(), y.max())
    axis.set_aspect("equal", adjustable="box")
    panel_ticks(axis, "x", "y")
    names = _ratings(view)
    axis.set_xlabel(wrapped(names[0], letters_along(axis, "x")), parse_math=False)
    axis.set_ylabel(wrapped(names[1], letters_along(axis, "y")), parse_math=False)
    panel_head(axis, "Contours", [_compared(view)])
    axis.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.155), ncols=3, frameon=False,
        fontsize=TEXT_SIZE - 1, handlelength=1.9, columnspacing=1.0,
    )  # fmt: skip


def _perspective(axis: Any, view: ResultView, plot: pd.DataFrame) -> None:
    """The surface over the hull, with the lines on it."""
    x, y, z, inside = _grid(plot)
    height = np.where(inside, z, np.nan)
    axis.plot_surface(
        x, y, height, cmap="Greys", alpha=0.75, linewidth=0.35, edgecolor="#5b6670", rcount=23,
        ccount=23, shade=False,
    )  # fmt: skip
    for name, (colour, dashes, _) in _LINES.items():
        rows = plot.loc[(plot["layer"] == name) & plot["inside"]]
        if len(rows) > 1:
            axis.plot(
                rows["x"], rows["y"], rows["z"], color=colour, linestyle=dashes, linewidth=1.5,
                zorder=10,
            )  # fmt: skip
    axis.view_init(elev=26, azim=-128)
    axis.tick_params(labelsize=TEXT_SIZE - 1, pad=-1)
    names = _ratings(view)
    for which, words in (("x", names[0]), ("y", names[1]), ("z", _z_words(view))):
        label = getattr(axis, f"set_{which}label")
        label(words, fontsize=TEXT_SIZE, labelpad=1 if which != "z" else 2, parse_math=False)
        getattr(axis, f"{which}axis").set_pane_color((1.0, 1.0, 1.0, 0.0))
    axis.locator_params(nbins=5)
    axis.set_box_aspect((1, 1, 0.8), zoom=0.98)
    axis.text2D(
        -0.02, 1.07, "In perspective", transform=axis.transAxes, fontsize=9.0, fontweight="bold",
    )  # fmt: skip


def _z_words(view: ResultView) -> str:
    better = view.labels.get("outcome_better", "")
    z = names_of(view)[1]
    return f"{z} ({better} is better)" if better in ("lower", "higher") else z
