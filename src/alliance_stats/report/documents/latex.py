"""The text of a LaTeX manuscript without comments, preamble and commands."""

from __future__ import annotations

import html
import re

from alliance_stats.report.documents.document import Passage, text_passages
from alliance_stats.report.documents.marks import without_latex
from alliance_stats.report.documents.table_rows import with_latex_rows, without_row_marks

_COMMENT = re.compile(r"%(?<!\\%)[^\n]*")
_VERBATIM = ("verbatim", "lstlisting", "minted", "comment")
_NO_TEXT = re.compile(
    r"\\(?:[A-Za-z]{0,12}cite[A-Za-z]{0,12}|[A-Za-z]{0,10}ref|label|bibliography|url|input|include"
    r"|begin|end|includegraphics|usepackage|vspace|hspace)\*?"
    r"(?:\[[^\[\]\n]{0,200}\]){0,2}(?:\{[^{}\n]{0,500}\})?"
)
_NEW_LINE = re.compile(r"\\\\(?:\[[^\[\]\n]{0,20}\])?")
_CELL = re.compile(r"&(?<!\\&)")
_DASHES = re.compile(r"--(?<!---)(?!-)")


def latex_passages(source: str) -> tuple[Passage, ...]:
    """Paragraphs of a LaTeX text; everything before ``\\begin{document}`` is left out."""
    return text_passages(plain_latex(_body(source)))


def plain_latex(source: str) -> str:
    r"""LaTeX as plain text, line by line.

    >>> plain_latex(r"\textit{t}(23) $= -2.10$, $p < .05$ \citep[p.~3]{who} % note")
    't(23) = -2.10, p < .05  '
    """
    text = _without_environments(_COMMENT.sub("", without_row_marks(source)))
    text = with_latex_rows(text)
    text = _NEW_LINE.sub(" ", _NO_TEXT.sub("", text))
    text = _DASHES.sub("–", _CELL.sub("\t", text)) if "&amp;" not in text else text
    return html.unescape(without_latex(text))


def _body(source: str) -> str:
    """The document with its preamble emptied, so that lines keep their numbers."""
    start = source.find("\\begin{document}")
    if start < 0:
        return source
    end = source.find("\\end{document}", start)
    return "\n" * source.count("\n", 0, start) + source[start : end if end >= 0 else None]


def _without_environments(text: str) -> str:
    """Text without its blocks of code, whose line breaks stay."""
    for name in _VERBATIM:
        opening, closing = f"\\begin{{{name}}}", f"\\end{{{name}}}"
        kept: list[str] = []
        place = 0
        while (start := text.find(opening, place)) >= 0:
            end = text.find(closing, start)
            if end < 0:
                break
            kept += [text[place:start], "\n" * text.count("\n", start, end)]
            place = end + len(closing)
        text = "".join([*kept, text[place:]])
    return text
