"""Figure of a profile likelihood: how it falls on both sides of a variance, and the interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import MINUS, format_interval, format_number
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    figure_size,
    given_axes,
    new_figure,
    panel_axes,
    panel_frame,
    panel_head,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    COLUMN_WIDTH,
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("parameter", "value", "loglik", "limit", "estimate", "ci_low", "ci_high")
_BAND, _GREY = "#dde3e8", "#8a8a8a"
#: Panels side by side; inches of one row of them; how far below the limit curves are drawn.
_ACROSS, _ROW, _DEPTH = 3, 2.3, 2.2


def plot_profile(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the log-likelihood over a variance between studies, the others at their best.

    The interval holds the values whose log-likelihood lies at most the dashed limit below its
    maximum. A curve with one clear maximum says that the variance was found; a flat one that the
    data say little. Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : TauProfile, ComponentProfiles
        What ``fit_meta(…).profile()`` or ``fit_meta_multilevel(…).profile()`` gave.
    ax : Axes or sequence of Axes, optional
        Where to draw, one a variance. By default pyplot makes a figure of the width of a column,
        or of a page for several.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_parameters,)

    Raises
    ------
    ArgumentError
        If the result is of another kind, or `ax` holds another number of Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> profile = al.fit_meta(frame).profile()
    >>> axes = al.report.plots.plot_profile(profile, ax=Figure().subplots())
    >>> axes[0].get_xlabel()
    'τ²'
    """
    view = as_view(result)
    plot = profile_rows(view)
    panels = list(dict.fromkeys(plot["parameter"]))
    figure = new_figure(ax, len(panels), size=_size(len(panels)))
    with journal_style():
        axes = given_axes(ax, None, len(panels)) if figure is None else _axes(figure, len(panels))
        for axis, name in zip(axes, panels, strict=True):
            axis.set_ylim(*_heights(plot))
            _draw(axis, view, plot[plot["parameter"] == name], first=axis is axes[0])
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The parameters."""
    return list(dict.fromkeys(plot["parameter"])) if "parameter" in plot.columns else ["tau2"]


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Panels of equal size, in rows."""
    return _axes(figure, len(panel_names(plot)))


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    names = list(dict.fromkeys(profile_rows(view)["parameter"]))
    of = one_line(", ".join(map(str, names)))
    return (
        f"Profile log-likelihood of {of}: distance below the maximum, other parameters at their "
        f"best. Dashed: the limit of the {100 * view.conf_level:g}% interval, which is shaded; "
        "vertical line: the estimate."
    )


def profile_rows(view: ResultView) -> pd.DataFrame:
    """The curves of a view with limit, estimate and interval in every row.

    Raises
    ------
    ArgumentError
        If the view holds none.
    """
    if view.kind != "meta_profile" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give what fit_meta(…).profile() returns."
        )
    plot = view.plot
    if "relative" in plot.columns and "cut" in view.labels:
        plot = _of_one(view, plot)
    missing = [name for name in _COLUMNS if name not in plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give what fit_meta(…).profile() returns."
        )
    return plot


def _of_one(view: ResultView, plot: pd.DataFrame) -> pd.DataFrame:
    """The frame of a single τ², whose limit and interval stand beside it."""
    ends = view.terms.iloc[0]
    return pd.DataFrame({
        "parameter": view.labels.get("parameter", "τ²"), "value": plot["tau2"],
        "loglik": plot["relative"], "limit": float(view.labels["cut"]),
        "estimate": ends["estimate"], "ci_low": ends["ci_low"], "ci_high": ends["ci_high"],
    })  # fmt: skip


def _size(n: int) -> tuple[float, float]:
    if n == 1:
        return COLUMN_WIDTH, figure_size(1)[1]
    return PAGE_WIDTH, _ROW * -(-n // _ACROSS) + 0.2


def _axes(figure: Figure, n: int) -> AxesArray:
    figure.set_size_inches(*_size(n))
    if n == 1:
        return panel_axes(figure, 1)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(-(-n // _ACROSS), min(n, _ACROSS), squeeze=False, sharey=True).ravel()
    for axis in grid[n:]:
        axis.set_visible(False)
    return np.asarray(grid[:n])


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, *, first: bool) -> None:
    """One curve with its limit, interval and estimate."""
    panel_frame(axis)
    row = rows.iloc[0]
    limit = float(row["limit"])
    value = rows["value"].to_numpy(dtype=float)
    axis.set_xlim(*_ends(rows, value))
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if np.isfinite(low) and not np.isnan(high):
        axis.axvspan(low, min(high, axis.get_xlim()[1]), color=_BAND, linewidth=0, zorder=0.5)
    axis.axhline(limit, color=_GREY, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axis.axvline(float(row["estimate"]), color=MARK_COLOUR, linewidth=0.8, zorder=1.5)
    axis.plot(value, rows["loglik"], color=LINE_COLOUR, linewidth=1.6, zorder=3)
    name = one_line(row["parameter"])
    axis.set_xlabel(name, parse_math=False)
    if first:
        axis.set_ylabel("Log-likelihood below its maximum")
    panel_head(axis, "", [_numbers(row, view)])
    panel_ticks(axis, "x", "y")


def _heights(plot: pd.DataFrame) -> tuple[float, float]:
    """Ends of the vertical axis: the limit, and curves as far as they are worth showing."""
    limit, lowest = float(plot["limit"].min()), float(plot["loglik"].min())
    return 1.1 * min(max(lowest, _DEPTH * limit), limit), -0.12 * limit


def _ends(rows: pd.DataFrame, value: np.ndarray) -> tuple[float, float]:
    """Where the curve is worth showing: around its upper part."""
    near = rows["loglik"].to_numpy(dtype=float) >= _DEPTH * float(rows["limit"].iloc[0])
    shown = value[near] if near.sum() > 1 else value
    room = 0.04 * float(np.ptp(shown)) or 0.1
    return float(shown.min()) - room, float(shown.max()) + room


def _numbers(row: pd.Series[Any], view: ResultView) -> str:
    """``0.015, 95% CI [0.000, 0.114]``."""
    ends = format_interval(row["ci_low"], row["ci_high"], minus=MINUS)
    return f"{format_number(row['estimate'], minus=MINUS)}, {100 * view.conf_level:g}% CI {ends}"
