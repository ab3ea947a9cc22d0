"""Bindings in a manuscript: ``{{alliance.within | apa}}``, ``{{table: alliance}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCKS = ("table", "figure", "text", "methods")
#: A binding, with nothing in it that could be taken for something else.
BINDING = re.compile(
    r"\{\{[ \t]*(?:(?P<block>[a-z]{1,10})[ \t]*:[ \t]*)?(?P<key>[A-Za-z][A-Za-z0-9_.]{0,200})"
    r"[ \t]*(?:\|[ \t]*(?P<format>[A-Za-z0-9.%]{1,12})[ \t]*)?\}\}"
)
#: Anything in double braces on one line.
_BRACED = re.compile(r"\{\{[^{}\n]{0,300}\}\}")


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding, as written and where.

    Attributes
    ----------
    source : str
        As it stands in the manuscript, braces included.
    key : str
        Of a value, of a row, or ``question`` or ``question.table`` of a block.
    format : str
        Empty for the default.
    block : str
        ``table``, ``figure``, ``text``, ``methods``, or empty for a number inside a sentence.
    start, end : int
        Position in the text.
    """

    source: str
    key: str
    format: str
    block: str
    start: int
    end: int


def find_bindings(text: str, *, latex: bool = False) -> Iterator[Binding]:
    """The bindings of a text in order.

    In LaTeX ``{{word}}`` is a group of its own, so there a binding has a point, a format or a kind
    of block.

    >>> [(b.key, b.format) for b in find_bindings("It was {{ alliance.within | apa }}.")]
    [('alliance.within', 'apa')]
    """
    for found in BINDING.finditer(text):
        if latex and not (found["block"] or found["format"] or "." in found["key"]):
            continue
        yield Binding(
            found.group(),
            found["key"],
            found["format"] or "",
            found["block"] or "",
            found.start(),
            found.end(),
        )


def malformed(text: str, *, latex: bool = False) -> Iterator[tuple[str, int]]:
    """What stands in double braces and is no binding, with its position.

    In LaTeX it is not looked for: braces are groups there.
    """
    if latex:
        return
    for found in _BRACED.finditer(text):
        if BINDING.fullmatch(found.group()) is None:
            yield found.group(), found.start()


def masked(text: str, *, latex: bool = False, sign: str = "\N{BLACK SQUARE}") -> str:
    """The text with a sign in place of each binding; line breaks and the rest stay."""
    parts, end = [], 0
    for binding in find_bindings(text, latex=latex):
        parts += [text[end : binding.start], sign]
        end = binding.end
    return "".join([*parts, text[end:]])
