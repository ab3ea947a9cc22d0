"""Sentences about reliability say the numbers of the view and call no coefficient b."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

import alliance_stats as al
from alliance_stats._base.views import ResultView
from alliance_stats.report import check_statistics, coef_table, report_text
from alliance_stats.report.tables.coefficients import fit_table


def view(kind: str, rows: list[tuple[str, float]]) -> ResultView:
    terms = pd.DataFrame(rows, columns=["term", "estimate"])
    terms = terms.assign(se=0.021, ci_low=terms["estimate"] - 0.1, ci_high=terms["estimate"] + 0.05)
    levels = pd.DataFrame({"unit": ["patient", "item"], "n": [40, 1]})
    return ResultView(kind, "Reliability of wai", terms, pd.DataFrame(), None, levels)


def test_every_coefficient_with_its_interval() -> None:
    text = report_text(view("g_study", [("G", 0.8), ("Phi", 0.7)]))
    assert text == (
        "Reliability of wai (40 patients, 1 item). G = 0.800, 95% CI [0.700, 0.850]. "
        "Phi = 0.700, 95% CI [0.600, 0.750]."
    )
    assert "b =" not in report_text(view("multilevel_reliability", [("RC", 0.5)]))


def test_a_decision_study_is_told_by_its_ends() -> None:
    rows = [("G (1 session)", 0.5), ("Phi (1 session)", 0.4), ("G (2 sessions)", 0.6)]
    text = report_text(view("d_study", [*rows, ("Phi (2 sessions)", 0.5), ("G (3 sessions)", 0.7)]))
    assert "G (1 session) = 0.500" in text
    assert "G (3 sessions) = 0.700" in text
    assert "G (2 sessions)" not in text
    assert text.count("Phi") == 2


def bounded_view(**columns: object) -> ResultView:
    terms = pd.DataFrame({"term": ["ICC(1)"], "estimate": [0.6489], "ci_low": [0.5216],
                          "ci_high": [0.7577], **columns})  # fmt: skip
    levels = pd.DataFrame({"unit": ["rating"], "n": [180]})
    labels = {"estimate": "Estimate", "statistic": "F", "bounded": "yes"}
    return ResultView("icc", "Agreement", terms, pd.DataFrame(), None, levels, labels=labels)


def test_bounded_coefficients_have_two_decimals_and_no_zero() -> None:
    view = bounded_view(statistic=6.557, df=59.0, df_denominator=120.0, p_value=1e-9)
    text = report_text(view)
    assert text == (
        "Agreement (180 ratings). ICC(1) = .65, 95% CI [.52, .76], F(59, 120) = 6.56, p < .001."
    )
    cells = coef_table(view).frame.iloc[0]
    assert cells.tolist() == ["ICC(1)", ".65", "6.56", "59, 120", "< .001", "[.52, .76]"]
    assert check_statistics(text).ok


def test_three_decimals_where_two_would_show_one_or_a_standard_error_of_zero() -> None:
    assert "ICC(1) = .998" in report_text(bounded_view(estimate=[0.9981], ci_high=[0.999]))
    assert coef_table(bounded_view(se=[0.0031])).frame["SE"].tolist() == [".003"]


def test_items_are_told_by_their_ends() -> None:
    rows = pd.DataFrame({"term": ["a", "b", "c"], "estimate": [0.5, 0.31, 0.62]})
    view = ResultView("items", "Items", rows, pd.DataFrame(), None, pd.DataFrame())
    assert "went from .31 (b) to .62 (c)." in report_text(view)


def test_values_in_points_keep_their_zero() -> None:
    limits = al.reliability.bland_altman([5.2, 6.1, 4.7, 7.0], [5.0, 5.5, 4.9, 6.4])
    assert "bias = 0.30, 95% CI" in report_text(limits)


def test_a_summary_that_holds_counts_only_is_no_table() -> None:
    counts = pd.DataFrame({"n_ratings": [180], "n_dropped": [0], "conf_level": [0.95]})
    assert fit_table(replace(bounded_view(), fit=counts)) is None
    assert fit_table(replace(bounded_view(), fit=counts.assign(method="REML"))) is not None
