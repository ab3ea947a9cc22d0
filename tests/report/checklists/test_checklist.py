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


def test_sections_stand_in_the_order_of_the_standards() -> None:
    for items in (JARS, MARS):
        parts = list(dict.fromkeys(section.split(":")[0] for section, _, _ in items))
        assert parts == [
            "Title page", "Abstract", "Introduction", "Method", "Results", "Discussion", "Openness",
        ]  # fmt: skip
        sections = [section for section, _, _ in items]
        starts = [sections.index(name) for name in dict.fromkeys(sections)]
        assert starts == sorted(starts)
        changes = zip(sections, ["", *sections[:-1]], strict=True)
        assert len(set(sections)) == sum(now != before for now, before in changes)


def test_what_only_authors_know_has_no_answer() -> None:
    named = {item: name for _, item, name in (*JARS, *MARS)}
    known = ("hypotheses, conditions", "consent", "Adverse", "protocol", "Search terms", "funding")
    for word in known:
        assert not any(name for item, name in named.items() if word in item)


def test_centring_and_timing_are_filled_in(three_level: Any) -> None:
    view = three_level.view()
    view = replace(
        view,
        notes=("wai centred within patients; few patients have more.", "Other things."),
        labels={**view.labels, "rated": "phq9 is rated before the session and wai after it"},
    )
    found = entries(reporting_checklist(view))
    model = found["Statistical model, centring and levels"]
    assert "wai centred within patients" in model
    assert "Other things" not in model
    (timing,) = (entry for item, entry in found.items() if "when in the session" in item)
    assert timing == "phq9 is rated before the session and wai after it."


def test_a_meta_analysis_fills_its_own_items() -> None:
    none = pd.DataFrame()
    fit = pd.DataFrame({"method": ["PM"], "tau2": [0.04], "i2": [0.61]})
    labels = {"model": "random-effects", "measure_words": "Fisher's z", "test_words": "z tests"}
    pooled = ResultView("meta", "Pooled", none, fit, None, none, labels=labels)
    dependent = ResultView(
        "meta_multilevel", "Several", none, pd.DataFrame({"rho": [0.6]}), None, none,
        labels={"random": "study/effect"},
    )  # fmt: skip
    egger = ResultView("meta_egger", "Egger regression", none, none, None, none)
    found = entries(reporting_checklist([pooled, dependent, egger]))
    assert found["Dependent effects of one study and how they were treated"] == (
        "Random effects of study/effect. Sampling errors of effects of one study were taken to "
        "correlate .6."
    )
    assert "Paule and Mandel" in found["Tests and intervals"]
    assert found["How publication bias and selective reporting were examined"] == (
        "Reported: Egger regression."
    )
    assert found["Adverse and harmful effects in the studies"] == FOR_THE_AUTHOR


def test_the_rule_for_missing_values_stands_apart_from_their_number(three_level: Any) -> None:
    found = entries(reporting_checklist(three_level))
    rule = found["Rule for missing values in analyses"]
    assert rule.startswith("Rows with a missing value in a variable of the model were left out")
    assert "41 of" not in rule
