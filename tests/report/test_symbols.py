from __future__ import annotations

import pytest

from alliance_stats.report.wording.symbols import (
    heading_html,
    heading_markdown,
    heading_parts,
    prose_parts,
    typeset,
)


def italics(text: str) -> list[str]:
    return [piece for piece, italic in prose_parts(text) if italic]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("b = −0.108, SE = 0.021, t(187.3) = −5.14, p < .001", ["b", "SE", "t", "p"]),
        ("M = 4.2, SD = 1.1, N = 240, r = .28, df = 37", ["M", "SD", "N", "r", "df"]),
        ("I² = 88.3%, R² = .12, F(2, 40) = 3.1", ["I", "R", "F"]),
        ("wai_b = 3 of column p, a_p = 4 and x.b = 5", []),
        ("a vitamin b and the letter p", []),
    ],
)
def test_symbols_stand_before_their_values(text: str, symbols: list[str]) -> None:
    assert italics(text) == symbols
    assert "".join(piece for piece, _ in prose_parts(text)) == text


@pytest.mark.parametrize(
    ("heading", "symbols"),
    [
        ("b", ["b"]), ("SE", ["SE"]), ("SD within", ["SD"]), ("95% CI", []),
        ("p (difference)", ["p"]),
        ("ICC", []), ("χ²", []), ("wai_b", []), ("p.value", []), ("R²", ["R"]), ("Std. b", ["b"]),
    ],
)  # fmt: skip
def test_headings(heading: str, symbols: list[str]) -> None:
    assert [piece for piece, italic in heading_parts(heading) if italic] == symbols


def test_headings_are_escaped() -> None:
    assert heading_html("b <script>") == "<i>b</i> &lt;script&gt;"
    assert heading_markdown("b *x* | SD") == "*b* \\*x\\* \\| *SD*"


def test_prose_has_minus_signs_and_no_breaks_in_numbers() -> None:
    text = "".join(piece for piece, _ in typeset("-1 below (-0.107), b = −0.1, 2-3 of x-4"))
    assert text == "−1 below (−0.107), b\xa0=\xa0−0.1, 2-3 of x-4"
