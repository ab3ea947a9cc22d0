"""Figures and sentences of several perspectives and of confounding, from views written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from alliance_stats import ArgumentError, report_text
from alliance_stats._base.views import ResultView
from alliance_stats.report.output.drawings import DRAWINGS
from alliance_stats.report.plots import plot_confounding, plot_perspectives

TERMS = ["effect", "unit", "perspective", "term", "estimate", "se", "statistic", "df", "p_value",
         "ci_low", "ci_high"]  # fmt: skip
LABELS = {"alliance": "wai", "outcome": "phq9", "outcome_better": "lower", "time": "linear"}


@pytest.fixture
def perspectives() -> ResultView:
    rows = [
        (
            "within",
            "session",
            "patient",
            "wai_within",
            -0.12,
            0.02,
            -6.0,
            200.0,
            1e-8,
            -0.16,
            -0.08,
        ),
        ("within", "session", "observer", "obs_within", 0.01, 0.02, 0.5, 200.0, 0.6, -0.03, 0.05),
    ]
    terms = pd.DataFrame(rows, columns=TERMS)
    alone = terms.assign(model="alone", estimate=[-0.11, -0.03], ci_high=[-0.07, -0.01])
    both = pd.concat([alone, terms.assign(model="together")], ignore_index=True)
    plot = both.rename(columns={"effect": "panel", "estimate": "x", "ci_low": "x_low",
                                "ci_high": "x_high"})  # fmt: skip
    tests = pd.DataFrame(
        {"effect": "within", "unit": "session", "hypothesis": ["all zero", "all equal"],
         "F": [14.0, 2.0], "df_numerator": [2.0, 1.0], "df_denominator": [210.0, 205.0],
         "p_value": [1e-6, 0.16]}
    )  # fmt: skip
    explained = pd.DataFrame(
        {"effect": "within", "unit": "session",
         "perspective": ["patient", "observer", "together", "shared"],
         "share": [0.015, 0.002, 0.016, 0.001], "unique": [0.014, 0.001, np.nan, np.nan]}
    )  # fmt: skip
    correlations = pd.DataFrame(
        {"effect": ["within"], "unit": ["session"], "perspective": ["patient"],
         "with_perspective": ["observer"], "estimate": [0.4], "ci_low": [0.3], "ci_high": [0.5]}
    )  # fmt: skip
    levels = pd.DataFrame({"unit": ["session", "patient"], "n": [900, 90]})
    return ResultView(
        "perspectives", "Alliance", terms, pd.DataFrame({"method": ["REML"]}), plot, levels,
        labels=LABELS,
        tables={"Alone and together": both, "Joint tests": tests, "Explained variance": explained,
                "Correlations of the perspectives": correlations},
    )  # fmt: skip


@pytest.fixture
def confounding() -> ResultView:
    side = np.linspace(0, 0.3, 7)
    d, y = (values.ravel() for values in np.meshgrid(side, side))
    grid = pd.DataFrame({"layer": "grid", "label": "", "r2_alliance": d, "r2_outcome": y,
                         "estimate": -0.1 + 0.7 * np.sqrt(d * y / (1 - d))})  # fmt: skip
    marks = pd.DataFrame({"layer": ["robustness", "benchmark"], "label": ["", "2 × mood $x$"],
                          "r2_alliance": [0.13, 0.02], "r2_outcome": [0.13, 0.05],
                          "estimate": [0.0, -0.08]})  # fmt: skip
    terms = pd.DataFrame(
        [("within", "mixed model", "wai_within", -0.1, 0.02, -5.0, 150.0, 1e-6, -0.14, -0.06)],
        columns=["effect", "model", "term", "estimate", "se", "statistic", "df", "p_value",
                 "ci_low", "ci_high"],
    )  # fmt: skip
    needed = pd.DataFrame(
        {"model": ["mixed model", "within regression"], "partial_r2": [0.02, 0.021],
         "robustness": [0.13, 0.14], "robustness_alpha": [0.09, 0.1]}
    )  # fmt: skip
    bounds = pd.DataFrame(
        {"benchmark": ["mood", "mood"], "k": [1.0, 2.0], "r2_alliance": [0.01, 0.02],
         "r2_outcome": [0.02, 0.05], "estimate": [-0.09, -0.08], "se": [0.02, 0.02],
         "statistic": [-4.5, -4.0], "df": [149.0, 149.0], "p_value": [1e-5, 1e-4],
         "ci_low": [-0.13, -0.12], "ci_high": [-0.05, -0.04]}
    )  # fmt: skip
    return ResultView(
        "confounding", "Confounding", terms, pd.DataFrame(), pd.concat([grid, marks]),
        pd.DataFrame({"unit": ["session", "patient"], "n": [900, 90]}),
        labels=LABELS | {"q": "1", "alpha": "0.05"},
        tables={"Sensitivity": needed, "Confounders as strong as observed variables": bounds},
    )  # fmt: skip


def words(view: ResultView) -> str:
    return " ".join(report_text(view).split())


def test_perspectives_are_drawn_alone_and_together(perspectives: ResultView) -> None:
    (axis,) = plot_perspectives(perspectives, ax=Figure().subplots())
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [-0.11, -0.03, -0.12, 0.01]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [True, True, False, False]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["Patient", "Observer"]
    assert axis.get_xlabel() == "b (phq9 per point)"
    legend = axis.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "each perspective alone", "all in one model",
    ]  # fmt: skip
    assert "Hollow: each perspective alone" in DRAWINGS["perspectives"].caption(perspectives)


def test_perspectives_in_words(perspectives: ResultView) -> None:
    text = words(perspectives)
    assert "perspectives taken together were associated with phq9 (F(2, 210) = 14.00" in text
    assert "A higher patient rating went with lower (better) phq9, the other ratings held" in text
    assert "association of the observer rating with phq9" in text
    assert "inconclusive: the data are compatible with effects from −0.030 to 0.050" in text
    assert "Whether the coefficients of the perspectives differ is inconclusive" in text
    assert "Together they explained 1.6% of the variance of phq9 within patients" in text
    assert "r = .40 (patient and observer), 95% CI [.30, .50]" in text
    assert "predict" not in text
    tests = perspectives.tables["Joint tests"].assign(p_value=[0.3, 0.01])
    other = words(replace(perspectives, tables=dict(perspectives.tables) | {"Joint tests": tests}))
    assert "taken together are associated with phq9 is inconclusive" in other
    assert "The coefficients of the perspectives differed" in other


def test_contours_of_confounding_are_drawn(confounding: ResultView) -> None:
    (axis,) = plot_confounding(confounding, ax=Figure().subplots())
    texts = [text.get_text() for text in axis.texts]
    assert "robustness value" in texts
    assert "2 × mood $x$" in texts
    assert any("without confounder: b = −0.100" in text for text in texts)
    assert axis.get_xlim() == (0.0, 0.3)
    markers = [line.get_marker() for line in axis.lines]
    assert markers.count("D") == 1
    assert markers.count("o") == 1
    assert "Dots: confounders as strong" in DRAWINGS["confounding"].caption(confounding)


def test_confounding_in_words(confounding: ResultView) -> None:
    text = words(confounding)
    assert "would have to explain 13.0% of the residual variance within patients of wai" in text
    assert "to account for all of the within-patient association (b = −0.100)" in text
    assert "exact, these were 14.0%, 10.0% and 2.1%" in text
    assert "2 times as strong as mood would leave b = −0.080, 95% CI [−0.120, −0.040]" in text
    assert "not that there is none" in text
    gone = confounding.tables["Sensitivity"].assign(robustness_alpha=0.0)
    other = replace(confounding, tables=dict(confounding.tables) | {"Sensitivity": gone})
    assert "It does not differ from zero at the .05 level" in words(other)
    half = replace(confounding, labels=dict(confounding.labels) | {"q": "0.5"})
    assert "no longer differ from 50% of itself at the .05 level" in words(half)


@pytest.mark.parametrize("plot", [plot_perspectives, plot_confounding])
def test_other_results_are_refused(plot: object, perspectives: ResultView) -> None:
    none = replace(perspectives, kind="lmm")
    with pytest.raises(ArgumentError, match="is of kind 'lmm'"):
        plot(none)  # type: ignore[operator]
