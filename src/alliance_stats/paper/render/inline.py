"""Marks inside a paragraph of Markdown: bold, italics, code, links, raised and lowered letters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_MARK = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]<>#|~$&^+.!()-])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>(?=\S)(?:[^*]|\*(?!\*)[^*]{0,500}\*(?=\*\*|[^*])){1,2000}?)\*\*"
    r"|\*(?P<italic>(?=[^\s*])[^*]{0,2000}?[^\s*]|[^\s*])\*"
    r"|(?<!\w)_(?P<under>(?=[^\s_])[^_]{1,2000}?)_(?!\w)"
    r"|\[(?P<words>[^\[\]]{1,500})\]\((?P<link>[^()\s]{1,1000})\)"
    r"|<(?P<address>https?://[^<>\s]{1,1000})>"
    r"|\^(?P<raised>[^\s^]{1,20})\^|~(?P<lowered>[^\s~]{1,20})~"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one look."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    raised: bool = False
    lowered: bool = False
    link: str = ""


def spans_of(text: str, look: Span | None = None) -> list[Span]:
    """A paragraph as text of one look each.

    >>> [(s.text, s.italic) for s in spans_of("*b* = −0.1 [a, b]")]
    [('b', True), (' = −0.1 [a, b]', False)]
    """
    base = look or Span("")
    found: list[Span] = []
    end = 0
    for mark in _MARK.finditer(text):
        found += _plain(text[end : mark.start()], base)
        found += _marked(mark, base)
        end = mark.end()
    return _joined([*found, *_plain(text[end:], base)])


def _plain(text: str, look: Span) -> list[Span]:
    return [replace(look, text=text)] if text else []


def _marked(mark: re.Match[str], look: Span) -> list[Span]:
    """What a mark stands for."""
    kind = str(mark.lastgroup)
    if kind == "escaped":
        return _plain(mark["escaped"], look)
    if kind == "code":
        return [replace(look, text=mark["code"], code=True)]
    if kind == "bold":
        return spans_of(mark["bold"], replace(look, bold=True))
    if kind in ("italic", "under"):
        return spans_of(mark[kind], replace(look, italic=True))
    if kind == "link":
        return spans_of(mark["words"], replace(look, link=mark["link"]))
    if kind == "address":
        return [replace(look, text=mark["address"], link=mark["address"])]
    return [replace(look, text=mark[kind], raised=kind == "raised", lowered=kind == "lowered")]


def _joined(spans: list[Span]) -> list[Span]:
    """Neighbours of one look as one."""
    made: list[Span] = []
    for span in spans:
        if made and replace(made[-1], text="") == replace(span, text=""):
            made[-1] = replace(span, text=made[-1].text + span.text)
        else:
            made.append(span)
    return made
