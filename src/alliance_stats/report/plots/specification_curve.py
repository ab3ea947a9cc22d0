"""Figure of a multiverse: all estimates in order of size, and the options each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    panel_ticks,
    whole_ticks,
    wrapped,
)
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    TEXT_SIZE,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import records
from alliance_stats.report.wording.words import effect_place, names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = (
    "layer", "rank", "y", "y_low", "y_high", "side", "first", "choice", "option", "order",
)  # fmt: skip
#: Height in inches of the upper panel, of a row of the lower one, and of the words around both.
_CURVE, _ROW, _AROUND = 2.3, 0.165, 0.9
#: Letters of an option's label on one line.
_NAME = 30
#: Space between two choices, in rows.
_APART = 0.45
_GREY, _PALE, _DARK = "#8f979e", "#c9ced3", LINE_COLOUR


def plot_specification_curve(result: Source, *, ax: Sequence[Axes] | None = None) -> AxesArray:
    """Draw every estimate of a multiverse in order of size, over the options that led to it.

    Above, estimates with their intervals: dark where the interval lies on one side of zero, grey
    where it holds zero; a diamond is the first specification, with the first option of every
    choice. Below, a mark at each estimate for the option it has. Options whose marks crowd on one
    side move the estimate. Nothing is computed: the figure draws ``result.view().plot``.

    Parameters
    ----------
    result : MultiverseResult
    ax : sequence of Axes, optional
        Two, the upper and the lower one. By default pyplot makes a figure 6.9 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (2,)

    Raises
    ------
    ArgumentError
        If the result is not of `multiverse`, or `ax` does not hold two Axes.

    Examples
    --------
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> choices = {"time": ["linear", "log"]}
    >>> result = al.models.multiverse("within", al.load_example("sessions"), choices)
    >>> axes = plot_specification_curve(result, ax=Figure().subplots(2, 1))
    >>> [label.get_text() for label in axes[1].get_yticklabels()]
    ['Time', 'linear', 'log']
    """
    view = as_view(result)
    plot = _plot_frame(view)
    figure = new_figure(ax, 2)
    with journal_style():
        axes = given_axes(ax, None, 2) if figure is None else lay_out(figure, plot)
        estimates = plot[plot["layer"] == "estimate"]
        _draw_curve(axes[0], view, estimates)
        _draw_choices(axes[1], plot[plot["layer"] == "choice"], len(estimates))
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The panels: estimates above, choices below."""
    return ["estimates", "choices"]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    n = int((plot["layer"] == "estimate").sum())
    x, y = names_of(view)
    effect = view.labels.get("effect", "")
    place = "by ruptures beyond chance" if effect == "excess_ruptures" else effect_place(effect)
    what = f"{x} and {y} {place}".rstrip()
    return (
        f"Specification curve of {n:,} estimates of {what}, in order of size. Lines: "
        f"{100 * view.conf_level:g}% confidence intervals, dark where they lie on one side of "
        "zero. Diamond: the first specification. Marks below: the options of each specification. "
        "All estimates use the same data."
    )


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Two panels, the lower one as high as its options ask for."""
    rows = _rows(plot[plot["layer"] == "choice"])
    below = _ROW * (rows["place"].max() + 1.5) if len(rows) else _ROW
    figure.set_size_inches(PAGE_WIDTH, _CURVE + below + _AROUND)
    figure.set_layout_engine("constrained", hspace=0.02)
    return np.asarray(figure.subplots(2, 1, height_ratios=[_CURVE, below], sharex=True))


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "multiverse" or view.plot is None or view.plot.empty:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of multiverse."
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give a result of multiverse."
        )
    return view.plot


def _draw_curve(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """Intervals, estimates over them, and the first specification."""
    panel_frame(axis)
    n = len(rows)
    axis.axhline(0.0, color="#8a8a8a", linewidth=0.8, zorder=1)
    many = n > 100
    for apart, colour, pale in ((False, _GREY, _PALE), (True, _DARK, "#7fa6c4")):
        part = rows[(rows["side"] != 0) == apart]
        axis.vlines(
            part["rank"], part["y_low"], part["y_high"], zorder=2,
            color=pale if many else colour, linewidth=_width(n),
        )  # fmt: skip
        axis.scatter(
            part["rank"], part["y"], s=3 if many else max(9, 22 - n / 5), zorder=3,
            facecolor=colour if apart else "white", edgecolor=colour, linewidth=0.8,
        )  # fmt: skip
    first = rows[rows["first"]]
    axis.scatter(
        first["rank"], first["y"], marker="D", s=34, facecolor="white", edgecolor=MARK_COLOUR,
        linewidth=1.3, zorder=4,
    )  # fmt: skip
    _key(axis)
    _, y = names_of(view)
    x = one_line(view.labels.get("alliance", "alliance"))
    ruptures = view.labels.get("question") == "ruptures"
    words = f"{y} per rupture beyond chance" if ruptures else f"{y} per point of {x}"
    axis.set_ylabel(wrapped(words, 24), fontsize=TEXT_SIZE, parse_math=False)
    axis.set_xlim(0.5 - 0.015 * n, n + 0.5 + 0.015 * n)
    axis.tick_params(axis="x", length=0, labelbottom=False)
    axis.spines["bottom"].set_visible(False)
    panel_ticks(axis, "y")


def _key(axis: Axes) -> None:
    """What the three kinds of marks mean, above the panel."""
    from matplotlib.lines import Line2D

    kinds = (
        ("o", _DARK, _DARK, "interval on one side of zero"),
        ("o", "white", _GREY, "interval holds zero"),
        ("D", "white", MARK_COLOUR, "first specification"),
    )
    marks = [
        Line2D([], [], linestyle="", marker=marker, markersize=4.5, label=label,
               markerfacecolor=face, markeredgecolor=edge)
        for marker, face, edge, label in kinds
    ]  # fmt: skip
    axis.legend(
        handles=marks, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, frameon=False,
        fontsize=TEXT_SIZE, handletextpad=0.1, columnspacing=1.4, borderpad=0.2,
    )  # fmt: skip


def _width(n: int) -> float:
    """Line width in points that leaves a gap between the lines of `n` specifications."""
    return float(np.clip(0.55 * (PAGE_WIDTH - 1.9) * 72 / n, 0.25, 1.2))


def _rows(choices: pd.DataFrame) -> pd.DataFrame:
    """Headings and options from the top down: columns ``choice option place heading``."""
    found = []
    place = 0.0
    for name in dict.fromkeys(choices["choice"]):
        part = choices[choices["choice"] == name].drop_duplicates("option").sort_values("order")
        found.append((name, "", place, True))
        for option in part["option"]:
            place += 1.0
            found.append((name, option, place, False))
        place += 1.0 + _APART
    return pd.DataFrame(found, columns=["choice", "option", "place", "heading"])


def _draw_choices(axis: Axes, choices: pd.DataFrame, n: int) -> None:
    """A row of marks for every option, under the heading of its choice."""
    panel_frame(axis)
    rows = _rows(choices)
    options = rows[~rows["heading"]]
    for shade, row in enumerate(records(options)):
        part = choices[(choices["choice"] == row["choice"]) & (choices["option"] == row["option"])]
        if shade % 2 == 0:
            axis.axhspan(
                row["place"] - 0.5, row["place"] + 0.5, color="#f3f4f6", linewidth=0, zorder=0
            )
        for apart, colour in ((False, _GREY), (True, _DARK)):
            here = part.loc[(part["side"] != 0) == apart, "rank"]
            axis.vlines(
                here, row["place"] - 0.34, row["place"] + 0.34, color=colour,
                linewidth=max(_width(n), 0.35) * (1.8 if n <= 60 else 1.0), zorder=2,
            )  # fmt: skip
    axis.set_yticks(rows["place"].to_numpy())
    names = rows["option"].where(~rows["heading"], rows["choice"])
    labels = [_one_row(one_line(name)) for name in names]
    for label, heading in zip(
        axis.set_yticklabels(labels, fontsize=TEXT_SIZE - 0.5, parse_math=False),
        rows["heading"], strict=True,
    ):  # fmt: skip
        label.set_fontweight("bold" if heading else "normal")
    axis.set_ylim(rows["place"].max() + 0.7, -0.7)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlim(0.5 - 0.015 * n, n + 0.5 + 0.015 * n)
    axis.set_xlabel("Specifications in order of the estimate", fontsize=TEXT_SIZE)
    whole_ticks(axis)


def _one_row(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"
