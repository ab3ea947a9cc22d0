"""Bubble plot: effect sizes over one moderator, under the line of a meta-regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.intervals import interval_limits
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
    BAND_COLOUR,
    COLUMN_WIDTH,
    LINE_COLOUR,
    MARK_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.effect_scale import effect_scale, effect_ticks
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("row", "x", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "weight")
_SIZE = (COLUMN_WIDTH, 3.2)
_GREY, _FACE = "#8a8a8a", "#9fb0be"
#: Area in points² of the largest bubble, by how many at most there are; and the smallest area.
_AREAS, _SMALLEST = ((15, 150.0), (60, 90.0), (150, 45.0), (10**9, 26.0)), 3.0


def plot_bubble(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw effect sizes over one moderator with the line that a meta-regression fits.

    Bubbles grow with the weight of an effect. The band is the confidence interval of the mean
    effect, the dashed lines hold the true effect of a new study. Other moderators are at their
    mean. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : RegressionLines
        What `meta.regression_lines` gave.
    ax : Axes, optional
        Where to draw. By default pyplot makes a figure 3.35 inches wide (one column of a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31, 0.26],
    ...     "year": [1990, 1995, 2001, 2004, 2011, 2019],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020, 0.009]})
    >>> result = al.fit_meta(frame, mods="year", measure="ZCOR")
    >>> lines = al.meta.regression_lines(result, "year")
    >>> axes = al.report.plots.plot_bubble(lines, ax=Figure().subplots())
    >>> axes[0].get_xlabel(), axes[0].get_ylabel()
    ('year', 'Correlation r')
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
    rows, scale = _rows(view), effect_scale(view)
    share = f"{100 * view.conf_level:g}%"
    n = int((rows["row"] == "study").sum())
    others = one_line(view.labels.get("others", ""))
    held = f", with the mean of {others}" if others else ""
    wide = rows["pi_low"].notna().any()
    dashed = f"; dashed: {share} prediction limits of a new study" if wide else ""
    return (
        f"{counted(n, 'effect size')} over {one_line(view.labels.get('moderator', 'x'))}, larger "
        f"with more weight. Line: effect fitted by the meta-regression{held}, with its {share} "
        f"confidence band{dashed}.{scale.spacing_words}"
    )


def _rows(view: ResultView) -> pd.DataFrame:
    return rows_of(view, "meta_bubble", _COLUMNS, maker="meta.regression_lines")


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """Bubbles, the largest behind; line, band and prediction limits."""
    scale = effect_scale(view)
    panel_frame(axis)
    studies = rows[rows["row"] == "study"].sort_values("weight", ascending=False, kind="stable")
    line = rows[rows["row"] == "line"].sort_values("x")
    limits = line[["ci_low", "ci_high", "pi_low", "pi_high"]].to_numpy(dtype=float).ravel()
    points = studies.assign(ci_low=studies["estimate"], ci_high=studies["estimate"])
    axis.set_ylim(*interval_limits(points, np.append(limits, 0.0)))
    axis.axhline(0.0, color=_GREY, linewidth=0.8, zorder=1)
    axis.scatter(
        studies["x"], studies["estimate"], s=_areas(studies["weight"].to_numpy(dtype=float)),
        facecolors=_FACE, edgecolors="white", linewidths=0.5, zorder=2,
    )  # fmt: skip
    axis.fill_between(
        line["x"], line["ci_low"], line["ci_high"], facecolor=BAND_COLOUR, alpha=0.22, linewidth=0,
        zorder=3,
    )  # fmt: skip
    for end in ("pi_low", "pi_high"):
        axis.plot(
            line["x"], line[end], color=MARK_COLOUR, linewidth=0.8, linestyle=(0, (4, 2)), zorder=3
        )
    axis.plot(line["x"], line["estimate"], color=LINE_COLOUR, linewidth=1.6, zorder=4)
    axis.margins(x=0.07)
    effect_ticks(axis, scale, "y")
    axis.set_ylabel(scale.axis_words, parse_math=False)
    axis.set_xlabel(one_line(view.labels.get("moderator", "x")), parse_math=False)
    panel_ticks(axis, "x")


def _areas(weights: np.ndarray) -> np.ndarray:
    """Areas of bubbles in points², in proportion to the weights."""
    largest = next(area for most, area in _AREAS if len(weights) <= most)
    return np.asarray(np.maximum(largest * weights / weights.max(), _SMALLEST), dtype=float)
