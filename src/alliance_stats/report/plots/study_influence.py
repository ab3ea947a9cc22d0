"""Figure of influence: a panel for each measure, a stem for each effect size.

Measures: Viechtbauer & Cheung (2010, Res. Synth. Methods 1, 112–125).
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
)
from alliance_stats.report.plots.rows import rows_of
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    POINT_COLOUR,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import capital, one_line, term_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("measure", "study", "value", "flagged", "limit")
#: Measures that may be below and above their reference, so that a limit holds on both sides.
_TWO_SIDED = frozenset({"rstandard", "rstudent", "dffits", "dfbetas"})
#: Panels side by side; inches of one row of them.
_ACROSS, _ROW = 3, 1.5
#: Effects up to which panels say which is which, and letters of a name in a panel.
_FEW, _NAME = 12, 20
_GREY = "#8a8a8a"


def plot_influence(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw how far each effect size changes a meta-analysis, a panel for each measure.

    Stems rise from the value without influence; dashed lines are limits, and effects beyond them
    are dark and named as far as there is room. Effects stand in the order of the data. Nothing is
    computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaInfluence
        What `meta.influence` gave.
    ax : Axes or sequence of Axes, optional
        Where to draw, one a panel. By default pyplot makes a figure 6.9 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_measures,)

    Raises
    ------
    ArgumentError
        If the result is of another kind, or `ax` holds another number of Axes.
    """
    view = as_view(result)
    plot = _plot_frame(view)
    panels = panel_names(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else lay_out(figure, plot)
        for axis, name in zip(axes, panels, strict=True):
            _draw(axis, view, _panel(plot, name), name)
        for axis, name in zip(axes, panels, strict=True):
            _name(axis, _panel(plot, name))
        for axis in axes[-_ACROSS:]:
            axis.set_xlabel("Place in the data", fontsize=TEXT_SIZE)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The measures in the order of the frame; of several coefficients one panel each."""
    return list(dict.fromkeys(_keys(plot)))


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Rows of panels."""
    n = len(panel_names(plot))
    rows = -(-n // _ACROSS)
    figure.set_size_inches(PAGE_WIDTH, _ROW * rows + 0.3)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, min(n, _ACROSS), squeeze=False).ravel()
    for axis in grid[n:]:
        axis.set_visible(False)
    return np.asarray(grid[:n])


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    first = _panel(plot, panel_names(plot)[0])
    marked = plot.loc[plot["flagged"].astype(bool), "study"].nunique()
    dark = f" Dark: beyond a limit ({counted(marked, 'study')})." if marked else ""
    names = [one_line(name) for name in first["label" if "label" in first.columns else "study"]]
    numbers = [f"{number} {name}" for number, name in enumerate(names, start=1)]
    which = f" {'; '.join(numbers)}." if len(first) <= _FEW else ""
    return (
        f"Influence of each of {counted(len(first), 'effect size')}, left out one at a time, in "
        "the order of the data. Stems rise from the value of no influence; dashed: limits."
        f"{dark}{which}"
    )


def _keys(plot: pd.DataFrame) -> list[str]:
    """Name of the panel of every row."""
    terms = plot["term"].astype(str) if "term" in plot.columns else [""] * len(plot)
    several = len(set(terms) - {""}) > 1
    return [
        f"{measure} {term}" if term and several else str(measure)
        for measure, term in zip(plot["measure"], terms, strict=True)
    ]


def _panel(plot: pd.DataFrame, name: str) -> pd.DataFrame:
    return plot[np.array(_keys(plot)) == name].reset_index(drop=True)


def _plot_frame(view: ResultView) -> pd.DataFrame:
    return rows_of(view, "meta_influence", _COLUMNS, maker="meta.influence")


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, name: str) -> None:
    """Stems of one measure over the effects, limits, marked points dark."""
    panel_frame(axis)
    measure = str(rows["measure"].iloc[0])
    place = np.arange(1, len(rows) + 1)
    value = rows["value"].to_numpy(dtype=float)
    base = float(rows["reference"].iloc[0]) if "reference" in rows.columns else 0.0
    marked = rows["flagged"].to_numpy(dtype=bool)
    many = len(rows) > 60
    axis.axhline(base, color=_GREY, linewidth=0.8, zorder=1)
    axis.vlines(
        place, base, value, color=[MARK_COLOUR if m else POINT_COLOUR for m in marked],
        linewidth=0.4 if many else 0.9, zorder=2,
    )  # fmt: skip
    looks = ((marked, LINE_COLOUR, MARK_COLOUR, 4), (~marked, "white", POINT_COLOUR, 3))
    for chosen, face, edge, order in looks[: 1 if many else 2]:
        axis.scatter(
            place[chosen], value[chosen], s=6.0 if many else 14.0, facecolors=face,
            edgecolors=edge, linewidths=0.7, zorder=order,
        )  # fmt: skip
    _limits(axis, value, float(rows["limit"].iloc[0]), base, measure)
    axis.set_xlim(0.5 - 0.02 * len(rows), len(rows) + 0.5 + 0.02 * len(rows))
    words = one_line(view.labels.get(measure, measure))
    term = name.removeprefix(measure).strip()
    title = capital(words) + (f": {term_words(term)}" if term else "")
    axis.set_title(title, loc="left", parse_math=False, fontsize=TEXT_SIZE)
    panel_ticks(axis, "y")
    _whole_ticks(axis, len(rows))


def _limits(axis: Axes, value: np.ndarray, limit: float, base: float, measure: str) -> None:
    """Ends of the vertical axis, and the limits that lie within or near it."""
    known = value[np.isfinite(value)]
    low, high = min(base, *known), max(base, *known)
    near = 0.6 * (high - low)
    sides = (1.0, -1.0) if measure in _TWO_SIDED else (1.0,)
    shown = [
        s * limit for s in sides if np.isfinite(limit) and low - near <= s * limit <= high + near
    ]
    for place in shown:
        axis.axhline(place, color=MARK_COLOUR, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1.5)
    low, high = min(low, *shown, low), max(high, *shown, high)
    room = 0.12 * (high - low) or 0.1
    axis.set_ylim(low - room, high + room)


def _whole_ticks(axis: Axes, n: int) -> None:
    """Numbers of the effects: all of a few."""
    from matplotlib.ticker import MaxNLocator

    if n <= _FEW:
        axis.set_xticks(np.arange(1, n + 1))
    else:
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _name(axis: Axes, rows: pd.DataFrame) -> None:
    """Names of marked effects, the most extreme first."""
    value = rows["value"].to_numpy(dtype=float)
    marked = rows["flagged"].to_numpy(dtype=bool)
    if not marked.any():
        return
    base = float(rows["reference"].iloc[0]) if "reference" in rows.columns else 0.0
    order = np.argsort(-np.nan_to_num(np.abs(value - base)), kind="stable")
    label = "label" if "label" in rows.columns else "study"
    names = [
        shortened(one_line(n), _NAME) if m else "" for n, m in zip(rows[label], marked, strict=True)
    ]
    place = np.arange(1, len(rows) + 1)
    name_points(axis, place[order], value[order], [names[i] for i in order], size=TEXT_SIZE - 2)
