"""Figure of a panel model: ratings wave by wave, and arrows with their standardised effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import AxesArray, given_axes, new_figure, wrapped
from alliance_stats.report.plots.style import (
    COLUMN_WIDTH,
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches of a wave, and of the names of the rows.
_WAVE, _NAMES = 1.15, 0.9
_HEIGHT = 1.75
#: Letters in a line of the names of the rows.
_LETTERS = 18
#: Points from the middle of a box to the ends of its arrows.
_GAP = 9.5
#: Where on its arrow a label stands: crossing arrows meet in the middle.
_ON_CROSSING, _ON_PLAIN = 0.27, 0.5
_PLAIN_COLOUR = "#6b7580"


def plot_cross_lagged(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the path diagram of a panel model with its standardised effects.

    Boxes are the ratings of a session, the alliance above the outcome, later ones further to the
    right. Arrows are lagged effects: broken where the 95% interval of the effect holds zero;
    darker between alliance and outcome. A treatment has a panel of its own. Nothing is computed:
    the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_cross_lagged`.
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a panel. By default a figure is made by pyplot.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_cross_lagged`, or the number of Axes is not that of the
        panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "", "layer": ["nodes", "nodes", "arrows"],
    ...     "effect": ["", "", "alliance_to_outcome"], "x": [0.0, 1.0, 0.0], "y": [1.0, 0.0, 1.0],
    ...     "x_end": [0.0, 1.0, 1.0], "y_end": [1.0, 0.0, 0.0], "label": ["1", "2", "-0.20"],
    ...     "solid": True})
    >>> none = pd.DataFrame()
    >>> view = ResultView("cross_lagged", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_cross_lagged(view, ax=Figure().subplots()).shape
    (1,)
    """
    view = as_view(result)
    if view.kind != "cross_lagged" or view.plot is None:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', not 'cross_lagged'. "
            "Give a result of fit_cross_lagged."
        )
    panels = panel_names(view.plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else lay_out(figure, view.plot)
        for axis, panel in zip(axes, panels, strict=True):
            _draw(axis, view, view.plot[view.plot["panel"] == panel], one_line(panel))
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The treatments, or one empty name."""
    return list(dict.fromkeys(plot["panel"]))


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Panels one below the other; as wide as the waves ask for, from a column to a page."""
    n = len(panel_names(plot))
    width = _NAMES + _WAVE * float(plot["x"].max() + 0.6)
    figure.set_size_inches(min(max(width, COLUMN_WIDTH), PAGE_WIDTH), _HEIGHT * n + 0.1)
    figure.set_layout_engine("constrained")
    return np.asarray(figure.subplots(n, 1, squeeze=False))[:, 0]


def _draw(axis: Axes, view: ResultView, frame: pd.DataFrame, title: str) -> None:
    nodes, arrows = (frame[frame["layer"] == layer] for layer in ("nodes", "arrows"))
    crossing = _crosses(arrows)
    for row in arrows.itertuples():
        _arrow(axis, row, crossing)
    for row in nodes.itertuples():
        _box(axis, row)
    left = float(nodes["x"].min())
    for y, name in zip((1.0, 0.0), names_of(view), strict=True):
        axis.annotate(
            wrapped(name, _LETTERS), (left, y), (-16, 0), textcoords="offset points", ha="right",
            va="center", fontsize=TEXT_SIZE, parse_math=False,
        )  # fmt: skip
    axis.set_xlim(left - 0.15, float(nodes["x"].max()) + 0.2)
    axis.set_ylim(-0.3, 1.3)
    axis.axis("off")
    if title:
        axis.set_title(title, loc="left", fontweight="bold", parse_math=False)


def _crosses(arrows: pd.DataFrame) -> bool:
    """Whether arrows down and arrows up span the same stretch and so cross."""
    down, up = (
        {(row.x, row.x_end) for row in arrows[rising == sign].itertuples()}
        for rising in [np.sign(arrows["y_end"] - arrows["y"])]
        for sign in (-1.0, 1.0)
    )
    return bool(down & up)


def _arrow(axis: Axes, row: Any, crossing: bool) -> None:
    between = row.y != row.y_end
    colour = LINE_COLOUR if between else _PLAIN_COLOUR
    axis.annotate(
        "", (row.x_end, row.y_end), (row.x, row.y),
        arrowprops={
            "arrowstyle": "-|>,head_width=0.18,head_length=0.36",
            "color": colour,
            "linewidth": 1.3 if between else 0.9,
            "linestyle": "-" if row.solid else (0, (3.2, 2.2)),
            "shrinkA": _GAP,
            "shrinkB": _GAP,
        },
    )  # fmt: skip
    at = _ON_CROSSING if between and crossing else _ON_PLAIN
    axis.text(
        row.x + at * (row.x_end - row.x), row.y + at * (row.y_end - row.y), row.label,
        ha="center", va="center", fontsize=TEXT_SIZE - 1.0,
        color=MARK_COLOUR, zorder=4,
        bbox={"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip


def _box(axis: Axes, row: Any) -> None:
    axis.text(
        row.x, row.y, row.label, ha="center", va="center", fontsize=TEXT_SIZE, zorder=5,
        parse_math=False,
        bbox={"boxstyle": "round,pad=0.38", "facecolor": "white", "edgecolor": "#333333",
              "linewidth": 0.8},
    )  # fmt: skip


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    model = one_line(view.labels.get("model_words", "panel model"))
    return (
        f"Path diagram of a {model}: {x} above {y}, boxes numbered by session. Arrows are lagged "
        "effects with standardised estimates; broken arrows are effects whose 95% interval holds "
        "zero."
    )
