"""Words and figure of a result of kind ``outcome``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("agg")

from matplotlib.figure import Figure

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import coef_table, plot_outcome, report_text, save_report
from alliance_stats.report.tables.coefficients import further_tables

ROW = ("early_alliance", "patient", "wai_early", -1.213, 0.402, -3.02, 71.2, 0.0035, -2.014, -0.412)
INTAKE = ("", "", "phq_intake", 0.612, 0.081, 7.56, 74.0, 1e-9, 0.451, 0.773)
COLUMNS = ["effect", "unit", "term", "estimate", "se", "statistic", "df", "p_value", "ci_low",
           "ci_high"]  # fmt: skip


def view_of(*rows: tuple[Any, ...], **changes: Any) -> ResultView:
    terms = pd.DataFrame(list(rows or (ROW, INTAKE)), columns=COLUMNS)
    effects = [e for e in terms["effect"] if e not in ("", "contextual")]
    sizes = pd.DataFrame(
        {"effect": effects, "unit": "patient", "estimate": -0.31, "ci_low": -0.51,
         "ci_high": -0.1, "sd_alliance": 0.8, "sd_outcome": 5.2}
    )  # fmt: skip
    kinds = ["zero-order", "partial", "semi-partial"]
    correlations = pd.DataFrame(
        {"effect": np.repeat(effects, 3), "kind": kinds * len(effects), "r": 0.3, "ci_low": 0.1,
         "ci_high": np.nan, "n": 79, "n_controls": 2, "interval": "Fisher z"}
    )  # fmt: skip
    correlations.loc[correlations["kind"] != "semi-partial", "ci_high"] = 0.5
    points = pd.DataFrame(
        {"panel": np.repeat(effects, 2), "layer": "points", "x": [3.0, 5.0] * len(effects),
         "y": 9.0, "y_low": np.nan, "y_high": np.nan, "group": [0, 1] * len(effects)}
    )  # fmt: skip
    line = points.assign(layer="line", y_low=8.0, y_high=10.0)
    view = ResultView(
        kind="outcome", title="Early wai and post-treatment phq", terms=terms,
        fit=pd.DataFrame({"n_obs": [79], "n_dropped": [17], "method": ["REML"],
                          "converged": [True], "singular": [False]}),
        plot=pd.concat([points, line], ignore_index=True),
        levels=pd.DataFrame({"unit": ["patient", "therapist"], "n": [79, 12]}),
        labels={"alliance": "wai", "outcome": "phq", "outcome_better": "lower",
                "ddf": "Satterthwaite", "window": "sessions 3–5", "first_session": "3"},
        tables={"Standardised effects": sizes, "Correlations": correlations},
    )  # fmt: skip
    return replace(view, **changes)


class Fake:
    def __init__(self, seen: ResultView) -> None:
        self.seen = seen

    def view(self) -> ResultView:
        return self.seen


def test_the_whole_text() -> None:
    assert report_text(Fake(view_of())).split("\n\n") == [
        "Across 79 patients seen by 12 therapists, a higher early wai predicted a lower (better) "
        "post-treatment phq, given the score at intake and the early change (b = −1.213, "
        "SE = 0.402, t(71.2) = −3.02, p = .004, 95% CI [−2.014, −0.412]).",
        "In standard deviations over patients, taken as known, the coefficient was −0.31, 95% CI "
        "[−0.51, −0.10]. Correlations with post-treatment phq: zero-order r = .30, 95% CI [.10, "
        ".50]; partial r = .30, 95% CI [.10, .50]; and semi-partial r = .30. Correlations "
        "are positive where the outcome was better.",
        "Post-treatment phq was modelled with random intercepts of therapists, fitted by REML; "
        "tests used Satterthwaite degrees of freedom. Early wai was the mean over sessions 3–5; "
        "the score at intake and the change from intake to session 3 were in the model. 17 of 96 "
        "patients were not used. The order in time rules out that the later outcome shaped the "
        "early ratings; it does not show that the alliance caused the outcome.",
    ]


def test_a_null_result_is_inconclusive() -> None:
    null = (*ROW[:3], -0.2, 0.4, -0.5, 71.2, 0.62, -0.998, 0.598)
    text = report_text(Fake(view_of(null)))
    assert "whether a higher early wai predicts post-treatment phq" in text
    assert "was inconclusive: the data are compatible with effects from −1.00 to 0.60" in text
    assert "predicted" not in text


def test_without_a_direction_nothing_is_better() -> None:
    view = view_of()
    text = report_text(replace(view, labels={**view.labels, "outcome_better": ""}))
    assert "predicted a lower post-treatment phq" in text
    assert "better" not in text


def test_split_and_least_squares() -> None:
    rows = [("patient_between", *ROW[1:]), ("therapist_between", *ROW[1:])]
    contextual = ("contextual", "therapist", "t - p", 0.2, 0.4, 0.5, 20.0, 0.62, -0.6, 1.0)
    text = report_text(view_of(*rows, contextual))
    assert "an early wai above that of the therapist's other patients predicted" in text
    assert "A higher mean early wai of the therapist's patients predicted" in text
    assert "differ is inconclusive" in text
    assert "−0.31 between patients" in text
    view = view_of()
    labels = {**view.labels, "ddf": "residual"}
    alone = report_text(replace(view, fit=view.fit.assign(method="OLS"), labels=labels))
    assert "by ordinary least squares; tests used residual degrees of freedom." in alone


def test_effects_that_cannot_be_judged() -> None:
    nothing = (*ROW[:3], *[np.nan] * 7)
    assert "could not be estimated" in report_text(view_of(nothing))
    no_ends = (*ROW[:8], np.nan, np.nan)
    assert "has no interval, so nothing is concluded" in report_text(view_of(no_ends))


def test_tables() -> None:
    table = coef_table(view_of())
    assert table.frame["Effect"].tolist() == ["Early alliance", "phq_intake"]
    assert "79 patients seen by 12 therapists" in repr(table)
    correlations = further_tables(view_of())[1]
    assert list(correlations.frame.columns) == [
        "Effect", "Kind", "r", "95% CI", "N", "Controls", "Interval",
    ]  # fmt: skip


def test_the_figure_draws_the_plot_frame() -> None:
    view = view_of()
    axes = plot_outcome(view, ax=Figure().subplots())
    assert axes.shape == (1,)
    points = view.plot[view.plot["layer"] == "points"]
    offsets = np.asarray(axes[0].collections[0].get_offsets())
    assert np.array_equal(offsets, points[["x", "y"]].to_numpy())
    assert axes[0].get_xlabel() == "wai\nmean over sessions 3–5"
    assert axes[0].get_ylabel() == "post-treatment phq (adjusted; lower is better)"
    assert axes[0].get_title(loc="left") == "Early alliance"
    assert axes[0].texts[0].get_text() == "b = −1.213\n95% CI [−2.014, −0.412]\n2 patients"
    rows = [("patient_between", *ROW[1:]), ("therapist_between", *ROW[1:])]
    assert plot_outcome(view_of(*rows)).shape == (2,)


def test_only_outcome_results_are_drawn(two_level: Any) -> None:
    with pytest.raises(ArgumentError, match="kind 'within_between', not 'outcome'"):
        plot_outcome(two_level)
    with pytest.raises(ArgumentError, match="Give a result of fit_outcome"):
        plot_outcome(view_of(plot=None))


def test_a_report_holds_the_figure(tmp_path: Any) -> None:
    path = tmp_path / "report.html"
    save_report(view_of(), path)
    page = path.read_text(encoding="utf-8")
    assert "data:image/png;base64" in page
    assert (
        "<b>Figure 1</b><br><i>Post-treatment phq predicted from early wai (mean over "
        "sessions 3–5): early alliance</i>"
    ) in page
    assert "Points: observed phq, adjusted for the other terms of the model (2 patients)." in page
