"""Baujat plot: which studies make effects heterogeneous, and which change the result.

Baujat, Mahé, Pignon & Hill (2002, Stat. Med. 21, 2641–2652).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.beside import shortened
from alliance_stats.report.plots.labels import name_points
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_ticks,
    single_axes,
)
from alliance_stats.report.plots.rows import rows_of
from alliance_stats.report.plots.style import (
    COLUMN_WIDTH,
    LINE_COLOUR,
    MARK_COLOUR,
    POINT_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("study", "effect", "x", "y", "flagged")
_SIZE = (COLUMN_WIDTH, 3.3)
#: Letters of a name, and effects up to which all of them are named.
_NAME, _FEW = 26, 12


def plot_baujat(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw what each study adds to heterogeneity against how far it changes the result.

    Studies on the right differ from the others; those high up change the pooled effect. Marked
    studies are dark and named, as far as there is room. Nothing is computed: the figure draws the
    frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaBaujat
        What `meta.baujat` gave.
    ax : Axes, optional
        Where to draw. By default pyplot makes a figure 3.35 inches wide (one column of a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is of another kind.
    """
    view = as_view(result)
    rows = _rows(view)
    figure = new_figure(ax, 1, size=_SIZE)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else lay_out(figure, rows)
        _draw(axes[0], view, rows)
    return axes


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """One panel of the width of a column."""
    return single_axes(figure, _SIZE)


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    rows = _rows(view)
    marked = int(rows["flagged"].sum())
    x, y = (one_line(view.labels.get(name, name)) for name in ("x", "y"))
    dark = f" Dark: {counted(marked, 'effect')} to look at." if marked else ""
    return (
        f"Baujat plot of {counted(len(rows), 'effect size')}: {x[:1].lower()}{x[1:]} against "
        f"{y[:1].lower()}{y[1:]}.{dark}"
    )


def _rows(view: ResultView) -> pd.DataFrame:
    return rows_of(view, "meta_baujat", _COLUMNS, maker="meta.baujat").reset_index(drop=True)


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """Points, marked ones dark, with the names of the most extreme first."""
    panel_frame(axis)
    x, y = rows["x"].to_numpy(dtype=float), rows["y"].to_numpy(dtype=float)
    marked = rows["flagged"].to_numpy(dtype=bool)
    size = 20.0 if len(rows) <= 60 else 9.0
    for chosen, face, edge in (
        (~marked, "white", POINT_COLOUR),
        (marked, LINE_COLOUR, MARK_COLOUR),
    ):
        axis.scatter(
            x[chosen], y[chosen], s=size, facecolors=face, edgecolors=edge, linewidths=0.7,
            zorder=3 if face == "white" else 4,
        )  # fmt: skip
    for which, values in (("x", x), ("y", y)):
        top = float(np.nanmax(values)) or 1.0
        getattr(axis, f"set_{which}lim")(-0.04 * top, 1.12 * top)
        axis_label = one_line(view.labels.get(which, which))
        getattr(axis, f"set_{which}label")(axis_label, parse_math=False)
    panel_ticks(axis, "x", "y")
    extremes = np.argsort(-np.nan_to_num(x / np.nanmax(x) + y / np.nanmax(y)), kind="stable")
    names = np.where(marked | (len(rows) <= _FEW), _names(rows), "")
    name_points(axis, x[extremes], y[extremes], names[extremes].tolist())


def _names(rows: pd.DataFrame) -> np.ndarray:
    """A study, with its effect where it has several."""
    names = [
        shortened(one_line(study), _NAME) + (f", {one_line(effect)}" if str(effect) else "")
        for study, effect in zip(rows["study"], rows["effect"], strict=True)
    ]
    return np.array(names, dtype=object)
