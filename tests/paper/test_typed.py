"""Numbers typed by hand: what is one, what it is called, and which result it must equal."""

from __future__ import annotations

import pytest

from alliance_stats.paper.allow import Allowed, spans
from alliance_stats.paper.match import match_statement
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.typed import statements, typed_numbers


def labels(text: str) -> list[tuple[str, float]]:
    return [(number.label, number.value) for number in typed_numbers(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("b = −0.12, SE = 0.02", [("b", -0.12), ("SE", 0.02)]),
        ("b = -0.12", [("b", -0.12)]),
        ("t(122.1) = −6.66, p < .001", [("df", 122.1), ("t", -6.66), ("p", 0.001)]),
        ("F(2, 120) = 4.5", [("df", 2.0), ("df", 120.0), ("F", 4.5)]),
        ("χ²(3, N = 240) = 7.1", [("df", 3.0), ("N", 240.0), ("χ²", 7.1)]),
        ("95% CI [−0.15, −0.08]", [("level", 95.0), ("ci_low", -0.15), ("ci_high", -0.08)]),
        ("2,075 sessions of 240 patients", [("sessions", 2075.0), ("patients", 240.0)]),
        ("240 synthetic patients", [("patients", 240.0)]),
        ("61.1% of it", [("%", 61.1)]),
        ("I² = 42%, τ² = 0.03", [("I²", 42.0), ("τ²", 0.03)]),
        ("sessions 3 to 5, 3–5", [("", 3.0), ("", 5.0), ("", 3.0), ("", 5.0)]),
        ("n\xa0=\xa024", [("n", 24.0)]),
        ("the end was 12.", [("", 12.0)]),
    ],
)
def test_numbers_and_their_labels(text: str, wanted: list[tuple[str, float]]) -> None:
    assert labels(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "the PHQ-9 and the WAI-12", "T2 and x1", "(Smith, 2019)",
        "Smith (2019) and Lee et al. (2020)",
        "(Smith, 2019; Lee, 2020a)", "Table 1 and Figures 2 and 3", "https://doi.org/10.1037/a1 x",
        "doi:10.1037/0022-006X.76.1", "p. 12", "see ■ and t(■) = ■",
    ],
)  # fmt: skip
def test_what_is_no_result(text: str) -> None:
    assert typed_numbers(text) == []


def groups(text: str) -> list[list[float]]:
    return [[n.value for n in group] for group in statements(text, typed_numbers(text))]


def test_numbers_said_of_one_thing() -> None:
    assert groups("(b = 1.0, SE = 0.5, t(20) = 2.0, p = .06, 95% CI [0, 2]; b = 3.0)") == [
        [1.0, 0.5, 20.0, 2.0, 0.06, 95.0, 0.0, 2.0], [3.0],
    ]  # fmt: skip
    assert groups("b = 1.0 in 20 patients, SE = 2.0") == [[1.0], [20.0], [2.0]]


def problems(text: str, stored: Stored) -> list[str]:
    found = []
    for group in statements(text, typed_numbers(text)):
        found += [m.problem for m in match_statement(group, stored) if m.problem]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "b = −0.116, SE = 0.017, t(122.1) = −6.66, p < .001, 95% CI [−0.150, −0.081]",
        "b = −0.12, p < .01", "p > .05", "b = −0.1", "SE = 0.02", "r = −.42",
        "240 patients and 24 therapists",
        "2,075 sessions", "r(238) = −.42", "61.1%", "61% of it", "M = 48.8, SD = 8.0", "N = 240",
        "p = .843",
    ],
)  # fmt: skip
def test_results_as_rounded_in_print(stored: Stored, text: str) -> None:
    assert problems(text, stored) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b = −0.126, SE = 0.017, t(122.1) = −6.66", "alliance.within.estimate is −0.116"),
        ("b = −0.116, SE = 0.041", "alliance.within.se is 0.017"),
        ("b = 0.116", "no result has it"),
        ("p > .9", "no result has it"),
        ("p < .101", "no result has it"),
        ("241 patients", "no count of the results is this"),
        ("61.2%", "no share of the results is this"),
        ("90% CI [−0.150, −0.081]", "no interval has this level"),
        ("it was 0.116", "no label"),
        ("it was −0.116", "the same number: alliance"),
    ],
)
def test_what_equals_no_result(stored: Stored, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(text, stored)), problems(text, stored)


def test_a_statement_is_about_one_row(stored: Stored) -> None:
    """Each number alone is a result; together they are of two."""
    assert problems("b = −0.298", stored) == []
    assert problems("t(122.1) = −6.66", stored) == []
    assert len(problems("b = −0.298, SE = 0.017, t(122.1) = −6.66", stored)) == 1


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("of 3 to 5 and", True), ("of 3 to 5.", True), ("of 3 to 57", False), ("of 13 to 5", False),
        ("of 3 to 5.5", False), ("of 0.3 to 5", False), ("of −3 to 5", False), ("of 3 to 6", False),
    ],
)  # fmt: skip
def test_an_allowed_text_is_allowed_to_the_digit(text: str, is_there: bool) -> None:
    assert bool(spans(Allowed("3 to 5", "why"), text)) is is_there


def test_long_texts_take_time_in_proportion() -> None:
    for text in ("b = 1.5, SE = 0.5, " * 20_000, "(" * 100_000, "1," * 50_000, "[1, " * 30_000):
        typed_numbers(text)
