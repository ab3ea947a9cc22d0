"""Sentences and figure of a model of dyads."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.output.drawings import DRAWINGS
from alliance_stats.report.plots.dyads import figure_caption, plot_dyads

MEMBERS = {
    "patient": {"predictor": "wai_total", "outcome": "phq9"},
    "therapist": {"predictor": "wai_therapist", "outcome": "motivation"},
}


@pytest.fixture(scope="module")
def lagged() -> ResultView:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_dyads(
            al.load_example("dyads"), therapist_level=False, bias_simulations=50
        )
    return result.view()


@pytest.fixture(scope="module")
def concurrent() -> ResultView:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_dyads(
            al.load_example("process"), members=MEMBERS, therapist_level=False
        )
    return result.view()


def text(view: ResultView) -> str:
    class Shown:
        def view(self) -> ResultView:
            return view

    return str(al.report_text(Shown()))


def test_associations_are_not_predictions(lagged: ResultView, concurrent: ResultView) -> None:
    for view in (lagged, concurrent):
        assert "predict" not in text(view).replace("predictor", "").replace("Predictor", "")


def test_lagged_words(lagged: ResultView) -> None:
    words = text(lagged)
    assert "in the next session" in words
    assert (
        "An above-average wai_total of the patient was followed by a higher wai_therapist of the "
        "therapist in the next session, given that of the therapist (b = "
    ) in words
    assert "was inconclusive: the data are compatible with effects from" in words


def test_biased_effects_are_not_tested(lagged: ResultView) -> None:
    words = text(lagged)
    assert "(actor effect) is not tested: in simulated studies of this design" in words
    assert "The k of the patient is not read" in words
    assert "Raw actor and partner effects" not in words


def test_concurrent_words(concurrent: ResultView) -> None:
    words = text(concurrent)
    assert (
        "an above-average wai_total of the patient went with a lower (better) phq9 of the patient"
        in words
    )
    assert "(between patients)" in words
    assert "Ratings of one session have no order" in words
    assert "k = " in words and "is undefined: the actor effect is not told from zero" in words


def test_members_stand_in_the_table(concurrent: ResultView) -> None:
    class Shown:
        def view(self) -> ResultView:
            return concurrent

    shown = str(al.coef_table(Shown()))
    assert "Actor, within patients (patient)" in shown
    assert "Partner, between patients (therapist)" in shown


def test_figure_draws_the_frame(lagged: ResultView) -> None:
    from matplotlib.figure import Figure

    assert lagged.plot is not None
    axis = plot_dyads(lagged, ax=Figure().subplots())[0]
    dots = sorted(
        float(np.ravel(line.get_xdata())[0]) for line in axis.lines if line.get_marker() == "o"
    )
    wanted = lagged.plot.query("layer == 'estimate'")["x"].sort_values()
    assert dots == pytest.approx(wanted.tolist())
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[1] == "therapist's wai_therapist, session t − 1\n→ patient's wai_total, session t"
    assert "Hollow diamonds" in figure_caption(lagged)
    assert DRAWINGS["dyads"].panels(lagged.plot) == ["effects"]


def test_figure_without_lags_says_no_session(concurrent: ResultView) -> None:
    from matplotlib.figure import Figure

    axis = plot_dyads(concurrent, ax=Figure().subplots())[0]
    assert axis.get_yticklabels()[0].get_text() == "patient's wai_total\n→ patient's phq9"
    assert "Hollow" not in figure_caption(concurrent)


def test_figure_refuses_other_results(lagged: ResultView) -> None:
    with pytest.raises(ArgumentError, match="Give a result of fit_dyads"):
        plot_dyads(replace(lagged, kind="lagged"))
    with pytest.raises(ArgumentError, match="lacks member"):
        plot_dyads(replace(lagged, plot=lagged.plot.drop(columns="member")))


def test_headings_of_further_tables(concurrent: ResultView) -> None:
    from alliance_stats.report.tables.coefficients import further_tables

    tables = {table.title: table for table in further_tables(concurrent)}
    assert "SD of outcome" in str(tables["Standardised effects"])
    assert "χ²" in str(tables["Test that the members can be told apart"])
    assert " F " in str(tables["Tests that the members are equal"])
    assert "actor only" in str(tables["Tests of the patterns"])
