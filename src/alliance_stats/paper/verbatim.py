"""Places of a manuscript that are shown as they stand or not at all: code and comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

#: How a text is written: of Word paragraphs as it is read.
Syntax = Literal["plain", "md", "tex"]

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
#: What begins code or a comment inside a text.
_OPENING = {
    "md": re.compile(r"<!--|`{1,3}"),
    "tex": re.compile(
        r"\\begin\{(?:verbatim|Verbatim|lstlisting|minted|comment)\}"
        r"|\\(?:verb|lstinline)\*?[^\sA-Za-z*{]|\\.|%"
    ),
}
_ENVIRONMENT = "\\begin{"


def verbatim_spans(text: str, syntax: Syntax) -> list[tuple[int, int]]:
    """Where code and comments begin and end, in order.

    >>> verbatim_spans("a `b` c", "md"), verbatim_spans(r"50\\% % note", "tex")
    ([(2, 5)], [(5, 11)])
    """
    if syntax == "plain":
        return []
    fenced = list(_fenced(text)) if syntax == "md" else []
    spans, place = [], 0
    missing: set[str] = set()
    while found := _OPENING[syntax].search(text, place):
        place = found.end()
        if within(found.start(), fenced):
            continue
        end = _end(text, found, missing)
        if end:
            spans.append((found.start(), end))
            place = end
    return sorted([*fenced, *spans])


def within(place: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a position lies in one of some ordered spans."""
    before = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return before >= 0 and place < spans[before][1]


def _end(text: str, opening: re.Match[str], missing: set[str]) -> int:
    """Where code or a comment ends; 0 if it is none. A closing that is missing is sought once."""
    sign = opening.group()
    if sign == "%":
        line = text.find("\n", opening.end())
        return line if line >= 0 else len(text)
    closing = _closing(sign)
    if not closing or closing in missing:
        return 0
    end = text.find(closing, opening.end())
    if end < 0:
        missing.add(closing)
        return 0
    in_paragraph = sign != "<!--" and not sign.startswith(_ENVIRONMENT)
    if in_paragraph and text.find("\n\n", opening.end(), end) >= 0:
        return 0
    return end + len(closing)


def _closing(sign: str) -> str:
    """What ends code or a comment that begins with a sign; empty of other commands of LaTeX."""
    if sign == "<!--":
        return "-->"
    if sign.startswith("`"):
        return sign
    if sign.startswith(_ENVIRONMENT):
        return sign.replace("begin", "end", 1)
    return sign[-1] if sign.startswith(("\\verb", "\\lstinline")) else ""


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """Blocks of code between fences; one without an end goes to the end of the text."""
    place, opened, fence = 0, 0, ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip(" `~\r\n"):
                yield opened, place + len(line)
                fence = ""
        elif mark:
            opened, fence = place, mark.group(1)
        place += len(line)
    if fence:
        yield opened, len(text)
