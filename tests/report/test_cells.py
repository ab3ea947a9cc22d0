from __future__ import annotations

import pandas as pd
import pytest

from alliance_stats.report import frame_table
from alliance_stats.report.tables.cells import without_exponents
from alliance_stats.report.wording.words import as_heading, term_words


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("1.2e-04", "0.0001"),
        ("−2.7e-04", "−0.0003"),
        ("4.0e-05", "< 0.0001"),
        ("−4.0e-05", "> −0.0001"),
        ("1.2e+08", "1.2e+08"),
        ("wai_1e-04", "wai_1e-04"),
    ],
)
def test_no_exponents_are_printed(cell: str, shown: str) -> None:
    assert without_exponents(pd.DataFrame({"a": [cell]})).iloc[0, 0] == shown


def test_every_p_value_is_in_apa_style() -> None:
    frame = pd.DataFrame(
        {"comparison": ["a vs b", "a vs c"], "p_difference": [0.888, 0.0002], "p_low": ["x", "y"]}
    )
    cells = frame_table(frame).frame
    assert cells["p (difference)"].tolist() == [".888", "< .001"]


def test_a_test_with_two_degrees_of_freedom_is_an_f_test() -> None:
    for name in ("df_rest", "df_residual", "df_denominator"):
        frame = pd.DataFrame({"term": ["a"], "statistic": [2.4], "df": [5.0], name: [160.9]})
        assert "F" in frame_table(frame).frame.columns
        assert "t" not in frame_table(frame).frame.columns


def test_the_ends_of_a_prediction_interval_stand_together() -> None:
    frame = pd.DataFrame(
        {
            "estimate": [-0.202], "se": [0.049], "ci_low": [-0.302], "ci_high": [-0.102],
            "pi_low": [-0.678], "pi_high": [0.274], "k": ["a"],
        }
    )  # fmt: skip
    table = frame_table(frame, conf_level=0.9)
    assert table.frame["90% PI"].tolist() == ["[−0.678, 0.274]"]
    assert table.frame.columns[-1] == "k"
    assert table.left == (False, False, False, False, True)


def test_one_row_of_many_columns_stands_upright() -> None:
    frame = pd.DataFrame({f"n_{k}": [k] for k in range(12)})
    table = frame_table(frame)
    assert table.frame.shape == (12, 2)
    assert table.left == (True, False)


def test_what_is_no_coefficient_is_not_called_b() -> None:
    ends = {"estimate": [0.3], "ci_low": [0.2], "ci_high": [0.4]}
    assert "Estimate" in frame_table(pd.DataFrame({"kind": ["sd"], **ends})).frame.columns
    assert "b" in frame_table(pd.DataFrame({"effect": ["within"], **ends})).frame.columns
    rated = pd.DataFrame(
        {"effect": ["within"], "perspective": "p", "with_perspective": "t", **ends}
    )
    assert "r" in frame_table(rated).frame.columns
    sized = pd.DataFrame({"effect": ["within"], **ends, "sd_truth": [1.2]})
    assert "Std. b" in frame_table(sized).frame.columns


def test_normal_tests_are_called_z_where_some_rows_have_none() -> None:
    frame = pd.DataFrame(
        {"term": ["a", "b"], "statistic": [2.1, float("nan")], "df": [float("inf"), float("nan")]}
    )
    assert frame_table(frame).frame.columns.tolist() == ["Term", "z"]
    empty = frame.assign(df=float("nan"))
    assert "t" in frame_table(empty).frame.columns


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("sd_rating", "SD rating"), ("icc_before", "ICC before"), ("r2_within", "R² within"),
        ("sem_relative", "SEM relative"), ("mean_r2", "Mean R²"), ("wai_total", "Wai total"),
        ("SD of wai_sd", "SD of wai_sd"), ("rho", "ρ"), ("dropout", "Dropout"),
    ],
)  # fmt: skip
def test_abbreviations_in_headings(name: str, heading: str) -> None:
    assert as_heading(name) == heading


def test_codes_are_in_words_and_ratios_are_told_from_their_kinds() -> None:
    frame = pd.DataFrame({"measure": ["share_repaired", "wai"], "ratio": [0.8, 1.1]})
    table = frame_table(frame)
    assert table.frame.columns.tolist() == ["Measure", "Ratio"]
    assert table.frame["Measure"].tolist() == ["share repaired", "wai"]
    kinds = pd.DataFrame({"ratio": ["hazard ratio"], "estimate": [0.9]})
    assert frame_table(kinds).frame.columns.tolist() == ["Kind of ratio", "Ratio"]


def test_covariances_are_named_in_words() -> None:
    assert term_words("stable_a ~~ stable_a") == "Variance of stable_a"
    assert term_words("stable_a ~~ stable_b") == "stable_a with stable_b"
