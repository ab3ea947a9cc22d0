"""Bindings and typed numbers of the source of a manuscript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alliance_stats._base.errors import DataError
from alliance_stats.paper.allow import ALLOW, Allowed, load_allowed, spans
from alliance_stats.paper.bindings import Binding, find_bindings, malformed
from alliance_stats.paper.checked import Checked
from alliance_stats.paper.match import Match, match_statement
from alliance_stats.paper.passages import prose_passages, single_blanks
from alliance_stats.paper.paths import shown
from alliance_stats.paper.pieces import Words, resolve
from alliance_stats.paper.render.files import EMPTY, manuscript_of, source_text, syntax_of
from alliance_stats.paper.render.substitute import problem_of
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.study import Study
from alliance_stats.paper.typed import Typed, statements, typed_numbers
from alliance_stats.report.documents.reading import read_document

_UNCLOSED = "this is no binding. Write {{question.row.column}}, or take the braces away."


def check_bindings(study: Study, stored: Stored) -> Iterator[Checked]:
    """Every binding: its key exists, its format fits."""
    source = manuscript_of(study)
    name = shown(source, study.folder)
    syntax = syntax_of(source)
    blocks: dict[tuple[str, str], str] = {}
    for text, place in source_texts(source):
        for binding in find_bindings(text, syntax):
            where = f"{name}, {place or f'line {_line(text, binding.start)}'}"
            problem = _problem(text, binding, stored, whole=bool(place))
            first = blocks.setdefault((binding.block, binding.key), where)
            if binding.block and not problem and first != where:
                problem = f"it stands in {first} already. Take one of them out."
            yield Checked("binding", where, binding.source, problem)
        for braced, start in malformed(text, syntax):
            where = f"{name}, {place or f'line {_line(text, start)}'}"
            yield Checked("binding", where, braced, _UNCLOSED)


def source_texts(source: Path) -> Iterator[tuple[str, str]]:
    """Texts with bindings and their place: all of a text file, the paragraphs of a Word file."""
    if source.suffix.lower() != ".docx":
        yield source_text(source), ""
        return
    passages = read_document(source).passages
    if not passages:
        raise DataError(EMPTY)
    for passage in passages:
        yield passage.text, passage.place()


def _line(text: str, start: int) -> int:
    return text.count("\n", 0, start) + 1


def _problem(text: str, binding: Binding, stored: Stored, *, whole: bool) -> str:
    """Why a binding cannot be written; in Word a block has a paragraph of its own."""
    if not whole:
        return problem_of(text, binding, stored)
    try:
        piece = resolve(binding, stored)
    except DataError as error:
        return str(error)
    if isinstance(piece, Words) or text.strip() == binding.source:
        return ""
    return f"a {binding.block} stands in a paragraph of its own. Move it out of the sentence."


def check_numbers(study: Study, stored: Stored) -> Iterator[Checked]:
    """Every number typed by hand: a result as rounded in print, or allowed with a reason."""
    source = manuscript_of(study)
    name = shown(source, study.folder)
    allowed = load_allowed(study.folder)
    used: set[Allowed] = set()
    for passage in prose_passages(source):
        text, place = single_blanks(passage)
        inside = {entry: spans(entry, text) for entry in allowed}
        used |= {entry for entry, found in inside.items() if found}
        numbers = typed_numbers(text)
        for group in statements(text, numbers):
            free = [n for n in group if not _within(n, inside)]
            for number in (n for n in group if n not in free):
                yield Checked("number", f"{name}, {place(number.start)}", number.text)
            for match in match_statement(free, stored) if free else ():
                where = f"{name}, {place(match.number.start)}"
                yield Checked("number", where, match.number.text, _advice(match))
    for entry in allowed:
        problem = "" if entry in used else "the manuscript does not hold this text. Take it out."
        yield Checked("allowed", ALLOW, entry.text, problem)


def _within(number: Typed, inside: dict[Allowed, list[tuple[int, int]]]) -> bool:
    places = [span for found in inside.values() for span in found]
    return any(low <= number.start and number.end <= high for low, high in places)


def _advice(match: Match) -> str:
    """What is wrong with a typed number, and what to do."""
    if not match.problem:
        return ""
    return f"{match.problem}. Correct or bind it, or allow it in {ALLOW} with a reason."
