"""Mentions of tables and figures: the manuscript has one of that number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alliance_stats._base.checks import counted
from alliance_stats.paper.allow import ALLOW, load_allowed, spans
from alliance_stats.paper.bindings import find_bindings
from alliance_stats.paper.check_source import source_texts
from alliance_stats.paper.checked import Checked
from alliance_stats.paper.passages import prose_passages, single_blanks
from alliance_stats.paper.paths import shown
from alliance_stats.paper.render.files import manuscript_of, syntax_of
from alliance_stats.paper.study import Study

_MENTION = re.compile(r"\b(?P<kind>Table|Figure)s?[ \xa0](?P<number>\d{1,3})(?![\w.]*\d)")
#: A caption that the author typed.
_CAPTION = re.compile(r"\W{0,3}(?P<kind>Table|Figure)[ \xa0](?P<number>\d{1,3})(?=[.:]|\W*$)")


def check_pointers(study: Study) -> Iterator[Checked]:
    """Each mention of a numbered table or figure; LaTeX counts its own, so there none is checked.

    Tables and figures are those of bindings, numbered in reading order, and those whose caption
    the author typed.
    """
    source = manuscript_of(study)
    if syntax_of(source) == "tex":
        return
    name = shown(source, study.folder)
    there = {"Table": _bound(study, "table"), "Figure": _bound(study, "figure")}
    passages = [single_blanks(passage) for passage in prose_passages(source)]
    for text, _ in passages:
        if caption := _CAPTION.match(text):
            there[caption["kind"]].add(int(caption["number"]))
    allowed = load_allowed(study.folder)
    for text, place in passages:
        spared = [span for entry in allowed for span in spans(entry, text)]
        for found in _MENTION.finditer(text):
            inside = any(low <= found.start() and found.end() <= high for low, high in spared)
            numbers = there[found["kind"]]
            wrong = int(found["number"]) not in numbers and not inside
            problem = _advice(found["kind"].lower(), len(numbers)) if wrong else ""
            yield Checked("pointer", f"{name}, {place(found.start())}", found.group(), problem)


def _bound(study: Study, block: str) -> set[int]:
    """The numbers that bindings of a kind get."""
    source = manuscript_of(study)
    texts = (text for text, _ in source_texts(source))
    bound = [b for text in texts for b in find_bindings(text, syntax_of(source))]
    return set(range(1, 1 + sum(b.block == block for b in bound)))


def _advice(kind: str, n: int) -> str:
    return (
        f"the manuscript has {counted(n, kind)}. Correct the number, or allow the text in {ALLOW} "
        "if it is that of another work."
    )
