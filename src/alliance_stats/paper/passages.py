"""The prose of a manuscript without its bindings, references and numbering."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alliance_stats.paper.bindings import masked
from alliance_stats.paper.render.files import source_text
from alliance_stats.report.documents.document import Passage
from alliance_stats.report.documents.latex import latex_passages
from alliance_stats.report.documents.markdown import markdown_passages
from alliance_stats.report.documents.reading import read_document

_FRONT = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_HEADING_NUMBER = re.compile(r"^(#{1,6}[ \t]+)(\d+(?:\.\d+)*\.?)(?=[ \t])", re.MULTILINE)
_ITEM_NUMBER = re.compile(r"^([ \t]*)(\d{1,3}[.)])(?=[ \t])", re.MULTILINE)
_REFERENCES = re.compile(
    r"^#{1,6}[ \t]+(?:\d+\.?[ \t]+)?(?:References|Bibliography|Literature)[ \t]*$", re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)
_WORD_REFERENCES = re.compile(r"(?:References|Bibliography|Literature)")
_BIBLIOGRAPHY = re.compile(r"\\begin\{thebibliography\}.*?\\end\{thebibliography\}", re.DOTALL)
_LAYOUT = re.compile(
    r"\\(?:documentclass|usepackage|geometry|setlength|includegraphics|vspace|hspace|linespread)\*?"
    r"(?:\[[^\[\]\n]{0,200}\])?(?:\{[^{}\n]{0,200}\}){0,2}"
)


def prose_passages(path: Path) -> tuple[Passage, ...]:
    """Passages of a manuscript in which typed numbers are looked for; places are those of the file.

    Raises
    ------
    DataError
        If the file is damaged, or has tracked changes or text boxes.
    """
    suffix = path.suffix.lower()
    if suffix == ".docx":
        passages = read_document(path).passages
        kept = _before_references(passages)
        return tuple(replace(p, text=masked(p.text)) for p in kept)
    if suffix == ".tex":
        text = masked(source_text(path), "tex")
        return latex_passages(_LAYOUT.sub(_blank, _BIBLIOGRAPHY.sub(_blank, text)))
    return markdown_passages(_prose(masked(source_text(path), "md")))


def _prose(text: str) -> str:
    """Markdown without front matter, numbers of headings and items, and its references."""
    text = _FRONT.sub(_blank, text.replace("\r\n", "\n"))
    text = _HEADING_NUMBER.sub(_without_number, text)
    return _ITEM_NUMBER.sub(_without_number, _without_references(text))


def _without_references(text: str) -> str:
    """Everything from the heading of the references to the next heading emptied."""
    found = _REFERENCES.search(text)
    if found is None:
        return text
    following = _HEADING.search(text, found.end())
    end = following.start() if following else len(text)
    return text[: found.end()] + "\n" * text.count("\n", found.end(), end) + text[end:]


def _before_references(passages: tuple[Passage, ...]) -> list[Passage]:
    """Passages of a Word file up to the heading of the references, its notes and headers."""
    kept, listing = [], False
    for passage in passages:
        listing = listing or bool(_WORD_REFERENCES.fullmatch(passage.text.strip()))
        if not listing or passage.kind in ("footnote", "endnote", "header", "footer"):
            kept.append(passage)
    return kept


def _blank(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def _without_number(found: re.Match[str]) -> str:
    return found.group(1)


def single_blanks(passage: Passage) -> tuple[str, Callable[[int], str]]:
    """The text of a passage with single blanks, and where its positions stand in the file."""
    text, origin = [], []
    blank = True
    for place, sign in enumerate(passage.text):
        is_blank = sign.isspace()
        if is_blank and blank:
            continue
        text.append(" " if is_blank else sign)
        origin.append(place)
        blank = is_blank
    return "".join(text), lambda start: passage.place(origin[start] if start < len(origin) else 0)
