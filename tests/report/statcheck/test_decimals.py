"""Texts with decimal commas are read as such, and lists of two numbers stay lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alliance_stats as al
from alliance_stats.report.statcheck.decimals import has_decimal_commas, with_points


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t(34) = 2,35; p = ,024", True),
        ("p < 0,001", True),
        ("d = 0,45", True),
        ("M = 12,5 und SD = 3,4", True),
        ("F(2,35) = 4.1", False),
        ("F(2,35) = 4", False),
        ("N = 1,024", False),
        ("N = 1,024,000", False),
        ("k = 1,2,3", False),
        ("t(34) = 2.35, p = .024, M = 3,2", False),
        ("as in [0,12; 0,45]", False),
        ("", False),
    ],
)
def test_a_text_has_them_where_nothing_else_explains_its_numbers(text: str, expected: bool) -> None:
    assert has_decimal_commas(text) is expected


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("t(34) = 2,35; p = ,024", "t(34) = 2.35; p = .024"),
        ("t(34,5) = −2,35", "t(34.5) = −2.35"),
        ("F(2,35) = 4,10", "F(2,35) = 4.10"),
        ("F(2, 35,4) = 4,10", "F(2, 35.4) = 4.10"),
        ("F(2,35,4) = 4,10", "F(2,35.4) = 4.10"),
        ("F(1,5; 45,3) = 4,10", "F(1.5; 45.3) = 4.10"),
        ("95 %-KI [0,12; 0,45]", "95 %-KI [0.12; 0.45]"),
        ("95 %-KI [0,12, 0,45]", "95 %-KI [0.12, 0.45]"),
        ("95 %-KI [−,12,,45]", "95 %-KI [−.12,.45]"),
        ("χ²(2, N = 1.024) = 7,10", "χ²(2, N = 1,024) = 7.10"),
        ("M = 1.234,5", "M = 1,234.5"),
        ("wie oben (2018, 2019)", "wie oben (2018, 2019)"),
    ],
)
def test_commas_become_points_and_nothing_moves(printed: str, read: str) -> None:
    assert with_points(printed) == read


@given(st.text(st.sampled_from("0123456789,.;= F()[]Npt<"), max_size=60))
def test_no_sign_moves(text: str) -> None:
    assert len(with_points(text)) == len(text)


def test_a_german_text_is_checked() -> None:
    text = (
        "Die Allianz hing mit dem Ergebnis zusammen, b = −0,24, SE = 0,10, t(34) = −2,40, "
        "p = ,022, 95 %-KI [−0,44; −0,04]. Kein Effekt, F(2,35) = 4,10, p < 0,001. "
        "Einseitig, t(34) = 2,35, p = ,012."
    )
    frame = al.check_statistics(text).frame
    assert frame["verdict"].tolist() == ["consistent", "inconsistent", "consistent"]
    assert frame["value"].tolist() == [-2.4, 4.1, 2.35]
    assert frame["df_numerator"].tolist()[1] == 2.0
    assert frame["df"].tolist() == [34.0, 35.0, 34.0]
    assert frame["text"][1] == "F(2,35) = 4,10, p < 0,001"


def test_each_paragraph_is_read_as_it_is_written() -> None:
    """An abstract in English, a text in German; whole numbers follow the text."""
    english = "It did, t(1,024) = 2.35, p = .25."
    german = "Es wirkte, t(34) = 2,35, p = ,25; t(12) = 1,10, p = ,29; d = 0,40."
    frame = al.check_statistics(f"{english}\n\n{german}").frame
    assert frame["df"].tolist() == [1024.0, 34.0, 12.0]
    assert frame["verdict"].tolist() == ["decision error", "decision error", "consistent"]


def test_a_single_comma_among_points_is_not_taken_for_a_number() -> None:
    """2,35 is no 2, and no 235."""
    assert al.check_statistics("It did, t(34) = 2,35, p = .04, d = 0.40.").frame.empty
    row = al.check_statistics("It did, t(34) = 2.35, p = 0,024, d = 0.40.").frame.iloc[0]
    assert row["verdict"] == "not checked"


def test_tables_follow_the_text(tmp_path: Path) -> None:
    path = tmp_path / "bericht.md"
    path.write_text(
        "Es wirkte, b = −0,12; p = ,004.\n\n"
        "| | b | SE | t | df | p | 95 %-KI |\n|---|---|---|---|---|---|---|\n"
        "| Allianz | −0,12 | 0,04 | −3,00 | 45,2 | ,004 | [−0,20; −0,04] |\n"
        "| Alter | −0,12 | 0,04 | −3,00 | 45,2 | ,014 | [−0,20; −0,04] |\n",
        encoding="utf-8",
    )
    frame = al.check_statistics(path).frame
    assert frame["verdict"].tolist() == ["consistent", "inconsistent"]
    assert frame["df"].tolist() == [45.2, 45.2]
