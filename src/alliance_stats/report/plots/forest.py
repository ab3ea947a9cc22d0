"""Forest plot: studies with their intervals, means, prediction intervals, numbers beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.beside import Column, Words, shortened, write_left, write_right
from alliance_stats.report.plots.forest_lines import Layout, Line, lay_out_lines
from alliance_stats.report.plots.intervals import interval_limits, interval_lines
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    single_axes,
)
from alliance_stats.report.plots.rows import rows_of
from alliance_stats.report.plots.style import (
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.effect_scale import EffectScale, effect_scale, effect_ticks
from alliance_stats.report.wording.meta_words import heterogeneity_words, mean_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Kinds of views that have a forest frame.
KINDS = ("meta", "meta_multilevel")
#: Those and results of several effects, each with a group of lines.
DRAWN = (*KINDS, "participants")
_COLUMNS = (
    "row", "study", "effect", "group", "estimate", "ci_low", "ci_high", "shown", "shown_low",
    "shown_high", "weight", "n",
)  # fmt: skip
BESIDE = ("n", "weight")
#: Points above the lines for headings, and below them for the axis.
_HEAD, _FOOT = 16.0, 40.0
#: Inches around everything that is drawn.
PAD = 0.03
#: Letters of a study's name.
_NAME = 36
_INDENT = 8.0
#: Sides in points of squares, at most and at least.
_LARGEST, _SMALLEST = 7.0, 1.6
_GREY = "#8a8a8a"
_PREDICTION = "#b9bfc5"


def plot_forest(
    result: Source,
    *,
    order: str | None = None,
    rows: tuple[int, int] | None = None,
    effects: str | None = None,
    columns: Sequence[str] = BESIDE,
    ax: Axes | Sequence[Axes] | None = None,
) -> AxesArray:
    """Draw studies with their intervals over the mean effect and its prediction interval.

    Squares grow with the weight of a study in the mean; diamonds are means with their intervals,
    the bar beneath is where the true effect of a new study lies. Subgroups have headings and means
    of their own. The axis is spaced by the scale of analysis and shows values as they are read:
    intervals of equal precision are equally wide. Arrows are intervals that go on. More than 60
    lines take the compact form of one page: thin lines in order of size, some of them named.
    Nothing is computed: the figure draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : MetaResult, MultilevelMetaResult, StudiesResult
    order : str, optional
        Of studies: ``"given"`` (that of the data), ``"estimate"``, ``"weight"`` (largest first),
        or a column of the frame, such as a moderator ``"year"``. By default as given, and by size
        in the compact form.
    rows : tuple of two int, optional
        Draw only some lines of studies, from the first to before the second, counted from 0 in
        that order: for a plot on several pages.
    effects : {"each", "study"}, optional
        A line for each effect, under the name of its study; or one for a study, with its effects as
        squares and the line from their lowest to their highest limit. By default a line for each
        of up to 60 effects.
    columns : sequence of str
        Beside name and estimate: some of ``n``, ``weight``.
    ax : Axes, optional
        Where to draw, with room left and right of it. By default pyplot makes a figure 6.9 inches
        wide and as high as its lines ask for.

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    ArgumentError
        If the result has no forest frame, `order`, `effects` or `columns` is not known, or `rows`
        holds no study.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005"], "ni": [103, 53, 86],
    ...     "yi": [0.20, 0.35, 0.08], "vi": [0.010, 0.020, 0.012]})
    >>> axes = al.plot_forest(al.fit_meta(frame, measure="ZCOR"), ax=Figure().subplots())
    >>> axes[0].get_xlabel()
    'Correlation r'
    """
    view = as_view(result)
    plot = forest_rows(view)
    layout = lay_out_lines(
        plot, order=order, rows=rows, effects=effects, mean_words=mean_words(view),
        conf_level=view.conf_level,
    )  # fmt: skip
    unknown = [name for name in columns if name not in BESIDE]
    if unknown or isinstance(columns, str):
        raise ArgumentError(f"columns={columns!r} is not known. Allowed: {name_list(BESIDE)}.")
    size = _size(layout)
    figure = new_figure(ax, 1, size=size)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else single_axes(figure, size, pad=PAD)
        _draw(axes[0], view, plot, layout, columns)
    return axes


def forest_rows(view: ResultView) -> pd.DataFrame:
    """The forest frame of a view.

    Raises
    ------
    ArgumentError
        If it has none, or one without studies or some column.
    """
    maker = "fit_meta, fit_meta_multilevel or fit_studies"
    plot = rows_of(view, DRAWN, _COLUMNS, maker=maker).reset_index(drop=True)
    if not (plot["row"] == "study").any():
        raise ArgumentError(f"the plot frame holds no effect sizes. Give a result of {maker}.")
    return plot


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """One panel, as high as its lines ask for."""
    return single_axes(figure, _size(lay_out_lines(plot)), pad=PAD)


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = forest_rows(view)
    layout, scale = lay_out_lines(plot), effect_scale(view)
    level = f"{100 * view.conf_level:g}%"
    studies = plot[plot["row"] == "study"]
    kinds = set(plot["row"])
    some = " Some studies are named, in order of size." if layout.compact else ""
    several = any(len(line.rows) > 1 for line in layout.lines)
    parts = [
        f"Forest plot of {len(studies):,} effect sizes of {studies['study'].nunique():,} studies.",
        f"Squares: estimates, larger with more weight in the mean; lines: {level} confidence "
        f"intervals, arrows where they go on.{some}",
        "Studies with several effects have one line, from the lowest to the highest limit of their "
        "intervals." if several else "",
        f"Diamonds: means with {level} confidence intervals." if {"mean", "subgroup"} & kinds else
        "Hollow diamonds: effects fitted by the moderators.",
        f"Bars: {level} prediction intervals, where the true effect of a new study lies."
        if "prediction" in kinds else "",
        scale.spacing_words.strip(),
    ]  # fmt: skip
    return " ".join(part for part in parts if part)


def _size(layout: Layout) -> tuple[float, float]:
    return PAGE_WIDTH, (_HEAD + layout.height + _note_room(layout) + _FOOT) / 72


def _note_room(layout: Layout) -> float:
    return 1.6 * layout.text_size


def _draw(
    axis: Axes, view: ResultView, plot: pd.DataFrame, layout: Layout, columns: Sequence[str]
) -> None:
    scale = effect_scale(view)
    panel_frame(axis)
    axis.set_ylim(layout.height + _note_room(layout), -_HEAD)
    axis.set_xlim(*_limits(plot, layout))
    _reference_lines(axis, plot, layout)
    _draw_studies(axis, plot, layout)
    for line in layout.lines:
        if line.kind in ("subgroup", "mean"):
            _diamond(axis, plot.iloc[line.rows[0]], line, layout)
        elif line.kind == "prediction":
            _prediction(axis, plot.iloc[line.rows[0]], line)
    width = _write_beside(axis, plot, layout, scale, columns)
    _note(axis, heterogeneity_words(view), layout, width)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    effect_ticks(axis, scale)
    axis.tick_params(axis="x", labelsize=min(8.0, layout.text_size + 1))
    axis.set_xlabel(scale.axis_words, parse_math=False)


def _limits(plot: pd.DataFrame, layout: Layout) -> tuple[float, float]:
    """Ends of the axis: all estimates, means and no effect, of intervals what is near."""
    part = plot.loc[sorted({row for line in layout.lines for row in line.rows})]
    own = part.loc[part["row"] != "study", ["estimate", "ci_low", "ci_high"]]
    return interval_limits(part[part["row"] == "study"], np.append(own.to_numpy(float), 0.0))


def _reference_lines(axis: Axes, plot: pd.DataFrame, layout: Layout) -> None:
    """No effect, and the overall mean."""
    axis.vlines(0.0, 0.0, layout.height, color=_GREY, linewidth=0.8, zorder=1)
    mean = plot.loc[plot["row"] == "mean", "estimate"]
    if len(mean):
        end = max(line.y for line in layout.lines)
        axis.vlines(
            float(mean.iloc[0]), 0.0, end, color=_GREY, linewidth=0.8, linestyle=(0, (3, 2)),
            zorder=1,
        )  # fmt: skip


def study_marks(plot: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Every line of a study in order: columns ``y ci_low ci_high``."""
    found = [
        (line.y, plot.loc[list(line.rows), "ci_low"].min(),
         plot.loc[list(line.rows), "ci_high"].max())
        for line in layout.lines if line.kind == "study"
    ]  # fmt: skip
    return pd.DataFrame(found, columns=["y", "ci_low", "ci_high"])


def _draw_studies(axis: Axes, plot: pd.DataFrame, layout: Layout) -> None:
    """Intervals as one collection of lines, estimates as squares, arrows at the edges."""
    thin = layout.compact
    interval_lines(axis, study_marks(plot, layout), step=layout.step, thin=thin)
    lines = [line for line in layout.lines if line.kind == "study"]
    places = [(line.y, row) for line in lines for row in line.rows]
    chosen = plot.loc[[row for _, row in places]]
    heights = [y for y, _ in places]
    axis.scatter(
        chosen["estimate"], heights, marker="s", s=_areas(chosen["weight"], layout),
        facecolors=LINE_COLOUR, edgecolors="white", linewidths=0.0 if thin else 0.4, zorder=3,
    )  # fmt: skip
    if not {"mean", "subgroup"} & set(plot["row"]):
        axis.scatter(
            chosen["fitted"], heights, marker="D", s=6 if thin else 22, facecolors="none",
            edgecolors=MARK_COLOUR, linewidths=0.5 if thin else 0.8, zorder=3.5,
        )  # fmt: skip


def _areas(weights: pd.Series[Any], layout: Layout) -> np.ndarray:
    """Areas of squares in points², in proportion to the weights."""
    largest = min(_LARGEST, 0.75 * layout.step) if not layout.compact else 1.1 * layout.step
    share = weights.to_numpy(dtype=float) / float(np.nanmax(weights))
    smallest = min(_SMALLEST, 0.5 * largest)
    return np.asarray(np.maximum(share * largest**2, smallest**2), dtype=float)


def _diamond(axis: Axes, row: pd.Series[Any], line: Line, layout: Layout) -> None:
    """A mean with its interval: filled of all, hollow of a subgroup."""
    half = 0.4 * layout.text_size
    x = [row["ci_low"], row["estimate"], row["ci_high"], row["estimate"]]
    y = [line.y, line.y - half, line.y, line.y + half]
    axis.fill(
        x, y, facecolor=MARK_COLOUR if line.kind == "mean" else "white", edgecolor=MARK_COLOUR,
        linewidth=0.8, zorder=4,
    )  # fmt: skip


def _prediction(axis: Axes, row: pd.Series[Any], line: Line) -> None:
    """Where the true effect of a new study lies."""
    half = 1.5
    low, high = row["ci_low"], row["ci_high"]
    axis.fill(
        [low, high, high, low], [line.y - half] * 2 + [line.y + half] * 2,
        facecolor=_PREDICTION, edgecolor=MARK_COLOUR, linewidth=0.6, zorder=3,
    )  # fmt: skip


def _write_beside(
    axis: Axes, plot: pd.DataFrame, layout: Layout, scale: EffectScale, columns: Sequence[str]
) -> float:
    """Names and sizes on the left, whose width is returned; estimates and weights on the right."""
    size, head = layout.text_size, -0.6 * _HEAD
    named = [line for line in layout.lines if line.named]
    values = [line for line in named if line.rows]
    left = [Column((Words(head, "Study", "bold"), *(_name(line, size) for line in named)))]
    sizes = [Words(ln.y, text, _weight(ln)) for ln in values if (text := _count(plot, ln))]
    if "n" in columns and sizes:
        left.append(Column((Words(head, "n", "symbol"), *sizes), "right"))
    points = [Words(ln.y, _point(plot, ln, scale), _weight(ln)) for ln in values]
    ends = [Words(ln.y, _ends(plot, ln, scale), _weight(ln)) for ln in values]
    right = [
        Column((Words(head, scale.symbol, "symbol"), *points), "right"),
        Column((Words(head, scale.interval_words, "bold"), *ends)),
    ]
    if "weight" in columns:
        weights = [
            Words(ln.y, f"{100 * plot.loc[list(ln.rows), 'weight'].sum():.1f}%")
            for ln in values if ln.kind == "study"
        ]  # fmt: skip
        right.append(Column((Words(head, "Weight", "bold"), *weights), "right"))
    write_right(axis, right, size)
    return write_left(axis, left, size)


def _weight(line: Line) -> str:
    """The look of a line's text."""
    return "bold" if line.kind == "mean" else ""


def _name(line: Line, size: float) -> Words:
    indent = line.level * _INDENT * size / 8.0
    look = "bold" if line.kind == "heading" and line.level == 0 and line.group else _weight(line)
    return Words(line.y, shortened(line.label, _NAME - 2 * line.level), look, indent)


def _count(plot: pd.DataFrame, line: Line) -> str:
    """The sample size, where it is one; a sum over studies only where none comes twice."""
    if line.kind != "study" and (plot["effect"].astype(str) != "").any():
        return ""
    values = plot.loc[list(line.rows), "n"].dropna().unique()
    return f"{int(values[0]):,}" if len(values) == 1 else ""


def _point(plot: pd.DataFrame, line: Line, scale: EffectScale) -> str:
    """``.28``; how many of several effects; nothing of a prediction interval."""
    if line.kind == "prediction":
        return ""
    return scale.number(plot["shown"].iloc[line.rows[0]]) if len(line.rows) == 1 else ""


def _ends(plot: pd.DataFrame, line: Line, scale: EffectScale) -> str:
    """``[.20, .36]``; of several effects their count and the range of their estimates."""
    part = plot.loc[list(line.rows)]
    if len(part) > 1:
        ends = scale.number(part["shown"].min()), scale.number(part["shown"].max())
        return f"{len(part)} effects: {ends[0]} to {ends[1]}"
    return scale.interval(part["shown_low"].iloc[0], part["shown_high"].iloc[0])


def _note(axis: Axes, words: str, layout: Layout, width: float) -> None:
    """Heterogeneity under the last line, from the left edge of the names."""
    axis.annotate(
        words, (0.0, layout.height + 0.8 * layout.text_size), (-width, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
        fontsize=layout.text_size, annotation_clip=False, parse_math=False,
    )  # fmt: skip
