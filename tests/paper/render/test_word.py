"""Bindings in Word files: split over runs, in tables and notes; what hides text is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from alliance_stats._base.errors import DataError
from alliance_stats.paper.render.to_word import markdown_as_word
from alliance_stats.paper.render.word import render_word
from alliance_stats.paper.stored import Stored
from alliance_stats.report.documents.reading import read_document

docx = pytest.importorskip("docx")


def texts(content: bytes, folder: Path) -> list[str]:
    file = folder / "made.docx"
    file.write_bytes(content)
    return [passage.text for passage in read_document(file).passages]


def saved(document: object, folder: Path) -> Path:
    path = folder / "manuscript.docx"
    document.save(str(path))  # type: ignore[attr-defined]
    return path


@pytest.mark.parametrize("cut", range(1, len("({{alliance.within | b}})")))
def test_a_binding_split_over_runs(stored: Stored, tmp_path: Path, cut: int) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph()
    text = "({{alliance.within | b}})"
    paragraph.add_run(text[:cut]).bold = True
    paragraph.add_run(text[cut:])
    assert texts(render_word(saved(document, tmp_path), stored), tmp_path) == ["(b = −0.116)"]


def test_a_binding_in_single_letters_keeps_what_is_around(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph()
    for letter in "In {{alliance.n.patient}} of {{alliance.n.session}}: ":
        paragraph.add_run(letter)
    paragraph.add_run("end").italic = True
    content = render_word(saved(document, tmp_path), stored)
    assert texts(content, tmp_path) == ["In 240 of 2,075: end"]
    runs = docx.Document(str(tmp_path / "made.docx")).paragraphs[0].runs
    assert [run.text for run in runs if run.italic] == ["end"]


def test_looks_are_kept_and_symbols_are_in_italics(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    run = document.add_paragraph().add_run("a {{alliance.within | b}} z")
    run.bold = True
    content = render_word(saved(document, tmp_path), stored)
    (tmp_path / "x.docx").write_bytes(content)
    runs = docx.Document(str(tmp_path / "x.docx")).paragraphs[0].runs
    assert [(r.text, bool(r.italic)) for r in runs] == [
        ("a ", False), ("b", True), (" = −0.116", False), (" z", False),
    ]  # fmt: skip
    assert all(r.bold for r in runs)


def test_tables_headers_and_tabs(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_table(1, 1).cell(0, 0).text = "n = {{alliance.n.patient}}"
    document.sections[0].header.paragraphs[0].text = "H {{alliance.n.therapist}}"
    document.add_paragraph("a\t{{alliance.n.patient}}\tb")
    content = render_word(saved(document, tmp_path), stored)
    assert texts(content, tmp_path) == ["n = 240", "a\t240\tb"]
    made = docx.Document(str(tmp_path / "made.docx"))
    assert made.sections[0].header.paragraphs[0].text == "H 24"


def test_blocks_take_the_place_of_their_paragraph(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    for words in ("before", "{{table: alliance}}", "{{figure: alliance}}", "{{text: alliance}}",
                  "after"):  # fmt: skip
        document.add_paragraph(words)
    content = render_word(saved(document, tmp_path), stored)
    found = texts(content, tmp_path)
    assert found[0] == "before"
    assert found[-1] == "after"
    assert "Within patients\t−0.116\t0.017\t−6.66\t122.1\t< .001\t[−0.150, −0.081]" in [
        " ".join(text.split(" ")).replace("\u2007", "").replace("\u2008", "") for text in found
    ]
    assert any(text.startswith("Figure 1. Association") for text in found)
    assert sum(text.startswith("Across 2,075 sessions") for text in found) == 1
    (shape,) = docx.Document(str(tmp_path / "made.docx")).inline_shapes
    assert shape._inline.docPr.get("descr").startswith("Figure 1. Association")


def test_the_source_is_not_touched_and_the_bytes_repeat(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("{{alliance.n.patient}}")
    path = saved(document, tmp_path)
    before = path.read_bytes()
    assert render_word(path, stored) == render_word(path, stored)
    assert path.read_bytes() == before


def test_a_block_in_a_sentence_is_refused(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("see {{table: alliance}}")
    with pytest.raises(DataError, match="stands in a paragraph of its own"):
        render_word(saved(document, tmp_path), stored)


def changed(path: Path, old: str, new: str) -> Path:
    """The file with other text in its body."""
    target = path.with_name("changed.docx")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            made.writestr(name, content)
    return target


def test_tracked_changes_are_refused(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("x {{alliance.n.patient}}")
    path = saved(document, tmp_path)
    tracked = '<w:p><w:ins w:id="1" w:author="a"><w:r><w:t>y</w:t></w:r></w:ins></w:p><w:sectPr'
    with pytest.raises(DataError, match="(?i)tracked changes"):
        render_word(changed(path, "<w:sectPr", tracked), stored)


def test_a_damaged_file_is_refused(stored: Stored, tmp_path: Path) -> None:
    path = tmp_path / "m.docx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match="damaged"):
        render_word(path, stored)


def test_a_file_that_unpacks_to_too_much_is_refused(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("x")
    path = saved(document, tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.bin", b"\0" * 501_000_000)
    with pytest.raises(DataError, match="unpacks to"):
        render_word(path, stored)


def test_a_markdown_manuscript_as_word(stored: Stored, tmp_path: Path) -> None:
    source = (
        "# Title\n\nOne **bold**, {{alliance.within | b}}.\n\n- item {{alliance.n.patient}}\n\n"
        "| a | b |\n|:--|--:|\n| x | {{alliance.n.session}} |\n\n{{table: alliance}}\n"
    )
    found = texts(markdown_as_word(source, stored, tmp_path), tmp_path)
    assert found[:3] == ["Title", "One bold, b = −0.116.", "item 240"]
    assert "x\t2,075" in found
    assert "Table 1 wai_total and phq9 within and between patients" in found
    assert markdown_as_word(source, stored, tmp_path) == markdown_as_word(source, stored, tmp_path)
