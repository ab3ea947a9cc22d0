from __future__ import annotations

import doctest
import math

import pandas as pd
import pytest

from alliance_stats._base import printing
from alliance_stats._base.printing import (
    MINUS,
    decimals_for,
    escape_html,
    escape_markdown,
    format_df,
    format_fixed,
    format_interval,
    format_number,
    format_p,
    frame_html,
    frame_text,
    print_frame,
)

TIDY = pd.DataFrame(
    {
        "term": ["(Intercept)", "x"],
        "estimate": [12.4321, -0.1084],
        "se": [0.412, 0.0213],
        "statistic": [30.17, -5.089],
        "df": [22.4, math.inf],
        "p_value": [1e-20, 0.0342],
        "ci_low": [11.579, -0.1504],
        "ci_high": [13.285, -0.0664],
    }
)


def test_examples_are_true() -> None:
    assert doctest.testmod(printing).failed == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9996, "1.000"), (-0.0, "0.000"), (100.04, "100.0"), (12345678.9, "1.2e+07"),
        (math.inf, "∞"), (-math.inf, "-∞"), (7, "7"), (None, ""), (pd.NA, ""), ("a", "a"),
        (False, "no"),
    ],
)  # fmt: skip
def test_numbers(value: object, shown: str) -> None:
    assert format_number(value) == shown


def test_a_real_minus_on_request() -> None:
    assert format_number(-0.5, minus=MINUS) == "−0.500"
    assert format_number(-3, minus=MINUS) == "−3"
    assert format_number(-math.inf, minus=MINUS) == "−∞"
    assert format_interval(-1.0, 2.0, 1, minus=MINUS) == "[−1.0, 2.0]"


def test_rounding_to_zero_loses_its_sign() -> None:
    assert format_fixed(-0.0004, 3) == "0.000"
    assert format_fixed(-0.0006, 3) == "-0.001"


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.001, ".001"), (0.00099, "< .001"), (0.0, "< .001"), (0.9994, ".999"),
        (0.9996, "> .999"), (1.0, "> .999"), (math.nan, "–"), (0.05, ".050"),
    ],
)  # fmt: skip
def test_p_values(p: float, shown: str) -> None:
    assert format_p(p) == shown


def test_degrees_of_freedom() -> None:
    shown = [format_df(v) for v in (21.73, 1710.5, 238.0, math.inf, math.nan)]
    assert shown == ["21.7", "1710.5", "238", "∞", "–"]
    mixed = print_frame(pd.DataFrame({"df": [1967.04, 238.0, math.inf]}))["df"].tolist()
    assert mixed == ["1967.0", "238.0", "∞"]
    assert print_frame(pd.DataFrame({"df": [1869, 238]}))["df"].tolist() == ["1869", "238"]


def test_decimals_follow_the_smallest_standard_error() -> None:
    assert decimals_for([0.0213, 0.412, math.nan, 0.0]) == 3
    assert decimals_for([25.0]) == 2
    assert decimals_for([]) == 3


def test_columns_share_their_decimals() -> None:
    assert frame_text(TIDY) == (
        "Term              b     SE      t    df       p            95% CI\n"
        "(Intercept)  12.432  0.412  30.17  22.4  < .001  [11.579, 13.285]\n"
        "x            -0.108  0.021  -5.09     ∞    .034  [-0.150, -0.066]"
    )


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("sd_outcome", [5.0899, 0.8411], ["5.09", "0.84"]),
        ("icc", [0.0147, 0.6288, math.nan], ["0.015", "0.629", "–"]),
        ("median", [8.0, 23.0], ["8", "23"]),
        ("score", [120.41, -3.0], ["120.4", "-3.0"]),
        ("x", [0.0000123, 2.5], ["1.2e-05", "2.500"]),
        ("share", [0.0138, 0.0, math.nan], ["0.014", "0.000", "–"]),
        ("missing", [1234, 0], ["1,234", "0"]),
        ("shape", [0.1, 0.22], ["0.100", "0.220"]),
        ("estimate", [-0.5, 1.1234], ["-0.50", "1.12"]),
    ],
)
def test_numbers_of_a_column_agree(name: str, values: list[float], shown: list[str]) -> None:
    assert print_frame(pd.DataFrame({name: values})).iloc[:, 0].tolist() == shown


def test_headings_and_empty_intervals() -> None:
    frame = TIDY.assign(ci_low=math.nan, ci_high=math.nan)
    printed = print_frame(frame, headings={"estimate": "Std. b"})
    assert list(printed.columns)[1] == "Std. b"
    assert printed["95% CI"].tolist() == ["–", "–"]


def test_a_tiny_standard_error_is_not_printed_as_zero() -> None:
    printed = print_frame(TIDY.assign(se=[0.4, 2e-6], estimate=[12.4321, 1e-5]))
    assert printed["b"].tolist() == ["12.4321", "1.0e-05"]
    assert printed["SE"].tolist() == ["0.4000", "2.0e-06"]


def test_counts_have_thousands_and_empty_frames_print() -> None:
    levels = pd.DataFrame({"unit": ["session"], "n": [1987]})
    assert frame_text(levels) == "Unit         N\nsession  1,987"
    assert frame_text(pd.DataFrame()) == ""
    assert "<tbody>" in frame_html(pd.DataFrame())


def test_html_is_escaped_and_has_a_real_minus() -> None:
    page = frame_html(TIDY.replace({"term": {"x": "<b>"}}), caption="a & b")
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "<caption>a &amp; b</caption>" in page
    assert "−0.108" in page


def test_escaping() -> None:
    assert escape_html('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;"
    assert escape_markdown("a|b`c`*d*\n&lt;") == "a\\|b\\`c\\`\\*d\\*  \\&lt;".replace("  ", " ")
