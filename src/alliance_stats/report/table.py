"""A table as printed: text in a console, HTML in a notebook, Markdown in a manuscript."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alliance_stats._base.printing import (
    aligned_text,
    escape_html,
    escape_markdown,
    markdown_paragraph,
    table_html,
    wrapped,
)
from alliance_stats.report.words import one_line

#: First columns whose words stand once for all the rows below them.
_NAMED_ONCE = ("Model", "Group", "Variable")


@dataclass(frozen=True, eq=False)
class Table:
    """A table ready for print: text in a console, HTML in a notebook, or Markdown.

    In a console the sentences below the table are wrapped; HTML and Markdown leave that to the
    page.

    Attributes
    ----------
    frame : DataFrame
        The cells as printed, all strings.
    title : str
        One line above the table.
    notes : tuple of str
        Sentences below the table.
    left : tuple of bool
        Which columns hold words and stand left; numbers stand right.
    messages : tuple of str
        Below the notes: what the result warned of, such as sessions dropped or a singular fit.
    warning : str
        What no reader may miss, such as a fit that did not converge: the first line below the
        table, in bold where there is bold.
    """

    frame: pd.DataFrame
    title: str
    notes: tuple[str, ...]
    left: tuple[bool, ...]
    messages: tuple[str, ...] = ()
    warning: str = ""

    @property
    def _headings(self) -> list[str]:
        return [one_line(name) for name in self.frame.columns]

    @property
    def _rows(self) -> list[list[str]]:
        """The cells; a model or group that fills several rows is named in the first of them."""
        cells: list[list[str]] = self.frame.to_numpy(dtype=object).tolist()
        if not set(self._headings[:1]) & set(_NAMED_ONCE):
            return cells
        above = [None, *(row[0] for row in cells[:-1])]
        return [
            ["" if row[0] == last else row[0], *row[1:]]
            for row, last in zip(cells, above, strict=True)
        ]

    def to_html(self) -> str:
        """Return an HTML table with its title as caption, every cell escaped."""
        below = [f"<b>{escape_html(self.warning)}</b>"] if self.warning else []
        below += [f"<i>Note.</i> {escape_html(' '.join(self.notes))}"] if self.notes else []
        below += [escape_html(message) for message in self.messages]
        table = table_html(self._headings, self._rows, list(self.left), self.title)
        return "\n".join([table, *(f'<p class="note">{text}</p>' for text in below)])

    def to_markdown(self) -> str:
        """Return a pipe table with its title in bold above, every cell escaped."""
        rules = [":--" if is_left else "--:" for is_left in self.left]
        rows = [[escape_markdown(cell) for cell in row] for row in self._rows]
        lines = [[escape_markdown(h) for h in self._headings], rules, *rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        title = [f"**{escape_markdown(self.title)}**"] if self.title else []
        below = [f"**{escape_markdown(self.warning)}**"] if self.warning else []
        below += [f"*Note.* {escape_markdown(' '.join(self.notes))}"] if self.notes else []
        below += [markdown_paragraph(message) for message in self.messages]
        return "\n\n".join([*title, table, *below])

    def __repr__(self) -> str:
        table = aligned_text(self._headings, self._rows, list(self.left))
        below = wrapped((self.warning, *self.notes, *self.messages))
        return "\n".join(part for part in (self.title, table, *below) if part)

    def _repr_html_(self) -> str:
        return self.to_html()
