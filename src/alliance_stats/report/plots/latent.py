"""Figure of latent means: slopes within and between, beside those with observed means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import AxesArray, given_axes, new_figure, panel_frame
from alliance_stats.report.plots.rows import (
    name_rows,
    point_with_interval,
    rows_of,
    words_beside,
    zero_line,
)
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    PAGE_WIDTH,
    POINT_COLOUR,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import Row, has_interval, interval, number, records
from alliance_stats.report.wording.words import EFFECT_ORDER, effect_words, names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIND = "latent_within_between"
_COLUMNS = ("effect", "means", "x", "x_low", "x_high")
#: Colour, whether hollow, and how far below the row's middle, by kind of means.
_LOOKS = {"latent": (LINE_COLOUR, False, -0.17), "observed": (POINT_COLOUR, True, 0.17)}
_ROW = 0.56
#: Room beside the outermost numbers, as a share of their range.
_ROOM = 0.08
#: How far an estimate without ends may stretch the axis, as a share of the range of all others.
_STRETCH = 0.5


def plot_latent(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the slopes of a model with latent means beside those with observed means.

    Filled dots are coefficients with latent means, hollow ones with observed means, each with its
    confidence interval. Where the interval has no ends (the alliance may not vary at all between
    the units) an arrow runs to both edges: nothing is ruled out, however far the axis reaches.
    Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_latent_within_between`.
    ax : Axes, optional
        Where to draw, one Axes. By default pyplot makes a figure 6.9 inches wide (two columns of
        a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_latent_within_between`, or `ax` holds several Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "effect": "between", "means": ["latent", "observed"], "x": [-0.3, -0.2],
    ...     "x_low": [float("-inf"), -0.3], "x_high": [float("inf"), -0.1]})
    >>> none = pd.DataFrame()
    >>> labels = {"alliance": "wai", "outcome": "phq"}
    >>> view = ResultView("latent_within_between", "", none, none, plot, none, labels=labels)
    >>> from matplotlib.figure import Figure
    >>> plot_latent(view, ax=Figure().subplots())[0].get_xlabel()
    'Coefficient: phq per point of wai'
    """
    view = as_view(result)
    plot = rows_of(view, KIND, _COLUMNS)
    figure = new_figure(ax, 1)
    with journal_style():
        if figure is not None:
            figure.set_size_inches(*figure_size(plot))
        axes = given_axes(ax, figure, 1)
        _draw(axes[0], view, plot)
    return axes


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches: both columns of a journal, two lines an effect."""
    return PAGE_WIDTH, _ROW * plot["effect"].nunique() + 0.85


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["slopes"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    plot = rows_of(view, KIND, _COLUMNS)
    effects = ", ".join(effect_words(e).lower() for e in dict.fromkeys(plot["effect"]))
    ends = np.isinf(plot[["x_low", "x_high"]].to_numpy(dtype=float)).any()
    arrows = " Arrows: the interval has no ends, no coefficient is ruled out." if ends else ""
    return (
        f"Association of {x} with {y}: {effects}; with latent means (filled) and with observed "
        f"means (hollow): coefficients with {100 * view.conf_level:g}% confidence intervals."
        f"{arrows}"
    )


def _draw(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    effects = [effect for effect in EFFECT_ORDER if effect in set(plot["effect"])]
    places = {effect: float(place) for place, effect in enumerate(effects)}
    panel_frame(axis)
    axis.set_xlim(*_limits(plot))
    axis.set_ylim(len(effects) - 0.55, -0.45)
    zero_line(axis)
    for row in records(plot):
        colour, hollow, below = _LOOKS[row["means"]]
        y = places[row["effect"]] + below
        point_with_interval(
            axis, y, row["x"], row["x_low"], row["x_high"], colour=colour, hollow=hollow
        )
        words_beside(axis, y, _numbers(view, row))
    _name_means(axis, [name for name in _LOOKS if name in set(plot["means"])])
    x, y_name = names_of(view)
    names = [effect_words(effect) for effect in effects]
    name_rows(axis, places, names, f"Coefficient: {y_name} per point of {x}")


def _limits(plot: pd.DataFrame) -> tuple[float, float]:
    """All that is finite, and zero; a far estimate without ends does not stretch the axis."""
    ends = plot[["x_low", "x_high"]].to_numpy(dtype=float)
    estimates = plot["x"].to_numpy(dtype=float)
    unbounded = np.isinf(ends).any(axis=1)
    known = np.concatenate([[0.0], ends.ravel(), estimates[~unbounded]])
    known = known[np.isfinite(known)]
    far = _STRETCH * np.ptp(known)
    loose = estimates[unbounded]
    near = loose[(loose >= known.min() - far) & (loose <= known.max() + far)]
    low, high = (float(limit) for limit in (min([*known, *near]), max([*known, *near])))
    room = _ROOM * (high - low) if high > low else 1.0
    return low - room, high + room


def _numbers(view: ResultView, row: Row) -> str:
    """``−0.27  95% CI [−0.35, −0.19]``, or that the interval is unbounded."""
    decimals = view_decimals(view)
    words = number(row["x"], decimals)
    ends = {"ci_low": row["x_low"], "ci_high": row["x_high"]}
    if not has_interval(ends):
        return words
    if np.isinf([row["x_low"], row["x_high"]]).all():
        return f"{words}  {100 * view.conf_level:g}% CI unbounded"
    return f"{words}  {interval(ends, decimals, view.conf_level)}"


def _name_means(axis: Axes, means: list[str]) -> None:
    """The legend, over the axes."""
    handles = []
    for name in means:
        colour, hollow, _ = _LOOKS[name]
        (handle,) = axis.plot(
            [], [], marker="o", markersize=6, color=colour, linewidth=1.6,
            markerfacecolor="white" if hollow else colour, markeredgewidth=1.2,
        )  # fmt: skip
        handles.append(handle)
    axis.legend(
        handles, [f"{name} means" for name in means], frameon=False, loc="lower left",
        bbox_to_anchor=(0.0, 1.0), borderpad=0.0, handletextpad=0.5, fontsize=TEXT_SIZE,
        ncols=len(means),
    )  # fmt: skip
