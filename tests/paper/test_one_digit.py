"""The test of the test: one digit of each printed number is changed, and each change is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alliance_stats.paper.check_pointers import check_pointers
from alliance_stats.paper.check_rendered import check_rendered
from alliance_stats.paper.check_source import check_numbers
from alliance_stats.paper.check_statistics import check_printed
from alliance_stats.paper.render.files import render_paper, rendered
from alliance_stats.paper.stored import Stored, load_stored
from alliance_stats.paper.study import Study, load_study

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def changes(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Each digit of each number changed by one, one at a time."""
    for start, end in spans:
        for place in range(start, end):
            if text[place].isdigit():
                other = str((int(text[place]) + 1) % 10)
                yield place, text[:place] + other + text[place + 1 :]


def opened(paper: Path) -> tuple[Study, Stored]:
    return load_study(paper), load_stored(paper)


def test_every_digit_of_the_rendered_text(paper: Path) -> None:
    """Bound and typed numbers alike: statements, tables, counts, years."""
    study, stored = opened(paper)
    study = replace(study, formats=("md",))
    target = paper / "manuscript-rendered.md"
    text = target.read_text(encoding="utf-8")
    spans = [found.span() for found in _NUMBER.finditer(text)]
    assert len(spans) > 150
    tried = 0
    for place, changed in changes(text, spans):
        target.write_text(changed, encoding="utf-8")
        items = list(check_rendered(study, stored))
        line = text.count("\n", 0, place) + 1
        assert [item.place for item in items if item.problem] == [
            f"manuscript-rendered.md, line {line}"
        ], changed[place - 20 : place + 20]
        tried += 1
    assert tried > 400


def test_digits_of_the_rendered_latex(paper: Path) -> None:
    """Abstract, sentences, cells, notes and captions."""
    study, _ = opened(paper)
    study = replace(study, formats=("tex",))
    stored = load_stored(paper)
    target = paper / "manuscript-rendered.tex"
    target.write_bytes(rendered(study, stored, ["tex"])[target])
    text = target.read_text(encoding="utf-8")
    body = text.index("\\begin{document}")
    spans = [found.span() for found in _NUMBER.finditer(text, body)]
    assert len(spans) > 150
    for place, changed in list(changes(text, spans))[::5]:
        target.write_text(changed, encoding="utf-8")
        (item,) = (item for item in check_rendered(study, stored) if item.problem)
        assert item.place == f"manuscript-rendered.tex, line {text.count(chr(10), 0, place) + 1}"


def prose_numbers(text: str) -> list[tuple[int, int]]:
    """Numbers of the source that are no part of a binding, a citation or a name."""
    end = text.index("## References")
    bound = [found.span() for found in re.finditer(r"\{\{.*?\}\}", text)]
    skipped = [found.span() for found in re.finditer(r"\d{4}\)|PHQ-9", text)]
    return [
        found.span()
        for found in _NUMBER.finditer(text, 0, end)
        if not any(low <= found.start() < high for low, high in [*bound, *skipped])
    ]


def test_every_digit_typed_by_hand(paper: Path) -> None:
    """In the source itself, before anything is rendered; allowed numbers too."""
    study, stored = opened(paper)
    source = paper / "manuscript.md"
    text = source.read_text(encoding="utf-8")
    spans = prose_numbers(text)
    assert len(spans) >= 15
    for place, changed in changes(text, spans):
        source.write_text(changed, encoding="utf-8")
        items = [*check_numbers(study, stored), *check_printed(study, stored)]
        items += check_pointers(study)
        assert any(item.problem for item in items), changed[place - 30 : place + 10]


def test_digits_beside_the_text_of_a_word_manuscript(paper: Path) -> None:
    """A bound number in the header of the rendered file."""
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph("Text.")
    document.sections[0].header.paragraphs[0].text = "N = {{alliance.n.patient}}"
    document.save(str(paper / "m.docx"))
    study, stored = opened(paper)
    study = replace(study, manuscript=paper / "m.docx", formats=("docx",))
    (target,) = rendered(study, stored, ["docx"])
    target.write_bytes(rendered(study, stored, ["docx"])[target])
    assert [item.problem for item in check_rendered(study, stored)] == [""]
    made = docx.Document(str(target))
    made.sections[0].header.paragraphs[0].text = "N = 241"
    made.save(str(target))
    (item,) = (item for item in check_rendered(study, stored) if item.problem)
    assert item.place == "m-rendered.docx, header 1"


def test_digits_of_a_rendered_word_file(paper: Path) -> None:
    docx = pytest.importorskip("docx")
    from docx.oxml.ns import qn

    render_paper(paper, force=True)
    study, stored = opened(paper)
    study = replace(study, formats=("docx",))
    target = paper / "manuscript-rendered.docx"
    document = docx.Document(str(target))
    assert [item.problem for item in check_rendered(study, stored)] == [""]
    runs = list(document.element.body.iter(qn("w:t")))
    numbers = [(run, found) for run in runs for found in _NUMBER.finditer(run.text)]
    assert len(numbers) > 150
    fields = [n for n in numbers if n[0].getparent().getparent().tag == qn("w:fldSimple")]
    assert len(fields) == 2  # the numbers of the table and of the figure
    for run, found in [*numbers[::29], *fields]:
        before = run.text
        place = found.end() - 1
        digit = str((int(before[place]) + 1) % 10)
        run.text = before[:place] + digit + before[place + 1 :]
        document.save(str(target))
        assert any(item.problem for item in check_rendered(study, stored)), run.text
        run.text = before


def test_the_check_as_a_whole_turns_red(paper: Path) -> None:
    """The public call, for one digit of each kind of number."""
    from alliance_stats.paper import check_paper

    target = paper / "manuscript-rendered.md"
    text = target.read_text(encoding="utf-8")
    for printed in ("2,075 sessions", "*t*(122.1)", "−0.298", "p = .426".replace("p", "*p*"),
                    "61.1%", "*r* = .278"):  # fmt: skip
        place = text.index(printed) + max(i for i, s in enumerate(printed) if s.isdigit())
        digit = str((int(text[place]) + 1) % 10)
        target.write_text(text[:place] + digit + text[place + 1 :], encoding="utf-8")
        assert not check_paper(paper).ok, printed
    target.write_text(text, encoding="utf-8")
    assert check_paper(paper).ok
