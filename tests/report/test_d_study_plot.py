"""plot_d_study draws the frame of the view and nothing else."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("agg")

from matplotlib.figure import Figure

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots import plot_d_study
from alliance_stats.report.plots.d_study import figure_caption, spread_out


def made_up(lines: tuple[str, ...] = ("",)) -> ResultView:
    x = np.arange(1.0, 7)
    parts = []
    for panel, less in (("G", 0.0), ("Phi", 0.1)):
        for k, line in enumerate(lines):
            y = x / (x + 1 + less + k / 4)
            part = pd.DataFrame({"panel": panel, "line": line, "x": x, "y": y})
            parts.append(part.assign(y_low=y - 0.1, y_high=y + 0.05))
    none = pd.DataFrame()
    labels = {"along": "session", "score": "alliance"}
    return ResultView("d_study", "", none, none, pd.concat(parts), none, labels=labels)


def test_lines_are_the_rows_of_the_frame() -> None:
    view = made_up(("4 items", "12 items"))
    axes = plot_d_study(view, ax=Figure().subplots(1, 2))
    assert view.plot is not None
    for axis, panel in zip(axes, ("G", "Phi"), strict=True):
        drawn = [line for line in axis.lines if line.get_linestyle() != "None"]
        for line, name in zip(drawn, ("12 items", "4 items"), strict=True):  # the lowest first
            rows = view.plot[(view.plot["panel"] == panel) & (view.plot["line"] == name)]
            np.testing.assert_array_equal(line.get_xdata(), rows["x"])
            np.testing.assert_array_equal(line.get_ydata(), rows["y"])
        assert {"4 items", "12 items"} <= {text.get_text() for text in axis.texts}
    assert not axes[0].collections  # bands of several lines would hide each other


def test_a_single_line_has_its_band_and_points_that_reach_the_goal_are_filled() -> None:
    axes = plot_d_study(made_up(), goal=0.8, ax=Figure().subplots(1, 2))
    assert len(axes[0].collections) == 1
    marks = [line for line in axes[0].lines if line.get_linestyle() == "None"]
    filled, hollow = (set(np.asarray(line.get_xdata())) for line in marks)
    assert filled == {4.0, 5.0, 6.0}
    assert hollow == {1.0, 2.0, 3.0}
    assert any("dashed: goal of .80" in text.get_text() for text in axes[0].texts)


def test_names_at_the_ends_do_not_overlap() -> None:
    np.testing.assert_allclose(np.diff(spread_out(np.array([0.1, 0.1, 0.11, 0.9]), 0.05))[:2], 0.05)
    np.testing.assert_allclose(spread_out(np.array([0.1, 0.5]), 0.05), [0.1, 0.5])


def test_refusals_and_caption() -> None:
    with pytest.raises(ArgumentError, match="holds no decision study"):
        plot_d_study(replace(made_up(), kind="alpha"))
    with pytest.raises(ArgumentError, match="6 lines cannot be told apart"):
        plot_d_study(made_up(tuple("abcdef")))
    with pytest.raises(ArgumentError, match="goal=90"):
        plot_d_study(made_up(), goal=90)
    assert figure_caption(made_up()).endswith("Bands: 95% confidence intervals.")
    assert "One line each: b; a." in figure_caption(made_up(("a", "b")))
