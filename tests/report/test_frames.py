from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import coef_table, frame_table
from alliance_stats.report.tables.coefficients import further_tables


def test_a_tidy_frame_looks_like_the_table(three_level: Any) -> None:
    view = three_level.view()
    order = ["within", "patient_between", "therapist_between", "contextual", ""]
    terms = view.terms.sort_values("effect", key=lambda e: e.map(order.index), kind="stable")
    pd.testing.assert_frame_equal(frame_table(terms).frame, coef_table(view).frame)


def test_the_report_uses_the_same_table(three_level: Any) -> None:
    view = three_level.view()
    for table in further_tables(view):
        own = frame_table(
            view.tables[table.title], title=table.title,
            headings={"sd_alliance": "SD of wai_total", "sd_outcome": "SD of phq9"},
        )  # fmt: skip
        assert repr(own) == repr(table)


def test_effects_make_terms_superfluous(three_level: Any) -> None:
    rows = three_level.view().terms.iloc[1:4].assign(model="as fitted")
    frame = frame_table(rows[["model", *rows.columns[:-1]]]).frame
    assert list(frame.columns) == ["Model", "Effect", "b", "SE", "t", "df", "p", "95% CI"]
    kept = frame_table(rows.assign(effect="indirect")).frame
    assert kept["Term"].tolist() == rows["term"].tolist()


def test_standardised_effects() -> None:
    sizes = pd.DataFrame(
        {
            "effect": ["within", "between"], "unit": ["session", "patient"],
            "estimate": [-0.11, np.nan], "ci_low": [-0.152, np.nan], "ci_high": [-0.066, np.nan],
            "sd_alliance": [5.09, 1.41], "sd_outcome": [4.16, 0.841],
            "points_per_rc": [73.132, np.nan],
        }
    )  # fmt: skip
    assert repr(frame_table(sizes, title="Sizes", notes="Mine.")) == (
        "Sizes\n"
        "Effect            Std. b          95% CI  SD of alliance  SD of outcome  "
        "Points per reliable change\n"
        "Within patients    −0.11  [−0.15, −0.07]            5.09           4.16  "
        "                     73.13\n"
        "Between patients       –               –            1.41           0.84  "
        "                         –\n"
        "Mine.\n"
        "Coefficients in standard deviations (SD) of the same unit, taken as known."
    )


def test_random_effects() -> None:
    rows = [
        ("patient", "(Intercept)", "", 14.679, 3.831, np.nan),
        ("patient", "(Intercept)", "x", 0.030, np.nan, 0.064),
        ("Residual", "", "", 10.498, 3.24, np.nan),
    ]
    columns = ["group", "term", "with_term", "variance", "sd", "correlation"]
    frame = pd.DataFrame(rows, columns=columns)
    assert repr(frame_table(frame)) == (
        "Group     Term              Variance    SD  Correlation\n"
        "patient   Intercept           14.679  3.83            –\n"
        "          Intercept with x     0.030     –          .06\n"
        "Residual                      10.498  3.24            –\n"
        "In a row of two terms, the variance is their covariance."
    )
    alone = frame_table(frame.iloc[[0, 2]])
    assert list(alone.frame.columns) == ["Group", "Term", "Variance", "SD", "Correlation"]
    assert alone.notes == ()


def test_normal_tests_are_z(three_level: Any) -> None:
    table = frame_table(three_level.view().terms.assign(df=np.inf, last="word"))
    assert list(table.frame.columns) == ["Effect", "b", "SE", "z", "p", "95% CI", "Last"]
    assert table.left == (True, False, False, False, False, False, True)


def test_a_wide_frame_is_turned() -> None:
    frame = pd.DataFrame({"variable": ["wai_total", "phq9"]})
    frame = frame.assign(**{f"m_{i}": [1.5, 2.25] for i in range(12)}, icc=[0.5, 0.25])
    table = frame_table(frame)
    assert list(table.frame.columns) == ["Measure", "wai_total", "phq9"]
    assert table.frame.iloc[0].tolist() == ["M 0", "1.50", "2.25"]
    assert table.frame.iloc[-1].tolist() == ["ICC", ".500", ".250"]
    same = frame_table(frame.assign(variable="x")).frame
    assert same.shape == (2, 14)


def test_shares_are_percentages() -> None:
    frame = pd.DataFrame({"share": [0.0138, np.nan], "Share at maximum": [0.05, 0.0], "shape": 0.5})
    table = frame_table(frame)
    assert table.frame.iloc[0].tolist() == ["1.4%", "5.0%", "0.500"]
    assert table.frame.iloc[1].tolist() == ["–", "0.0%", "0.500"]
    assert table.left == (False, False, False)


def test_the_index_is_shown_when_it_says_something() -> None:
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="therapist"))
    assert list(frame_table(frame).frame.columns) == ["Therapist", "N"]
    assert list(frame_table(frame.rename_axis(None)).frame.columns) == ["", "N"]
    assert list(frame_table(frame.reset_index(drop=True).iloc[1:]).frame.columns) == ["N"]


def test_level_and_headings(three_level: Any) -> None:
    terms = three_level.view().terms
    table = frame_table(terms, conf_level=0.9, digits=1, headings={"estimate": "Slope"})
    assert list(table.frame.columns)[:2] == ["Effect", "Slope"]
    assert table.frame.columns[-1] == "90% CI"
    assert table.frame["Slope"].tolist()[0] == "12.4"


def test_the_frame_is_not_changed(three_level: Any) -> None:
    terms = three_level.view().terms
    before = terms.copy()
    frame_table(terms)
    pd.testing.assert_frame_equal(terms, before)
    assert frame_table(terms.head(0)).frame.empty


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"digits": 2.5}, "number of decimals"), ({"conf_level": 95}, "conf_level"),
     ({"frame": 3}, "a int is not a DataFrame"),
     ({"frame": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "one name")],
)  # fmt: skip
def test_arguments_are_checked(changes: dict[str, Any], words: str) -> None:
    given = {"frame": pd.DataFrame({"n": [1]}), **changes}
    with pytest.raises(ArgumentError, match=words):
        frame_table(given.pop("frame"), **given)


def test_names_are_escaped() -> None:
    table = frame_table(pd.DataFrame({"term": ["<b>"]}), title="<i>", notes=["<u>"])
    assert not {"<b>", "<u>"} & set(table.to_html().split('"')) and "&lt;u&gt;" in table.to_html()
    assert "&lt;b&gt;" in table.to_html()
    assert "\\<b\\>" in table.to_markdown()


def test_variances_of_true_effects_are_headed_by_their_symbol() -> None:
    frame = pd.DataFrame({"unit": ["study"], "tau": [0.14], "tau2 (study)": [0.02]})
    assert frame_table(frame).frame.columns.tolist() == ["Unit", "τ", "τ² (study)"]


@pytest.mark.parametrize("name", ["df_rest", "df_residual", "df_denominator"])
def test_a_test_with_degrees_of_freedom_of_the_error_is_f(name: str) -> None:
    frame = pd.DataFrame({"term": ["surface"], "statistic": [2.44], "df": [5], name: [160.9]})
    assert list(frame_table(frame).frame.columns) == ["Term", "F", "df", "df (error)"]


def test_bounded_columns_have_no_zero_before_the_point() -> None:
    rows = pd.DataFrame({"quantity": ["mean"], "estimate": [0.28], "ci_low": [-0.05],
                         "ci_high": [0.5]})  # fmt: skip
    printed = frame_table(rows, bounded=["estimate", "ci_low"]).frame.iloc[0].tolist()
    assert printed == ["mean", ".280", "[−.050, .500]"]
    assert frame_table(rows).frame["Estimate"].tolist() == ["0.280"]


def test_tables_beside_reliability_have_none_but_those_in_points_do() -> None:
    ratings = [[3.0, 3.5], [2.0, 2.5], [4.0, 3.0], [5.0, 4.5], [1.0, 2.0]]
    first, second = zip(*ratings, strict=True)
    agreement = al.reliability.cohen_kappa([1, 2, 1, 2, 2], [1, 2, 2, 2, 1]).view()
    assert further_tables(agreement)[0].frame.iloc[0].tolist() == [".600", ".520", "1"]
    change = further_tables(al.reliability.test_retest(first, second).view())[0].frame
    assert change["95% CI"].str.contains("0.").all() and change["SE"].str.startswith("0.").all()
