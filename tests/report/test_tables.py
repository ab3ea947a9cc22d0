from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import coef_table
from alliance_stats.report.tables.coefficients import fit_table, further_tables

THREE_LEVEL = """\
wai_total and phq9, within and between patients
Effect                                 b     SE       t      df       p            95% CI
Within patients                   −0.108  0.021   −5.09   187.3  < .001  [−0.150, −0.066]
Between patients                  −0.247  0.051   −4.83   214.6  < .001  [−0.348, −0.146]
Between therapists                −0.191  0.153   −1.25    21.7    .226   [−0.510, 0.127]
Contextual (patient − session)    −0.139  0.056   −2.50   301.2    .013  [−0.248, −0.029]
Contextual (therapist − patient)   0.056  0.162    0.35    28.4    .732   [−0.275, 0.387]
Intercept                         12.432  0.412   30.17    22.4  < .001  [11.579, 13.285]
Time                              −0.311  0.019  −16.64  1710.5  < .001  [−0.348, −0.275]
b = unstandardised coefficient; 1,987 sessions of 240 patients seen by 24 therapists;
REML estimation; tests with Satterthwaite degrees of freedom; contextual = difference
between the coefficients of the two units.
Patient means use all observed ratings of the patient.
41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3)."""
DROPPED = "41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3)."
FAILED = "The fit did not converge: the numbers are not to be interpreted."


def test_three_levels_as_text(three_level: Any) -> None:
    assert repr(coef_table(three_level)) == THREE_LEVEL


def test_two_levels_name_patients_only(two_level: Any) -> None:
    effects = coef_table(two_level).frame["Effect"].tolist()
    assert effects == [
        "Within patients", "Between patients", "Contextual (patient − session)", "Intercept",
        "Time",
    ]  # fmt: skip


def test_digits_are_those_asked_for(two_level: Any) -> None:
    row = coef_table(two_level, digits=2).frame.iloc[0].tolist()
    assert row == ["Within patients", "−0.11", "0.02", "−5.09", "187.3", "< .001", "[−0.15, −0.07]"]


@pytest.mark.parametrize("digits", [-1, 11, 2.0, True, "2"])
def test_digits_are_checked(two_level: Any, digits: Any) -> None:
    with pytest.raises(ArgumentError, match="number of decimals"):
        coef_table(two_level, digits=digits)


def test_normal_tests_are_z(lmm: Any) -> None:
    table = coef_table(lmm)
    assert list(table.frame.columns) == ["Term", "b", "SE", "z", "p", "95% CI"]
    assert table.frame["Term"].tolist() == ["Intercept", "Time"]
    assert table.notes[0].endswith(
        "18 Subjects; REML estimation; tests with the normal distribution."
    )


def test_several_results_stand_below_each_other(two_level: Any, lmm: Any) -> None:
    table = coef_table([two_level, two_level])
    title = "wai_total and phq9, within and between patients"
    assert table.frame["Model"].unique().tolist() == [f"{title} (1)", f"{title} (2)"]
    assert repr(table).count(f"{title} (1)") == 1
    mixed = coef_table([two_level, lmm]).frame
    assert mixed["t"].notna().all()
    assert mixed["Effect"].notna().all()


def test_messages_stand_below_the_notes(three_level: Any) -> None:
    table = coef_table(three_level)
    assert table.messages == (DROPPED,)
    assert repr(table).endswith(DROPPED)
    assert table.to_html().endswith(f'<p class="note">{DROPPED}</p>')
    assert table.to_markdown().endswith(f"\n\n{DROPPED}")
    assert table.warning == ""


def test_a_failed_fit_is_named_in_the_first_line(three_level: Any) -> None:
    view = three_level.view()
    table = coef_table(replace(view, fit=view.fit.assign(converged=False)))
    assert repr(table).splitlines()[9] == FAILED
    assert f'</table>\n<p class="note"><b>{FAILED}</b></p>' in table.to_html()
    assert f" |\n\n**{FAILED}**\n\n*Note.* *b* =" in table.to_markdown()


def test_notes_are_wrapped_in_a_console_only(three_level: Any) -> None:
    view = replace(three_level.view(), messages=("word " * 60,))
    table = coef_table(view)
    assert max(map(len, repr(table).splitlines()[9:])) <= 88
    assert len(table.messages[0]) == 299
    assert table.messages[0] in table.to_html()
    assert table.messages[0] in table.to_markdown()


def test_a_mapping_gives_the_titles(two_level: Any, three_level: Any) -> None:
    table = coef_table({"All\npatients": three_level, "Without therapists": two_level})
    assert table.frame["Model"].unique().tolist() == ["All patients", "Without therapists"]
    assert coef_table({"Mine": two_level}).title == "Mine"
    assert table.notes == (
        "b = unstandardised coefficient; contextual = difference between the coefficients of the "
        "two units.",
        "REML estimation; tests with Satterthwaite degrees of freedom.",
        "Patient means use all observed ratings of the patient.",
        "All patients: 1,987 sessions of 240 patients seen by 24 therapists.",
        "Without therapists: 1,987 sessions of 240 patients.",
    )
    assert table.messages == (DROPPED,)
    view = two_level.view()
    broken = replace(view, fit=view.fit.assign(converged=False), messages=("A.",))
    table = coef_table({"One": two_level, "Two": broken})
    assert table.warning == f"Two: {FAILED}"
    assert table.messages == (f"One: {DROPPED}", "Two: A.")


@pytest.mark.parametrize(
    ("given", "words"),
    [({}, "mapping of results is empty"), ({1: None}, "title 1 of the mapping is not text"),
     ({"a": 3}, "result 1 is a int"), (pd.DataFrame(), "Use report.frame_table")],
)  # fmt: skip
def test_mappings_are_checked(given: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        coef_table(given)


def test_the_view_is_not_changed(two_level: Any) -> None:
    before = two_level.view().terms.copy()
    coef_table(two_level)
    further_tables(two_level.view())
    pd.testing.assert_frame_equal(two_level.view().terms, before)


def test_a_table_is_frozen(two_level: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        coef_table(two_level).title = "x"  # type: ignore[misc]


def test_missing_numbers_are_dashes(two_level: Any) -> None:
    terms = two_level.view().terms.assign(df=np.nan, statistic=np.nan, p_value=np.nan)
    row = coef_table(replace(two_level.view(), terms=terms)).frame.iloc[0].tolist()
    assert row[3:6] == ["–", "–", "–"]


def test_names_are_escaped_by_target(with_names: Any) -> None:
    table = coef_table(with_names("<script>alert(1)</script>"))
    assert "<script" not in table.to_html()
    assert "&lt;script&gt;" in table.to_html()
    assert table._repr_html_() == table.to_html()
    markdown = coef_table(with_names("a|b`c`")).to_markdown()
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}
    assert "| a\\|b\\`c\\` |" in markdown


@pytest.mark.parametrize("given", [[], (), 3, None, [3], "text", np.ones(3), [np.ones(3)], int])
def test_only_results_are_accepted(given: Any) -> None:
    with pytest.raises(ArgumentError, match="Give"):
        coef_table(given)


def test_a_result_without_coefficients_is_refused(sessions: Any, two_level: Any) -> None:
    with pytest.raises(ArgumentError, match=r"result 2 \(kind 'sessions'\) has no coefficients"):
        coef_table([two_level, sessions])


def test_confidence_levels_must_agree(two_level: Any) -> None:
    with pytest.raises(ArgumentError, match=r"different confidence levels: 0\.9, 0\.95"):
        coef_table([two_level, replace(two_level.view(), conf_level=0.9)])
    table = coef_table(replace(two_level.view(), conf_level=0.9))
    assert table.frame.columns[-1] == "90% CI"


def test_further_tables(three_level: Any) -> None:
    random, standard, sensitivity = further_tables(three_level.view())
    assert repr(random) == (
        "Random effects\n"
        "Group      Term                 SD  Variance  Correlation\n"
        "patient    Intercept         3.212    10.317            –\n"
        "           wai_total_within  0.081     0.007          .21\n"
        "therapist  Intercept         0.954     0.910            –\n"
        "residual                     2.477     6.136            –"
    )
    assert standard.frame.iloc[0].tolist() == [
        "Within patients", "−0.12", "[−0.17, −0.07]", "5.11", "4.58",
    ]  # fmt: skip
    assert list(standard.frame.columns) == [
        "Effect", "Std. b", "95% CI", "SD of wai_total", "SD of phq9",
    ]  # fmt: skip
    assert sensitivity.frame["Model"].nunique() == 3
    assert sensitivity.frame.iloc[0]["b"] == coef_table(three_level).frame.iloc[0]["b"]


def test_fit_table(three_level: Any, sessions: Any) -> None:
    fit = fit_table(three_level.view())
    assert fit is not None
    assert dict(fit.frame.to_numpy()) == {
        "Observations": "1,987", "Rows not used": "41", "Log-likelihood": "−5,012.3",
        "AIC": "10,044.7", "BIC": "10,100.6", "BIC (N = patients)": "10,079.5", "Converged": "yes",
        "Singular": "no", "Estimation": "REML",
    }  # fmt: skip
    summary = fit_table(sessions.view())
    assert summary is not None
    assert summary.title == "Summary"
    assert fit_table(replace(sessions.view(), fit=pd.DataFrame())) is None
