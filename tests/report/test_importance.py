"""Sentences and figure of importance, by the view of an analysis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots import plot_importance
from alliance_stats.report.plots.importance import figure_caption, panel_names
from alliance_stats.report.tables.coefficients import further_tables

matplotlib.use("agg")
ORDER = (("within", "wai", 0.05), ("within", "bond", 0.02), ("between", "intake", 0.3),
         ("between", "wai", 0.1), ("between", "bond", 0.01))  # fmt: skip
LEADS = (("within", "bond", 0.03, -0.01, 0.07), ("between", "bond", 0.09, 0.02, 0.16),
         ("between", "intake", -0.2, -0.3, -0.1))  # fmt: skip


@pytest.fixture
def view() -> ResultView:
    """Weights and differences of three predictors, two of them within patients."""
    bars = [(level, "weights", term, x, x / 2, 2 * x, term == "wai") for level, term, x in ORDER]
    points = [(level, "differences", term, x, a, b, False) for level, term, x, a, b in LEADS]
    columns = ["panel", "layer", "term", "x", "x_low", "x_high", "marked"]
    verdicts = pd.DataFrame(
        {
            "effect": ["within", "between"], "term": "wai",
            "biggest": ["not shown", "contradicted"], "reason": ["…", "…"],
        }
    )  # fmt: skip
    shares = pd.DataFrame(
        {
            "unit": ["session", "patient"], "share": [0.6, 0.4], "share_before": [0.4, 0.6],
        }
    )  # fmt: skip
    fit = pd.DataFrame(
        {
            "n_obs": [900], "n_dropped": [100], "r2_within": [0.2], "r2_within_time": [0.13],
            "r2_between": [0.5], "r2_between_time": [0.0], "n_models": [12], "n_draws": [500],
        }
    )  # fmt: skip
    return ResultView(
        kind="importance",
        title="Importance for phq",
        terms=pd.DataFrame(),
        fit=fit,
        plot=pd.DataFrame([*bars, *points], columns=columns),
        levels=pd.DataFrame({"unit": ["session", "patient"], "n": [900, 90]}),
        labels={
            "alliance": "wai", "outcome": "phq", "subject": "wai", "cluster": "patient",
            "time": "linear", "estimate": "R²",
        },
        tables={
            "Is the alliance the biggest predictor?": verdicts, "Where outcomes differ": shares,
        },
    )  # fmt: skip


def test_sentences_say_what_the_differences_allow(view: ResultView) -> None:
    within, between, shares, method = al.report_text(view).split("\n\n")
    assert within.startswith(
        "Across 900 sessions of 90 patients, the model accounted for 20.0% of the variance of phq "
        "within patients; time alone accounted for 13.0%. General dominance weights credit 5.0% to "
        "wai and 2.0% to bond."
    )
    assert (
        "That wai is the biggest predictor within patients is not shown: the comparison is "
        "inconclusive (3.0 points from bond, 95% CI [−1.0, 7.0])." in within
    )
    assert "time alone" not in between
    assert "The claim that wai is the biggest predictor between patients is contradicted" in between
    assert "−20.0 points from intake, 95% CI [−30.0, −10.0]" in between
    assert "60.0% between patients (40.0% of what is left after the predictors)" in shares
    assert "not to be ranked with the weights" in shares
    assert "500 draws of whole patients" in method
    assert "100 of 1,000 sessions were not used." in method
    for word in ("predicts", "predicted", "leads to", "effect of", "caused"):
        assert word not in al.report_text(view)


def test_biggest_is_said_only_where_it_is_shown(view: ResultView) -> None:
    name = "Is the alliance the biggest predictor?"
    shown = view.tables[name].assign(biggest=["shown", "not examined"])
    text = al.report_text(replace(view, tables={**view.tables, name: shown}))
    assert "By every difference in weight, wai accounted for more than any other" in text
    assert "Nothing is said about the biggest predictor between patients" in text


def test_a_row_of_panels_for_each_level(view: ResultView) -> None:
    plot = view.plot
    assert plot is not None
    assert panel_names(plot) == [
        "within weights", "within differences", "between weights", "between differences",
    ]  # fmt: skip
    axes = plot_importance(view)
    assert [bar.get_width() for bar in axes[2].patches] == [0.3, 0.1, 0.01]
    assert [label.get_text() for label in axes[3].get_yticklabels()] == ["− bond", "− intake"]
    points = [line for line in axes[3].lines if line.get_marker() == "o"]
    assert [float(np.ravel(line.get_xdata())[0]) for line in points] == [0.09, -0.2]
    assert "Only the differences compare predictors." in figure_caption(view)


def test_figure_without_draws_and_with_axes_of_ones_own(view: ResultView) -> None:
    plot = view.plot
    assert plot is not None
    bare = replace(view, plot=plot.assign(x_low=np.nan, x_high=np.nan))
    axes = plot_importance(bare, ax=Figure().subplots(2, 2))
    assert len(axes) == 4
    assert "intervals" not in figure_caption(bare)
    with pytest.raises(al.ArgumentError, match="ax holds 3 Axes"):
        plot_importance(view, ax=Figure().subplots(1, 3))
    with pytest.raises(al.ArgumentError, match="Give a result of fit_importance"):
        plot_importance(replace(view, kind="lmm"))
    with pytest.raises(al.ArgumentError, match="lacks marked"):
        plot_importance(replace(view, plot=plot.drop(columns="marked")))


def test_a_level_with_one_predictor_has_no_differences(view: ResultView) -> None:
    plot = view.plot
    assert plot is not None
    alone = plot[(plot["panel"] == "between") | (plot["term"] == "wai")]
    axes = plot_importance(replace(view, plot=alone))
    assert len(axes) == 3


def test_report_of_a_fit_is_written(tmp_path: Path) -> None:
    dyads = al.load_example("dyads")
    with pytest.warns(UserWarning):
        result = al.models.fit_importance(dyads, n_boot=20, rng=1)
    table = str(al.coef_table(result))
    assert "Between patients: wai_total − phq9_intake" in table
    assert "R²" in table
    assert len(further_tables(result.view())) == 5
    al.save_report(result, tmp_path / "importance.html")
    assert "data:image/png" in (tmp_path / "importance.html").read_text("utf-8")
