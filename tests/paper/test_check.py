"""The check of a paper: what is wrong is found where it stands, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.paper import PaperCheck, check_paper, render_paper, run_study
from alliance_stats.paper.render import files as rendering
from alliance_stats.paper.run import sha256


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def found(check: PaperCheck) -> list[tuple[str, str]]:
    return [(item.kind, item.place) for item in check.findings]


def test_the_example_is_fine(paper: Path) -> None:
    before = {p: p.read_bytes() for p in paper.rglob("*") if p.is_file()}
    check = check_paper(paper)
    assert check.ok, check
    assert {p: p.read_bytes() for p in paper.rglob("*") if p.is_file()} == before
    kinds = set(check.frame["kind"])
    assert {"binding", "number", "statistic", "allowed", "rendered", "results"} <= kinds
    assert repr(check).endswith("nothing is wrong.")


def test_a_missing_key_shows_the_nearest(paper: Path) -> None:
    replaced(paper / "manuscript.md", "{{alliance.within | b}}", "{{alliance.witin | b}}")
    (item,) = check_paper(paper).findings
    assert (item.kind, item.place) == ("binding", "manuscript.md, line 9")
    assert "Did you mean 'alliance.within'?" in item.problem


def test_an_edited_result_is_seen_by_its_hash(paper: Path) -> None:
    replaced(paper / "results.json", "-0.115840499875", "-0.125840499875")
    assert ("results", "results.json") in found(check_paper(paper))
    with pytest.raises(DataError, match="it was edited"):
        render_paper(paper)


def test_a_forged_hash_is_seen_by_a_new_run(paper: Path) -> None:
    before = sha256((paper / "results.json").read_bytes())
    replaced(paper / "results.json", "-0.115840499875", "-0.115840499999")
    replaced(paper / "results.meta.json", before, sha256((paper / "results.json").read_bytes()))
    assert check_paper(paper).ok  # the digits printed are the same, and it is within 1e-8
    before = sha256((paper / "results.json").read_bytes())
    replaced(paper / "results.json", "-0.115840499999", "-0.115841499999")
    replaced(paper / "results.meta.json", before, sha256((paper / "results.json").read_bytes()))
    check = check_paper(paper, rerun=True)
    assert found(check) == [("rerun", "results.json")]
    assert "alliance.within.estimate" in check.findings[0].problem


def test_an_edited_table_or_figure_is_seen(paper: Path) -> None:
    replaced(paper / "results.parts.json", "122.1", "122.2")
    (paper / "results_files" / "alliance.png").write_bytes(b"x")
    places = [place for _, place in found(check_paper(paper))]
    assert {"results.parts.json", "results_files/alliance.png"} <= set(places)


def test_a_study_changed_after_the_run_is_seen(paper: Path) -> None:
    replaced(paper / "study.toml", "seed = 20 ", "seed = 21 ")
    assert found(check_paper(paper)) == [("study", "study.toml")]


def test_a_wrong_typed_number_is_named_with_its_line(paper: Path) -> None:
    replaced(paper / "manuscript.md", "*b* = −0.116", "*b* = −0.126")
    check = check_paper(paper)
    line = (
        (paper / "manuscript.md").read_text(encoding="utf-8").split("*b* = −0.126")[0].count("\n")
    )
    numbers = [item for item in check.findings if item.kind == "number"]
    assert [item.place for item in numbers] == [f"manuscript.md, line {line + 1}"]
    statistics = [item for item in check.findings if item.kind == "statistic"]
    assert "b / SE" in statistics[0].problem


def test_p_that_does_not_fit_is_found(paper: Path) -> None:
    replaced(paper / "manuscript.md", "They say", "It was t(20) = 2.10, p = .3. They say")
    kinds = [kind for kind, _ in found(check_paper(paper))]
    assert "statistic" in kinds


def test_a_number_that_is_no_result_needs_a_reason(paper: Path) -> None:
    replaced(paper / "manuscript.md", "They say", "Of 12 clinics, they say")
    assert [k for k, _ in found(check_paper(paper))] == ["number", "rendered"]
    with (paper / "allow.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[[allow]]\ntext = "12 clinics"\nreason = "From the registry."\n')
    assert [k for k, _ in found(check_paper(paper))] == ["rendered"]
    replaced(paper / "allow.toml", 'reason = "From the registry."\n', "")
    check = check_paper(paper)
    assert "'reason' is missing" in check.findings[-1].problem


def test_an_entry_that_allows_nothing_is_found(paper: Path) -> None:
    with (paper / "allow.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[[allow]]\ntext = "13 clinics"\nreason = "x"\n')
    (item,) = check_paper(paper).findings
    assert (item.kind, item.what) == ("allowed", "13 clinics")


def test_references_and_numbering_are_left_alone(paper: Path) -> None:
    text = (paper / "manuscript.md").read_text(encoding="utf-8")
    text = text.replace(
        "## Results", "## 3 Results\n\n1. one\n2. two\n\n`x = 12` and\n\n```\n99\n```\n"
    )
    (paper / "manuscript.md").write_text(text, encoding="utf-8")
    assert [k for k, _ in found(check_paper(paper)) if k != "rendered"] == ["number"]  # `x = 12`


def with_manuscript(paper: Path, name: str) -> None:
    """The paper with another manuscript, one question and no allow-list, run."""
    (paper / "study.toml").write_text(
        '[data.sessions]\nexample = "sessions"\n[questions.alliance]\nfit = "fit_within_between"\n'
        f'[manuscript]\npath = "{name}"\n',
        encoding="utf-8",
    )
    (paper / "allow.toml").unlink()
    run_study(paper, force=True)


def test_a_latex_manuscript(paper: Path) -> None:
    source = (
        "\\documentclass[11pt]{article}\n\\begin{document}\n"
        "Less ({{alliance.within | apa}}) in {{PHQ}} 240 patients, $b = -0.116$.\n"
        "\\textit{b} = 0.987, % 77\n\\end{document}\n"
    )
    (paper / "m.tex").write_text(source, encoding="utf-8")
    with_manuscript(paper, "m.tex")
    (item,) = check_paper(paper).findings
    assert (item.kind, item.place, item.what) == ("number", "m.tex, line 4", "b = 0.987")


def word(paper: Path, *paragraphs: str) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    for words in paragraphs:
        document.add_paragraph(words)
    document.save(str(paper / "m.docx"))
    with_manuscript(paper, "m.docx")


def test_a_word_manuscript(paper: Path) -> None:
    word(paper, "Less ({{alliance.within | apa}}).", "In 241 patients.", "{{alliance.witin.se}}",
         "see {{table: alliance}}", "References", "Smith, A. (2001). 12 things.")  # fmt: skip
    assert found(check_paper(paper)) == [
        ("binding", "m.docx, paragraph 3"),
        ("binding", "m.docx, paragraph 4"),
        ("number", "m.docx, paragraph 2"),
    ]


def test_a_damaged_manuscript_is_one_finding(paper: Path) -> None:
    word(paper, "x")
    (paper / "m.docx").write_bytes(b"PK\x03\x04")
    (item,) = check_paper(paper).findings
    assert (item.kind, item.place) == ("manuscript", "m.docx")
    assert "damaged" in item.problem


def test_headers_of_word_are_checked_but_not_page_numbers(paper: Path) -> None:
    docx = pytest.importorskip("docx")
    from docx.oxml import parse_xml

    document = docx.Document()
    document.add_paragraph("Less ({{alliance.within | apa}}).")
    section = document.sections[0]
    section.header.paragraphs[0].text = "{{alliance.n.patients}}, b = 9.99"
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    number = "<w:r><w:t>77</w:t></w:r>"
    field = f'<w:fldSimple xmlns:w="{space}" w:instr=" PAGE ">{number}</w:fldSimple>'
    section.footer.paragraphs[0]._p.append(parse_xml(field))
    document.save(str(paper / "m.docx"))
    with_manuscript(paper, "m.docx")
    assert found(check_paper(paper)) == [
        ("binding", "m.docx, header 1"),
        ("number", "m.docx, header 1"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf  \n", "it is empty"),
        ("# Ünder".encode("latin-1"), "it is not in UTF-8, first seen on line 1"),
        ("# x".encode("utf-16"), "it is not in UTF-8"),
        (b"# x\0y", "it holds zero bytes"),
    ],
)
def test_manuscripts_that_cannot_be_read(paper: Path, content: bytes, said: str) -> None:
    (paper / "manuscript.md").write_bytes(content)
    (item,) = check_paper(paper).findings
    assert (item.kind, item.place) == ("manuscript", "manuscript.md")
    assert said in item.problem
    with pytest.raises(DataError, match=said):
        render_paper(paper, force=True)


def test_an_empty_word_manuscript(paper: Path) -> None:
    word(paper)
    (item,) = check_paper(paper).findings
    assert "it is empty" in item.problem
    with pytest.raises(DataError, match="it is empty"):
        render_paper(paper)


def test_line_breaks_and_marks_of_windows_change_nothing(paper: Path) -> None:
    """As git and Notepad write them: in every text file of a paper."""
    for name in ("manuscript.md", "manuscript-rendered.md", "study.toml", "allow.toml",
                 "results.json", "results.parts.json", "results.meta.json"):  # fmt: skip
        content = (paper / name).read_bytes().replace(b"\n", b"\r\n")
        (paper / name).write_bytes(content)
    (paper / "allow.toml").write_bytes(b"\xef\xbb\xbf" + (paper / "allow.toml").read_bytes())
    assert check_paper(paper).findings == ()


def test_a_table_that_stands_twice_is_named(paper: Path) -> None:
    replaced(
        paper / "manuscript.md", "{{table: alliance}}", "{{table: alliance}}\n\n{{table: alliance}}"
    )
    item = check_paper(paper).findings[0]
    assert item.what == "{{table: alliance}}"
    assert "it stands in manuscript.md, line 36 already" in item.problem


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.json", '{"alliance.within.estimate": [1]}'),
        ("results.meta.json", '{"data": 3}'),
        ("results.meta.json", '{"figures": [1]}'),
    ],
)
def test_results_of_another_form_are_one_message(paper: Path, name: str, content: str) -> None:
    (paper / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=f"'{name}' is not what a run writes"):
        check_paper(paper)


def test_a_wrong_p_is_shown_as_printed(paper: Path) -> None:
    replaced(paper / "manuscript.md", "*p* < .001, 95% CI [−0.150", "*p* = .03, 95% CI [−0.150")
    (item,) = (i for i in check_paper(paper).findings if i.kind == "number")
    assert "alliance.within.p_value is < .001" in item.problem


def test_rendered_files_are_kept_without_force(paper: Path) -> None:
    replaced(paper / "manuscript-rendered.md", "240 patients", "250 patients")
    with pytest.raises(ArgumentError, match="would change"):
        render_paper(paper)
    assert "250 patients" in (paper / "manuscript-rendered.md").read_text(encoding="utf-8")
    assert "rendered" in [kind for kind, _ in found(check_paper(paper))]
    render_paper(paper, force=True)
    assert check_paper(paper).ok


def test_nothing_is_left_of_a_render_that_fails(
    paper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(paper.rglob("*"))

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fails)
    (paper / "manuscript-rendered.md").unlink()
    before.remove(paper / "manuscript-rendered.md")
    with pytest.raises(OSError, match="No space"):
        rendering.render_paper(paper)
    assert sorted(paper.rglob("*")) == before


def test_missing_results_and_manuscripts_are_one_message(paper: Path) -> None:
    (paper / "manuscript.md").rename(paper / "other.md")
    with pytest.raises(DataError, match=r"'manuscript\.md' is not there"):
        check_paper(paper)
    (paper / "results.json").unlink()
    with pytest.raises(DataError, match="Make it with alliance-stats run"):
        check_paper(paper)
    (paper / "results.json").write_text("[1]")
    with pytest.raises(DataError, match="is not what a run writes"):
        check_paper(paper)


def test_a_small_cell_in_edited_results_is_found(paper: Path) -> None:
    values = json.loads((paper / "results.json").read_text(encoding="utf-8"))
    values["alliance.n.patient"] = 3
    values["sample.ratings.phq9.n"] = 3
    (paper / "results.json").write_text(json.dumps(values), encoding="utf-8")
    assert "privacy" in [kind for kind, _ in found(check_paper(paper))]


def test_mentions_of_tables_and_figures(paper: Path) -> None:
    replaced(paper / "manuscript.md", "Table 1 has all", "Table 2 has all")
    replaced(paper / "manuscript.md", "These are associations", "As Table 5 of Doe. These are")
    items = [item for item in check_paper(paper).findings if item.kind == "pointer"]
    assert [(item.place, item.what) for item in items] == [
        ("manuscript.md, line 34", "Table 2"),
        ("manuscript.md, line 57", "Table 5"),
    ]
    assert "the manuscript has 1 table." in items[0].problem
    with (paper / "allow.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[[allow]]\ntext = "Table 5 of Doe"\nreason = "Of another work."\n')
    with (paper / "manuscript.md").open("a", encoding="utf-8") as stream:
        stream.write("\n## Appendix\n\n**Table 2.** Typed by hand\n")
    assert [i for i in check_paper(paper).findings if i.kind == "pointer"] == []


def test_a_rendered_file_that_is_out_of_date_is_named_in_few_lines(paper: Path) -> None:
    source = paper / "manuscript.md"
    source.write_text("It fell ({{alliance.within | b}}).\n", encoding="utf-8")
    items = [item for item in check_paper(paper).findings if item.kind == "rendered"]
    assert len(items) == 9
    assert items[-1].place == "manuscript-rendered.md"
    assert "further places differ. Render it again." in items[-1].problem
