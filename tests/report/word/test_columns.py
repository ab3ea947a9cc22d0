from __future__ import annotations

import itertools

import pytest

from alliance_stats.report.word.columns import GAP, lay_out, text_width
from alliance_stats.report.word.file import ASIDE, TABLE, UPRIGHT


def centimetres(text: str, scale: float) -> float:
    return text_width(text) * TABLE * scale * 2.54 / 72 / 1000


def test_no_word_of_a_heading_is_broken() -> None:
    headings = ["Item", *["Share at minimum", "Maximum", "Minimum", "Item–rest r"] * 2]
    layout = lay_out(headings, [["wai_1"], *[["1.0"]] * 8], [True, *[False] * 8])
    for heading, width in zip(headings, layout.widths, strict=True):
        for word in heading.split():
            assert centimetres(word, layout.scale) < width - GAP


def test_no_name_is_broken_and_the_page_is_turned_instead() -> None:
    names = ["wai_total_therapist_between", "wai_therapist_patient_between"]
    numbers = [["−0.1580", "0.0300"]] * 9
    layout = lay_out(
        ["Model", "Effect", *["b"] * 9],
        [["with treatment length", "as fitted"], names, *numbers],
        [True, True, *[False] * 9],
    )
    assert centimetres(names[1], layout.scale) < layout.widths[1] - GAP
    assert sum(layout.widths) <= (ASIDE if layout.aside else UPRIGHT) + 1e-9


def test_a_name_without_end_is_broken_and_numbers_are_not() -> None:
    layout = lay_out(["Term", "b"], [["x" * 2_000], ["−1234.567"]], [True, False])
    assert sum(layout.widths) <= UPRIGHT + 1e-9
    assert centimetres("−1234.567", layout.scale) < layout.widths[1] - GAP


@pytest.mark.parametrize("n", [30, 60])
def test_too_many_columns_are_set_in_blocks(n: int) -> None:
    columns = [["a", "b"], *[["−1234.567", "0.1"]] * n]
    layout = lay_out(["Term", *["95% CI"] * n], columns, [True, *[False] * n])
    assert layout.aside
    assert len(layout.blocks) > 1
    assert all(block[0] == 0 for block in layout.blocks)
    assert [k for block in layout.blocks for k in block[1:]] == list(range(1, n + 1))
    for block in layout.blocks:
        assert sum(layout.widths[k] for k in block) <= ASIDE


def test_pages_are_turned_once_for_tables_in_a_row() -> None:
    import docx

    from alliance_stats.report.word.pages import lay_aside, set_upright

    document = docx.Document()
    document.add_paragraph("Before.")
    for _ in range(3):
        lay_aside(document)
        document.add_table(rows=1, cols=1)
        set_upright(document)
    sides = [section.orientation == 1 for section in document.sections]
    assert sides == [False, True, False]
    assert len(document.tables) == 3
    assert all(a != b for a, b in itertools.pairwise(sides))
