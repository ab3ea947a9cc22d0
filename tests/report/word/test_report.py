from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from alliance_stats.report import save_report

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


def part(path: Path, name: str = "word/document.xml") -> ElementTree.Element:
    with zipfile.ZipFile(path) as file:
        return ElementTree.fromstring(file.read(name))


def paragraphs(path: Path) -> list[tuple[str, str]]:
    """Style and text of the paragraphs outside tables, blanks that do not break as blanks."""
    found = []
    for paragraph in part(path).find(f"{W}body").findall(f"{W}p"):  # type: ignore[union-attr]
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        text = "".join(t.text or "" for t in paragraph.iter(f"{W}t")).replace("\xa0", " ")
        found.append(("" if style is None else style.attrib[f"{W}val"], text))
    return found


def test_word_holds_everything(three_level: Any, tmp_path: Path) -> None:
    path = save_report(three_level, tmp_path / "report.docx", intro="All data are synthetic.")
    found = paragraphs(path)
    text = "\n".join(words for _, words in found)
    for words in (
        "All data are synthetic.", "sessions with higher wai_total than the patient's own average",
        "41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3).",
        "phq9 ~ wai_total_within", "fit_within_between(sessions", "Made with alliance_stats 0.",
    ):  # fmt: skip
        assert words in text
    captions = [words for style, words in found if style == "Caption"]
    assert captions == [
        "Table 1Coefficients",
        "Figure 1Association of wai_total with phq9: within patients, between patients, "
        "between therapists",
        "Table 2Random effects", "Table 3Standardised effects", "Table 4Sensitivity",
        "Table 5Fit",
    ]  # fmt: skip
    assert [w for s, w in found if s == "Heading1"] == ["Models and code"]
    assert [w for s, w in found if s == "Heading2"] == ["Model", "Fit it again"]
    assert len(list(part(path).iter(f"{W}tbl"))) == 5


def test_several_results_have_headings(two_level: Any, lmm: Any, tmp_path: Path) -> None:
    path = save_report({"First": two_level, "Second": lmm}, tmp_path / "r.docx", figures=False)
    found = paragraphs(path)
    assert [w for s, w in found if s == "Title"] == ["Results"]
    assert [w for s, w in found if s == "Heading1"] == ["First", "Second", "Models and code"]
    assert [w for s, w in found if s == "Heading2"] == ["First", "Second"]


def test_captions_are_numbered_by_fields_of_word(three_level: Any, tmp_path: Path) -> None:
    root = part(save_report(three_level, tmp_path / "r.docx"))
    fields = [
        (field.attrib[f"{W}instr"].split(), "".join(t.text or "" for t in field.iter(f"{W}t")))
        for field in root.iter(f"{W}fldSimple")
    ]
    assert [name for (_, name, *_), _ in fields] == ["Table", "Figure", *["Table"] * 4]
    assert [number for _, number in fields] == ["1", "1", "2", "3", "4", "5"]
    assert {code for (code, *_), _ in fields} == {"SEQ"}


def test_no_level_of_headings_is_left_out(three_level: Any, lmm: Any, tmp_path: Path) -> None:
    for given in (three_level, [three_level, lmm]):
        found = paragraphs(save_report(given, tmp_path / "r.docx", figures=False))
        levels = [int(s[-1]) for s, _ in found if s.startswith("Heading")]
        assert all(b - a <= 1 for a, b in zip([0, *levels], levels, strict=False))


def test_figures_have_words_for_who_cannot_see_them(two_level: Any, tmp_path: Path) -> None:
    path = save_report(two_level, tmp_path / "r.docx")
    (drawn,) = part(path).iter(f"{DRAWING}docPr")
    assert drawn.attrib["name"] == "Figure 1"
    said = drawn.attrib["descr"]
    assert said.startswith("Association of wai_total with phq9: within patients, between patients.")
    assert "sessions with higher wai_total than the patient's own average went with lower" in said
    (extent,) = part(path).iter(f"{DRAWING}extent")
    assert int(extent.attrib["cx"]) <= 15.93 * 360_000


def test_the_same_results_give_the_same_bytes(two_level: Any, tmp_path: Path) -> None:
    one = save_report(two_level, tmp_path / "one.docx").read_bytes()
    two = save_report(two_level, tmp_path / "two.docx").read_bytes()
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_no_date_and_nobody_stand_in_the_file(two_level: Any, tmp_path: Path) -> None:
    path = save_report(two_level, tmp_path / "r.docx", title="My title")
    core = part(path, "docProps/core.xml")
    said = {child.tag.rpartition("}")[2]: child.text for child in core}
    assert said == {"title": "My title", "language": "en-GB"}
    with zipfile.ZipFile(path) as file:
        assert not {n for n in file.namelist() if "thumbnail" in n or "app.xml" in n}
        for name in (n for n in file.namelist() if n.endswith(".xml")):
            text = file.read(name).decode("utf-8")
            assert not re.search(r"python-docx|<dcterms", text), name
            assert "<!DOCTYPE" not in text


def test_the_language_and_the_font_are_set(two_level: Any, tmp_path: Path) -> None:
    path = save_report(two_level, tmp_path / "r.docx", figures=False)
    styles = part(path, "word/styles.xml")
    assert {e.attrib.get(f"{W}val") for e in styles.iter(f"{W}lang")} == {"en-GB"}
    normal = next(s for s in styles.iter(f"{W}style") if s.attrib[f"{W}styleId"] == "Normal")
    fonts = normal.find(f"{W}rPr/{W}rFonts")
    assert fonts is not None
    assert set(fonts.attrib.values()) == {"Times New Roman"}


@pytest.mark.parametrize("alert", [False, True])
def test_messages_stand_in_a_box(
    two_level: Any, singular: Any, alert: bool, tmp_path: Path
) -> None:
    path = save_report(singular if alert else two_level, tmp_path / "r.docx", figures=False)
    boxed = [p for p in part(path).iter(f"{W}p") if p.find(f"{W}pPr/{W}pBdr") is not None]
    text = "".join(t.text or "" for t in boxed[0].iter(f"{W}t"))
    assert text == ("Messages: the fit is singular" if alert else "Messages")
    sides = boxed[0].find(f"{W}pPr/{W}pBdr")
    assert sides is not None
    assert len(sides) == (4 if alert else 1)


HOSTILE = (
    "<script>alert(1)</script>", "a|b`c`*d*$x$\n# &lt;e&gt;", '=HYPERLINK("http://x","y")',
    "]]></w:t></w:r><w:p>", "&amp;&lt;&xxe;", "\x00\x01\x0b\x1f\ufffe", "\U0001f600 smile",
    "{ MERGEFIELD x }", "long " * 2_000, "ا من اليمين",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_only_text(
    with_names: Callable[[str], Any], name: str, tmp_path: Path
) -> None:
    path = save_report(with_names(name), tmp_path / "r.docx", title=name, figures=False)
    root = part(path)
    shown = "".join(t.text or "" for t in root.iter(f"{W}t"))
    visible = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe]", "\ufffd", name)
    assert " ".join(visible.split()) in " ".join(shown.replace("\xa0", " ").split())
    assert {e.tag for e in root.iter(f"{W}instrText")} == set()
    plain = save_report(with_names("x"), tmp_path / "p.docx", title="x", figures=False)
    assert len(list(root.iter(f"{W}tbl"))) == len(list(part(plain).iter(f"{W}tbl")))


def test_lines_of_r_stand_in_every_format(two_level: Any, tmp_path: Path) -> None:
    class WithR:
        def view(self) -> Any:
            return two_level.view()

        def to_r(self) -> str:
            return 'library(lme4)\nd <- read.csv("s.csv")\n'

    for suffix in (".docx", ".html", ".md"):
        path = save_report(WithR(), tmp_path / f"r{suffix}", figures=False)
        if suffix == ".docx":
            text = "\n".join(words for _, words in paragraphs(path))
        else:
            text = path.read_text(encoding="utf-8")
        assert "Fit it in R" in text
        assert "library(lme4)" in text


def test_what_r_cannot_fit_is_said(two_level: Any, tmp_path: Path) -> None:
    from alliance_stats import UnsupportedError

    class WithoutR:
        def view(self) -> Any:
            return replace(two_level.view())

        def to_r(self) -> str:
            raise UnsupportedError("no lines for this.\nUse another.")

    path = save_report(WithoutR(), tmp_path / "r.md", figures=False)
    assert "# No lines: no lines for this. Use another." in path.read_text(encoding="utf-8")
