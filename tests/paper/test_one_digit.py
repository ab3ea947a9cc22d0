"""The test of the test: one digit of each printed number is changed, and each change is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alliance_stats.paper.check_rendered import check_rendered
from alliance_stats.paper.check_source import check_numbers
from alliance_stats.paper.check_statistics import check_printed
from alliance_stats.paper.render.files import render_paper
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


def prose_numbers(text: str) -> list[tuple[int, int]]:
    """Numbers of the source that are no part of a binding, a citation, a heading or a name."""
    end = text.index("## References")
    bound = [found.span() for found in re.finditer(r"\{\{.*?\}\}", text)]
    skipped = [found.span() for found in re.finditer(r"\d{4}\)|PHQ-9|(?:Table|Figure) \d", text)]
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
        assert any(item.problem for item in items), changed[place - 30 : place + 10]


def test_digits_of_a_rendered_word_file(paper: Path) -> None:
    docx = pytest.importorskip("docx")
    render_paper(paper, force=True)
    study, stored = opened(paper)
    study = replace(study, formats=("docx",))
    target = paper / "manuscript-rendered.docx"
    document = docx.Document(str(target))
    assert [item.problem for item in check_rendered(study, stored)] == [""]
    runs = [r for p in document.paragraphs for r in p.runs]
    runs += [r for t in document.tables for c in t._cells for p in c.paragraphs for r in p.runs]
    numbers = [(run, found) for run in runs for found in _NUMBER.finditer(run.text)]
    assert len(numbers) > 150
    for run, found in numbers[::29]:
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
