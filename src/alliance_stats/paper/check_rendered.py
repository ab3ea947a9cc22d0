"""Rendered files: still what the manuscript and the results make."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from alliance_stats._base.checks import counted
from alliance_stats.paper.checked import Checked
from alliance_stats.paper.paths import shown
from alliance_stats.paper.render.files import rendered, target_of
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.study import Study
from alliance_stats.report.documents.reading import read_document

_AROUND = 24
#: Places of one file that are named; a file that is out of date differs in hundreds.
_MOST_SHOWN = 8


def check_rendered(study: Study, stored: Stored) -> Iterator[Checked]:
    """Every rendered file that is there: line by line, or of Word files text by text.

    The layout of a Word file may be changed by hand; its words and numbers may not.
    """
    there = [form for form in study.formats if target_of(study, form).is_file()]
    if stored.edited or not there:
        return
    for target, content in rendered(study, stored, there).items():
        name = shown(target, study.folder)
        now = _pieces(target.name, target.read_bytes())
        differences = list(_differences(_pieces(target.name, content), now))
        for place, what, problem in differences[:_MOST_SHOWN]:
            yield Checked("rendered", f"{name}, {place}", what, problem)
        if more := differences[_MOST_SHOWN:]:
            problem = f"{counted(len(more), 'further place')} differ. Render it again."
            yield Checked("rendered", name, "", problem)
        if not differences:
            yield Checked("rendered", name, "")


def _pieces(name: str, content: bytes) -> list[tuple[str, str]]:
    """Lines with their number, or passages with their place."""
    if not name.endswith(".docx"):
        lines = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
        return [(f"line {number}", line) for number, line in enumerate(lines, start=1)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        return [(passage.place(), passage.text) for passage in read_document(file).passages]


def _differences(
    wanted: list[tuple[str, str]], there: list[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Place, what stands there, and what should."""
    old_texts, new_texts = ([text for _, text in pieces] for pieces in (wanted, there))
    matcher = SequenceMatcher(None, old_texts, new_texts, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        for old, new in zip(wanted[a:b], there[c:d], strict=False):
            yield new[0], *_difference(old[1], new[1])
        for place, text in there[c + (b - a) : d]:
            yield (
                place,
                _short(text),
                "render does not write it. Render again, or change the source.",
            )
        for _, text in wanted[a + (d - c) : b]:
            place = there[min(d, len(there) - 1)][0] if there else "the end"
            yield place, "", f"it lacks {_short(text)!r}. Render it again."


def _difference(wanted: str, there: str) -> tuple[str, str]:
    """The first place where two lines part."""
    start = next(
        (i for i, (a, b) in enumerate(zip(wanted, there, strict=False)) if a != b),
        min(len(wanted), len(there)),
    )
    low = max(0, start - _AROUND)
    old, new = (text[low : start + _AROUND] for text in (wanted, there))
    return new, f"render writes {old!r}. Render again, or change the source."


def _short(text: str) -> str:
    return text if len(text) <= 2 * _AROUND else f"{text[: 2 * _AROUND]}…"
