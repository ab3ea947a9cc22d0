"""A table as a float of LaTeX: number and title above, rules, note below; never too wide."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence

from alliance_stats.paper.render.tex_text import Page, escape_tex, in_italics
from alliance_stats.report.tables.table import Table
from alliance_stats.report.wording.symbols import heading_parts

#: Points of a letter of a small table, and of the room between columns.
_LETTER, _GAP = 4.9, 12.0
#: A column of words longer than this is broken into lines where the table is too wide.
_LONG, _LEAST = 22, 0.25
_MOST_ROWS = 35


def tex_table(table: Table, page: Page) -> str:
    """A table as a float; what could be wider than the line, or too long, is made to fit."""
    body = tabular(
        table.headings, table.rows, table.left, page.line, head=_heading, cell=escape_tex
    )
    return "\n".join([
        "\\begin{table}[htbp]",
        f"\\caption{{{escape_tex(table.title)}}}",
        body,
        *_below(table, page),
        "\\end{table}",
    ])  # fmt: skip


def _heading(name: str) -> str:
    return in_italics(heading_parts(name))


def _below(table: Table, page: Page) -> list[str]:
    """What no reader may miss in bold, and the notes."""
    lines = [f"\\textbf{{{escape_tex(table.warning)}}}"] if table.warning else []
    if table.notes:
        lines.append(f"\\textit{{Note.}} {page.prose(' '.join(table.notes))}")
    return [below(line) for line in lines]


def below(line: str) -> str:
    """A line in small letters under a table or a figure."""
    return f"{{\\footnotesize\\raggedright\\noindent {line}\\par}}"


def tabular(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Sequence[bool],
    line: float,
    *,
    head: Callable[[str], str],
    cell: Callable[[str], str],
) -> str:
    """The cells between three rules, small; scaled by TeX if they would leave the page."""
    longest = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    wide = sum(longest) * _LETTER + len(longest) * _GAP > line
    if wide:  # headings of several words stand in several lines
        words = [max(name.split(), key=len, default="") for name in names]
        longest = [max(map(len, column)) for column in zip(words, *rows, strict=True)]
    broken = _broken(longest, left, line) if wide else {}
    end = "\\tabularnewline" if broken else "\\\\"
    sides = "".join(
        f"p{{{broken[k]:.2f}\\linewidth}}" if k in broken else "l" if is_left else "r"
        for k, is_left in enumerate(left)
    )
    heads = [
        head(name) if k in broken or not wide else _stacked(name, longest[k], left[k], head)
        for k, name in enumerate(names)
    ]
    table = "\n".join([
        f"\\begin{{tabular}}{{@{{}}{sides}@{{}}}}",
        "\\hline",
        _row(heads, end),
        "\\hline",
        *(_row(_written(row, broken, cell), end) for row in rows),
        "\\hline",
        "\\end{tabular}",
    ])  # fmt: skip
    fits = not wide and len(rows) <= _MOST_ROWS
    look = "\\small\\noindent\\renewcommand{\\arraystretch}{1.15}%"
    return f"{{{look}\n{table if fits else _fitted(table)}\\par}}\\smallskip"


def _written(
    row: Sequence[str], broken: Mapping[int, float], cell: Callable[[str], str]
) -> list[str]:
    """The cells of a row; words that are broken into lines are not stretched to its width."""
    return [("\\raggedright " if k in broken else "") + cell(text) for k, text in enumerate(row)]


def _stacked(name: str, width: int, left: bool, head: Callable[[str], str]) -> str:
    """A heading in lines of so many letters."""
    lines = textwrap.wrap(name, max(width, 1), break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2:
        return head(name)
    stack = " \\\\ ".join(map(head, lines))
    return f"\\begin{{tabular}}[b]{{@{{}}{'l' if left else 'r'}@{{}}}}{stack}\\end{{tabular}}"


def _broken(longest: Sequence[int], left: Sequence[bool], line: float) -> dict[int, float]:
    """Columns of long words, and which share of the line each gets."""
    words = [k for k, n in enumerate(longest) if left[k] and n > _LONG]
    others = sum(n for k, n in enumerate(longest) if k not in words)
    used = (others * _LETTER + len(longest) * _GAP) / line
    room = max(1.0 - used, _LEAST * len(words)) if words else 0.0
    total = sum(longest[k] for k in words)
    return {k: min(room * longest[k] / total, 0.6) for k in words}


def _fitted(table: str) -> str:
    """The table, smaller if it is wider than the line or higher than most of the page."""
    return "\n".join([
        f"\\setbox0=\\hbox{{{table}}}%",
        "\\ifdim\\wd0>\\linewidth\\setbox0=\\hbox{\\resizebox{\\linewidth}{!}{\\box0}}\\fi%",
        "\\ifdim\\dimexpr\\ht0+\\dp0\\relax>.8\\textheight\\resizebox{!}{.8\\textheight}{\\box0}"
        "\\else\\box0\\fi",
    ])  # fmt: skip


def _row(cells: Sequence[str], end: str) -> str:
    r"""A row; a bracket at its start would be read as an argument of the row above.

    >>> print(_row(["[1, 2]", "x"], r"\\"))
    {}[1, 2] & x \\
    """
    row = " & ".join(cells)
    return f"{'{}' if row.startswith('[') else ''}{row} {end}"
