"""Coefficients, standard errors, intervals, d and r are held against one another."""

from __future__ import annotations

import pytest

import alliance_stats as al


def row(text: str) -> tuple[str, str]:
    frame = al.check_statistics(text).frame
    assert len(frame) == 1, frame.to_string()
    return str(frame["verdict"][0]), str(frame["message"][0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b = −0.50, SE = 0.10, t(23) = −5.00, p < .001", "consistent"),
        ("b = −0.50, SE = 0.10, t(23) = −4.73, p < .001", "consistent"),  # 0.495 / 0.105 = 4.71
        ("b = −0.50, SE = 0.10, t(23) = −4.60, p < .001", "inconsistent"),
        ("b = −0.50, SE = 0.10, t(23) = 5.00, p < .001", "inconsistent"),
        ("b = −0.50 (SE = 0.10), z = −5.00, p < .001", "consistent"),
        ("β = 0.021, SE = 0.004, z = 2.10, p = .036", "inconsistent"),
        ("B = 1.2, SE = 0.0, t(23) = 2.10, p = .047", "inconsistent"),  # SE < 0.05
        ("B = 0.1, SE = 0.0, t(23) = 2.10, p = .047", "consistent"),
        ("d = 0.50, SE = 0.10, z = 3.00, p = .003", "inconsistent"),
        ("t(23) = 2.10, p = .047, b = 0.5, SE = 0.1", "consistent"),
        ("M = 3.2, SE = 0.1, t(23) = 2.10, p = .047", "consistent"),
    ],
)
def test_t_is_the_coefficient_over_its_standard_error(text: str, expected: str) -> None:
    assert row(text)[0] == expected


def test_a_wrong_sign_is_named() -> None:
    assert "The size fits, the sign does not." in row("b = 0.5, SE = 0.1, t(9) = −5.0, p = .001")[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r = .278, 95% CI [.256, .299]", "consistent"),  # Flückiger et al. (2018)
        ("r = .278, 95% CI [.286, .299]", "inconsistent"),
        ("r = .278, 95% CI [.299, .256]", "inconsistent"),
        ("r(88) = .38, p < .001, 95% CI [.19, .55]", "consistent"),
        ("r(88) = .38, p < .001, 95% CI [.29, .47]", "doubtful"),
        ("r(88) = .38, p < .001, 95% CI [.19, .75]", "doubtful"),
        ("r = .80, 95% CI [.70, .90]", "doubtful"),  # even on r, not on z
        ("OR = 2.10, 95% CI [1.20, 3.68]", "consistent"),
        ("odds ratio = 2.10 (95% CI 1.20 to 3.68)", "consistent"),
        ("OR = 2.10, 95% CI [0.40, 3.68]", "doubtful"),
        ("d = 0.55, 95% CI [0.20, 0.90]", "consistent"),
        ("g = 0.55, 95% CI: 0.20–0.90", "consistent"),
        ("d = 0.55, 95% CI [0.60, 0.90]", "inconsistent"),
        ("b = 0.50, 95% CI [0.30, 0.90]", "doubtful"),
        ("b = 0.50, SE = 0.10, t(20) = 5.00, p < .001, 95% CI [0.29, 0.71]", "consistent"),
        ("b = 0.50, SE = 0.10, t(20) = 5.00, p < .001, 95% CI [0.40, 0.60]", "doubtful"),
        ("b = 0.50, SE = 0.10, z = 5.00, p < .001, 90% CI [0.34, 0.66]", "consistent"),
        ("ICC = .36, 95% CI [.40, .50]", "inconsistent"),
        ("I² = 56%, 95% CI [30%, 64%]", "none"),
    ],
)
def test_intervals_hold_their_estimate_and_have_its_width(text: str, expected: str) -> None:
    if expected == "none":
        assert al.check_statistics(text).ok
    else:
        assert row(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "M = 3.20, SD = 1.10, 95% CI [3.00, 3.40]",
        "r = .30, k = 23, 95% CI [.20, .39]",
        "b = 1.20, β = .30, 95% CI [1.00, 1.40]",
        "b = 1.20, β = .30, SE = 0.05, t(88) = 6.00, p < .001, 95% CI [.20, .40]",
        "OR = 2.10, b = 0.74, 95% CI [1.20, 3.68]",
        "β = .30, R² = .12, 95% CI [.05, .20]",
        "F(2, 45) = 3.41, p = .042, MSE = 4.50, ηp² = .13, 90% CI [.00, .27]",
        "sensitivity = 84%, 95% CI [.80, .88]",
        "x < 3, 95% CI [4, 5]",
        "t(23) > 2.10, p = .30",
        "F < 1, p = .30",
        "N = 90, 95% CI [.20, .40]",
    ],
)
def test_an_interval_belongs_to_the_estimate_that_it_holds(text: str) -> None:
    assert al.check_statistics(text).problems.empty


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("M = 3.20, SD = 1.10, 95% CI [4.00, 4.40]", "SD = 1.10"),
        ("r = .30, k = 23, 95% CI [.35, .39]", "r = .30"),
        ("OR = 2.10, b = 0.74, 95% CI [2.20, 3.68]", "b = 0.74"),
    ],
)
def test_where_no_estimate_is_held_one_is_named(text: str, outside: str) -> None:
    assert f"{outside} lies outside" in row(text)[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("d = 0.55, 95% CI [0.20, 0.90], p = .30", "leaves out 0, which goes with p < .05"),
        ("d = 0.35, 95% CI [−0.10, 0.80], p = .03", "holds 0, which goes with p > .05"),
        ("OR = 2.10, 95% CI [1.20, 3.68], ns", "leaves out 1, which goes with p < .05"),
        ("r = .20, 90% CI [.02, .37], p > .10", "leaves out 0, which goes with p < .1"),
        ("d = 0.55, 95% CI [0.20, 0.90], p = .002", ""),
        ("d = 0.35, 95% CI [−0.10, 0.80], p = .13", ""),
        ("d = 0.45, 95% CI [0.00, 0.90], p = .05", ""),
        ("d = 0.55, 95% CI [0.20, 0.90], p < .10", ""),
    ],
)
def test_an_interval_and_a_p_value_decide_alike(text: str, message: str) -> None:
    verdict, said = row(text)
    assert verdict == ("doubtful" if message else "consistent")
    assert message in said


def test_texts_of_bootstrap_intervals_need_not_be_even() -> None:
    uneven = "b = 0.50, 95% CI [0.30, 0.90]."
    assert al.check_statistics(f"Intervals are by bootstrap. {uneven}").problems.empty
    outside = "b = 0.50, 95% CI [0.60, 0.90]."
    assert not al.check_statistics(f"Intervals are by bootstrap. {outside}").ok


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r = .37, d = 0.80", "consistent"),
        ("d = 0.80 (r = .37)", "consistent"),
        ("r = .38, 95% CI [.31, .45], p < .001, N = 640, d = 0.80", "inconsistent"),
        ("d = 0.80, r = .38", "inconsistent"),  # Gelso et al. (2018) print .80 for .38
        ("d = 0.80, r = −.37", "inconsistent"),
        ("d = 0.80, r = .30", "doubtful"),  # groups of unequal size
        ("The alliance had d = 0.55 in dropout and a mean of r = .28 elsewhere", "doubtful"),
    ],
)
def test_d_and_r_of_one_effect_fit(text: str, expected: str) -> None:
    verdicts = al.check_statistics(text).frame["verdict"].tolist()
    assert verdicts == [expected]


def test_d_and_r_of_two_sentences_are_two_effects() -> None:
    assert al.check_statistics("It had d = 0.55. The mean was r = .28.").frame.empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r = 1.28", "lies between −1 and 1"),
        ("r(88) = −1.20, p < .001", "lies between −1 and 1"),
        ("t(0) = 2.10, p = .05", "degrees of freedom are above 0"),
        ("F(2, 0) = 3.20, p = .05", "degrees of freedom are above 0"),
        ("χ²(2) = −7.10, p = .029", "is not negative"),
        ("F(2, 45) = −3.2, p = .05", "is not negative"),
        ("OR = −2.10", "a ratio is not negative"),
        ("b = 0.50, SE = −0.10", "a standard error is not negative"),
        ("p = 1.20", "at most 1"),
        ("p = −.03", "not negative"),
    ],
)
def test_what_cannot_be_is_named(text: str, message: str) -> None:
    verdict, said = row(text)
    assert verdict == "inconsistent"
    assert message in said


def test_p_printed_as_zero_is_named() -> None:
    verdict, said = row("t(23) = 5.60, p = .000")
    assert verdict == "doubtful"
    assert said == "p = .000: a p value is never zero. Write p < .001."
    assert row("p = .00")[1].endswith("Write p < .01.")
