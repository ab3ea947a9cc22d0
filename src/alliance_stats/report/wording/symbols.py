"""Statistical symbols, which APA style sets in italics: b, SE, t, df, p, M, SD, r, N."""

from __future__ import annotations

import re

from alliance_stats._base.printing import MINUS, escape_html, escape_markdown

_LETTERS = "SE|SD|df|[bBtzprdgFQMNnk]|[RIH](?=²)"
#: A symbol in a sentence stands before its value: ``b = −0.108``, ``t(187.3) = −5.14``.
_IN_PROSE = re.compile(rf"(?<![\w.])({_LETTERS})(?=²?(?:\([^()]*\))?[ \xa0](?:=|<|>|≤|≥)[ \xa0])")
_IN_HEADING = re.compile(rf"(?<![\w.])({_LETTERS})(?![A-Za-z0-9_.])")

_HYPHEN_MINUS = re.compile(r"(?:(?<=[\s(\[])|^)-(?=\d)")
_KEPT_TOGETHER = re.compile(
    r"\b(?:b|SE|p|z|t\([\d.]+\)) [=<>] [−\d.]"
    r"|\b[\d.]+% CI \[[^\]\s]+ [^\]\s]+\]"
)


def prose_parts(text: str) -> list[tuple[str, bool]]:
    """A sentence in pieces, each with whether it is a symbol.

    >>> prose_parts("b (b = −0.1, p < .001)")[1:4]
    [('b', True), (' = −0.1, ', False), ('p', True)]
    """
    return _parts(_IN_PROSE, text)


def heading_parts(text: str) -> list[tuple[str, bool]]:
    """The heading of a column in pieces, each with whether it is a symbol.

    >>> heading_parts("SD within"), heading_parts("I²")
    ([('SD', True), (' within', False)], [('I', True), ('²', False)])
    """
    return _parts(_IN_HEADING, text)


def heading_html(text: str) -> str:
    """An escaped heading: ``<i>SD</i> within``."""
    return italics_html(heading_parts(text))


def italics_html(parts: list[tuple[str, bool]]) -> str:
    """Escaped pieces of a text, symbols in italics."""
    return "".join(
        f"<i>{escape_html(text)}</i>" if italic else escape_html(text) for text, italic in parts
    )


def heading_markdown(text: str) -> str:
    """An escaped heading: ``*SD* within``."""
    pieces = heading_parts(escape_markdown(text))
    return "".join(f"*{piece}*" if italic else piece for piece, italic in pieces)


def kept_together(text: str) -> str:
    """Text with blanks that no line breaks at inside ``b = −0.108`` and inside an interval."""
    return _KEPT_TOGETHER.sub(lambda found: found.group().replace(" ", "\xa0"), text)


def typeset(text: str) -> list[tuple[str, bool]]:
    """A sentence for a page: real minus signs, no breaks inside numbers, symbols in italics.

    >>> typeset("below zero (-0.107)")
    [('below zero (−0.107)', False)]
    """
    return prose_parts(kept_together(_HYPHEN_MINUS.sub(MINUS, text)))


def _parts(pattern: re.Pattern[str], text: str) -> list[tuple[str, bool]]:
    parts, end = [], 0
    for found in pattern.finditer(text):
        parts += [(text[end : found.start()], False), (found.group(), True)]
        end = found.end()
    return [part for part in [*parts, (text[end:], False)] if part[0]]
