"""Figures of a mean effect fitted many times: studies added one by one, or each left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.beside import Column, Words, shortened, write_left, write_right
from alliance_stats.report.plots.forest import PAD
from alliance_stats.report.plots.forest_lines import Layout, lay_out_names
from alliance_stats.report.plots.intervals import interval_limits, interval_lines
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    single_axes,
)
from alliance_stats.report.plots.rows import rows_of
from alliance_stats.report.plots.style import LINE_COLOUR, MARK_COLOUR, PAGE_WIDTH, journal_style
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.effect_scale import EffectScale, effect_scale, effect_ticks
from alliance_stats.report.wording.meta_words import row_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Kinds of views, with the heading of their rows.
_HEADINGS = {"meta_cumulative": "Studies so far", "meta_leave_one_out": "Without"}
_COLUMNS = (
    "label", "estimate", "ci_low", "ci_high", "shown", "shown_low", "shown_high", "tau2", "k",
)  # fmt: skip
#: Points above the lines for headings, and below them for the axis.
_HEAD, _FOOT = 16.0, 42.0
_NAME = 38
_GREY, _BAND = "#8a8a8a", "#e3e7ea"


def plot_cumulative(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the mean effect as studies were added, one line for each.

    The dashed line is the mean of all studies. Later lines contain the earlier: they are no
    independent tests. More than 60 lines take the compact form, with some of them named. Nothing is
    computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaCumulative
        What `meta.cumulative` gave.
    ax : Axes, optional
        Where to draw, with room left and right of it. By default pyplot makes a figure 6.9 inches
        wide and as high as its lines ask for.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is of another kind.
    """
    return _plot(result, "meta_cumulative", ax)


def plot_leave_one_out(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the mean effect without each study in turn.

    The band is the interval of the mean of all studies. More than 60 lines take the compact form,
    in order of size. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaLeaveOneOut
        What `meta.leave_one_out` gave.
    ax : Axes, optional
        Where to draw, with room left and right of it. By default pyplot makes a figure 6.9 inches
        wide and as high as its lines ask for.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is of another kind.
    """
    return _plot(result, "meta_leave_one_out", ax)


def _plot(result: Source, kind: str, ax: Axes | Sequence[Axes] | None) -> AxesArray:
    view = as_view(result)
    rows = _rows(view, kind)
    layout = lay_out_names(rows["label"].astype(str).tolist())
    size = _size(layout)
    figure = new_figure(ax, 1, size=size)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else single_axes(figure, size, pad=PAD)
        _draw(axes[0], view, rows, layout)
    return axes


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """One panel, as high as its lines ask for."""
    size = _size(lay_out_names(plot["label"].astype(str).tolist()))
    return single_axes(figure, size, pad=PAD)


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    rows, scale = _rows(view, view.kind), effect_scale(view)
    share = f"{100 * view.conf_level:g}%"
    what = {
        "meta_cumulative": f"Mean effect as {len(rows):,} studies were added, one after the other. "
        f"Lines: {share} confidence intervals; dashed: the mean of all studies. Later means "
        "contain the earlier.",
        "meta_leave_one_out": f"Mean effect without each of {len(rows):,} studies. Lines: {share} "
        f"confidence intervals; dashed, with band: the mean of all studies and its {share} "
        "interval.",
    }
    return f"{what[view.kind]}{scale.spacing_words}"


def _rows(view: ResultView, kind: str) -> pd.DataFrame:
    maker = f"meta.{kind.removeprefix('meta_')}"
    rows = rows_of(view, kind, _COLUMNS, maker=maker).reset_index(drop=True)
    many = lay_out_names(rows["label"].astype(str).tolist()).compact
    if many and kind == "meta_leave_one_out":
        rows = rows.sort_values("estimate", kind="stable", ignore_index=True)
    return rows


def _size(layout: Layout) -> tuple[float, float]:
    return PAGE_WIDTH, (_HEAD + layout.height + _FOOT) / 72


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, layout: Layout) -> None:
    scale = effect_scale(view)
    panel_frame(axis)
    axis.set_ylim(layout.height + 2.0, -_HEAD)
    places = rows.assign(y=[line.y for line in layout.lines])
    whole = _whole(view, rows)
    always = whole if view.kind == "meta_leave_one_out" else np.append(whole, 0.0)
    axis.set_xlim(*interval_limits(places, always))
    _reference(axis, view, whole, layout)
    interval_lines(axis, places, step=layout.step, thin=layout.compact)
    axis.scatter(
        places["estimate"], places["y"], marker="o", color=LINE_COLOUR, linewidths=0, zorder=3,
        s=3.0 if layout.compact else 26.0 * (layout.step / 12.0) ** 2,
    )  # fmt: skip
    _write_beside(axis, view, rows, layout, scale)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    effect_ticks(axis, scale)
    axis.set_xlabel(f"Mean {scale.shown_words}", parse_math=False)


def _whole(view: ResultView, rows: pd.DataFrame) -> np.ndarray:
    """Mean of all studies with its interval: of the one-row summary, else of the last row."""
    found = [row_value(view, name) for name in ("estimate", "ci_low", "ci_high")]
    if any(value is None for value in found):
        found = rows[["estimate", "ci_low", "ci_high"]].iloc[-1].tolist()
    return np.array(found, dtype=float)


def _reference(axis: Axes, view: ResultView, whole: np.ndarray, layout: Layout) -> None:
    """The mean of all studies, its interval where each is left out, and no effect."""
    left, right = axis.get_xlim()
    if left < 0.0 < right:
        axis.vlines(0.0, 0.0, layout.height + 2.0, color=_GREY, linewidth=0.8, zorder=1)
    axis.vlines(
        whole[0], 0.0, layout.height + 2.0, color=MARK_COLOUR, linewidth=0.8,
        linestyle=(0, (3, 2)), zorder=1.5,
    )  # fmt: skip
    if view.kind == "meta_leave_one_out":
        axis.fill_betweenx(
            [0.0, layout.height + 2.0], whole[1], whole[2], color=_BAND, linewidth=0, zorder=0.5
        )


def _write_beside(
    axis: Axes, view: ResultView, rows: pd.DataFrame, layout: Layout, scale: EffectScale
) -> None:
    """What was added or left out with the number of effects; estimates, intervals, τ²."""
    size, head = layout.text_size, -0.6 * _HEAD
    named = [(line, rows.iloc[line.rows[0]]) for line in layout.lines if line.named]
    names = [Words(line.y, shortened(line.label, _NAME)) for line, _ in named]
    counts = [Words(line.y, f"{int(row['k']):,}") for line, row in named]
    left = [
        Column((Words(head, _HEADINGS[view.kind], "bold"), *names)),
        Column((Words(head, "k", "symbol"), *counts), "right"),
    ]
    points = [Words(line.y, scale.number(row["shown"])) for line, row in named]
    ends = [Words(ln.y, scale.interval(row["shown_low"], row["shown_high"])) for ln, row in named]
    tau2 = [Words(ln.y, _variance(row["tau2"])) for ln, row in named]
    right = [
        Column((Words(head, scale.symbol, "symbol"), *points), "right"),
        Column((Words(head, scale.interval_words, "bold"), *ends)),
        Column((Words(head, "τ²", "bold"), *tau2), "right"),
    ]
    write_left(axis, left, size)
    write_right(axis, right, size)


def _variance(value: float) -> str:
    """Three decimals; a dash where there is none, as of a single study."""
    return format_fixed(value, 3, minus=MINUS) if np.isfinite(value) else "–"
