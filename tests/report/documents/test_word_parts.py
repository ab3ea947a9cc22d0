"""Headers, notes, fields, links, comments and equations of Word files are read, or named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

import alliance_stats as al
from alliance_stats import DataError
from alliance_stats.report import read_document

MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def saved(document: docx.document.Document, folder: Path, **parts: str) -> Path:
    """A document as a file, with parts that python-docx does not write."""
    path = folder / "paper.docx"
    document.save(str(path))
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return path


def part(element: str, inside: str) -> str:
    return f"<w:{element} {nsdecls('w')}>{inside}</w:{element}>"


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_headers_and_footers_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Body.")
    section = document.sections[0]
    section.header.paragraphs[0].text = "ALLIANCE, t(34) = 2.35, p = .25"
    section.footer.paragraphs[0].text = "Page"
    section.different_first_page_header_footer = True
    section.first_page_header.paragraphs[0].text = "ALLIANCE, t(34) = 2.35, p = .25"
    section.first_page_footer.paragraphs[0].text = "First page"
    path = saved(document, tmp_path)
    found = [(p.kind, p.place(), p.text) for p in read_document(path).passages]
    assert found[0] == ("paragraph", "paragraph 1", "Body.")
    assert [each[:2] for each in found[1:]] == [
        ("header", "header 1"), ("header", "header 2"), ("footer", "footer 1"),
        ("footer", "footer 2"),
    ]  # fmt: skip
    assert {each[2] for each in found[3:]} == {"Page", "First page"}
    frame = al.check_statistics(path).frame
    assert frame["place"].tolist() == ["header 1", "header 2"]
    assert set(frame["verdict"]) == {"decision error"}


def test_footnotes_and_endnotes_are_read(tmp_path: Path) -> None:
    notes = {
        f"{name}s": part(f"{name}s", f"<w:{name}>{paragraph(f'z = 2.35, p = .2{k}')}</w:{name}>")
        for k, name in enumerate(("footnote", "endnote"))
    }  # fmt: skip
    document = docx.Document()
    document.add_paragraph("Body.")
    path = saved(document, tmp_path, **notes)
    assert al.check_statistics(path).frame["place"].tolist() == ["footnote 1", "endnote 1"]


def test_comments_are_no_text_but_counted(tmp_path: Path) -> None:
    document = docx.Document()
    line = document.add_paragraph("It did.")
    document.add_comment(line.runs, text="t(34) = 2.35, p = .25?", author="A", initials="A")
    document.add_comment(line.runs, text="Sure?", author="A", initials="A")
    path = saved(document, tmp_path)
    message = "2 comments not read: comments are not part of the text."
    assert read_document(path).messages == (message,)
    check = al.check_statistics(path)
    assert check.frame.empty
    assert check.messages == (message,)
    assert message in repr(check)
    assert message in check._repr_html_()
    assert check.view().messages == (message,)


def test_fields_links_and_content_controls_are_text(tmp_path: Path) -> None:
    inside = (
        '<w:fldSimple w:instr="DOCPROPERTY t"><w:r><w:t>t(34)</w:t></w:r></w:fldSimple>'
        '<w:hyperlink w:anchor="x"><w:r><w:t> = 2.35,</w:t></w:r></w:hyperlink>'
        "<w:sdt><w:sdtContent><w:r><w:t> p = </w:t></w:r></w:sdtContent></w:sdt>"
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF p</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>.25</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )  # fmt: skip
    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{inside}</w:p>"))
    path = saved(document, tmp_path)
    assert read_document(path).passages[0].text == "t(34) = 2.35, p = .25"
    assert read_document(path).messages == ()


def equation(inside: str) -> docx.document.Document:
    document = docx.Document()
    text = f"<w:p {nsdecls('w')} {MATH}><m:oMath>{inside}</m:oMath></w:p>"
    document.element.body.insert(0, parse_xml(text))
    return document


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (f"{run('t')}<m:d><m:e>{run('34')}</m:e></m:d>{run('=2.35')}", "t(34)=2.35"),
        (f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/><m:sepChr m:val=', '/></m:dPr>"
         f"<m:e>{run('.1')}</m:e><m:e>{run('.2')}</m:e></m:d>", "[.1, .2]"),
        (f"<m:f><m:num>{run('a')}</m:num><m:den>{run('b')}</m:den></m:f>", "a/b"),
        (f"<m:sSup><m:e>{run('χ')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>"
         f"<m:d><m:e><m:sSup><m:e>{run('x')}</m:e><m:sup>{run('3')}</m:sup></m:sSup></m:e></m:d>",
         "χ²(x³)"),
    ],
)  # fmt: skip
def test_equations_are_read_in_a_line(tmp_path: Path, inside: str, text: str) -> None:
    document = read_document(saved(equation(inside), tmp_path))
    assert document.passages[0].text == text
    assert document.messages == ()


def test_equations_that_have_no_form_in_a_line_are_named(tmp_path: Path) -> None:
    root = f"<m:rad><m:e>{run('n')}</m:e></m:rad><m:rad><m:e>{run('k')}</m:e></m:rad>"
    (message,) = read_document(saved(equation(root), tmp_path)).messages
    assert message.startswith("1 equation not read in full (first in paragraph 1): roots")


def test_tracked_changes_in_a_header_are_refused(tmp_path: Path) -> None:
    document = docx.Document()
    header = document.sections[0].header.paragraphs[0]
    header._p.append(OxmlElement("w:ins"))
    with pytest.raises(DataError, match=r"tracked changes \(1 insertion\), first in header 1"):
        read_document(saved(document, tmp_path))


def test_cells_that_span_columns_keep_the_others_in_place(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    table.cell(0, 1).merge(table.cell(0, 2)).text = "95% CI"
    for place, text in enumerate(("a", "b", "c")):
        table.cell(1, place).text = text
    passages = read_document(saved(document, tmp_path)).passages
    assert [p.text for p in passages] == ["\t95% CI", "a\tb\tc"]
    assert [(p.table, p.row) for p in passages] == [(1, 1), (1, 2)]
