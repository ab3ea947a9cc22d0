from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import coef_table, report_text

THREE_LEVEL = [
    "Across 1,987 sessions of 240 patients seen by 24 therapists, sessions with higher wai_total "
    "than the patient's own average went with lower (better) phq9 (b = −0.108, SE = 0.021, "
    "t(187.3) = −5.09, p < .001, 95% CI [−0.150, −0.066]). Patients whose average wai_total was "
    "higher than that of their therapist's other patients had lower (better) phq9 (b = −0.247, "
    "SE = 0.051, t(214.6) = −4.83, p < .001, 95% CI [−0.348, −0.146]). The between-therapist "
    "association of wai_total with phq9 was inconclusive: the data are compatible with effects "
    "from −0.510 to 0.127 (b = −0.191, SE = 0.153, t(21.7) = −1.25, p = .226, 95% CI [−0.510, "
    "0.127]).",
    "The between-patient coefficient lay below the within-patient one (contextual difference: "
    "b = −0.139, SE = 0.056, t(301.2) = −2.50, p = .013, 95% CI [−0.248, −0.029]). Whether the "
    "between-therapist and the between-patient association differ is inconclusive: the data are "
    "compatible with differences from −0.275 to 0.387 (b = 0.056, SE = 0.162, t(28.4) = 0.35, "
    "p = .732, 95% CI [−0.275, 0.387]). In standard deviations of the same unit, taken as known, "
    "the coefficients were −0.12 within patients, 95% CI [−0.17, −0.07]; −0.32 between patients, "
    "95% CI [−0.45, −0.19]; and −0.10 between therapists, 95% CI [−0.28, 0.07].",
    "Sensitivity analysis without time: b = −0.308 within patients, 95% CI [−0.350, −0.266]; "
    "b = −0.447 between patients, 95% CI [−0.548, −0.346]; and b = −0.391 between therapists, "
    "95% CI [−0.710, −0.073] (conclusive only here). Sensitivity analysis with treatment length: "
    "b = −0.018 within patients, 95% CI [−0.060, 0.024] (inconclusive here); b = −0.157 between "
    "patients, 95% CI [−0.258, −0.056]; and b = −0.101 between therapists, 95% CI [−0.420, "
    "0.217].",
    "A linear mixed model of phq9 was fitted by REML; tests used Satterthwaite degrees of "
    "freedom. wai_total was split into the therapist's mean, the patient's deviation from it and "
    "the session's deviation from the patient's mean. Time since the patient's first session "
    "entered as a linear term. 41 of 2,028 rows were not used. These are associations; the model "
    "alone does not show what causes what.",
]


def test_three_levels(three_level: Any) -> None:
    assert report_text(three_level).split("\n\n") == THREE_LEVEL


def test_a_null_result_is_inconclusive(null_result: Any) -> None:
    text = report_text(null_result)
    assert text.startswith(
        "Across 1,987 sessions of 240 patients, the within-patient association of wai_total with "
        "phq9 was inconclusive: the data are compatible with effects from −0.028 to 0.056 "
        "(b = 0.014, SE = 0.021, t(187.3) = 0.66, p = .509, 95% CI [−0.028, 0.056])."
    )
    assert "no effect" not in text
    assert "Sensitivity" not in text


def test_only_an_association_is_claimed(three_level: Any, null_result: Any) -> None:
    for result in (three_level, null_result):
        text = report_text(result).lower()
        for word in ("predict", "caused", "leads to", "improve", "signific", "influence"):
            assert word not in text


@pytest.mark.parametrize(
    ("better", "words"), [("lower", "lower (better)"), ("higher", "lower (worse)"), ("", "lower")]
)
def test_better_needs_a_direction(two_level: Any, better: str, words: str) -> None:
    view = two_level.view()
    text = report_text(replace(view, labels={**view.labels, "outcome_better": better}))
    assert f"went with {words} phq9" in text
    if not better:
        assert "better" not in text
        assert "worse" not in text


def test_a_singular_fit_and_one_that_did_not_converge(singular: Any) -> None:
    assert "The fit was singular: a variance or a correlation" in report_text(singular)
    view = singular.view()
    text = report_text(replace(view, fit=view.fit.assign(converged=False)))
    assert "The fit did not converge: the numbers are not to be interpreted." in text


def test_missing_parts_are_left_out(two_level: Any) -> None:
    view = two_level.view()
    bare = replace(
        view, fit=view.fit.iloc[:, :0], levels=view.levels.head(0), labels={}, tables={}, notes=()
    )
    text = report_text(bare)
    assert text.startswith("Sessions with higher alliance than the patient's own average went with")
    assert "None" not in text
    assert "nan" not in text


def test_an_estimate_without_an_interval_concludes_nothing(two_level: Any) -> None:
    view = two_level.view()
    nothing = dict.fromkeys(("se", "statistic", "df", "p_value", "ci_low", "ci_high"), np.nan)
    text = report_text(replace(view, terms=view.terms.assign(**nothing), tables={}))
    assert "association of wai_total with phq9 has no interval, so nothing is concluded" in text
    lost = view.terms.assign(**nothing, estimate=np.nan)
    assert "could not be estimated" in report_text(replace(view, terms=lost, tables={}))


def test_an_opposite_sign_is_named(two_level: Any) -> None:
    view = two_level.view()
    rows = view.tables["Sensitivity"].copy()
    flipped = (rows["model"] == "without time") & (rows["effect"] == "within")
    rows.loc[flipped, ["estimate", "ci_low", "ci_high"]] = [0.2, 0.1, 0.3]
    text = report_text(replace(view, tables={"Sensitivity": rows}))
    assert "b = 0.200 within patients, 95% CI [0.100, 0.300] (of the opposite sign)" in text


def test_text_and_table_show_the_same_numbers(three_level: Any) -> None:
    text = report_text(three_level)
    for _, row in coef_table(three_level).frame.head(5).iterrows():
        assert f"b = {row['b']}, SE = {row['SE']}, t({row['df']}) = {row['t']}" in text
        assert row["95% CI"] in text


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("none", "Time was not in the model."),
        ("log", "as a logarithmic term"),
        ("factor", "one level for each session"),
        ("patient", "whose slope varied over patients"),
        ("unheard", ""),
    ],
)
def test_time_in_words(two_level: Any, time: str, words: str) -> None:
    view = two_level.view()
    text = report_text(replace(view, labels={**view.labels, "time": time}))
    assert words in text
    assert "unheard" not in text


def test_a_name_cannot_break_the_line(with_names: Any) -> None:
    text = report_text(with_names("a\n\n# b {x} {0} %s"))
    assert "sessions with higher a # b {x} {0} %s than" in text


def test_sessions(sessions: Any) -> None:
    assert report_text(sessions) == (
        "Of 2,028 rows read from a.csv, 1,987 were kept: 1,987 sessions of 240 patients. "
        "41 rows were dropped. Missing values: wai_total 38 (1.9%)."
    )


def test_sessions_dropped_by_reason(sessions: Any) -> None:
    view = sessions.view()
    reasons = pd.DataFrame({"reason": ["patient missing", "session missing"], "rows": [40, 1]})
    dropped = replace(view, tables={**view.tables, "Dropped rows": reasons})
    assert "41 rows were dropped (patient missing: 40, session missing: 1)." in report_text(dropped)
    whole = report_text(replace(view, fit=view.fit.assign(rows_kept=2028)))
    assert whole.startswith("All 2,028 rows read from a.csv were kept: 1,987 sessions of")
    unread = replace(view, fit=pd.DataFrame(), tables={})
    assert report_text(unread) == "The data hold 1,987 sessions of 240 patients."


def test_levels(levels: Any) -> None:
    assert report_text(levels).split("\n\n") == [
        "The data hold 2,180 sessions of 240 patients seen by 24 therapists. Sessions per patient: "
        "median 8, from 1 to 23 (middle half 5 to 13.5).",
        "Of the variance of wai_total, 1.5% lay between therapists, 62.9% between patients and "
        "35.6% within patients. The variance of phq9 could not be split by unit. Missing ratings: "
        "wai_total 30 (1.4%).",
    ]
    words = {"q1": "Lower quartile", "q3": "Upper quartile", "min": "Minimum", "max": "Maximum"}
    headed = {
        title: frame.rename(columns={**{n: n.capitalize() for n in frame}, "icc": "ICC", **words})
        for title, frame in levels.view().tables.items()
    }
    assert report_text(replace(levels.view(), tables=headed)) == report_text(levels)
    bare = replace(levels.view(), tables={})
    assert (
        report_text(bare) == "The data hold 2,180 sessions of 240 patients seen by 24 therapists."
    )


def test_a_failed_fit_is_said_first(two_level: Any, lmm: Any) -> None:
    for view in (two_level.view(), lmm.view()):
        failed = replace(view, fit=view.fit.assign(converged=False, singular=True, n_dropped=1))
        text = report_text(failed)
        first = "The fit did not converge: the numbers are not to be interpreted."
        assert text.split("\n\n")[0] == first
        assert "1 of" in text and "row" in text and "was not used." in text
        assert "The fit was singular" in text


def test_the_text_shows_itself_as_paragraphs(three_level: Any, two_level: Any) -> None:
    text = report_text({"<First>": three_level, "Second": two_level})
    assert isinstance(text, str)
    assert str(text) == "\n\n".join(text.split("\n\n"))
    page = text._repr_html_()
    assert page.startswith("<p><b>&lt;First&gt;</b><br>Across 1,987 sessions")
    assert page.count("<p>") == page.count("</p>") == 8
    assert "<i>b</i>&nbsp;=&nbsp;−0.108" in page
    assert repr(text) == text.wrapped()
    assert max(map(len, repr(text).splitlines())) <= 88
    assert " ".join(text.wrapped(40).split()) == " ".join(text.split())
    assert not any(line.endswith((" =", "CI")) for line in text.wrapped(50).splitlines())
    assert "\xa0" not in text.wrapped()


def test_titles_of_a_mapping(lmm: Any, sessions: Any) -> None:
    first, second = report_text({"Model": lmm, "File": sessions}).split("\n\n")
    assert first.startswith("Model\nThe model")
    assert second.startswith("File\nOf 2,028")


def test_a_mixed_model(lmm: Any) -> None:
    assert report_text(lmm) == (
        "The model y ~ time + (1 | Subject) was fitted by REML: 18 Subjects. Intercept: "
        "b = 12.432, SE = 0.412, z = 30.17, p < .001, 95% CI [11.579, 13.285]. Time: b = −0.311, "
        "SE = 0.019, z = −16.64, p < .001, 95% CI [−0.348, −0.275]. Tests used the normal "
        "distribution."
    )


def test_several_results_have_titles(lmm: Any, sessions: Any) -> None:
    first, second = report_text([lmm, sessions]).split("\n\n")
    assert first.startswith("Mixed model\nThe model")
    assert second.startswith("Sessions read from a.csv\nOf 2,028")


def test_only_results_are_accepted() -> None:
    with pytest.raises(ArgumentError, match=r"a int has no view\(\)"):
        report_text(3)  # type: ignore[arg-type]
