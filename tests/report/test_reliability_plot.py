"""plot_reliability draws the frame of the view and nothing else."""

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
from alliance_stats.report.plots import plot_reliability
from alliance_stats.report.plots.reliability import figure_caption, row_places


def made_up() -> ResultView:
    rows = [
        ("change", "total", "RC", 0.6, 0.5, 0.7, True),
        ("one session", "total", "alpha", 0.9, 0.85, 0.93, True),
        ("one session", "task", "alpha", 0.8, 0.7, 0.86, False),
        ("change", "total", "alpha within", 0.62, np.nan, np.nan, True),
    ]
    columns = ["unit", "score", "term", "estimate", "ci_low", "ci_high", "main"]
    none = pd.DataFrame()
    labels = {"score": "total", "cuts": "0.5 0.9"}
    plot = pd.DataFrame(rows, columns=columns)
    return ResultView("reliability_report", "", none, none, plot, none, labels=labels)


def test_marks_and_intervals_are_the_rows_of_the_frame() -> None:
    (axis,) = plot_reliability(made_up(), ax=Figure().subplots())
    marks = [line for line in axis.lines if line.get_marker() == "o"]
    hollow, filled = (np.asarray(line.get_xdata(), dtype=float) for line in marks)
    assert hollow.tolist() == [0.8]
    assert sorted(filled) == [0.6, 0.62, 0.9]
    (spans,) = axis.collections
    ends = sorted(tuple(segment[:, 0]) for segment in spans.get_segments())
    assert ends == [(0.5, 0.7), (0.85, 0.93)]  # none where there is no interval
    dashed = [line.get_xdata()[0] for line in axis.lines if line.get_marker() != "o"]
    assert dashed == [0.5, 0.9]


def test_rows_stand_by_what_is_compared() -> None:
    plot = made_up().plot
    assert plot is not None
    (axis,) = plot_reliability(made_up(), ax=Figure().subplots())
    assert [label.get_text() for label in axis.get_yticklabels()] == ["alpha", "RC", "alpha within"]
    assert {"One session", "Change within patients"} <= {text.get_text() for text in axis.texts}
    assert len(row_places(plot)) == 3


def test_refusals_and_caption() -> None:
    with pytest.raises(ArgumentError, match="is no reliability report"):
        plot_reliability(replace(made_up(), kind="alpha"))
    assert "Hollow: task." in figure_caption(made_up())
