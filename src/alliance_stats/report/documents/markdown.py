"""The text of a Markdown manuscript without code and marks."""

from __future__ import annotations

import html
import re

from alliance_stats.report.documents.document import Passage, text_passages
from alliance_stats.report.documents.marks import raised, without_latex
from alliance_stats.report.documents.table_rows import with_pipe_rows, without_row_marks

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_LEADING = re.compile(r"^ {0,3}(?:#{1,6} |> ?|[-*+] )", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\\)\*{1,3}")
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9\\])_{1,3}|(?<!\\)_{1,3}(?![A-Za-z0-9])")
_RAISED = re.compile(r"\^([0-9−-]{1,4})\^")
_TAG = re.compile(r"</?(?:i|em|b|strong|sub|sup|span|u|a|br)(?: [^<>\n]{0,200})?/?>")
_SUP = re.compile(r"<sup>([0-9−-]{1,4})</sup>")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((?:https?://|#|mailto:|\./)[^()\s]{0,500}\)")


def markdown_passages(source: str) -> tuple[Passage, ...]:
    """Paragraphs of a Markdown text; code blocks and comments are left out."""
    return text_passages(plain_markdown(source))


def plain_markdown(source: str) -> str:
    r"""Markdown as plain text, line by line.

    >>> plain_markdown("*t*(23) = 2.10, _p_ = .047, χ^2^(1) = 3.9, 95% CI \\[0.1, 0.3\\]")
    't(23) = 2.10, p = .047, χ²(1) = 3.9, 95% CI [0.1, 0.3]'
    """
    text = _without_code(without_comments(without_row_marks(source)))
    return without_marks(_LEADING.sub("", with_pipe_rows(text)))


def without_marks(text: str) -> str:
    """Emphasis, links, superscripts, tags, entities and formulas inside lines as plain text."""
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub("", _SUP.sub(lambda found: raised(found.group(1)), text))
    if "^" in text:
        text = _RAISED.sub(lambda found: raised(found.group(1)), text)
    if "*" in text:
        text = _EMPHASIS.sub("", text)
    if "_" in text:
        text = _UNDERSCORE.sub("", text)
    return html.unescape(without_latex(text))


def without_comments(source: str) -> str:
    """Text without HTML comments, whose line breaks stay; one that does not end stays."""
    kept: list[str] = []
    place = 0
    while (start := source.find("<!--", place)) >= 0:
        end = source.find("-->", start)
        if end < 0:
            break
        kept += [source[place:start], "\n" * source.count("\n", start, end)]
        place = end + 3
    return "".join([*kept, source[place:]])


def _without_code(source: str) -> str:
    """Lines with those of fenced code blocks emptied."""
    lines: list[str] = []
    fence = ""
    for line in source.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if line.strip().startswith(fence) and not line.strip(" `~") else fence
            lines.append("")
        elif mark:
            fence = mark.group(1)
            lines.append("")
        else:
            lines.append(line)
    return "\n".join(lines)
