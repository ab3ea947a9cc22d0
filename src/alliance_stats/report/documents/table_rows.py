"""Rows of tables inside the text of a file: found, parted into cells, and marked as such."""

from __future__ import annotations

import re

#: What starts the first row of a table, what starts the others, and what ends each.
FIRST, NEXT, END = "\x1e", "\x1f", "\x1d"
#: A marked row: how it starts, and its cells parted by tabs.
ROW = re.compile("([\x1e\x1f])([^\x1d\x1e\x1f\n]*)\x1d")
_MARKS = re.compile("[\x1d-\x1f]")
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[ ]{0,3}\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)*\|?[ ]*")
_TABULAR = re.compile(r"\\begin\{(tabular[*xy]?|tabulary|longtable)\}")
_WIDTH_FIRST = ("tabular*", "tabularx", "tabulary")
_ROW_END = re.compile(r"\\\\\*?(?:\[[^\[\]\n]{0,20}\])?|\\tabularnewline\b")
_LINES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|addlinespace|cmidrule|cline|endhead|endfirsthead"
    r"|endfoot|endlastfoot)(?![A-Za-z])"
    r"(?:\[[^\[\]\n]{0,20}\])?(?:\([lr]{0,2}\))?(?:\{[^{}\n]{0,20}\})?"
)
_CELL = re.compile(r"(?<!\\)&(?!amp;)")
_SPAN = re.compile(r"\\multicolumn\{([0-9]{1,2})\}\{[^{}]{0,60}(?:\{[^{}]{0,40}\}[^{}]{0,20})?\}")
_HEIGHT = re.compile(r"\\multirow(?:\[[^\[\]]{0,20}\])?\{[^{}]{1,20}\}\{[^{}]{1,20}\}")
_LONGEST_FORMAT = 2000


def without_row_marks(text: str) -> str:
    """Text in which nothing looks like a marked row yet."""
    return _MARKS.sub(" ", text) if _MARKS.search(text) else text


def with_pipe_rows(text: str) -> str:
    r"""Markdown with the rows of its pipe tables marked; the dashes beneath headings are emptied.

    >>> with_pipe_rows("| b | p |\n|---|--:|\n| 0.1 | .2 |")
    '\x1eb\tp\x1d\n\n\x1f0.1\t.2\x1d'
    """
    if "|" not in text:
        return text
    lines = text.split("\n")
    inside = False
    for number, line in enumerate(lines):
        if "|" not in line:
            inside = False
        elif inside:
            lines[number] = NEXT + _piped(line) + END
        elif number and "|" in lines[number - 1] and _is_rule(line):
            lines[number - 1] = FIRST + _piped(lines[number - 1]) + END
            lines[number] = ""
            inside = True
    return "\n".join(lines)


def _is_rule(line: str) -> bool:
    return not line.strip("|:- ") and _RULE.fullmatch(line) is not None


def _piped(line: str) -> str:
    cells = _PIPE.split(line.strip())
    cells = cells[1:] if not cells[0].strip() else cells
    cells = cells[:-1] if cells and not cells[-1].strip() else cells
    return "\t".join(" ".join(cell.split()) for cell in cells).rstrip("\t")


def with_latex_rows(text: str) -> str:
    r"""LaTeX with the rows of its tables marked; line breaks keep their number.

    >>> with_latex_rows(r"\begin{tabular}{lr} A & \multicolumn{2}{c}{b} \\ 1 & 2 \end{tabular}")
    '\x1eA\t{b}\x1d\x1f1\t2\x1d'
    """
    if "\\begin{tabu" not in text and "\\begin{longtable}" not in text:
        return text
    kept: list[str] = []
    place = 0
    without_end: set[str] = set()
    for opening in _TABULAR.finditer(text):
        name = opening.group(1)
        if opening.start() < place or name in without_end:
            continue
        end = text.find(f"\\end{{{name}}}", opening.end())
        if end < 0:
            without_end.add(name)
            continue
        start = min(_after_format(text, opening.end(), 2 if name in _WIDTH_FIRST else 1), end)
        kept += [text[place : opening.start()], "\n" * text.count("\n", opening.start(), start)]
        kept.append(_latex_rows(text[start:end]))
        place = end + len(f"\\end{{{name}}}")
    return "".join([*kept, text[place:]])


def _after_format(text: str, start: int, count: int) -> int:
    """The position after the format of columns: so many groups of braces, and square brackets."""
    place, depth = start, 0
    for place in range(start, min(len(text), start + _LONGEST_FORMAT)):
        sign = text[place]
        if depth == 0 and (count == 0 or sign not in "{[ "):
            return place
        depth += (sign in "{[") - (sign in "}]")
        count -= sign == "}" and depth == 0
    return place


def _latex_rows(body: str) -> str:
    """The rows of one table."""
    mark, parts = FIRST, []
    for row in _ROW_END.split(body):
        source = _LINES.sub("", row)
        breaks = row.count("\n")
        ahead = source[: len(source) - len(source.lstrip())].count("\n")
        line = "\t".join(each for cell in _CELL.split(source) for each in _spanned(cell.strip()))
        if line.strip():
            parts += ["\n" * ahead, mark, line.rstrip("\t"), END, "\n" * (breaks - ahead)]
            mark = NEXT
        else:
            parts.append("\n" * breaks)
    return "".join(parts)


def _spanned(cell: str) -> list[str]:
    """The text of a cell, followed by an empty one for each column more that it spans."""
    span = _SPAN.match(cell)
    inner = cell[span.end() :] if span else cell
    height = _HEIGHT.match(inner.lstrip("{ "))
    if height:
        inner = inner.lstrip("{ ")[height.end() :]
    return [" ".join(inner.split()), *[""] * (int(span.group(1)) - 1 if span else 0)]
