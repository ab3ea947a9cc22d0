"""Figure of a decision study: reliability against the number of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    grow,
    label_axes,
    letters_along,
    new_figure,
    panel_frame,
    panel_head,
)
from alliance_stats.report.plots.style import BAND_COLOUR, LINE_COLOUR, TEXT_SIZE, journal_style
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = {
    "G": ("G", "errors that change the ranking"),
    "Phi": ("Φ", "errors of any kind"),
}
#: More lines than these cannot be told apart.
MOST_LINES = 5

_COLUMNS = ("panel", "line", "x", "y", "y_low", "y_high")
#: Colour, dashes and mark of the lines, from the lowest to the highest: told apart in grey.
_LOOKS = (
    ("#8a97a3", (0, (1, 1.1)), "v"),
    ("#5b86a6", (0, (4, 1.5)), "s"),
    (LINE_COLOUR, "solid", "o"),
    ("#1a3a52", (0, (6, 1.2, 1.2, 1.2)), "D"),
    ("#1a1a1a", "solid", "^"),
)
_GIVE = "Give a result of d_study."


def plot_d_study(
    result: Source, *, goal: float | None = None, ax: Axes | Sequence[Axes] | None = None
) -> AxesArray:
    """Draw G and Φ against the number of sessions, raters or items, a line a combination.

    The number of which most values were asked for stands along the figure; every combination of
    the others is a line with its name at the end. A single line has its confidence band. Nothing
    is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : DStudyResult
    goal : float, optional
        A reliability to reach, drawn as a dashed line; points that reach it are filled, the others
        hollow.
    ax : Axes or sequence of Axes, optional
        Where to draw, two Axes. By default pyplot makes a figure 6.9 inches wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (2,)

    Raises
    ------
    ArgumentError
        If the result is not of `d_study`, has more than five lines, or the goal is not between
        0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": ["G", "G", "Phi", "Phi"], "line": "", "x": [1.0, 2, 1, 2],
    ...     "y": [0.7, 0.8, 0.6, 0.7], "y_low": 0.4, "y_high": 0.9})
    >>> none = pd.DataFrame()
    >>> view = ResultView("d_study", "", none, none, plot, none, labels={"along": "session"})
    >>> from matplotlib.figure import Figure
    >>> plot_d_study(view, ax=Figure().subplots(1, 2))[0].get_xlabel()
    'Number of sessions'
    """
    view = as_view(result)
    plot = _plot_frame(view)
    if goal is not None:
        probability(goal, name="goal")
    panels = panel_names(plot)
    lines = _lines(plot)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, figure, len(panels), share_y=True)
        low = _lowest(plot, banded=len(lines) == 1, goal=goal)
        for axis, panel in zip(axes, panels, strict=True):
            panel_frame(axis)
            rows = plot.loc[plot["panel"] == panel]
            _draw_goal(axis, goal)
            _draw(axis, rows, lines, goal)
            _scales(axis, rows, low)
            _name_lines(axis, rows, lines)
            along = one_line(view.labels.get("along", "condition"))
            label_axes(axis, [f"Number of {along}s"], "Reliability", set_y=axis is axes[0])
            band = f"; {100 * view.conf_level:g}% CI" if len(lines) == 1 else ""
            _head(axis, panel, band, goal)
    grow(figure, axes)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The panels of a plot frame in print order."""
    found = set(plot["panel"].unique())
    return [name for name in PANELS if name in found]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    along = one_line(view.labels.get("along", "condition"))
    score = one_line(view.labels.get("score", "the score"))
    lines = _lines(plot)
    several = f" One line each: {'; '.join(lines)}." if len(lines) > 1 else (
        f" Bands: {100 * view.conf_level:g}% confidence intervals."
    )  # fmt: skip
    return (
        f"Reliability of the mean of {score} by the number of {along}s. G counts the errors that "
        f"change the ranking, Φ errors of any kind.{several}"
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "d_study" or view.plot is None:
        raise ArgumentError(f"a result of kind '{view.kind}' holds no decision study. {_GIVE}")
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(f"the plot frame lacks {', '.join(missing)}. {_GIVE}")
    n = view.plot["line"].nunique()
    if n > MOST_LINES:
        raise ArgumentError(
            f"{n} lines cannot be told apart: at most {MOST_LINES}. Give fewer numbers of the "
            "other facets to d_study."
        )
    return view.plot


def _lines(plot: pd.DataFrame) -> list[str]:
    """Names of the lines, the lowest first."""
    ends = plot.loc[plot["x"] == plot["x"].max()]
    return [str(name) for name in ends.groupby("line")["y"].mean().sort_values().index]


def _lowest(plot: pd.DataFrame, *, banded: bool, goal: float | None) -> float:
    """The lower end of the vertical scale, a tenth below what is drawn."""
    values = plot["y_low"] if banded and plot["y_low"].notna().any() else plot["y"]
    least = min(float(values.min()), 1.0 if goal is None else goal)
    return max(0.0, np.floor(10 * least - 1e-9) / 10)


def _draw_goal(axis: Axes, goal: float | None) -> None:
    if goal is None:
        return
    axis.axhline(goal, color="#1a1a1a", linewidth=0.6, linestyle=(0, (5, 3)), zorder=1)


def _draw(axis: Axes, rows: pd.DataFrame, lines: list[str], goal: float | None) -> None:
    looks = _LOOKS if len(lines) > 3 else _LOOKS[::2] if len(lines) > 1 else _LOOKS[2:]
    for name, (colour, dashes, mark) in zip(lines, looks, strict=False):
        line = rows.loc[rows["line"] == name].sort_values("x")
        x, y = line["x"].to_numpy(float), line["y"].to_numpy(float)
        if len(lines) == 1:
            low, high = line["y_low"].to_numpy(float), line["y_high"].to_numpy(float)
            axis.fill_between(x, low, high, color=BAND_COLOUR, alpha=0.18, linewidth=0, zorder=2)
        axis.plot(x, y, color=colour, linestyle=dashes, linewidth=1.3, zorder=3)
        for chosen, face in (
            (y >= (goal or 0.0), colour),
            (y < (goal or 0.0), "white"),
        ):
            axis.plot(
                x[chosen], y[chosen], color=colour, linestyle="", marker=mark, markersize=3.6,
                markerfacecolor=face, markeredgewidth=0.9, zorder=4,
            )  # fmt: skip


def _name_lines(axis: Axes, rows: pd.DataFrame, lines: list[str]) -> None:
    """The names at the ends of the lines, as far apart as a line of text is high."""
    if len(lines) < 2:
        return
    last = rows.loc[rows["x"] == rows["x"].max()].set_index("line")["y"]
    ends = last.loc[lines].to_numpy(float)
    low, high = axis.get_ylim()
    apart = (high - low) * 1.2 * TEXT_SIZE / (axis.bbox.height / axis.figure.dpi * 72)
    for name, place in zip(lines, spread_out(ends, apart), strict=True):
        axis.annotate(
            name, (rows["x"].max(), place), (6, 0), textcoords="offset points", va="center",
            ha="left", parse_math=False,
        )  # fmt: skip


def spread_out(places: np.ndarray, apart: float) -> np.ndarray:
    """Places moved so that ascending neighbours stand `apart`, as near to their own as can be.

    >>> spread_out(np.array([0.5, 0.9, 0.91]), 0.1).round(3)
    array([0.5  , 0.855, 0.955])
    """
    steps = apart * np.arange(len(places))
    free = places - steps  # must not fall: pool neighbours that do
    blocks: list[list[float]] = []
    for value in free:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, n), (two, m) = blocks[-2:]
            blocks[-2:] = [[(one * n + two * m) / (n + m), n + m]]
    return np.concatenate([np.full(int(n), value) for value, n in blocks]) + steps


def _scales(axis: Axes, rows: pd.DataFrame, low: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator

    first, last = float(rows["x"].min()), float(rows["x"].max())
    room = 0.03 * max(last - first, 1.0)
    axis.set_xlim(first - room, last + room)
    axis.set_ylim(low, 1.0)
    numbers = np.unique(rows["x"].to_numpy(float))
    step = max(1, int(np.ceil(len(numbers) / max(2, letters_along(axis, "x") // 4))))
    axis.xaxis.set_major_locator(FixedLocator(numbers[::step].tolist()))
    axis.yaxis.set_major_locator(MultipleLocator(0.1 if low >= 0.4 else 0.2))
    axis.yaxis.set_major_formatter(FuncFormatter(_share))


def _share(value: float, _: int) -> str:
    """``.9``, as reliabilities are printed."""
    return "1.0" if value >= 0.999 else without_zero(f"{value:.1f}") if value else "0"


def _head(axis: Axes, panel: str, band: str, goal: float | None) -> None:
    name, counted_errors = PANELS[panel]
    dashed = [] if goal is None else [f"dashed: goal of {_goal(goal)}"]
    panel_head(axis, name, [counted_errors + band, *dashed])


def _goal(goal: float) -> str:
    """``.90``; more digits where they are given."""
    shown = f"{goal:.2f}" if round(goal, 2) == goal else f"{goal:g}"
    return without_zero(shown)
