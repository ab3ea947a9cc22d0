"""Figure of a lagged model: its paths with intervals, and where they lie without any path."""

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
)
from alliance_stats.report.plots.rows import (
    name_rows,
    point_with_interval,
    rows_of,
    words_beside,
    zero_line,
)
from alliance_stats.report.plots.style import (
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import has_interval, interval, number, records
from alliance_stats.report.wording.words import EFFECT_ORDER, names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("effect", "layer", "x", "x_low", "x_high")
#: Height in rows between the cross paths and the autoregressions.
_GAP = 0.45
_ROW = 0.52


def plot_lagged(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw both paths of a lagged model and what each rating keeps of itself.

    Dots are coefficients in standard deviations within patients, with their confidence intervals.
    A hollow diamond shows where estimates of a path lie on average in studies of this design in
    which the path is zero: where it is away from zero, the model is biased for the design. Nothing
    is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_lagged`.
    ax : Axes, optional
        Where to draw, one Axes. By default pyplot makes a figure 6.9 inches wide (two columns of
        a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_lagged`, or `ax` holds several Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "effect": ["alliance_to_outcome"], "layer": ["estimate"], "x": [-0.12],
    ...     "x_low": [-0.20], "x_high": [-0.04]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("lagged", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_lagged(view, ax=Figure().subplots())[0].get_xlabel()
    'Standardised coefficient (SD within patients)'
    """
    view = as_view(result)
    plot = rows_of(view, "lagged", _COLUMNS)
    figure = new_figure(ax, 1)
    with journal_style():
        if figure is not None:
            figure.set_size_inches(*figure_size(plot))
        axes = given_axes(ax, figure, 1)
        _draw(axes[0], view, plot)
    return axes


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches: both columns of a journal, a row an effect."""
    return PAGE_WIDTH, _ROW * plot["effect"].nunique() + 1.0


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["paths"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    plot = rows_of(view, "lagged", _COLUMNS)
    null = (
        " Hollow diamonds: mean estimates in simulated studies of this design without the path."
        if (plot["layer"] == "null").any()
        else ""
    )
    return (
        f"Paths between {x} and {y} from session to session, and what each keeps of itself: "
        f"coefficients in standard deviations within patients with {100 * view.conf_level:g}% "
        f"confidence intervals.{null}"
    )


def _draw(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    effects = [effect for effect in EFFECT_ORDER if effect in set(plot["effect"])]
    heights = np.arange(len(effects), dtype=float)
    heights += _GAP * np.array([effect.endswith("autoregression") for effect in effects])
    place = dict(zip(effects, -heights, strict=True))
    panel_frame(axis)
    zero_line(axis)
    null = None
    for row in records(plot):
        y = place[row["effect"]]
        if row["layer"] == "null":
            (null,) = axis.plot(
                row["x"], y - 0.22, marker="D", markersize=5, markerfacecolor="white",
                markeredgecolor=MARK_COLOUR, markeredgewidth=0.9, linestyle="none", zorder=4,
            )  # fmt: skip
            continue
        point_with_interval(axis, y, row["x"], row["x_low"], row["x_high"])
        ends = {"ci_low": row["x_low"], "ci_high": row["x_high"]}
        words = number(row["x"], 2)
        words += f"  {interval(ends, 2, view.conf_level)}" if has_interval(ends) else ""
        words_beside(axis, y, words)
    if null is not None:
        axis.legend(
            [null], ["mean estimate in simulated studies without the path"], frameon=False,
            loc="lower left", bbox_to_anchor=(0.0, 1.0), borderpad=0.0, handletextpad=0.3,
            fontsize=TEXT_SIZE,
        )  # fmt: skip
    axis.set_ylim(-heights[-1] - 0.6, 0.5)
    names = [_row_words(view, effect) for effect in effects]
    name_rows(axis, place, names, "Standardised coefficient (SD within patients)")


def _row_words(view: ResultView, effect: str) -> str:
    """``wai (session t − 1) → phq (session t)``, on two lines."""
    x, y = names_of(view)
    step = one_line(view.labels.get("step", "1"))
    lag = {"alliance_to_outcome": (x, y), "outcome_to_alliance": (y, x)}
    if effect in lag:
        first, then = lag[effect]
        back = one_line(view.labels.get(f"{effect}_lag", step))
    else:
        first = then = y if effect.startswith("outcome") else x
        back = step
    when = "t" if back == "0" else f"t − {back}"
    return f"{first}, session {when}\n→ {then}, session t"
