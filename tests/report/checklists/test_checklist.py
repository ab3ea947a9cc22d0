from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import reporting_checklist
from alliance_stats.report.checklists.answers import ANSWERS
from alliance_stats.report.checklists.checklist import FOR_THE_AUTHOR
from alliance_stats.report.checklists.items import JARS, MARS


def entries(table: Any) -> dict[str, str]:
    return dict(zip(table.frame["Item"], table.frame["Entry"], strict=True))


def test_what_is_known_is_filled_in(three_level: Any) -> None:
    found = entries(reporting_checklist(three_level))
    assert "1,987 sessions of 240" in found["Number of units analysed at each level"]
    assert "41 of 2,028 sessions" in found["Missing values: how many, why, and how treated"]
    assert found["Variance components"] == "Reported: Random effects."
    assert found["Estimates with standard errors and confidence intervals"] == (
        "Reported with 95% intervals."
    )
    assert "none is singular" in found["Convergence, singular fits and violated assumptions"]


def test_what_is_not_known_is_left_to_the_author(three_level: Any) -> None:
    found = entries(reporting_checklist(three_level))
    for item in ("Hypotheses, which of them were set before the data were seen",
                 "Intended size, its reason, power, and any stopping rule"):  # fmt: skip
        assert found[item] == FOR_THE_AUTHOR
    none = pd.DataFrame()
    bare = reporting_checklist(ResultView("", "", none, none, None, none))
    filled = [entry for entry in bare.frame["Entry"] if entry != FOR_THE_AUTHOR]
    assert len(filled) == 2  # the kind of analysis, and the software


def test_a_singular_fit_is_not_called_fine(singular: Any, two_level: Any) -> None:
    item = "Convergence, singular fits and violated assumptions"
    assert "a fit is singular" in entries(reporting_checklist(singular))[item]
    view = replace(two_level.view(), messages=("Model 2: Singular fit at 'x': zero.",))
    assert "a fit is singular" in entries(reporting_checklist(view))[item]


def test_the_standard_follows_the_results(three_level: Any) -> None:
    none = pd.DataFrame()
    fit = pd.DataFrame({"tau2": [0.04], "i2": [0.61]})
    view = ResultView("meta", "Pooled", none, fit, None, none)
    table = reporting_checklist(view)
    assert "MARS" in table.title
    assert entries(table)["Q, τ², I² and their intervals"] == "Pooled: τ² = 0.040, I² = 61.0%."
    assert "JARS" in reporting_checklist([view, three_level]).title
    assert "JARS" in reporting_checklist(view, standard="jars").title
    with pytest.raises(ArgumentError, match="standard='x' is not known"):
        reporting_checklist(view, standard="x")  # type: ignore[arg-type]


def test_every_answer_is_asked_for_and_known() -> None:
    asked = {name for _, _, name in (*JARS, *MARS) if name}
    assert asked == set(ANSWERS)
    assert len({item for _, item, _ in JARS}) == len(JARS)
    assert len({item for _, item, _ in MARS}) == len(MARS)


def test_it_is_saved_as_a_word_file(three_level: Any, tmp_path: Path) -> None:
    path = reporting_checklist(three_level).save(tmp_path / "checklist.docx")
    assert path.stat().st_size > 5_000
