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
from docx.oxml.ns import qn  # noqa: E402
from docx.shared import Cm, Pt  # noqa: E402


def texts(content: bytes, folder: Path) -> list[str]:
    file = folder / "made.docx"
    file.write_bytes(content)
    passages = read_document(file).passages
    return [p.text.replace("\xa0", " ") for p in passages if p.kind not in ("header", "footer")]


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
        ("a ", False), ("b", True), ("\xa0=\xa0−0.116", False), (" z", False),
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


def test_headers_of_first_and_even_pages(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("x")
    section = document.sections[0]
    section.different_first_page_header_footer = True
    document.settings.odd_and_even_pages_header_footer = True
    stories = (section.first_page_header, section.even_page_header, section.first_page_footer)
    for story in stories:
        story.paragraphs[0].text = "N = {{alliance.n.patient}}"
    path = saved(document, tmp_path)
    (tmp_path / "made.docx").write_bytes(render_word(path, stored))
    found = [p.text for p in read_document(tmp_path / "made.docx").passages]
    assert found == ["x", "N = 240", "N = 240", "N = 240"]


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
    place = next(k for k, text in enumerate(found) if text.startswith("Figure 1 Association of"))
    assert found[place + 1].startswith("Note. Points")
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


def test_a_table_in_a_cell_is_refused(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_table(1, 1).cell(0, 0).text = "{{table: alliance}}"
    with pytest.raises(DataError, match="does not fit into a cell"):
        render_word(saved(document, tmp_path), stored)


def test_numbers_of_tables_and_figures_are_fields(stored: Stored, tmp_path: Path) -> None:
    """Word counts on, and lists them; the printed number is there without an update."""
    document = docx.Document()
    for words in ("{{table: alliance}}", "{{figure: alliance}}", "{{table: alliance.sensitivity}}"):
        document.add_paragraph(words)
    path = tmp_path / "made.docx"
    path.write_bytes(render_word(saved(document, tmp_path), stored))
    made = docx.Document(str(path))
    fields = made.element.body.findall(".//" + qn("w:fldSimple"))
    assert [field.get(qn("w:instr")).split()[:2] for field in fields] == [
        ["SEQ", "Table"], ["SEQ", "Figure"], ["SEQ", "Table"],
    ]  # fmt: skip
    found = [p.text for p in read_document(path).passages]
    captions = [t for t in found if t.startswith(("Table", "Figure"))]
    assert [" ".join(t.split()[:2]) for t in captions] == ["Table 1", "Figure 1", "Table 2"]


def test_a_table_fits_the_margins_of_the_manuscript(stored: Stored, tmp_path: Path) -> None:
    document = docx.Document()
    section = document.sections[0]
    section.left_margin = section.right_margin = Cm(4)
    document.add_paragraph("{{table: alliance}}")
    path = tmp_path / "made.docx"
    path.write_bytes(render_word(saved(document, tmp_path), stored))
    (table,) = docx.Document(str(path)).tables
    room = section.page_width - section.left_margin - section.right_margin
    assert sum(column.width for column in table.columns) <= room + 12 * len(table.columns)


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


@pytest.mark.parametrize(
    ("part", "how"),
    [
        ("word/styles.xml", "missing"), ("word/styles.xml", "cut"),
        ("[Content_Types].xml", "missing"), ("[Content_Types].xml", "cut"),
        ("word/_rels", "cut"),
    ],
)  # fmt: skip
def test_damage_outside_the_text_is_one_message(
    stored: Stored, tmp_path: Path, part: str, how: str
) -> None:
    document = docx.Document()
    document.add_paragraph("{{table: alliance}}")
    target = tmp_path / "damaged.docx"
    with (
        zipfile.ZipFile(saved(document, tmp_path)) as source,
        zipfile.ZipFile(target, "w") as made,
    ):
        for name in source.namelist():
            content = source.read(name)
            if not name.startswith(part):
                made.writestr(name, content)
            elif how == "cut":
                made.writestr(name, content[: len(content) // 2])
    with pytest.raises(DataError, match="damaged"):
        render_word(target, stored)


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


def test_the_look_of_a_manuscript(stored: Stored, tmp_path: Path) -> None:
    """Title and headings by style, double spacing, hanging references, running head, page."""
    source = (
        "# Alliance: a study\n\n## Abstract\n\nShort.\n\n## Method\n\n### Data\n\n#### More\n\n"
        "Text.\n\n{{figure: alliance}}\n\n## References\n\nDoe, J. (2020).\n"
    )
    path = tmp_path / "made.docx"
    path.write_bytes(markdown_as_word(source, stored, stored.folder))
    made = docx.Document(str(path))
    looks = {p.text: p for p in made.paragraphs}
    styles = {text: p.style.name for text, p in looks.items()}
    assert styles["Alliance: a study"] == "Title"
    assert (styles["Method"], styles["Data"], styles["More"]) == (
        "Heading 1", "Heading 2", "Heading 3",
    )  # fmt: skip
    assert styles["Doe, J. (2020)."] == "Reference"
    assert made.styles["Reference"].paragraph_format.first_line_indent < 0
    assert made.styles["Body Text"].paragraph_format.line_spacing == 2.0
    assert made.styles["Heading 1"].font.size == Pt(12)
    assert looks["Short."].paragraph_format.first_line_indent == 0
    header = made.sections[0].header.paragraphs[0]
    assert header.text.startswith("ALLIANCE\t")
    (stop,) = made.styles["Header"].paragraph_format.tab_stops  # none in the middle
    assert stop.position > Cm(15)
    assert "PAGE" in header._p.xml
    assert (made.core_properties.title, made.core_properties.language) == (
        "Alliance: a study", "en-GB",
    )  # fmt: skip
    (shape,) = made.inline_shapes
    assert shape._inline.docPr.get("descr").startswith("Figure 1. Association")
    assert shape._inline.docPr.get("name") == "Figure 1"
