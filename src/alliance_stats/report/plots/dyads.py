"""Figure of a model of dyads: actor and partner effects of both members with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import has_interval, interval, number, records
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("effect", "member", "layer", "x", "x_low", "x_high")
_SIDES = ("actor", "partner")
#: Height in rows between the two members, and of a row in inches.
_GAP, _ROW = 0.5, 0.56


def plot_dyads(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw the actor and the partner effect of both members.

    Dots are coefficients in standard deviations within patients, with their confidence intervals:
    filled ones of the member's own predictor (actor), open ones of the other member's (partner).
    A hollow diamond shows where estimates of a partner effect lie on average in studies of this
    design in which it is zero. Nothing is computed: the figure draws ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_dyads`.
    ax : Axes, optional
        Where to draw, one Axes. By default pyplot makes a figure 6.9 inches wide (two columns of
        a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_dyads`, or `ax` holds several Axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "effect": ["actor"], "member": ["patient"], "layer": ["estimate"], "x": [0.2],
    ...     "x_low": [0.1], "x_high": [0.3]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("dyads", "", none, none, plot, none, labels={"member_1": "patient"})
    >>> from matplotlib.figure import Figure
    >>> plot_dyads(view, ax=Figure().subplots())[0].get_xlabel()
    'Standardised coefficient (SD within patients)'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 1)
    with journal_style():
        if figure is not None:
            figure.set_size_inches(*figure_size(plot))
        axes = given_axes(ax, figure, 1)
        _draw(axes[0], view, plot)
    return axes


def figure_size(plot: pd.DataFrame) -> tuple[float, float]:
    """Width and height in inches: both columns of a journal, a row an effect."""
    return PAGE_WIDTH, _ROW * len(plot[["effect", "member"]].drop_duplicates()) + 1.1


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The one panel of the figure."""
    return ["effects"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    null = (
        " Hollow diamonds: mean estimates in simulated studies of this design without a partner "
        "effect."
        if (plot["layer"] == "null").any()
        else ""
    )
    names = " and ".join(one_line(name) for name in dict.fromkeys(plot["member"]))
    return (
        f"Actor and partner effects of {names}: coefficients in standard deviations within "
        f"patients with {100 * view.conf_level:g}% confidence intervals. Filled dots: the "
        f"member's own predictor (actor); open dots: the other member's (partner).{null}"
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "dyads" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of fit_dyads."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. Give a result of fit_dyads."
        )
    return view.plot


def _places(plot: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Height of every effect: members one below the other, actor above partner."""
    members = list(dict.fromkeys(plot["member"]))
    drawn = set(zip(plot["member"], plot["effect"], strict=True))
    keys = [(m, side) for m in members for side in _SIDES if (m, side) in drawn]
    return {key: -(row + _GAP * members.index(key[0])) for row, key in enumerate(keys)}


def _draw(axis: Axes, view: ResultView, plot: pd.DataFrame) -> None:
    places = _places(plot)
    panel_frame(axis)
    axis.axvline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    null = None
    for row in records(plot):
        y = places[row["member"], row["effect"]]
        if row["layer"] == "null":
            (null,) = axis.plot(
                row["x"], y - 0.24, marker="D", markersize=5, markerfacecolor="white",
                markeredgecolor=MARK_COLOUR, markeredgewidth=0.9, linestyle="none", zorder=4,
            )  # fmt: skip
        else:
            _draw_estimate(axis, view, row, y)
    if null is not None:
        axis.legend(
            [null], ["mean estimate in simulated studies without a partner effect"], frameon=False,
            loc="lower left", bbox_to_anchor=(0.0, 1.0), borderpad=0.0, handletextpad=0.3,
            fontsize=TEXT_SIZE,
        )  # fmt: skip
    axis.set_yticks(list(places.values()))
    axis.set_yticklabels([_row_words(view, *key) for key in places], parse_math=False)
    axis.set_ylim(min(places.values()) - 0.6, 0.5)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("Standardised coefficient (SD within patients)", fontsize=TEXT_SIZE)
    panel_ticks(axis, "x")


def _draw_estimate(axis: Axes, view: ResultView, row: dict[str, Any], y: float) -> None:
    fill = LINE_COLOUR if row["effect"] == "actor" else "white"
    axis.plot([row["x_low"], row["x_high"]], [y, y], color=LINE_COLOUR, linewidth=1.6, zorder=2)
    axis.plot(
        row["x"], y, marker="o", markersize=6, markerfacecolor=fill, markeredgecolor=LINE_COLOUR,
        markeredgewidth=1.2, zorder=3,
    )  # fmt: skip
    ends = {"ci_low": row["x_low"], "ci_high": row["x_high"]}
    words = number(row["x"], 2)
    words += f"  {interval(ends, 2, view.conf_level)}" if has_interval(ends) else ""
    axis.annotate(
        words, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=TEXT_SIZE,
        annotation_clip=False, parse_math=False,
    )  # fmt: skip


def _row_words(view: ResultView, member: str, side: str) -> str:
    """``patient: wai_total (t − 1) → wai_total of patient``, on two lines."""
    labels = {name: one_line(text) for name, text in view.labels.items()}
    own = "1" if labels.get("member_1", "") == one_line(member) else "2"
    source = own if side == "actor" else {"1": "2", "2": "1"}[own]
    step = labels.get("step", "0")
    before, now = (f", session t − {step}", ", session t") if step != "0" else ("", "")
    x = f"{labels.get(f'member_{source}', '')}'s {labels.get(f'predictor_{source}', side)}{before}"
    return f"{x}\n→ {one_line(member)}'s {labels.get(f'outcome_{own}', 'outcome')}{now}"
