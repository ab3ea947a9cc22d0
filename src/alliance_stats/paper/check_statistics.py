"""Statistics of the finished text: p fits t and df, t is b / SE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from alliance_stats._base.errors import DataError
from alliance_stats.paper.allow import Allowed, load_allowed, one_line
from alliance_stats.paper.bindings import find_bindings
from alliance_stats.paper.checked import Checked
from alliance_stats.paper.paths import shown
from alliance_stats.paper.pieces import Words, resolve
from alliance_stats.paper.render.files import manuscript_of, source_text, syntax_of
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.study import Study
from alliance_stats.paper.verbatim import Syntax
from alliance_stats.report.documents.document import Document, Passage
from alliance_stats.report.documents.latex import latex_passages
from alliance_stats.report.documents.markdown import markdown_passages
from alliance_stats.report.documents.reading import read_document
from alliance_stats.report.statcheck.check import check_statistics

_WRONG = ("inconsistent", "decision error")


def check_printed(study: Study, stored: Stored) -> Iterator[Checked]:
    """Each statistic of the manuscript, its bindings filled in; places are those of the source."""
    source = manuscript_of(study)
    name = shown(source, study.folder)
    kind = source.suffix.lower().removeprefix(".")
    allowed = load_allowed(study.folder)
    document = Document(name, kind, _filled_passages(source, stored))
    for row in check_statistics(document).frame.to_dict("records"):
        text = one_line(str(row["text"]))
        wrong = row["verdict"] in _WRONG and not _is_allowed(text, allowed)
        yield Checked("statistic", f"{name}, {row['place']}", text, row["message"] if wrong else "")


def _is_allowed(text: str, allowed: tuple[Allowed, ...]) -> bool:
    return any(text in entry.text for entry in allowed)


def _filled_passages(source: Path, stored: Stored) -> tuple[Passage, ...]:
    """The passages of the manuscript with numbers in place of their bindings."""
    suffix = source.suffix.lower()
    if suffix == ".docx":
        passages = read_document(source).passages
        return tuple(replace(p, text=_filled(p.text, stored, "plain")) for p in passages)
    text = _filled(source_text(source), stored, syntax_of(source))
    return latex_passages(text) if suffix == ".tex" else markdown_passages(text)


def _filled(text: str, stored: Stored, syntax: Syntax) -> str:
    """Text with numbers in place; what does not resolve, and blocks, are left out."""
    parts, end = [], 0
    for binding in find_bindings(text, syntax):
        parts.append(text[end : binding.start])
        end = binding.end
        try:
            piece = resolve(binding, stored)
        except DataError:
            continue
        parts.append(piece.text if isinstance(piece, Words) else "")
    return "".join([*parts, text[end:]])
