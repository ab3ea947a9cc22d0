"""Sentences and figure of an event model: what they claim, and that they draw the view's frame."""

from __future__ import annotations

import warnings
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats._base.views import ResultView
from alliance_stats.report import coef_table, frame_table, report_text
from alliance_stats.report.plots import plot_event

mpl.use("Agg")


@pytest.fixture(scope="module")
def view() -> ResultView:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_event(al.load_example("sessions")).view()


def test_predicts_and_does_not_cause(view: ResultView) -> None:
    text = report_text(view)
    assert "a higher wai_total in a session predicted a lower hazard of 'dropout'" in text
    assert "whether a higher wai_total in a session predicts 'agreed'" in text.lower()
    assert "was inconclusive: the data are compatible with effects from" in text
    for word in ("caused", "leads to", "effect of"):
        assert word not in text


def test_counts_stand_once(view: ResultView) -> None:
    assert report_text(view).count("Across 2,101 sessions of 237 patients") == 1


def test_numbers_of_the_text_are_those_of_the_tables(view: ResultView) -> None:
    text = report_text(view)
    ratios = view.tables["Hazard ratios"]
    own = ratios[(ratios["per"] == "SD") & (ratios["group"] == "dropout")].iloc[0]
    assert f"the hazard ratio was {own['estimate']:.2f}" in text
    assert view.plot is not None
    lines = view.plot[(view.plot["panel"] == "incidence") & (view.plot["level"] == "−1 SD")]
    assert f"was {100 * lines['y'].iloc[-1]:.0f}% (95% CI" in text


def test_a_tipping_point_is_named(view: ResultView) -> None:
    table = pd.DataFrame(
        {
            "delta": [-1.0, 0.0, 1.0], "n_filled": 9, "n_shifted": 7, "effect": "current_alliance",
            "estimate": [-0.2, -0.1, 0.0], "ci_low": [-0.3, -0.19, -0.1],
            "ci_high": [-0.1, -0.01, 0.1],
        }
    )  # fmt: skip
    text = report_text(replace(view, tables={"Missing ratings shifted": table}))
    assert "With the 7 missing ratings before the event shifted by −1.0 to 1.0" in text
    assert "the conclusion changed between 0.0 and 1.0" in text
    steady = report_text(replace(view, tables={"Missing ratings shifted": table.head(2)}))
    assert "the conclusion stayed the same" in steady


def test_both_events_stand_side_by_side(view: ResultView) -> None:
    names = coef_table(view).frame["Effect"].tolist()
    assert names[:2] == ["Current alliance (dropout)", "Current alliance (agreed)"]
    shown = frame_table(view.tables["Hazard ratios"]).frame
    assert "Group" not in shown.columns
    assert "Ratio" in shown.columns


def test_figure_draws_the_frame(view: ResultView) -> None:
    axes = plot_event(view, ax=Figure().subplots(1, 2))
    assert view.plot is not None
    lines = view.plot[view.plot["panel"] == "incidence"]
    drawn = {line.get_label(): line.get_ydata() for line in axes[0].lines}
    for level, own in lines.groupby("level"):
        assert np.asarray(drawn[str(level)])[1:] == pytest.approx(own["y"].to_numpy())
    points = view.plot[view.plot["layer"] == "points"]
    assert len(axes[1].collections[1].get_offsets()) == len(points)


def test_other_results_are_refused(view: ResultView) -> None:
    with pytest.raises(al.ArgumentError, match="Give a result of fit_event"):
        plot_event(replace(view, kind="outcome"))
    with pytest.raises(al.ArgumentError, match="2 panels"):
        plot_event(view, ax=Figure().subplots())


def test_without_competing_event_and_predictors() -> None:
    """Months after therapy: no competitor, a covariate only, nothing to draw but the mean."""
    rng = np.random.default_rng(1)
    months = pd.DataFrame(
        {"patient": np.repeat(np.arange(80), 6), "month": np.tile(range(1, 7), 80)}
    )
    came = rng.random(480) < 0.12
    first = pd.Series(came).groupby(months["patient"]).cumsum()
    months = months.assign(relapse=came.astype(int), bond=rng.normal(size=80)[months["patient"]])
    months = months[(first - came) == 0]
    roles = al.Roles(session="month", alliance="bond", outcome="relapse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = al.models.fit_event(months, roles, event="relapse", baseline="log")
        other = al.models.fit_event(
            months.assign(early=months["bond"] + 1), roles, event="relapse", predictors=[],
            covariates=["early"], baseline="log",
        )  # fmt: skip
    assert "'relapse'" in report_text(own)
    assert "competing" not in report_text(own)
    assert report_text(other)
    assert plot_event(own, ax=Figure().subplots(1, 2))[1].get_ylabel() == "hazard"
    assert plot_event(other, ax=Figure().subplots(1, 2))[0].lines
