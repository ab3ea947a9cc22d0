"""Manuscripts of every kind become the same plain text, or are refused in plain words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from alliance_stats import ArgumentError, DataError
from alliance_stats.report import read_document
from alliance_stats.report.documents import archive

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>{before}<w:document xmlns:w='
    '"http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:m='
    '"http://schemas.openxmlformats.org/officeDocument/2006/math"><w:body>{body}</w:body>'
    "</w:document>"
)


def word_file(folder: Path, body: str, *, before: str = "", **parts: str) -> Path:
    path = folder / "paper.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", BODY.format(body=body, before=before))
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return path


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def text_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


SAME = {
    "paper.txt": "It did, t(23) = −2.10, p < .05, χ²(1) = 3.90.",
    "paper.md": "It did, *t*(23) = −2.10, _p_ \\< .05, *χ*^2^(1) = 3.90.",
    "paper.tex": r"It did, \emph{t}(23) = −2.10, $p < .05$, $\chi^2(1) = 3.90$. % so",
    "paper.html": (
        "It did, <i>t</i>(23) = &minus;2.10, <em>p</em> &lt; .05, χ<sup>2</sup>(1) = 3.90."
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_marks_of_every_kind_are_taken_away(tmp_path: Path, name: str) -> None:
    document = read_document(text_file(tmp_path, name, SAME[name]))
    assert document.text.strip() == SAME["paper.txt"]
    assert document.kind == name.rpartition(".")[2]


def test_word_runs_superscripts_and_signs(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    document.add_paragraph("")
    line = document.add_paragraph("It did, ")
    line.add_run("χ").italic = True
    line.add_run("2").font.superscript = True
    line.add_run("(1) = 3.90")
    path = tmp_path / "paper.docx"
    document.save(str(path))
    read = read_document(path)
    assert [passage.text for passage in read.passages] == ["First.", "It did, χ²(1) = 3.90"]
    assert read.passages[1].place() == "paragraph 2"


def test_raised_runs_are_superscripts_and_lowered_ones_are_not(tmp_path: Path) -> None:
    runs = "".join(
        f'<w:r><w:rPr><w:position w:val="{val}"/></w:rPr><w:t>2</w:t></w:r>' for val in (8, -8, 0)
    )
    assert read_document(word_file(tmp_path, f"<w:p>{runs}</w:p>")).text == "²22"


def test_word_tables_are_rows(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before.")
    table = document.add_table(2, 2)
    for row, cells in enumerate([("Effect", "b"), ("Within", "−0.11")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).add_paragraph("patients")
    document.add_paragraph("After.")
    path = tmp_path / "paper.docx"
    document.save(str(path))
    found = [(p.place(), p.kind, p.text) for p in read_document(path).passages]
    assert found == [
        ("paragraph 1", "paragraph", "Before."),
        ("table 1, row 1", "table", "Effect\tb"),
        ("table 1, row 2", "table", "Within patients\t−0.11"),
        ("paragraph 2", "paragraph", "After."),
    ]


def test_word_notes_symbols_and_formulas(tmp_path: Path) -> None:
    notes = (
        f'<w:footnotes xmlns:w="{WORD}"><w:footnote w:id="0" w:type="separator"><w:p><w:r>'
        "<w:separator/></w:r></w:p></w:footnote><w:footnote w:id='1'><w:p><w:r><w:t>A note."
        "</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    body = (
        '<w:p><w:r><w:sym w:font="Symbol" w:char="F063"/></w:r><m:oMath><m:sSup><m:e><m:r><m:t>χ'
        "</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
        "<w:r><w:tab/><w:t>x</w:t></w:r></w:p>"
    )
    read = read_document(word_file(tmp_path, body, footnotes=notes))
    assert [p.text for p in read.passages] == ["χχ²\tx", "A note."]
    assert read.passages[1].place() == "footnote 1"


def test_other_prefixes_and_names_of_parts_are_read(tmp_path: Path) -> None:
    path = word_file(tmp_path, paragraph("First."))
    with zipfile.ZipFile(path) as archive:
        content = archive.read("word/document.xml").decode()
    renamed = (
        content.replace("w:", "x:")
        .replace("xmlns:w=", "xmlns:x=")
        .replace(
            WORD,
            "http://purl.oclc.org/ooxml/wordprocessingml/main",
        )
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document2.xml", renamed)
    assert read_document(path).text == "First."


def test_tracked_changes_are_refused_with_their_count_and_place(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    line = document.add_paragraph("Second")
    inserted = OxmlElement("w:ins")
    inserted.set(qn("w:id"), "1")
    line._p.append(inserted)
    path = tmp_path / "paper.docx"
    document.save(str(path))
    with pytest.raises(DataError, match=r"tracked changes \(1 insertion\), first in paragraph 2"):
        read_document(path)


def test_text_boxes_are_refused(tmp_path: Path) -> None:
    box = f"<w:p><w:r><w:txbxContent>{paragraph('in')}</w:txbxContent></w:r></w:p>"
    with pytest.raises(DataError, match="text boxes"):
        read_document(word_file(tmp_path, box))


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    with pytest.raises(DataError, match="declares a document type"):
        read_document(word_file(tmp_path, paragraph("&b;"), before=entities))


def test_what_unpacks_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="is too large"):
        read_document(word_file(tmp_path, paragraph("x" * 2000)))


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too deeply"):
        read_document(word_file(tmp_path, "<w:x>" * 3000 + "</w:x>" * 3000))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 not a zip", "damaged"),
        (b"", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
    ],
)
def test_what_is_no_word_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "paper.docx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_document(path)


def test_a_cut_word_file_is_damaged(tmp_path: Path) -> None:
    path = word_file(tmp_path, paragraph("First."))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged"):
        read_document(path)
    with pytest.raises(DataError, match="damaged"):
        read_document(word_file(tmp_path, "<w:p>"))


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    markdown = "---\ntitle: x\n---\n\n<!-- one\ntwo -->\n```r\nt(23) = 9\n```\n\nOne\nt(1) = 2.\n"
    passage = read_document(text_file(tmp_path, "a.md", markdown)).passages[-1]
    assert (passage.text, passage.place(4)) == ("One\nt(1) = 2.", "line 12")
    latex = "\\usepackage{x}\n% c\n\\begin{document}\n\\section{A}\n\nOne\\footnote{two}.\n"
    passage = read_document(text_file(tmp_path, "a.tex", latex)).passages[-1]
    assert (passage.text, passage.place()) == ("Onetwo.", "line 6")
    page = (
        "<html>\n<head><style>\np {}\n</style></head>\n<p\nclass='a>b'>One\n<b>two</b></p></html>"
    )
    passage = read_document(text_file(tmp_path, "a.html", page)).passages[-1]
    assert (passage.text, passage.place(0), passage.place(5)) == ("One\ntwo", "line 6", "line 7")


def test_wrong_paths_and_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="suffix is '.pdf'"):
        read_document("paper.pdf")
    with pytest.raises(ArgumentError, match="no file"):
        read_document(tmp_path / "none.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(ArgumentError, match="is a folder"):
        read_document(tmp_path / "folder.md")
    path = tmp_path / "a.txt"
    path.write_bytes("One\nzwölf".encode("latin-1"))
    with pytest.raises(DataError, match="not in UTF-8, first seen on line 2"):
        read_document(path)
    path.write_bytes("Zwölf".encode("utf-16"))
    assert read_document(path).text == "Zwölf"
    path.write_bytes(b"a\0b")
    with pytest.raises(DataError, match="zero bytes"):
        read_document(path)
