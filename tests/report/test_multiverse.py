"""Sentences and figure of a multiverse, by the view of an analysis."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots import plot_specification_curve
from alliance_stats.report.plots.specification_curve import figure_caption

matplotlib.use("agg")
CHOICES = {"outliers": ["keep", "drop_3sd"], "time": ["linear", "log"]}


@pytest.fixture(scope="module")
def view() -> ResultView:
    """Four specifications of an effect, and 39 draws."""
    sessions = al.load_example("sessions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.multiverse(
            "within", sessions, CHOICES, permutations=39, rng=1, progress=False
        )
    return result.view()


def test_sentences_describe_divide_and_test(view: ResultView) -> None:
    described, divided, tested = al.report_text(view).split("\n\n")
    assert described.startswith(
        "Across 4 specifications (at most 2,075 sessions of 240 patients seen by 24 therapists), "
        "the association of wai_total with phq9 within patients lay between −0.14"
    )
    assert "100% of the estimates were negative, so that a higher alliance went with a lower (" in (
        described
    )
    assert "describe and test nothing" in described
    assert divided.startswith("Most of the variation between specifications went with the choice ")
    assert "39 draws without the effect, made by random signs" in tested
    assert "median estimate, p = .025" in tested


def test_null_joint_test_is_inconclusive(view: ResultView) -> None:
    joint = view.tables["Joint test"].assign(p_value=0.4)
    text = al.report_text(replace(view, tables={**view.tables, "Joint test": joint}))
    assert "the evidence against no effect in any specification was inconclusive" in text
    rest = {name: table for name, table in view.tables.items() if name != "Joint test"}
    text = al.report_text(replace(view, tables=rest))
    assert text.endswith("The specifications were not tested jointly.")


def test_figure_draws_the_frame(view: ResultView) -> None:
    axes = plot_specification_curve(view, ax=list(Figure().subplots(2, 1)))
    labels = [label.get_text() for label in axes[1].get_yticklabels()]
    assert labels == ["Outliers", "keep", "drop 3 SD", "Time", "linear", "log"]
    assert view.plot is not None
    estimates = view.plot[view.plot["layer"] == "estimate"]
    drawn = np.concatenate([np.asarray(c.get_offsets()) for c in axes[0].collections])
    assert set(np.round(drawn[:, 1], 9)) >= set(np.round(estimates["y"], 9))
    marks = sum(len(c.get_segments()) for c in axes[1].collections)
    assert marks == (view.plot["layer"] == "choice").sum() == 8
    assert all(float(tick).is_integer() for tick in axes[1].get_xticks())


def test_figure_of_a_thousand_is_as_wide_as_the_page(view: ResultView, tmp_path: Path) -> None:
    assert view.plot is not None
    n = 1000
    estimates = pd.DataFrame(
        {
            "layer": "estimate", "rank": np.arange(1, n + 1), "y": np.linspace(-0.2, 0.1, n),
            "side": np.repeat([-1, 0], n // 2), "first": np.arange(n) == 7, "choice": "",
            "option": "", "order": 0,
        }
    )  # fmt: skip
    estimates = estimates.assign(y_low=estimates["y"] - 0.1, y_high=estimates["y"] + 0.1)
    choice = estimates.assign(layer="choice", choice="Time", option="a_very_long_" * 5)
    many = replace(view, plot=pd.concat([estimates, choice]))
    axes = plot_specification_curve(many)
    figure = axes[0].figure
    assert figure.get_figwidth() == 6.9
    figure.savefig(tmp_path / "curve.png")
    assert figure_caption(many).startswith("Specification curve of 1,000 estimates of wai_total")
    matplotlib.pyplot.close(figure)


def test_figure_and_report_refuse_and_write(view: ResultView, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="Give a result of multiverse"):
        plot_specification_curve(replace(view, kind="importance"))
    with pytest.raises(ArgumentError, match="ax holds 1 Axes"):
        plot_specification_curve(view, ax=[Figure().subplots()])
    al.save_report(view, tmp_path / "curve.html")
    assert "Specification curve of 4 estimates" in (tmp_path / "curve.html").read_text("utf-8")
