"""Figure of sessions: each patient's ratings as a thin line under their mean at each session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, one_of
from alliance_stats._base.errors import ArgumentError
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
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    THREAD_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import as_heading, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = ("alliance", "outcome")
#: More patients than this are thinned, and the figure says so.
MOST_PATIENTS = 60

_COLUMNS = ("panel", "layer", "x", "y", "y_low", "y_high", "group", "n")
#: Width and opacity of a patient's line, by how many at most there are.
_LINE_LOOKS = ((12, (0.8, 0.95)), (40, (0.6, 0.8)), (100, (0.5, 0.65)), (np.inf, (0.4, 0.4)))
_GIVE = "Give sessions with roles, such as load_sessions(path, Roles(alliance=…, outcome=…))."


def plot_trajectories(
    sessions: Source,
    *,
    variables: str | Sequence[str] = PANELS,
    max_patients: int = MOST_PATIENTS,
    highlight: int | Sequence[int] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> AxesArray:
    """Draw alliance and outcome over sessions: a line a patient, and the mean.

    Thin grey lines join the observed ratings of each patient. The dark line is the mean over
    all patients at each session number, with its pointwise confidence interval; it is drawn
    where 5 or more patients have a rating, and the row of n under the axis counts them.
    Nothing is computed: the figure draws the frame ``sessions.view().plot``.

    Parameters
    ----------
    sessions : SessionData
        From `load_sessions` with roles, `load_example` or `simulate_sessions`.
    variables : {"alliance", "outcome"} or sequence of them
        One panel each, in this order.
    max_patients : int
        Of more patients than this a fixed random selection is drawn as lines, the same in all
        panels, and the panels say so. The mean is over all patients.
    highlight : int or sequence of int, optional
        Patients drawn as dark dashed lines, whether selected or not: their numbers in the order in
        which they first appear in the data, from 0 (``group`` of the plot frame).
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a panel. By default pyplot makes a figure 6.9 inches wide (two
        columns of a journal), or 3.35 for one panel.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)
        In the order of `variables`.

    Raises
    ------
    ArgumentError
        If the sessions have no roles, an argument has a value that is not allowed, or the
        number of Axes is not that of the panels.

    Notes
    -----
    Patients leave: a mean of later sessions is over those who are still in treatment, so the
    mean line is not the course of a typical patient.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "alliance", "layer": ["lines", "lines", "mean", "mean"],
    ...     "x": [1.0, 2, 1, 2], "y": [40.0, 44, 41, 43], "y_low": [None, None, 38, 39],
    ...     "y_high": [None, None, 44, 47], "group": [0, 0, -1, -1], "n": [1, 1, 9, 8]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("sessions", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> axes = plot_trajectories(view, variables="alliance", ax=Figure().subplots())
    >>> axes[0].get_ylabel()
    'wai'
    """
    view = _sessions_view(sessions)
    plot = _plot_frame(view)
    panels = _panels(variables, plot)
    marked = _marked(highlight, plot)
    shown = shown_patients(plot, max_patients=max_patients, always=marked)
    figure = new_figure(ax, len(panels))
    with journal_style():
        axes = given_axes(ax, figure, len(panels), share_y=False)
        for axis, panel in zip(axes, panels, strict=True):
            panel_frame(axis)
            rows = plot.loc[plot["panel"] == panel]
            lines, mean = (rows.loc[rows["layer"] == name] for name in ("lines", "mean"))
            draw_lines(axis, lines.loc[lines["group"].isin(shown)], marked)
            _draw_mean(axis, mean)
            _label(axis, view, panel, mean)
            panel_head(axis, as_heading(panel), _head_lines(view, lines, mean, shown))
    grow(figure, axes)
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The panels of a plot frame in print order."""
    found = set(plot["panel"].unique())
    return [name for name in PANELS if name in found]


def shown_patients(
    plot: pd.DataFrame, *, max_patients: int = MOST_PATIENTS, always: Sequence[int] = ()
) -> list[int]:
    """Numbers of the patients whose lines are drawn: all, or a fixed random selection."""
    is_whole = isinstance(max_patients, int | np.integer) and not isinstance(max_patients, bool)
    if not is_whole or max_patients < 1:
        raise ArgumentError(
            f"max_patients={max_patients!r} is not a number of patients. Give 1 or more."
        )
    patients = np.sort(plot.loc[plot["layer"] == "lines", "group"].unique())
    if len(patients) <= max_patients:
        return [int(patient) for patient in patients]
    drawn = patients[np.random.default_rng(0).permutation(len(patients))]
    rest = [int(patient) for patient in drawn if patient not in always]
    return sorted([*always, *rest[: max(0, max_patients - len(always))]])


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    names = " and ".join(f"{p} ({one_line(view.labels.get(p, p))})" for p in panel_names(plot))
    x = one_line(view.labels.get("session", "session"))
    n, shown = _n_patients(plot), len(shown_patients(plot))
    chosen = f" ({shown:,} of {counted(n, 'patient')}, selected at random)" if shown < n else ""
    parts = [
        f"{names[:1].upper()}{names[1:]} by {x}.",
        f"Grey lines: observed ratings of each patient{chosen}.",
    ]
    if (plot["layer"] == "mean").any():
        fewest = view.labels.get("fewest_patients", "")
        where = f", where {one_line(fewest)} or more have a rating" if fewest else ""
        parts += [
            f"Dark lines: mean over all patients with a rating at that {x}, with its pointwise "
            f"{100 * view.conf_level:g}% confidence interval{where}; n: how many they are.",
            "Later means are over those still in treatment.",
        ]
    return " ".join(parts)


def _n_patients(lines: pd.DataFrame) -> int:
    return int(lines.loc[lines["layer"] == "lines", "group"].nunique())


def _sessions_view(sessions: Source) -> ResultView:
    if isinstance(sessions, pd.DataFrame):
        raise ArgumentError(
            "sessions is a DataFrame, whose columns have no roles. Give load_sessions(frame, "
            "Roles(alliance=…, outcome=…))."
        )
    return as_view(sessions)


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "sessions":
        raise ArgumentError(f"a result of kind '{view.kind}' holds no sessions. {_GIVE}")
    if view.plot is None:
        raise ArgumentError(
            "the sessions have no roles, so that alliance and outcome are not known: no plot "
            f"frame. {_GIVE}"
        )
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(f"the plot frame of the sessions lacks {', '.join(missing)}. {_GIVE}")
    return view.plot


def _panels(variables: str | Sequence[str], plot: pd.DataFrame) -> list[str]:
    panels = [variables] if isinstance(variables, str) else list(variables)
    for panel in panels:
        one_of(panel, panel_names(plot), name="variables")
    if not panels or len(set(panels)) < len(panels):
        raise ArgumentError(
            f"variables={variables!r} names no variable or one twice. "
            "Give 'alliance', 'outcome', or both."
        )
    return panels


def _marked(highlight: int | Sequence[int] | None, plot: pd.DataFrame) -> list[int]:
    if highlight is None:
        return []
    marked = [highlight] if isinstance(highlight, int | np.integer | str) else list(highlight)
    known = set(plot.loc[plot["layer"] == "lines", "group"].unique().tolist())
    unknown = [number for number in marked if isinstance(number, bool) or number not in known]
    if unknown:
        wrong = agree(len(unknown), "an entry", f"{len(unknown)} entries")
        raise ArgumentError(
            f"highlight holds {wrong} that {agree(len(unknown), 'numbers', 'number')} no patient "
            f"with a rating. Give numbers from {min(known, default=0)} to {max(known, default=0)}, "
            "counted in the order in which the patients appear in the data."
        )
    return sorted({int(number) for number in marked})


def draw_lines(axis: Axes, lines: pd.DataFrame, marked: Sequence[int]) -> None:
    """A polygon line a patient; a patient with one rating is a dot."""
    from matplotlib.collections import LineCollection

    order = np.argsort(lines["group"].to_numpy(), kind="stable")
    group = lines["group"].to_numpy()[order]
    points = lines[["x", "y"]].to_numpy(float)[order]
    starts = np.flatnonzero(np.diff(group)) + 1
    paths = np.split(points, starts) if len(points) else []
    patients = group[np.r_[0, starts]] if len(points) else group
    dark = np.isin(patients, np.asarray(marked, dtype=group.dtype))
    width, alpha = next(look for most, look in _LINE_LOOKS if len(paths) <= most)
    for is_dark, colour, thick, opaque, layer, dashes, dot in (
        (False, THREAD_COLOUR, width, alpha, 1, "solid", "o"),
        (True, MARK_COLOUR, 1.1, 1.0, 4, (0, (4, 1.3)), "D"),
    ):
        drawn = [path for path, d in zip(paths, dark, strict=True) if d == is_dark]
        if not drawn:
            continue
        axis.add_collection(
            LineCollection(
                [path for path in drawn if len(path) > 1],
                colors=colour, linewidths=thick, alpha=opaque, zorder=layer,
                linestyles=[dashes],
            )
        )  # fmt: skip
        single = np.concatenate([path for path in drawn if len(path) == 1] or [points[:0]])
        axis.plot(
            single[:, 0], single[:, 1], linestyle="", marker=dot, markersize=max(1.8, 3.2 * thick),
            markeredgewidth=0, color=colour, alpha=opaque, zorder=layer,
        )  # fmt: skip
    axis.autoscale_view()


def _draw_mean(axis: Axes, mean: pd.DataFrame) -> None:
    """The interval as a band under the mean, whose white rim parts it from the lines below."""
    x, y, low, high = (mean[name].to_numpy(float) for name in ("x", "y", "y_low", "y_high"))
    axis.fill_between(x, low, high, color=BAND_COLOUR, alpha=0.28, linewidth=0, zorder=3)
    axis.plot(x, y, color="white", linewidth=2.6, zorder=5)
    axis.plot(x, y, color=LINE_COLOUR, linewidth=1.6, marker="o", markersize=2.8, zorder=6)


def _label(axis: Axes, view: ResultView, panel: str, mean: pd.DataFrame) -> None:
    panel_ticks(axis, "y")
    n_at = dict(zip(mean["x"].to_numpy(float), mean["n"].to_numpy(int), strict=True))
    _count_under_ticks(axis, n_at)
    x = one_line(view.labels.get("session", "session"))
    y = one_line(view.labels.get(panel, panel))
    better = view.labels.get("outcome_better", "") if panel == "outcome" else ""
    tail = f" ({better} is better)" if better in ("lower", "higher") else ""
    label_axes(axis, [f"{x} (n: patients in the mean)" if n_at else x], y + tail)


def _count_under_ticks(axis: Axes, n_at: dict[float, int]) -> None:
    """Session numbers from the first one, over a row of how many patients are in the mean."""
    from matplotlib.ticker import MaxNLocator

    low, high = axis.dataLim.intervalx
    if not low <= high:  # nothing is drawn
        return
    widest = max((len(f"{n:,}") for n in n_at.values()), default=0)
    most = max(2, min(6, letters_along(axis, "x") // (widest + 3)))
    ticks = MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]).tick_values(low, high)
    places = [float(tick) for tick in ticks if low <= tick <= high]
    apart = float(ticks[1] - ticks[0])
    if low == np.floor(low):
        places = [float(low), *(place for place in places if place - low > apart / 2)]
    counts = [f"{n_at[place]:,}" if place in n_at else "" for place in places]
    if not n_at:
        axis.set_xticks(places, [f"{place:g}" for place in places])
        return
    axis.set_xticks(places, [f"{p:g}\n{n}" for p, n in zip(places, counts, strict=True)])
    axis.annotate(
        "\nn", (0, 0), (-2.6 * max(3, widest), -6.5), xycoords="axes fraction",
        textcoords="offset points", ha="right", va="top", fontstyle="italic",
    )  # fmt: skip


def _head_lines(
    view: ResultView, lines: pd.DataFrame, mean: pd.DataFrame, shown: Sequence[int]
) -> list[str]:
    """``60 of 240 patients; mean of all, 95% CI``."""
    n = _n_patients(lines)
    drawn = int(lines.loc[lines["group"].isin(shown), "group"].nunique())
    who = counted(n, "patient") if drawn == n else f"{drawn:,} of {counted(n, 'patient')}"
    if mean.empty:
        return [who]
    of_all = "" if drawn == n else " of all"
    return [f"{who}; mean{of_all}, {100 * view.conf_level:g}% CI"]
