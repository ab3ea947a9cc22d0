"""Figure of ruptures: single patients with what the rule marks, and the count beside chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import (
    AxesArray,
    given_axes,
    label_axes,
    new_figure,
    panel_frame,
    panel_head,
    panel_ticks,
)
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    PAGE_WIDTH,
    POINT_COLOUR,
    journal_style,
)
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.numbers import number, p_phrase, records
from alliance_stats.report.wording.words import names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Patients beside the panel of chance unless others are asked for.
N_SHOWN = 5
_ROW = 2.15
_COLUMNS = ("panel", "layer", "group", "x", "y")
_CHANCE = "chance"
_GIVE = "Give a result of find_ruptures."
#: Words of the key, by layer, in its order.
_KEY = {
    "ratings": "rating",
    "level": "level",
    "limit": "a rupture starts below",
    "rupture": "rupture",
    "repair": "repair",
}


def plot_ruptures(
    result: Source,
    *,
    patients: int | Sequence[int] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> AxesArray:
    """Draw single patients with their ruptures and repairs, and all ruptures beside chance.

    A panel a patient: ratings joined where sessions follow each other; the broken line is where a
    rupture starts, the thin one the level of the rule; a filled triangle starts a rupture, an open
    circle repairs it. The last panel shows how many ruptures simulated studies without ruptures
    have, and how many were found. Nothing is computed: the figure draws ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `find_ruptures`.
    patients : int or sequence of int, optional
        Patients by their number in the order of the rows of ``result.patients()``, from 0. By
        default five, selected at random and always the same.
    ax : sequence of Axes, optional
        Where to draw, one a patient and one for chance. By default pyplot makes a figure 6.9
        inches wide (two columns of a journal).

    Returns
    -------
    numpy.ndarray of Axes
        The patients, then chance.

    Raises
    ------
    ArgumentError
        If the result is not of `find_ruptures`, a number is no patient's, or the number of Axes is
        not that of the panels.

    Examples
    --------
    >>> import warnings
    >>> import alliance_stats as al
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     found = al.models.find_ruptures(al.load_example("sessions"), simulations=99)
    >>> from matplotlib.figure import Figure
    >>> plot_ruptures(found, patients=[0, 1], ax=list(Figure().subplots(1, 3))).shape
    (3,)
    """
    view = as_view(result)
    plot = _plot_frame(view)
    shown = shown_patients(plot, patients)
    figure = new_figure(ax, len(shown) + 1, size=figure_size(len(shown) + 1))
    with journal_style():
        axes = (
            given_axes(ax, None, len(shown) + 1)
            if figure is None
            else _panels(figure, plot, len(shown) + 1)
        )
        for axis, patient in zip(axes, shown, strict=False):
            rows = plot.loc[(plot["panel"] == "patients") & (plot["group"] == patient)]
            _patient_panel(axis, view, rows, patient)
        _chance_panel(axes[-1], view, plot.loc[plot["panel"] == _CHANCE])
    return axes


def panel_names(plot: pd.DataFrame) -> list[str]:
    """The patients shown by default, and chance."""
    return [*(f"patient {n}" for n in shown_patients(plot, None)), _CHANCE]


def shown_patients(plot: pd.DataFrame, patients: int | Sequence[int] | None) -> list[int]:
    """Numbers of the patients that are drawn: those asked for, or a fixed random selection."""
    known = np.unique(plot.loc[plot["layer"] == "ratings", "group"].to_numpy(dtype=int))
    if patients is None:
        drawn = known[np.random.default_rng(0).permutation(len(known))][:N_SHOWN]
        return sorted(int(patient) for patient in drawn)
    wanted = [patients] if isinstance(patients, int | np.integer) else list(patients)
    wrong = [n for n in wanted if isinstance(n, bool) or n not in known]
    if wrong or not wanted:
        which = f"{len(wrong)} of {len(wanted)}" if wanted else "none"
        raise ArgumentError(
            f"patients={wanted!r} does not number patients of the result ({which} wrong). Give "
            f"one or more numbers from {known.min()} to {known.max()}."
            if wrong
            else f"patients=[] names no patient. Give numbers from {known.min()} to {known.max()}."
        )
    return [int(n) for n in wanted]


def figure_size(n: int) -> tuple[float, float]:
    """Width and height in inches of `n` panels, three in a row."""
    return PAGE_WIDTH, _ROW * (1 + (n - 1) // 3) + 0.35


def lay_out(figure: Figure, plot: pd.DataFrame) -> AxesArray:
    """Panels three in a row over the key of the marks."""
    n = len(panel_names(plot))
    figure.set_size_inches(*figure_size(n))
    return _panels(figure, plot, n)


def _panels(figure: Figure, plot: pd.DataFrame, n: int) -> AxesArray:
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.lines import Line2D

    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.07, h_pad=0.07))
    columns = min(n, 3)
    grid = np.asarray(figure.subplots(1 + (n - 1) // 3, columns, squeeze=False)).ravel()
    for spare in grid[n:]:
        spare.remove()
    layers = set(plot["layer"])
    marks = [
        Line2D([], [], label=words, **_look(layer))
        for layer, words in _KEY.items()
        if layer in layers
    ]
    figure.legend(
        handles=marks, loc="outside lower center", ncols=len(marks), frameon=False,
        handlelength=1.8, columnspacing=1.4,
    )  # fmt: skip
    return grid[:n]


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    plot = _plot_frame(view)
    n = plot.loc[plot["layer"] == "ratings", "group"].nunique()
    shown = len(shown_patients(plot, None))
    rule = one_line(view.labels.get("rupture", ""))
    which = f"{shown} of {counted(n, 'patient')}, selected at random" if shown < n else "Patients"
    return (
        f"{names_of(view)[0]} over sessions of single patients ({which}) with ruptures (triangles: "
        f"{rule}) and their repairs (circles); in brackets the count expected by chance. Last "
        "panel: how many ruptures all patients have in simulated studies without ruptures (bars) "
        "and in the data (line)."
    )


def _plot_frame(view: ResultView) -> pd.DataFrame:
    if view.kind != "ruptures" or view.plot is None:
        raise ArgumentError(f"the result is of kind '{view.kind}', not 'ruptures'. {_GIVE}")
    missing = [name for name in _COLUMNS if name not in view.plot.columns]
    if missing:
        raise ArgumentError(f"the plot frame of this result lacks {', '.join(missing)}. {_GIVE}")
    return view.plot


def _look(layer: str) -> dict[str, Any]:
    """Line and mark of one layer."""
    looks: dict[str, dict[str, Any]] = {
        "ratings": {
            "color": POINT_COLOUR, "linewidth": 0.9, "marker": "o", "markersize": 2.6,
            "markeredgewidth": 0, "zorder": 2,
        },
        "level": {"color": LINE_COLOUR, "linewidth": 0.9, "zorder": 1},
        "limit": {"color": LINE_COLOUR, "linewidth": 0.9, "linestyle": (0, (4, 2)), "zorder": 1.5},
        "rupture": {
            "color": MARK_COLOUR, "linestyle": "", "marker": "v", "markersize": 5.4, "zorder": 4,
        },
        "repair": {
            "color": MARK_COLOUR, "linestyle": "", "marker": "o", "markersize": 5.6,
            "markerfacecolor": "white", "markeredgewidth": 1.0, "zorder": 3.5,
        },
    }  # fmt: skip
    return looks[layer]


def _patient_panel(axis: Axes, view: ResultView, rows: pd.DataFrame, patient: int) -> None:
    """Ratings of one patient with everything the rule says of them."""
    panel_frame(axis)
    for layer in _KEY:
        points = rows.loc[rows["layer"] == layer, ["x", "y"]].to_numpy(dtype=float)
        joined = _broken(points) if layer in ("ratings", "level", "limit") else points
        steps = layer == "level" and view.labels.get("rule") == "partition"
        style = "steps-mid" if steps else "default"
        axis.plot(joined[:, 0], joined[:, 1], drawstyle=style, **_look(layer))
    axis.margins(y=0.12)
    panel_ticks(axis, "x", "y")
    label_axes(axis, [one_line(view.labels.get("session", "session"))], names_of(view)[0])
    found, expected = rows.loc[rows["layer"] == "count", ["x", "y"]].to_numpy(dtype=float)[0]
    n, repaired = int(found), int((rows["layer"] == "repair").sum())
    words = f"{counted(n, 'rupture')} ({number(expected, 1)}), {repaired} repaired"
    panel_head(axis, f"Patient {patient}", [words])


def _broken(points: np.ndarray) -> np.ndarray:
    """Points with a gap where session numbers are missing between them."""
    apart = np.flatnonzero(np.diff(points[:, 0]) > 1) + 1
    return np.insert(points, apart, np.nan, axis=0)


def _chance_panel(axis: Axes, view: ResultView, rows: pd.DataFrame) -> None:
    """Counts of simulated studies as bars, the observed count as a line."""
    panel_frame(axis)
    drawn = rows.loc[rows["layer"] == "simulated"]
    x, y = drawn["x"].to_numpy(float), drawn["y"].to_numpy(float)
    width = max(1.0, np.ceil((x.max() - x.min() + 1) / 24))
    edges = np.arange(x.min() - 0.5, x.max() + width, width)
    heights = np.histogram(x, bins=edges, weights=y)[0]
    axis.bar(
        edges[:-1], 100 * heights, width=width, align="edge", color=BAND_COLOUR, alpha=0.3,
        edgecolor="white", linewidth=0.5,
    )  # fmt: skip
    seen = float(rows.loc[rows["layer"] == "observed", "x"].iloc[0])
    axis.axvline(seen, color=MARK_COLOUR, linewidth=1.4)
    axis.set_ylim(0, 112 * heights.max())
    panel_ticks(axis, "x", "y")
    label_axes(axis, ["ruptures of all patients"], "simulated studies (%)")
    panel_head(axis, "Chance", [_chance_words(view, seen)])


def _chance_words(view: ResultView, seen: float) -> str:
    """``205 ruptures (215), p = .851``."""
    for row in records(view.tables.get("Beside chance", pd.DataFrame())):
        if row["measure"] == "ruptures":
            return (
                f"{counted(int(seen), 'rupture')} ({number(row['expected'], 0)}), "
                f"{p_phrase(row['p_value'])}"
            )
    return counted(int(seen), "rupture")
