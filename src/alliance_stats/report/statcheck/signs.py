"""Signs of printed statistics in one form: minus signs, spaces, italic letters, comparisons."""

from __future__ import annotations

import re
import unicodedata

from alliance_stats.report.documents.markdown import without_comments, without_marks
from alliance_stats.report.documents.marks import without_latex
from alliance_stats.report.documents.table_rows import (
    with_latex_rows,
    with_pipe_rows,
    without_row_marks,
)

_MINUS = "−‐‑‒–—﹣－⁃"
_BLANK = "\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_NOTHING = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff*"
_MATHEMATICAL = range(0x1D400, 0x1D800)
_SAME = {
    "Χ": "χ",
    "ϰ": "χ",
    "＝": "=",
    "＜": "<",
    "＞": ">",
    "⩽": "≤",
    "⩾": "≥",
    "≦": "≤",
    "≧": "≥",
}
_SIGNS = {
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _MATHEMATICAL},
    **dict.fromkeys(_MINUS, "-"),
    **dict.fromkeys(_BLANK, " "),
    **dict.fromkeys(_NOTHING, ""),
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    **_SAME,
}
_TWO_SIGNS = (("<=", "≤"), (">=", "≥"), ("=<", "≤"), ("=>", "≥"))
_BLANKS = re.compile(r" {2,}")


def without_any_marks(text: str) -> str:
    """Text of an unknown kind without the marks of Markdown, LaTeX and HTML in its lines.

    >>> without_any_marks(r"*t*(23) = 2.1, <em>p</em> &lt; .05, $\\chi^2$(1)")
    't(23) = 2.1, p < .05, χ²(1)'
    """
    text = with_latex_rows(with_pipe_rows(without_row_marks(without_comments(text))))
    return without_latex(without_marks(text))


def plain_signs(text: str) -> str:
    """Text with one form of each sign; line breaks stay where they are.

    >>> plain_signs("𝑡(23) = −2.10,  𝑝 <= .05")
    't(23) = -2.10, p ≤ .05'
    """
    for sign in _SIGNS.keys() & set(text):
        text = text.replace(sign, _SIGNS[sign])
    for pair, sign in _TWO_SIGNS:
        text = text.replace(pair, sign)
    return _BLANKS.sub(" ", text) if "  " in text else text
