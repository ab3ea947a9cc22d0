"""Bindings replaced in a Word file, also where Word has split one over several runs."""

from __future__ import annotations

import copy
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance_stats._base.errors import DataError
from alliance_stats.paper.bindings import Binding, find_bindings
from alliance_stats.paper.pieces import Numbering, Paragraphs, Picture, Piece, Words, resolve
from alliance_stats.paper.render.word_blocks import insert_picture, insert_table
from alliance_stats.paper.stored import Stored
from alliance_stats.report.documents.archive import damaged
from alliance_stats.report.documents.reading import read_document
from alliance_stats.report.word.file import document_bytes
from alliance_stats.report.word.text import xml_text
from alliance_stats.report.wording.symbols import typeset

#: Parts beside the body in which bindings are replaced.
_BESIDE = re.compile(r"/word/(?:footnotes|endnotes|header|footer)[0-9]{0,3}\.xml")
_MOST_BYTES = 500_000_000


def render_word(path: Path, stored: Stored) -> bytes:
    """A Word manuscript with its bindings replaced.

    Raises
    ------
    DataError
        If the file is damaged, has tracked changes or text boxes, or a binding cannot be resolved.
    """
    read_document(path)  # refuses what could hide a number
    _small_enough(path)
    document = _opened(path)
    replacing = _Replacing(document, stored, Numbering())
    _replace_all(document.element.body, replacing)
    for part in document.part.package.iter_parts():
        if _BESIDE.fullmatch(part.partname):
            _replace_in_part(part, replacing)
    return document_bytes(document)


def _opened(path: Path) -> Any:
    """The document, if all its parts are there and whole."""
    import docx
    from docx.opc.exceptions import OpcError

    try:
        document = docx.Document(str(path))
        _ = document.sections, document.styles, document.element.body.tag
    except (OpcError, SyntaxError, KeyError, ValueError, AttributeError) as error:
        raise damaged(path.name) from error
    return document


def _small_enough(path: Path) -> None:
    """Refuse a file whose parts unpack to more than a manuscript has."""
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _MOST_BYTES:
        raise DataError(
            f"'{path.name}' unpacks to {size // 1_000_000:,} MB. Make its pictures smaller."
        )


@dataclass(frozen=True, slots=True)
class _Replacing:
    """The document in which bindings are replaced, by what, and its tables counted."""

    document: Any
    stored: Stored
    numbering: Numbering


def _replace_in_part(part: Any, replacing: _Replacing) -> None:
    """Notes, headers and footers, which python-docx keeps as bytes or as an element."""
    from docx.opc.oxml import serialize_part_xml
    from docx.oxml.parser import parse_xml

    if hasattr(part, "element"):
        _replace_all(part.element, replacing)
        return
    root = parse_xml(part.blob)
    _replace_all(root, replacing)
    part._blob = serialize_part_xml(root)


def _replace_all(root: Any, replacing: _Replacing) -> None:
    from docx.oxml.ns import qn

    for paragraph in list(root.iter(qn("w:p"))):
        text = "".join(t.text or "" for t in _texts(paragraph))
        for binding in reversed(list(find_bindings(text))):
            _replace(paragraph, text, binding, replacing)


def _texts(paragraph: Any) -> list[Any]:
    """The pieces of text of a paragraph in order, without those of a paragraph inside it."""
    from docx.oxml.ns import qn

    return [t for t in paragraph.iter(qn("w:t")) if next(t.iterancestors(qn("w:p"))) is paragraph]


def _replace(paragraph: Any, text: str, binding: Binding, replacing: _Replacing) -> None:
    try:
        piece = resolve(binding, replacing.stored)
    except DataError as error:
        raise DataError(f"{binding.source}: {error}") from error
    if isinstance(piece, Words):
        _replace_words(paragraph, binding, piece)
        return
    if text.strip() != binding.source:
        raise DataError(
            f"{binding.source}: a {binding.block} stands in a paragraph of its own. Move it out of "
            "the sentence."
        )
    if not isinstance(piece, Paragraphs) and _in_a_cell(paragraph):
        raise DataError(
            f"{binding.source}: a {binding.block} does not fit into a cell of a table. Move it "
            "into a paragraph of its own."
        )
    numbered = replacing.numbering.numbered(piece)
    _replace_block(paragraph, binding, numbered, replacing.document)


def _in_a_cell(paragraph: Any) -> bool:
    from docx.oxml.ns import qn

    return next(paragraph.iterancestors(qn("w:tc")), None) is not None


def _replace_block(paragraph: Any, binding: Binding, piece: Piece, document: Any) -> None:
    if isinstance(piece, Paragraphs):
        for text in piece.texts[1:][::-1]:
            another = copy.deepcopy(paragraph)
            paragraph.addnext(another)
            _replace_words(another, binding, Words(text, True))
        _replace_words(paragraph, binding, Words(piece.texts[0], True))
    elif isinstance(piece, Picture):
        insert_picture(paragraph, piece, document)
    elif not isinstance(piece, Words):
        insert_table(paragraph, piece, document)


def _replace_words(paragraph: Any, binding: Binding, piece: Words) -> None:
    """Text in place of a binding, in the look of its first sign; symbols in italics."""
    first = _cut(paragraph, binding.start, binding.end)
    parts = typeset(piece.text) if piece.numeric else [(piece.text, False)]
    for words, italic in reversed(parts):
        run = _like(first, words)
        if italic:
            _in_italics(run)
        first.addnext(run)
    if not "".join(t.text or "" for t in _texts_of_run(first)):
        first.getparent().remove(first)


def _cut(paragraph: Any, start: int, end: int) -> Any:
    """Take positions `start` to `end` out of a paragraph; the run before the gap is returned."""
    place, first = 0, None
    for text in _texts(paragraph):
        words = text.text or ""
        low, high = max(start - place, 0), min(end - place, len(words))
        if low < high:
            run = text.getparent()
            if first is None:
                first = run
                _split_after(text, words[high:])
                _set(text, words[:low])
            else:
                _set(text, words[:low] + words[high:])
        place += len(words)
    if first is None:
        raise DataError("a binding was not found in its paragraph. Save the file anew in Word.")
    return first


def _split_after(text: Any, rest: str) -> None:
    """Move what follows in a run into a run of its own behind it."""
    run = text.getparent()
    following = list(text.itersiblings())
    if not rest and not following:
        return
    another = _like(run, rest)
    for element in following:
        another.append(element)
    run.addnext(another)


def _like(run: Any, words: str) -> Any:
    """A run of the same look with other text."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement("w:r")
    look = run.find(qn("w:rPr"))
    if look is not None:
        made.append(copy.deepcopy(look))
    text = OxmlElement("w:t")
    _set(text, words)
    made.append(text)
    return made


def _in_italics(run: Any) -> None:
    from docx.text.run import Run

    Run(run, None).italic = True  # type: ignore[arg-type]


def _texts_of_run(run: Any) -> list[Any]:
    """Everything in a run that is seen; a tab or a picture counts as text."""
    from docx.oxml.ns import qn

    return [e for e in run if e.tag != qn("w:rPr") and (e.tag != qn("w:t") or e.text)]


def _set(text: Any, words: str) -> None:
    text.text = xml_text(words)
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
