"""Orchard plot: mean, confidence and prediction interval of every group over its effect sizes.

Nakagawa et al. (2021, Res. Synth. Methods 12, 4–12).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.beside import (
    Align,
    Column,
    Words,
    shortened,
    write_left,
    write_right,
)
from alliance_stats.report.plots.forest import PAD, forest_rows
from alliance_stats.report.plots.intervals import interval_limits
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    single_axes,
)
from alliance_stats.report.plots.style import LINE_COLOUR, MARK_COLOUR, PAGE_WIDTH, journal_style
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.effect_scale import EffectScale, effect_scale, effect_ticks
from alliance_stats.report.wording.words import capital, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a group, above the first, and below the last for the axis and the key.
_STEP, _HEAD, _FOOT = 62.0, 16.0, 44.0
#: Half the height of the cloud of a group, as a share of its points.
_SPREAD = 0.34
#: Area in points² of the most precise effect, by how many at most there are; and the smallest.
_AREAS, _SMALLEST = ((20, 90.0), (80, 60.0), (10**9, 34.0)), 2.5
#: Golden ratio: fractions of its multiples fill an interval evenly in any number.
_GOLDEN = 0.6180339887498949
_FACE, _GREY = "#9fb0be", "#8a8a8a"
_NAME = 30
#: Effects of a group up to which none lies under its mean.
_FEW = 15


def plot_orchard(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw mean, confidence and prediction interval of every group over its effect sizes.

    Thick lines are confidence intervals of the means, thin ones prediction intervals: where the
    true effect of a new study lies. Bubbles are effect sizes, larger with more precision (1/SE);
    their height within a group means nothing and is the same in every drawing. Groups are the
    levels of a single categorical moderator; without moderators there is one. Nothing is computed:
    the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaResult, MultilevelMetaResult
        With one categorical moderator, or none.
    ax : Axes, optional
        Where to draw, with room left and right of it. By default pyplot makes a figure 6.9 inches
        wide.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result has no forest frame, or no means: its moderators are several or numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> result = al.fit_meta(frame, measure="ZCOR")
    >>> axes = al.report.plots.plot_orchard(result, ax=Figure().subplots())
    >>> axes[0].get_xlabel()
    'Correlation r'
    """
    view = as_view(result)
    rows = _rows(view)
    groups = list(dict.fromkeys(rows.loc[rows["row"].isin(["subgroup", "mean"]), "group"]))
    size = PAGE_WIDTH, (_HEAD + _STEP * len(groups) + _FOOT) / 72
    figure = new_figure(ax, 1, size=size)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else single_axes(figure, size, pad=PAD)
        _draw(axes[0], view, rows, groups)
    return axes


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    rows, scale = _rows(view), effect_scale(view)
    share = f"{100 * view.conf_level:g}%"
    n = int((rows["row"] == "study").sum())
    return (
        f"Orchard plot of {n:,} effect sizes. Points: means; thick lines: {share} confidence "
        f"intervals; thin lines: {share} prediction intervals, where the true effect of a new "
        "study lies. Bubbles: effect sizes, larger with more precision (1/SE); their height within "
        f"a group means nothing.{scale.spacing_words}"
    )


def _rows(view: ResultView) -> pd.DataFrame:
    rows = forest_rows(view)
    if not rows["row"].isin(["subgroup", "mean"]).any():
        moderators = one_line(view.labels.get("moderators", ""))
        raise ArgumentError(
            f"the model has no means of groups: its moderators are {moderators}. Give a model with "
            "one categorical moderator, or plot_bubble for a numeric one."
        )
    return rows


def _draw(axis: Axes, view: ResultView, rows: pd.DataFrame, groups: list[str]) -> None:
    """A cloud and its mean for every group, from the top down."""
    scale = effect_scale(view)
    panel_frame(axis)
    axis.set_ylim(_STEP * len(groups), -_HEAD)
    own = rows.loc[rows["row"] != "study", ["estimate", "ci_low", "ci_high"]].to_numpy(float)
    studies = rows[rows["row"] == "study"]
    points = studies.assign(ci_low=studies["estimate"], ci_high=studies["estimate"])
    axis.set_xlim(*interval_limits(points, np.append(own, 0.0)))
    axis.vlines(0.0, 0.0, _STEP * len(groups), color=_GREY, linewidth=0.8, zorder=1)
    most = float((1.0 / studies["se"]).max())
    for place, group in enumerate(groups):
        middle = _STEP * (place + 0.5)
        part = rows[rows["group"].astype(str) == group]
        _cloud(axis, part[part["row"] == "study"], middle, most, len(studies))
        _mean(axis, part, middle)
    _words(axis, view, rows, groups, scale)
    _key(axis, studies, most)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    effect_ticks(axis, scale)
    axis.set_xlabel(scale.axis_words, parse_math=False)


def _cloud(axis: Axes, part: pd.DataFrame, middle: float, most: float, n: int) -> None:
    """Effect sizes of a group, spread over its height where they crowd."""
    x = part["estimate"].to_numpy(dtype=float)
    axis.scatter(
        x, middle + _STEP * _SPREAD * spread(x), s=_areas(part["se"].to_numpy(float), most, n),
        facecolors=_FACE, edgecolors="white", linewidths=0.4, alpha=0.85, zorder=2,
    )  # fmt: skip


def spread(x: np.ndarray) -> np.ndarray:
    """Heights from −1 to 1 for the points of a group: wide where many are near."""
    order = np.argsort(x, kind="stable")
    jumps = np.empty(len(x))
    jumps[order] = 2.0 * ((np.arange(1, len(x) + 1) * _GOLDEN) % 1.0) - 1.0
    if len(x) <= _FEW:  # none under the line of the mean
        return np.asarray(np.where(jumps < 0, -1.0, 1.0) * (0.3 + 0.7 * np.abs(jumps)))
    width = 0.06 * float(np.ptp(x)) or 1.0
    near = (np.abs(x[:, None] - x[None, :]) < width).sum(axis=1)
    return np.asarray(jumps * np.sqrt((near - 1) / max(int(near.max()) - 1, 1)), dtype=float)


def _areas(se: np.ndarray, most: float, n: int) -> np.ndarray:
    """Areas in points², in proportion to the precision 1/SE."""
    largest = next(area for many, area in _AREAS if n <= many)
    return np.asarray(np.maximum(largest / se / most, _SMALLEST), dtype=float)


def _mean(axis: Axes, part: pd.DataFrame, middle: float) -> None:
    """Prediction interval, confidence interval and mean of a group."""
    prediction = part[part["row"] == "prediction"]
    if len(prediction):
        ends = prediction[["ci_low", "ci_high"]].iloc[0].to_numpy(dtype=float)
        axis.plot(ends, [middle] * 2, color=MARK_COLOUR, linewidth=1.0, zorder=4)
    row = part[part["row"].isin(["subgroup", "mean"])].iloc[0]
    axis.plot(
        [row["ci_low"], row["ci_high"]], [middle] * 2, color=MARK_COLOUR, linewidth=4.0,
        solid_capstyle="butt", zorder=4.5,
    )  # fmt: skip
    axis.plot(
        row["estimate"], middle, marker="o", markersize=8, markerfacecolor="white",
        markeredgecolor=LINE_COLOUR, markeredgewidth=2.0, zorder=5,
    )  # fmt: skip


def _words(
    axis: Axes, view: ResultView, rows: pd.DataFrame, groups: list[str], scale: EffectScale
) -> None:
    """Groups with their numbers of effects and studies; means with both intervals."""
    head = -0.4 * _HEAD
    parts = [rows[rows["group"].astype(str) == group] for group in groups]
    means = [part[part["row"].isin(["subgroup", "mean"])].iloc[0] for part in parts]
    new = [part[part["row"] == "prediction"] for part in parts]

    def column(heading: str, texts: list[str], align: Align = "left") -> Column:
        look = "symbol" if heading in ("k", scale.symbol) else "bold"
        words = [Words(_STEP * (n + 0.5), text) for n, text in enumerate(texts)]
        return Column((Words(head, heading, look), *words), align)

    names = [shortened(one_line(group) or "All", _NAME) for group in groups]
    counts = [f"{int((part['row'] == 'study').sum()):,}" for part in parts]
    write_left(axis, [column(_heading(view), names), column("k", counts, "right")])
    right = [
        column(scale.symbol, [scale.number(row["shown"]) for row in means], "right"),
        column(scale.interval_words, [_interval(row, scale) for row in means]),
    ]
    if any(len(part) for part in new):
        wide = [_interval(part.iloc[0], scale) if len(part) else "" for part in new]
        right.append(column(f"{100 * view.conf_level:g}% PI", wide))
    write_right(axis, right)


def _heading(view: ResultView) -> str:
    """The moderator by name."""
    name = one_line(view.labels.get("moderators", ""))
    return shortened(capital(name), _NAME) if name else "Effects"


def _interval(row: pd.Series[Any], scale: EffectScale) -> str:
    return scale.interval(row["shown_low"], row["shown_high"])


def _key(axis: Axes, studies: pd.DataFrame, most: float) -> None:
    """Three bubbles with their standard errors, under the axis."""
    from matplotlib.lines import Line2D

    errors = np.quantile(studies["se"].to_numpy(dtype=float), [0.0, 0.5, 1.0])
    sizes = np.sqrt(_areas(errors, most, len(studies)))
    marks = [
        Line2D([], [], linestyle="", marker="o", markersize=size, markerfacecolor=_FACE,
               markeredgecolor="white", markeredgewidth=0.4, label=f"{error:.2g}")
        for error, size in zip(errors, sizes, strict=True)
    ]  # fmt: skip
    axis.legend(
        handles=marks, title="Standard error", ncols=3, loc="lower left",
        bbox_to_anchor=(1.0, -0.02), frameon=False, handletextpad=0.1, columnspacing=0.9,
        borderpad=0.0, fontsize=7.0, title_fontsize=7.0, alignment="left",
    )  # fmt: skip
