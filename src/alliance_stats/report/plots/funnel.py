"""Funnel plot: effects against standard errors, with limits, contours and filled effects.

Contours of significance: Peters et al. (2008, J. Clin. Epidemiol. 61, 991–996).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import format_p
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.forest import KINDS as FOREST_KINDS
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    new_figure,
    panel_frame,
    single_axes,
)
from alliance_stats.report.plots.style import COLUMN_WIDTH, MARK_COLOUR, TEXT_SIZE, journal_style
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.effect_scale import (
    CORRELATIONS,
    EffectScale,
    effect_scale,
    effect_ticks,
)
from alliance_stats.report.wording.meta_words import row_value

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("row", "estimate", "se", "low", "high", "level")
_SIZE = (COLUMN_WIDTH, 3.5)
_RAW_CORRELATIONS = CORRELATIONS - {"ZCOR", "ZPCOR"}
#: Effects that a funnel needs at least.
_FEWEST = 10
#: Two-sided p values of contours, with the normal quantiles they stand at.
_QUANTILES = {0.10: 1.6448536269514722, 0.05: 1.959963984540054, 0.01: 2.5758293035489004}
#: Where a p value lies: from the white middle outwards.
_SHADES = ("white", "#c6cbd0", "#e0e3e6", "#f3f4f5")
#: Size of points and width of their edges, by how many at most there are.
_LOOKS = ((60, 20.0, 0.7), (150, 12.0, 0.5), (10**9, 7.0, 0.3))
_POINT, _FILLED = "#2b5f88", "white"
_INNER, _OUTER = (0, (4, 2)), (0, (1, 1.5))
#: The grid of standard errors reaches a little beyond the largest.
_MARGIN, _N_GRID = 1.08, 41


def plot_funnel(
    result: Source, *, contours: bool = True, ax: Axes | Sequence[Axes] | None = None
) -> AxesArray:
    """Draw effects against their standard errors, precise studies on top.

    Dashed limits hold the stated share of effects if all studies have one true effect; dotted ones
    if true effects vary by τ². Shades say where a study's own two-sided p value lies: missing
    studies in the white middle speak for publication bias, missing ones elsewhere for something
    else. Effects filled in by trim and fill are hollow. Of a model with moderators the points are
    residuals, and there are no contours.

    Parameters
    ----------
    result : FunnelResult, MetaResult, MultilevelMetaResult, TrimFillResult
        What `meta.funnel_frame`, `fit_meta`, `fit_meta_multilevel` or `meta.trim_fill` gave.
    contours : bool
        Whether to shade by p value.
    ax : Axes, optional
        Where to draw. By default pyplot makes a figure 3.35 inches wide (one column of a journal).

    Returns
    -------
    numpy.ndarray of Axes, shape (1,)

    Raises
    ------
    UnsupportedError
        If effects are correlations that were not transformed: their standard errors depend on
        them, so that the funnel is lopsided without any bias.
    ArgumentError
        If the result is of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> from matplotlib.figure import Figure
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> axes = al.plot_funnel(al.fit_meta(frame, measure="ZCOR"), ax=Figure().subplots())
    >>> axes[0].get_ylabel()
    "Standard error of Fisher's z"
    """
    view = as_view(result)
    frame = funnel_rows(view)
    figure = new_figure(ax, 1, size=_SIZE)
    with journal_style():
        axes = given_axes(ax, None, 1) if figure is None else lay_out(figure, frame)
        _draw(axes[0], view, frame, contours)
    return axes


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """One panel of the width of a column."""
    return single_axes(figure, _SIZE)


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    frame, scale = funnel_rows(view), effect_scale(view)
    n, filled = (int((frame["row"] == row).sum()) for row in ("study", "filled"))
    what = "residuals" if _residual(view) else "effect sizes"
    share = f"{100 * view.conf_level:g}%"
    parts = [
        f"Funnel plot of {n:,} {what} against their standard errors.",
        f"Dashed lines hold {share} of effects if all studies have one true effect"
        + (", dotted ones if true effects vary by τ²." if "spread" in set(frame["row"]) else "."),
        "Shades: two-sided p values of the studies." if "contour" in set(frame["row"]) else "",
        f"Hollow: {counted(filled, 'effect')} filled in by trim and fill." if filled else "",
        "A lopsided funnel may come from unpublished studies, or from studies that really differ.",
        scale.spacing_words.strip() if not _residual(view) else "",
    ]
    return " ".join(part for part in parts if part)


def funnel_rows(view: ResultView) -> pd.DataFrame:
    """The frame of a funnel: that of the view, or points and limits from a forest frame.

    Raises
    ------
    UnsupportedError
        If effects are correlations that were not transformed.
    ArgumentError
        If the view holds no funnel.
    """
    _refuse_raw_correlations(view)
    plot = view.plot
    if plot is None or plot.empty or view.kind not in _MAKERS:
        raise ArgumentError(
            f"the result is of kind '{view.kind}', or has no plot frame. "
            "Give a result of meta.funnel_frame, fit_meta, fit_meta_multilevel or meta.trim_fill."
        )
    frame = _MAKERS[view.kind](view, plot)
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise ArgumentError(
            f"the plot frame of this result lacks {', '.join(missing)}. "
            "Give a result of meta.funnel_frame."
        )
    return frame


def has_funnel(view: ResultView) -> bool:
    """Whether a funnel of the view can be judged: ten effects or more, on a scale that allows it.

    Fewer do not show whether a funnel is lopsided (Sterne et al., 2011, BMJ, 343, d4002).
    """
    if view.plot is None or view.labels.get("measure", "") in _RAW_CORRELATIONS:
        return False
    return int((view.plot["row"] == "study").sum()) >= _FEWEST


def _refuse_raw_correlations(view: ResultView) -> None:
    measure = view.labels.get("measure", "")
    if measure in _RAW_CORRELATIONS:
        raise UnsupportedError(
            f"effect sizes are correlations as they are (measure '{measure}'): their standard "
            "errors depend on them, so that the funnel is lopsided without any bias. Use "
            "effect_sizes(frame, measure='ZCOR')."
        )


def _of_forest(view: ResultView, plot: pd.DataFrame) -> pd.DataFrame:
    """Points of the studies, limits around the mean or around residuals of 0."""
    studies = plot[plot["row"] == "study"]
    means = plot.loc[plot["row"] == "mean", "estimate"]
    shown = studies["estimate"] if len(means) else studies["residual"]
    points = pd.DataFrame({"row": "study", "estimate": shown, "se": studies["se"]})
    row = studies.iloc[0]
    quantile = (row["ci_high"] - row["ci_low"]) / (2.0 * row["se"])
    tau2 = row_value(view, "tau2") or 0.0
    return _with_limits(
        points, float(means.iloc[0]) if len(means) else 0.0, quantile, tau2, bool(len(means))
    )


def _of_trim_fill(view: ResultView, plot: pd.DataFrame) -> pd.DataFrame:
    """Points observed and filled in, limits around the adjusted mean."""
    points = pd.DataFrame({
        "row": np.where(plot["filled"], "filled", "study"), "estimate": plot["yi"],
        "se": np.sqrt(plot["vi"].to_numpy(dtype=float)),
    })  # fmt: skip
    means = view.terms.set_index("effect")["estimate"]
    tau2 = row_value(view, "tau2") or 0.0
    return _with_limits(points, float(means["adjusted"]), _QUANTILES[0.05], tau2, True)


def _with_limits(
    points: pd.DataFrame, centre: float, quantile: float, tau2: float, contours: bool
) -> pd.DataFrame:
    """Points and the lines of a funnel, as `meta.funnel_frame` gives them."""
    grid = np.linspace(0.0, _MARGIN * float(points["se"].max()), _N_GRID)

    def lines(row: str, middle: float, half: np.ndarray, level: float) -> pd.DataFrame:
        ends = {"se": grid, "low": middle - half, "high": middle + half}
        return pd.DataFrame({"row": row, **ends, "level": level})

    parts = [points, lines("interval", centre, quantile * grid, np.nan)]
    if tau2 > 0:
        parts.append(lines("spread", centre, quantile * np.sqrt(grid**2 + tau2), np.nan))
    if contours:
        parts += [lines("contour", 0.0, z * grid, level) for level, z in _QUANTILES.items()]
    return pd.concat(parts, ignore_index=True)


_MAKERS = {
    "meta_funnel": lambda view, plot: plot,
    "meta_trim_fill": _of_trim_fill,
    **dict.fromkeys(FOREST_KINDS, _of_forest),
}


def _residual(view: ResultView) -> bool:
    """Whether the points are residuals."""
    if view.kind in FOREST_KINDS:
        return view.plot is not None and not (view.plot["row"] == "mean").any()
    return bool(view.labels.get("residuals"))


def _draw(axis: Axes, view: ResultView, frame: pd.DataFrame, contours: bool) -> None:
    scale = effect_scale(view)
    panel_frame(axis)
    points = frame[frame["row"].isin(["study", "filled"])]
    keys = _contours(axis, frame) if contours else []
    top = float(frame["se"].max())
    axis.set_ylim(top, 0.0)
    axis.set_xlim(*_limits(frame))
    _lines(axis, frame)
    keys += _points(axis, points)
    _words(axis, view, scale)
    if keys:
        axis.legend(
            handles=keys, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(keys), 2),
            frameon=False, fontsize=TEXT_SIZE - 0.5, handlelength=1.3, handleheight=0.9,
            columnspacing=1.2, handletextpad=0.5, borderpad=0.2,
        )  # fmt: skip


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis: all points, and the limits for one true effect."""
    limits = frame[frame["row"] == "interval"]
    values = [frame["estimate"], limits["low"], limits["high"]]
    found = np.concatenate([v.to_numpy(dtype=float) for v in values])
    found = found[np.isfinite(found)]
    room = 0.03 * float(np.ptp(found)) or 0.1
    return float(found.min()) - room, float(found.max()) + room


def _contours(axis: Axes, frame: pd.DataFrame) -> list[Artist]:
    """Shades from the outside in; their key from the middle outwards."""
    from matplotlib.patches import Patch

    rows = frame[frame["row"] == "contour"]
    levels = sorted(set(rows["level"]))
    if not levels:
        return []
    shades = [_SHADES[min(i, 3)] for i in range(len(levels) + 1)]
    axis.set_facecolor(shades[-1])
    for level, shade in zip(levels, reversed(shades[:-1]), strict=True):
        part = rows[rows["level"] == level].sort_values("se")
        axis.fill_betweenx(
            part["se"], part["low"], part["high"], facecolor=shade, linewidth=0, zorder=0.5
        )
    names = [format_p(level).lstrip("<> ") for level in reversed(levels)]
    names = [name.rstrip("0") if len(name.rstrip("0")) > 2 else name[:3] for name in names]
    words = [f"p > {names[0]}"]
    words += [f"{low} < p < {high}" for high, low in zip(names, names[1:], strict=False)]
    words += [f"p < {names[-1]}"]
    return [
        Patch(facecolor=shade, edgecolor="#8a8a8a", linewidth=0.5, label=label)
        for shade, label in zip(shades, words, strict=True)
    ]


def _lines(axis: Axes, frame: pd.DataFrame) -> None:
    """Limits of both kinds, and the centre between them."""
    for row, style in (("interval", _INNER), ("spread", _OUTER)):
        part = frame[frame["row"] == row].sort_values("se")
        for end in ("low", "high"):
            axis.plot(
                part[end], part["se"], color=MARK_COLOUR, linewidth=0.8, linestyle=style, zorder=2
            )
    centre = frame[frame["row"] == "interval"].sort_values("se").iloc[0]
    middle = 0.5 * (centre["low"] + centre["high"])
    axis.axvline(middle, color=MARK_COLOUR, linewidth=0.8, zorder=1.5)


def _points(axis: Axes, points: pd.DataFrame) -> list[Artist]:
    """Studies filled, effects filled in hollow; a key where there are both."""
    size, edge = next((s, e) for most, s, e in _LOOKS if len(points) <= most)
    found: list[Artist] = []
    looks = (("study", _POINT, "white", "studies"),
             ("filled", _FILLED, MARK_COLOUR, "filled in"))  # fmt: skip
    for row, face, rim, label in looks:
        part = points[points["row"] == row]
        if len(part):
            marks = axis.scatter(
                part["estimate"], part["se"], s=size, facecolors=face, edgecolors=rim,
                linewidths=edge if row == "study" else 0.9, zorder=3, label=label,
            )  # fmt: skip
            found.append(marks)
    return found if len(found) > 1 else []


def _words(axis: Axes, view: ResultView, scale: EffectScale) -> None:
    from matplotlib.ticker import MaxNLocator

    if _residual(view):
        axis.set_xlabel(f"Residual ({scale.words})", parse_math=False)
        axis.xaxis.set_major_locator(MaxNLocator(5))
    else:
        effect_ticks(axis, scale, most=6)
        axis.set_xlabel(scale.axis_words, parse_math=False)
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axis.set_ylabel(f"Standard error of {scale.words}", parse_math=False)
