"""Sentences typed by hand, with right and wrong numbers, get the verdict they deserve."""

from __future__ import annotations

from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

SAME_STATISTIC = [
    "t(23) = 2.10, p = .047",
    "t(23)=2.10,p=.047",
    "t (23) = 2.10, p = 0.047",
    "t(23)\u2009=\u20092.10, p\u202f=\u202f.047",
    "t(23)\u00a0=\n    2.10,\n    p = .047",
    "*t*(23) = 2.10, *p* = .047",
    "_t_(23) = 2.10, _p_ = .047",
    "**t**(23) = 2.10 (*p* = .047)",
    "<i>t</i>(23) = 2.10, <em>p</em> = .047",
    "t(23)&nbsp;=&nbsp;2.10, p&nbsp;=&nbsp;.047",
    r"$t(23) = 2.10$, $p = .047$",
    r"\textit{t}(23)~=~2.10, \emph{p}~=~.047",
    r"\(t(23) = 2.10\), \(p = .047\)",
    r"$t\left(23\right)=2.10,\; p=.047$",
    "𝑡(23) = 2.10, 𝑝 = .047",
    "[t(23) = 2.10; p = .047]",
    "t[23] = 2.10, p = .047",
    "t = 2.10, df = 23, p = .047",
    "t(df = 23) = 2.10, p = .047",
    "t(23) = 2.10, d = 0.80, p = .047",
    "t(23) = 2.10 with p = .047",
    "t(23) = 2.10, two-tailed p = .047",
    "| t(23) = 2.10 | p = .047 |",
    r"$t(23) = 2.10$, $p$ {=} \num{.047}",
    "t(23) = 2.10, Cohen's d = 0.80 (p = .047)",
]


def one(text: str, **arguments: object) -> pd.Series:
    frame = al.check_statistics(text, **arguments).frame  # type: ignore[arg-type]
    assert len(frame) == 1, frame.to_string()
    return frame.iloc[0]


def verdict(text: str, **arguments: object) -> str:
    return str(one(text, **arguments)["verdict"])


@pytest.mark.parametrize("text", SAME_STATISTIC)
def test_every_way_to_print_one_statistic_is_found(text: str) -> None:
    row = one(f"It did, {text}.")
    assert (row["kind"], row["value"], row["df"], row["verdict"]) == ("t", 2.1, 23.0, "consistent")
    wrong = one(f"It did, {text.replace('047', '037')}.")
    assert wrong["verdict"] == "inconsistent"


@pytest.mark.parametrize(
    "text",
    [
        "t(37) = −4.93, p < .001",
        "t(37) = –4.93, p < .001",
        "t(1,987) = 1.97, p = .049",
        "t(187.3) = −5.14, p < .001",
        "F(2, 46.2) = 3.20, p = .050",
        "F(2,45) = 3.20, p = .050",
        "F(1, 23) = 4.41, MSE = 1.2, p = .047, ηp² = .16",
        "F(2,1,987) = 3.10, p = .045",
        "χ²(4, N = 90) = 10.51, p = .03",
        "χ2(4, N=90) = 10.51, p = .03",
        "χ^2^(4, *N* = 90) = 10.51, *p* = .03",
        r"$\chi^2(4, N = 90) = 10.51, p = .03$",
        r"$\chi^{2}(4) = 10.51$, $p = .03$",
        "χ<sup>2</sup>(4) = 10.51, p &lt; .04",
        "X²(4) = 10.51, p = .03",
        "chi-square(4) = 10.51, p = .03",
        "z = 1.96, p = .050",
        "Z = −2.58, p ≤ .01",
        "Q(294) = 812.3, p < .001",
        "QM(df = 2) = 7.10, p = .029",
        "Q_E(3) = 6.20, p = .102",
        "Qbetween(3) = 6.20, p = .102",
        "Δχ²(4) = 10.51, p = .03",
        "r(88) = .38, p < .001",
        "r(88) = −.05, p = .64",
        "r = .20, N = 100, p = .046",
        "t(50) = 1.20, ns",
        "t(50) = 1.20, n.s.",
        "t(23) = 0.01, p > .99",
        "t(23) = 2.10, p < .05",
        "t(23) = 2.10, p <= .05",
        "t(400) = 4.90, p = 1.4e-06",
        "p = .03, r(88) = .38, p < .001",
    ],
)
def test_right_numbers_are_consistent(text: str) -> None:
    assert al.check_statistics(text).frame["verdict"].tolist() == ["consistent"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t(23) = 2.10, p = .03", "inconsistent"),
        ("t(23) = 2.10, p < .01", "inconsistent"),
        ("t(23) = 2.10, p > .05", "decision error"),
        ("t(23) = 1.20, p = .04", "decision error"),
        ("t(23) = 2.90, ns", "decision error"),
        ("t(100) = 1, p < .001", "decision error"),
        ("F(2, 45) = 1.20, p = .03", "decision error"),
        ("χ²(2, N = 90) = 7.10, p = .29", "decision error"),
        ("z = 2.58, p = .02", "inconsistent"),
        ("Q(294) = 300.1, p < .001", "decision error"),
        ("r(88) = .18, p < .001", "decision error"),
        ("t(23) = 2.05, p = .05", "consistent"),  # 2.045 to 2.055 leaves .0515 to .0525
        ("t(23) = 2.05, p = .049", "decision error"),
        ("r = .20, p = .046", "not checked"),
        ("t = 2.10, p = .047", "not checked"),
        ("t(23) = 2.10", "not checked"),
    ],
)
def test_wrong_numbers_are_named(text: str, expected: str) -> None:
    assert verdict(text) == expected


def test_alpha_decides_what_a_decision_is() -> None:
    text = "t(23) = 2.10, p = .009"
    assert verdict(text) == "inconsistent"
    assert verdict(text, alpha=0.01) == "decision error"
    assert verdict(text, alpha=0.001) == "inconsistent"


def test_half_p_values_are_candidates_unless_the_sentence_says_so() -> None:
    text = "It rose, t(40) = 1.80, p = .04."
    row = one(text)
    assert (row["verdict"], row["one_tailed"]) == ("decision error", True)
    assert "as of a one-tailed test, fits" in row["message"]
    assert (
        one("As expected (one-tailed), it rose, t(40) = 1.80, p = .04.")["verdict"] == "consistent"
    )
    assert verdict("One-sided tests. It rose, t(40) = 1.80, p = .04.") == "decision error"
    assert verdict(text, one_tailed=True) == "consistent"
    said = "In a directional test it rose, t(40) = 1.80, p = .04."
    assert verdict(said) == "consistent"
    assert verdict(said, one_tailed=False) == "decision error"
    assert verdict("F(1, 40) = 3.24, p = .04 (one-tailed)") == "decision error"
    assert verdict("It fell, t(40) = −1.80, p = .96, one-tailed.") == "consistent"


def test_words_tell_what_was_seen_and_what_it_should_be() -> None:
    row = one("It did, t(23) = −1.20, p = .04.")
    assert row["text"] == "t(23) = −1.20, p = .04"
    assert row["message"] == (
        "The statistic gives two-tailed p = .2424 (.2405 to .2443 by rounding); printed is "
        "p = .04. At alpha = .05 the printed p is significant, the recomputed one is not."
    )


def test_other_quantities_are_left_alone() -> None:
    text = (
        "Therapists (N = 24) saw M = 9.1, SD = 3.2 patients; at t = 3 the p = 12 predictors were "
        "rated, Quality = 3, p = .02, Fisher's z = 0.29, p < .001, Holm-adjusted p = .02. "
        "See [12, 13]. R² = .12, "
        "ICC = .36, τ² = 0.024, I² = 56%, BF10 = 3.4, AIC = −12.3, p < .05, x > 3, and 5 = 5."
    )
    frame = al.check_statistics(text).frame
    assert frame.empty, frame.to_string()


def test_a_p_value_before_or_of_another_coefficient_is_not_that_of_r() -> None:
    assert al.check_statistics("b = 0.50, p = .30, r = .38, N = 90").frame.empty
    assert al.check_statistics("r = .38, N = 90, b = 0.50, p = .30").frame.empty


def test_places_are_lines_of_text() -> None:
    frame = al.check_statistics("One.\n\nTwo,\nt(23) = 2.10, p = .047,\nz = 1.96, p = .05.").frame
    assert frame["place"].tolist() == ["line 4", "line 5"]


def test_files_are_read_and_named(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    line = document.add_paragraph("It did, ")
    line.add_run("t").italic = True
    line.add_run("(23) = 2.10, ")
    line.add_run("p").italic = True
    line.add_run(" = .03.")
    path = tmp_path / "my paper.docx"
    document.save(str(path))
    for given in (path, str(path), al.report.read_document(path)):
        check = al.check_statistics(given)
        assert (check.source, check.frame["place"][0]) == ("my paper.docx", "paragraph 2")
        assert check.frame["verdict"].tolist() == ["inconsistent"]


def test_a_str_is_a_file_only_if_it_exists(tmp_path: Path) -> None:
    assert al.check_statistics("We wrote t(23) = 2.10, p = .047 into paper.md").ok
    with pytest.raises(al.ArgumentError, match="no file"):
        al.check_statistics("papr.docx")
    with pytest.raises(al.ArgumentError, match="no file"):
        al.check_statistics(tmp_path / "none.docx")
    assert al.check_statistics("").frame.empty


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(al.ArgumentError, match="alpha=5"):
        al.check_statistics("x", alpha=5)
    with pytest.raises(al.ArgumentError, match="one_tailed='yes'"):
        al.check_statistics("x", one_tailed="yes")  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="int is neither text nor a path"):
        al.check_statistics(3)  # type: ignore[arg-type]


def test_numbers_that_are_not_known_are_nan() -> None:
    row = one("r = .38, 95% CI [.40, .55]")
    assert np.isnan([row["df"], row["p_low"], row["p_high"], row["p_computed"]]).all()
    assert row["p_reported"] == ""
