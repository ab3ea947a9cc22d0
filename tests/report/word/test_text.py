from __future__ import annotations

import docx
import pytest

from alliance_stats.report.word.text import add_code, add_prose, xml_text


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ud800", "\udfff", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_becomes_a_mark(text: str) -> None:
    assert xml_text(f"a{text}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["\t\n", "é", "\U0001f600", "−", "<&>]]>"])
def test_everything_else_stays(text: str) -> None:
    assert xml_text(text) == text


def test_symbols_of_a_sentence_are_in_italics() -> None:
    paragraph = docx.Document().add_paragraph()
    add_prose(paragraph, "less (b = −0.1, p < .001)")
    assert [run.text for run in paragraph.runs if run.italic] == ["b", "p"]
    assert paragraph.text == "less (b\xa0=\xa0−0.1, p\xa0<\xa0.001)"


def test_lines_of_code_are_kept() -> None:
    paragraph = docx.Document().add_paragraph()
    add_code(paragraph, "a <- 1\n\tb = 2\n\nc")
    assert paragraph.text == "a <- 1\n    b = 2\n\nc"
    assert not any(run.italic for run in paragraph.runs)
