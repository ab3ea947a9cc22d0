"""Figures as a journal prints them: in one or two columns, in grey, with any names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")

from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from alliance_stats.data.examples import load_example
from alliance_stats.report.plots import panels, plot_trajectories, plot_within_between
from alliance_stats.report.plots.style import (
    BAND_COLOUR,
    COLUMN_WIDTH,
    LINE_COLOUR,
    PAGE_WIDTH,
    POINT_COLOUR,
    THREAD_COLOUR,
)

LONG = "working_alliance_inventory_short_revised_total_score_patient_rated"
NAMES = ("wai_total", LONG, "x" * 60, "Wärme der Beziehung aus Sicht des Patienten (0–100)")
SMALLEST = 7.0


def texts_of(axis: Any) -> Iterator[Text]:
    """Every text that is printed with the panel."""
    named = [axis.xaxis.label, axis.yaxis.label, axis._left_title, *axis.texts]
    ticks = [
        tick.label1
        for a in (axis.xaxis, axis.yaxis)
        for tick in a.get_major_ticks()
        if a.get_view_interval()[0] <= tick.get_loc() <= a.get_view_interval()[1]
    ]
    for text in (*named, *ticks):
        if text.get_text().strip() and text.get_visible():
            yield text


def boxes(figure: Figure) -> list[tuple[str, Any]]:
    """Texts with the place that each takes on the page, in pixels."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for axis in figure.axes
        for text in texts_of(axis)
        if text.get_window_extent(renderer).width > 0
    ]


def printed(draw: Callable[..., Any], view: Any, stacked: int) -> Figure:
    """The figure over a page, or its panels below each other in one column."""
    if not stacked:
        return draw(view)[0].figure
    figure = Figure(figsize=(COLUMN_WIDTH, 2.8 * stacked), layout="constrained")
    draw(view, ax=list(np.atleast_1d(figure.subplots(stacked, 1))))
    return figure


@cache
def example() -> Any:
    return load_example("sessions").view()


def sessions_view(name: str) -> Any:
    view = example()
    return replace(view, labels={**view.labels, "alliance": name, "outcome": name})


def three_panels(view: Any, name: str) -> Any:
    return replace(view, labels={**view.labels, "alliance": name, "outcome": name})


def check(figure: Figure, at_least: float = SMALLEST) -> None:
    found = boxes(figure)
    width, height = figure.bbox.size
    for words, box in found:
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        assert inside, f"{words!r} leaves the figure"
    for (one, a), (other, b) in combinations(found, 2):
        apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0
        assert apart, f"{one!r} overlaps {other!r}"
    for axis in figure.axes:
        assert min(text.get_fontsize() for text in texts_of(axis)) >= at_least


@pytest.mark.parametrize("stacked", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_associations(three_level: Any, name: str, stacked: int) -> None:
    check(printed(plot_within_between, three_panels(three_level.view(), name), stacked))


@pytest.mark.parametrize("stacked", [0, 2])
@pytest.mark.parametrize("name", NAMES)
def test_trajectories(name: str, stacked: int) -> None:
    check(printed(plot_trajectories, sessions_view(name), stacked))


def test_large_counts_under_the_axis_do_not_touch() -> None:
    view = sessions_view("wai")
    plot = view.plot.assign(n=view.plot["n"].where(view.plot["layer"] == "lines", 1_234_567))
    for stacked in (0, 2):
        check(printed(plot_trajectories, replace(view, plot=plot), stacked))


def test_the_users_text_size_does_not_reach_given_axes(two_level: Any) -> None:
    with matplotlib.rc_context({"font.size": 15}):
        figure = Figure(layout="constrained")
        plot_within_between(two_level, ax=figure.subplots(1, 2))
    sizes = {text.get_fontsize() for axis in figure.axes for text in texts_of(axis)}
    assert sizes == {8.0, 9.0}


def test_widths_are_those_of_a_journal(two_level: Any, three_level: Any) -> None:
    assert plot_within_between(two_level)[0].figure.get_figwidth() == PAGE_WIDTH == 6.9
    assert plot_within_between(three_level)[0].figure.get_figwidth() == PAGE_WIDTH
    alone = plot_trajectories(sessions_view("wai"), variables="outcome")
    assert alone[0].figure.get_figwidth() == COLUMN_WIDTH == 3.35


def test_long_names_make_a_higher_figure(three_level: Any) -> None:
    short, long = (
        plot_within_between(three_panels(three_level.view(), name))[0].figure
        for name in ("wai", LONG)
    )
    assert long.get_figheight() > short.get_figheight() + 0.3


def lightness(colour: str) -> float:
    return float(np.dot(colors.to_rgb(colour), (0.299, 0.587, 0.114)))


def test_lines_and_points_differ_in_grey() -> None:
    for pale in (POINT_COLOUR, THREAD_COLOUR):
        assert lightness(pale) - lightness(LINE_COLOUR) > 0.2
    assert lightness(BAND_COLOUR) == lightness(LINE_COLOUR)  # the band is a paler line


def mean_and_threads(axis: Any) -> tuple[Sequence[Any], Any]:
    rim, line = axis.lines[-2:]
    return (rim, line), axis.collections[0]


def test_the_mean_lies_over_the_threads_with_a_rim() -> None:
    for axis in plot_trajectories(sessions_view("wai")):
        (rim, line), threads = mean_and_threads(axis)
        assert line.get_zorder() > rim.get_zorder() > threads.get_zorder()
        assert line.get_linewidth() > 2 * max(threads.get_linewidths())
        assert rim.get_linewidth() > line.get_linewidth()
        assert colors.to_hex(rim.get_color()) == "#ffffff"


@pytest.mark.parametrize(("inches", "most"), [(0.9, 24), (2.4, 50)])
def test_room_follows_the_width(inches: float, most: int) -> None:
    figure = Figure(figsize=(inches / 0.775, 3), dpi=72)
    room = panels.letters_along(figure.subplots(), "x")
    assert room <= most
    double = Figure(figsize=(inches / 0.775, 3), dpi=144)
    assert panels.letters_along(double.subplots(), "x") == room
