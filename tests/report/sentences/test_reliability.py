"""Sentences about reliability say the numbers of the view and call no coefficient b."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report import report_text


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
