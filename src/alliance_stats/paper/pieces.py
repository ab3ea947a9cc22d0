"""What bindings become before they are written for a target: text, paragraphs, table, figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.paper.bindings import BLOCKS, Binding
from alliance_stats.paper.parts import COEFFICIENTS, table_from
from alliance_stats.paper.stored import Stored
from alliance_stats.paper.values import printed_value
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.captions import title_and_note


@dataclass(frozen=True, slots=True)
class Words:
    """Text inside a sentence; `numeric` text holds no name from the data."""

    text: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Paragraphs of their own."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure and its caption."""

    path: Path
    caption: str
    number: int = 0

    @property
    def label(self) -> str:
        """``Figure 1``, or nothing."""
        return f"Figure {self.number}" if self.number else ""

    @property
    def name(self) -> str:
        """What the figure shows: the first sentence of its caption, without a point."""
        return title_and_note(self.caption)[0]

    @property
    def note(self) -> str:
        """The other sentences."""
        return title_and_note(self.caption)[1]

    @property
    def words(self) -> str:
        """All of it in one line, for those who cannot see the figure."""
        return ". ".join(part for part in (self.label, self.caption) if part)


Piece = Words | Paragraphs | Picture | Table


def resolve(binding: Binding, stored: Stored) -> Piece:
    """What a binding becomes.

    Raises
    ------
    DataError
        If it names what is not there; the nearest is shown.
    """
    if not binding.block:
        text = printed_value(stored, binding.key, binding.format)
        return Words(text, not isinstance(stored.values.get(binding.key), str))
    if binding.block not in BLOCKS:
        hint = did_you_mean(binding.block, BLOCKS)
        raise DataError(f"'{binding.block}:' is not known.{hint} Known: {', '.join(BLOCKS)}.")
    if binding.format:
        raise DataError(f"a {binding.block} has no format '{binding.format}'. Leave it out.")
    question, _, rest = binding.key.partition(".")
    if question not in stored.parts:
        raise DataError(
            f"question '{question}' is not in the results.{did_you_mean(question, stored.parts)} "
            f"There are: {name_list(stored.parts)}."
        )
    if binding.block in ("text", "methods"):
        return _paragraphs(stored, question, binding.block, rest)
    make = {"table": _table, "figure": _figure}[binding.block]
    return make(stored, question, rest)


class Numbering:
    """Counts the tables and the figures of a manuscript in reading order."""

    def __init__(self) -> None:
        self.tables = self.figures = 0

    def numbered(self, piece: Piece) -> Piece:
        """A table or a figure with its number; other pieces as they are."""
        if isinstance(piece, Table):
            self.tables += 1
            return replace(piece, number=self.tables)
        if isinstance(piece, Picture):
            self.figures += 1
            return replace(piece, number=self.figures)
        return piece


def _table(stored: Stored, question: str, name: str) -> Piece:
    tables = stored.parts[question]["tables"]
    wanted = name or (COEFFICIENTS if COEFFICIENTS in tables else next(iter(tables), ""))
    if wanted not in tables:
        raise DataError(
            f"question '{question}' has no table '{wanted}'.{did_you_mean(wanted, tables)} "
            f"There are: {name_list(tables)}."
        )
    return table_from(tables[wanted])


def _figure(stored: Stored, question: str, name: str) -> Piece:
    path = stored.figure(question)
    if name or path is None:
        raise DataError(
            f"question '{question}' has no figure{f' {name!r}' if name else ''}. Set figure = true "
            f"in [questions.{question}] and run the study; not every kind of result has one, and "
            "none is drawn where small cells were suppressed."
        )
    return Picture(path, str(stored.parts[question].get("caption", "")))


def _paragraphs(stored: Stored, question: str, kind: str, name: str) -> Piece:
    """All paragraphs of a question, or one by its number, counted from 1."""
    texts = tuple(stored.parts[question][kind])
    if not texts:
        raise DataError(f"question '{question}' has no {kind}: small cells were suppressed.")
    if not name:
        return Paragraphs(texts)
    if not (name.isdecimal() and 1 <= int(name) <= len(texts)):
        raise DataError(
            f"question '{question}' has no paragraph '{name}'. "
            f"Give a number from 1 to {len(texts)}."
        )
    return Paragraphs((texts[int(name) - 1],))
