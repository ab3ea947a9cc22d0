"""Figure of a moderation model: slopes, and beside them their differences within the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_head,
    panel_ticks,
    wrapped,
)
from alliance_stats.report.plots.rows import name_rows, point_with_interval, rows_of, zero_line
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import effect_words, names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("effect", "side", "layer", "label", "x", "y", "low", "high", "bound")
#: Inches of a row of estimates, of what stands around the rows of a panel, and of a band.
_ROW, _AROUND, _BAND = 0.27, 0.95, 1.5
_ZERO_COLOUR, _BOUND_COLOUR = "#8a8a8a", "#dfe2e5"
#: Letters of a label beside a row.
_LABEL = 24


def plot_moderation(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the slopes of the alliance by treatment, and their differences within the bounds.

    A row of panels is an effect (within patients, between patients, …). On the left stand the
    slopes with 95% intervals, or, for a continuous moderator, the slope along it with a 95% band
    and the ends of the regions in which it differs from zero (Johnson–Neyman). On the right stand
    the differences of slopes with the interval of the equivalence test: equivalent where it lies
    inside the shaded bounds. Nothing is computed: the figure draws ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_moderation`.
    ax : sequence of Axes, optional
        Where to draw: two Axes an effect, slopes then differences. By default a figure is made by
        pyplot.

    Returns
    -------
    numpy.ndarray of Axes, shape (2 × effects,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_moderation`, or the number of Axes is not that of the panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "effect": "within", "side": ["slopes", "slopes", "differences"], "layer": "points",
    ...     "label": ["cbt", "dyn", "dyn vs cbt"], "x": [-0.10, -0.12, -0.02], "y": float("nan"),
    ...     "low": [-0.15, -0.17, -0.06], "high": [-0.05, -0.07, 0.02], "bound": 0.05})
    >>> none = pd.DataFrame()
    >>> view = ResultView("moderation", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_moderation(view, ax=Figure().subplots(1, 2)).shape
    (2,)
    """
    view = as_view(result)
    plot = rows_of(view, "moderation", _COLUMNS)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else lay_out(figure, plot)
        sides = [(effect, side) for effect in _effects(plot) for side in ("slopes", "differences")]
        for place, (axis, (effect, side)) in enumerate(zip(axes, sides, strict=True)):
            rows = plot[(plot["effect"] == effect) & (plot["side"] == side)]
            _draw(axis, view, rows, "ABCDEFGH"[place])
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """Two panels an effect."""
    return [f"{effect}: {side}" for effect in _effects(plot) for side in ("slopes", "differences")]


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """A row of two panels an effect, as high as it has estimates or for a band."""
    heights = []
    for effect in _effects(plot):
        own = plot[plot["effect"] == effect]
        points = own[own["layer"] == "points"]
        rows = max(int(points.groupby("side").size().max()), 2)
        band = _BAND if (own["layer"] == "line").any() else 0.0
        heights.append(max(_ROW * rows, band) + _AROUND)
    figure.set_size_inches(PAGE_WIDTH, sum(heights))
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.1)
    axes = figure.subplots(len(heights), 2, squeeze=False, gridspec_kw={"height_ratios": heights})
    return np.asarray(axes).ravel()


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    plot = rows_of(view, "moderation", _COLUMNS)
    level = view.labels.get("tost_level", "90")
    by = one_line(view.labels.get("moderator", "moderator"))
    banded = (plot["layer"] == "line").any()
    left = (
        f"along {by} with 95% bands (dashed lines: ends of the regions in which the slope differs "
        "from zero)"
        if banded
        else f"by {by} with 95% confidence intervals"
    )
    return (
        f"Slopes of {y} on {x} {left}, and on the right differences of slopes with {level}% "
        "intervals; equivalent where the interval lies inside the shaded bounds of the smallest "
        "effect that matters."
    )


def _effects(plot: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(plot["effect"]))


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, letter: str) -> None:
    effect, side = rows[["effect", "side"]].iloc[0]
    panel_frame(axis)
    banded = (rows["layer"] == "line").any()
    if banded:
        _draw_band(axis, view, rows)
    else:
        _draw_points(axis, view, rows, differences=side == "differences")
    panel_head(axis, f"{letter}  {effect_words(effect) if side == 'slopes' else 'Differences'}", [])
    panel_ticks(axis, *(("x", "y") if banded else ("x",)))


def _draw_points(axis: Axes, view: ResultView, rows: pd.DataFrame, *, differences: bool) -> None:
    """Estimates below each other, with intervals."""
    bound = float(rows["bound"].iloc[0])
    if differences:
        axis.axvspan(-bound, bound, color=_BOUND_COLOUR, linewidth=0, zorder=0)
    zero_line(axis)
    columns = (rows[name].to_numpy(float) for name in ("x", "low", "high"))
    for place, (x, low, high) in enumerate(zip(*columns, strict=True)):
        point_with_interval(axis, -place, x, low, high)
    axis.margins(x=0.06)
    axis.set_ylim(-len(rows) + 0.4, 0.6)
    alliance, outcome = names_of(view)
    level = view.labels.get("tost_level", "90")
    slope = f"slope ({outcome} per {alliance} unit, 95% CI)"
    words = f"difference of slopes ({level}% interval)" if differences else slope
    labels = [wrapped(one_line(label), _LABEL) for label in rows["label"]]
    places = {label: -float(place) for place, label in enumerate(rows["label"])}
    name_rows(axis, places, labels, wrapped(words, 40))


def _draw_band(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """The slope along a moderator."""
    line = rows[rows["layer"] == "line"]
    x, y, low, high = (line[name].to_numpy(float) for name in ("x", "y", "low", "high"))
    axis.axhline(0.0, color=_ZERO_COLOUR, linewidth=0.8, zorder=1)
    axis.fill_between(x, low, high, color=BAND_COLOUR, alpha=0.18, linewidth=0, zorder=1)
    axis.plot(x, y, color=LINE_COLOUR, linewidth=1.6, zorder=2)
    for end in rows.loc[rows["layer"] == "ends", "x"]:
        axis.axvline(end, color=MARK_COLOUR, linewidth=0.8, linestyle=(0, (3, 2)), zorder=2)
    alliance, outcome = names_of(view)
    axis.set_xlabel(one_line(line["label"].iloc[0]), fontsize=TEXT_SIZE, parse_math=False)
    axis.set_ylabel(
        wrapped(f"slope ({outcome} per {alliance} unit)", 26), fontsize=TEXT_SIZE, parse_math=False
    )
