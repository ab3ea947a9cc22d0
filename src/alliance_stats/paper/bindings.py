"""Bindings in a manuscript: ``{{alliance.within | apa}}``, ``{{table: alliance}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alliance_stats.paper.verbatim import Syntax, verbatim_spans, within

BLOCKS = ("table", "figure", "text", "methods")
#: A binding, with nothing in it that could be taken for something else.
BINDING = re.compile(
    r"\{\{[ \t]*(?:(?P<block>[a-z]{1,10})[ \t]*:[ \t]*)?(?P<key>[A-Za-z][A-Za-z0-9_.]{0,200})"
    r"[ \t]*(?:\|[ \t]*(?P<format>[A-Za-z0-9.%]{1,12})[ \t]*)?\}\}"
)
#: Anything in double braces on one line.
_BRACED = re.compile(r"\{\{[^{}\n]{0,300}\}\}")
#: Double braces that are not closed or not opened, with what stands beside them.
_HALF = re.compile(r"\{\{[^{}\n]{0,60}\}?|[^{}\s]{0,60}\}\}")
#: What LaTeX would take for a group, but nobody writes as one.
_BRACED_TEX = re.compile(
    rf"\{{\{{[ \t]*(?:(?:{'|'.join(BLOCKS)})[ \t]*:|[A-Za-z]\w*\.\w)[^\n{{}}]{{0,300}}\}}{{0,2}}"
)


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


def find_bindings(text: str, syntax: Syntax = "plain") -> Iterator[Binding]:
    """The bindings of a text in order, without those in code and comments.

    In LaTeX ``{{word}}`` is a group of its own, so there a binding has a point, a format or a kind
    of block.

    >>> [(b.key, b.format) for b in find_bindings("It was {{ alliance.within | apa }}.")]
    [('alliance.within', 'apa')]
    """
    spared = verbatim_spans(text, syntax)
    for found in BINDING.finditer(text):
        group = not (found["block"] or found["format"] or "." in found["key"])
        if (syntax == "tex" and group) or within(found.start(), spared):
            continue
        yield Binding(
            found.group(),
            found["key"],
            found["format"] or "",
            found["block"] or "",
            found.start(),
            found.end(),
        )


def malformed(text: str, syntax: Syntax = "plain") -> Iterator[tuple[str, int]]:
    """What stands in double braces and is no binding, with its position; half of a pair too.

    In LaTeX braces are groups: there only what names a block, or has a point, is looked at.

    >>> [braces for braces, _ in malformed("It was {{a.b | apa} here.")]
    ['{{a.b | apa}']
    """
    spared = verbatim_spans(text, syntax)
    rest = masked(text, syntax, keep_length=True)
    found = list((_BRACED_TEX if syntax == "tex" else _BRACED).finditer(rest))
    if syntax != "tex":
        emptied = _BRACED.sub(lambda braces: " " * len(braces.group()), rest)
        found = sorted([*found, *_HALF.finditer(emptied)], key=lambda braces: braces.start())
    for braces in found:
        if not within(braces.start(), spared):
            yield braces.group().strip(), braces.start()


def masked(
    text: str,
    syntax: Syntax = "plain",
    *,
    sign: str = "\N{BLACK SQUARE}",
    keep_length: bool = False,
) -> str:
    """The text with a sign in place of each binding; line breaks and the rest stay."""
    parts, end = [], 0
    for binding in find_bindings(text, syntax):
        parts += [text[end : binding.start], sign * (len(binding.source) if keep_length else 1)]
        end = binding.end
    return "".join([*parts, text[end:]])
