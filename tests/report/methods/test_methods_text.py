from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import methods_text
from alliance_stats.report.methods.kinds import SENTENCES, model_sentence
from alliance_stats.report.prose import ReportText


def test_the_paragraph_says_what_the_result_holds(three_level: Any) -> None:
    text = methods_text(three_level)
    assert isinstance(text, ReportText)
    assert "\n" not in text
    for words in (
        "the session's deviation from the patient's mean, the patient's mean and the therapist's",
        "The analysis rests on 1,987 sessions of 240 patients seen by 24 therapists.",
        "Patient means use all observed ratings of the patient.",
        "Formula: phq9 ~ wai_total_within",
        "Estimation was by REML; tests and 95% confidence intervals used Satterthwaite degrees",
        "41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3).",
        "which assumes that values are missing at random given these.",
        "Analyses used alliance_stats 0.", "(Baldwin et al., 2007; Bates et al., 2015;",
    ):  # fmt: skip
        assert words in text


def test_two_levels_have_no_therapists(two_level: Any) -> None:
    text = methods_text(two_level)
    assert "deviation from the patient's mean and the patient's mean, each" in text
    assert "therapist's mean" not in text


def test_no_number_of_the_results_is_in_the_methods(three_level: Any) -> None:
    text = methods_text(three_level)
    assert "−0.108" not in text
    assert "p <" not in text


def test_notes_on_calls_are_left_out(two_level: Any) -> None:
    notes = (
        "Only 24 therapists: few. tidy(ddf='kenward-roger') is stricter there.",
        "Give rng=1, say. Means are means of patients.",
        "Order: a of session t -> b of session t + 1.",
    )
    text = methods_text(replace(two_level.view(), notes=notes))
    assert "tidy(" not in text
    assert "rng=1" not in text
    assert "Means are means of patients." in text
    assert "a of session t → b of session t + 1." in text


def test_a_failed_and_a_singular_fit_are_said(two_level: Any, singular: Any) -> None:
    assert "The fit was singular" in methods_text(singular)
    view = two_level.view()
    failed = replace(view, fit=view.fit.assign(converged=False))
    assert "The fit did not converge" in methods_text(failed)
    part = replace(view, messages=("Model 2: Singular fit at 'x': a variance is 0. Read on.",))
    assert "Model 2: Singular fit at 'x': a variance is 0." in methods_text(part)
    assert "Read on." not in methods_text(part)


def test_rows_not_used_are_counted_without_a_message(two_level: Any) -> None:
    text = methods_text(replace(two_level.view(), messages=()))
    assert "41 of 2,028 rows were not used." in text
    whole = replace(two_level.view(), messages=(), fit=two_level.view().fit.assign(n_dropped=0))
    assert "missing" not in methods_text(whole)


def test_several_results_share_the_software(two_level: Any, three_level: Any) -> None:
    text = methods_text({"First": two_level, "Second": three_level})
    assert text.count("Analyses used") == 1
    assert text.startswith("First\n")
    assert text.split("\n\n")[-1].startswith("Analyses used alliance_stats")


@pytest.mark.parametrize("kind", [*SENTENCES, "", "unheard_of"])
def test_every_kind_has_a_sentence_without_any_label(kind: str) -> None:
    none = pd.DataFrame()
    sentence = model_sentence(ResultView(kind, "A title", none, none, None, none))
    assert sentence.endswith(".")
    assert "  " not in sentence
    assert methods_text(ResultView(kind, "A title", none, none, None, none)).endswith(".")


def test_there_must_be_a_result() -> None:
    with pytest.raises(ArgumentError, match="list of results is empty"):
        methods_text([])
