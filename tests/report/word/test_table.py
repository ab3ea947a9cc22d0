from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import Table, coef_table
from alliance_stats.report.word.table import padded

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def root_of(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as file:
        return ElementTree.fromstring(file.read("word/document.xml"))


def rows_of(path: Path) -> list[ElementTree.Element]:
    (table,) = root_of(path).iter(f"{W}tbl")
    return list(table.iter(f"{W}tr"))


def text_of(element: ElementTree.Element) -> str:
    return "".join(t.text or "" for t in element.iter(f"{W}t"))


def borders(row: ElementTree.Element) -> list[set[str]]:
    """The sides of every cell that have a line."""
    return [
        {side.tag.removeprefix(W) for edge in cell.iter(f"{W}tcBorders") for side in edge}
        for cell in row.iter(f"{W}tc")
    ]


@pytest.fixture
def saved(three_level: Any, tmp_path: Path) -> Path:
    return coef_table(three_level).save(tmp_path / "table1.docx")


def test_there_are_three_rules_and_no_vertical_line(saved: Path) -> None:
    head, *body = rows_of(saved)
    assert borders(head) == [{"top", "bottom"}] * 7
    assert all(found == [set()] * 7 for found in map(borders, body[:-1]))
    assert borders(body[-1]) == [{"bottom"}] * 7
    (table,) = root_of(saved).iter(f"{W}tbl")
    assert not list(table.iter(f"{W}tblBorders"))


def test_symbols_are_italic_in_the_headings(saved: Path) -> None:
    head = rows_of(saved)[0]
    cells = {text_of(cell): list(cell.iter(f"{W}i")) for cell in head.iter(f"{W}tc")}
    assert list(cells) == ["Effect", "b", "SE", "t", "df", "p", "95% CI"]
    assert [name for name, found in cells.items() if found] == ["b", "SE", "t", "df", "p"]


def test_headings_come_again_and_rows_are_not_split(saved: Path) -> None:
    head, *body = rows_of(saved)
    assert head.find(f"{W}trPr/{W}tblHeader") is not None
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in (head, *body))
    for row in body:
        assert all(p.find(f"{W}pPr/{W}keepNext") is not None for p in row.iter(f"{W}p"))


def test_title_and_note_are_in_apa_style(saved: Path) -> None:
    paragraphs = list(root_of(saved).find(f"{W}body").findall(f"{W}p"))  # type: ignore[union-attr]
    styles = [p.find(f"{W}pPr/{W}pStyle").attrib[f"{W}val"] for p in paragraphs]  # type: ignore[union-attr]
    assert styles == ["Caption", "Note", "Note"]
    note = paragraphs[1]
    first = next(note.iter(f"{W}r"))
    assert (text_of(first), first.find(f"{W}rPr/{W}i") is not None) == ("Note.", True)


def test_real_minus_signs_and_aligned_points(saved: Path) -> None:
    body = rows_of(saved)[1:]
    cells = [[text_of(cell) for cell in row.iter(f"{W}tc")] for row in body]
    assert cells[0][1] == "−0.108"
    assert {len(row[1].partition(".")[2]) for row in cells} == {3}
    right = [p.find(f"{W}pPr/{W}jc") for p in body[0].iter(f"{W}p")]
    assert [None if jc is None else jc.attrib[f"{W}val"] for jc in right] == [None, *["right"] * 6]


def test_numbers_of_different_decimals_align_at_their_points() -> None:
    cells = padded(["1.25", "−3", "10.5", "–", "< .001"])
    assert [len(cell) - len(cell.rstrip("\u2007\u2008")) for cell in cells] == [1, 4, 2, 0, 0]
    assert padded(["REML", "1.5"]) == ["REML", "1.5"]
    assert padded(["1,234", "5"]) == ["1,234", "5"]


def test_a_table_goes_into_a_document_of_ones_own(two_level: Any) -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    coef_table(two_level).to_word(document)
    coef_table(two_level).to_word(document)
    assert len(document.tables) == 2
    assert document.paragraphs[0].text == "Before."


def test_a_wide_table_lies_on_its_side(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"Quantity number {k}": ["−1234.567"] * 3 for k in range(16)})
    path = Table(frame, "Wide", (), (False,) * 16).save(tmp_path / "wide.docx")
    turned = [page.attrib.get(f"{W}orient") for page in root_of(path).iter(f"{W}pgSz")]
    assert turned == ["landscape"]  # no empty page before or after it


@pytest.mark.parametrize("suffix", [".docx", ".html", ".md"])
def test_a_table_is_saved_alone_with_the_same_bytes(
    two_level: Any, suffix: str, tmp_path: Path
) -> None:
    table = coef_table(two_level)
    one, two = (table.save(tmp_path / f"{n}{suffix}").read_bytes() for n in ("a", "b"))
    assert one == two
    if suffix == ".html":
        assert one.startswith(b"<!DOCTYPE html>")
        assert b"<i>b</i>" in one
    if suffix == ".md":
        assert one.decode() == table.to_markdown() + "\n"


def test_other_files_are_refused(two_level: Any, tmp_path: Path) -> None:
    table = coef_table(two_level)
    with pytest.raises(ArgumentError, match=r"a table cannot be written as '\.txt'"):
        table.save(tmp_path / "a.txt")
    with pytest.raises(ArgumentError, match="does not exist"):
        table.save(tmp_path / "none" / "a.docx")


def test_a_table_has_a_name_and_a_marked_first_row(saved: Path) -> None:
    (table,) = root_of(saved).iter(f"{W}tbl")
    name = table.find(f"{W}tblPr/{W}tblCaption")
    assert name is not None
    assert name.attrib[f"{W}val"] == "wai_total and phq9, within and between patients"
    marks = table.find(f"{W}tblPr/{W}tblLook")
    assert marks is not None
    assert (marks.attrib[f"{W}firstRow"], marks.attrib[f"{W}firstColumn"]) == ("1", "0")


def test_words_of_cells_have_symbols_and_minus_signs(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Result": ["less (-0.20), p = .772"], "b": ["0.1"]})
    path = Table(frame, "", (), (True, False)).save(tmp_path / "a.docx")
    cell = rows_of(path)[1].find(f"{W}tc")
    assert cell is not None
    assert text_of(cell).replace("\xa0", " ") == "less (−0.20), p = .772"
    assert [text_of(run) for run in cell.iter(f"{W}r") if run.find(f"{W}rPr/{W}i") is not None] == [
        "p"
    ]


def test_an_empty_table_is_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Effect": [], "b": []}, dtype=str)
    path = Table(frame, "", (), (True, False)).save(tmp_path / "empty.docx")
    assert len(rows_of(path)) == 1
