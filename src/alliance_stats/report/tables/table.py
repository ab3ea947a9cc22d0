"""A table as printed: text in a console, HTML in a notebook, Markdown or Word in a manuscript."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from alliance_stats._base.printing import (
    aligned_text,
    escape_html,
    escape_markdown,
    table_html,
    wrapped,
)
from alliance_stats.report.files import file_target, write_files
from alliance_stats.report.page import html_page
from alliance_stats.report.word.file import document_bytes, new_document
from alliance_stats.report.word.pages import end_pages
from alliance_stats.report.word.table import Grid, add_table
from alliance_stats.report.wording.prose import (
    caption_html,
    caption_markdown,
    prose_html,
    prose_markdown,
    words_markdown,
)
from alliance_stats.report.wording.symbols import heading_html, heading_markdown
from alliance_stats.report.wording.words import one_line

if TYPE_CHECKING:
    from docx.document import Document

#: First columns whose words stand once for all the rows below them.
_NAMED_ONCE = ("Model", "Group", "Variable", "Section")


@dataclass(frozen=True, eq=False)
class Table:
    """A table ready for print: text in a console, HTML in a notebook, Markdown, or Word.

    In a console the sentences below the table are wrapped; the other targets leave that to the
    page. ``table.save("table1.docx")`` writes it as a file.

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
    number : int
        Of the table in its document; 0 if it has none.
    """

    frame: pd.DataFrame
    title: str
    notes: tuple[str, ...]
    left: tuple[bool, ...]
    messages: tuple[str, ...] = ()
    warning: str = ""
    number: int = 0

    @property
    def _caption(self) -> str:
        """Number and title in one line."""
        return ". ".join(part for part in (self._number, self.title) if part)

    @property
    def _number(self) -> str:
        return f"Table {self.number}" if self.number else ""

    @property
    def headings(self) -> list[str]:
        """The names of the columns, each in one line."""
        return [one_line(name) for name in self.frame.columns]

    @property
    def rows(self) -> list[list[str]]:
        """The cells; a model or group that fills several rows is named in the first of them."""
        cells: list[list[str]] = self.frame.to_numpy(dtype=object).tolist()
        if not set(self.headings[:1]) & set(_NAMED_ONCE):
            return cells
        above = [None, *(row[0] for row in cells[:-1])]
        return [
            ["" if row[0] == last else row[0], *row[1:]]
            for row, last in zip(cells, above, strict=True)
        ]

    def to_html(self) -> str:
        """Return an HTML table with its title as caption, every cell escaped."""
        below = [f"<b>{escape_html(self.warning)}</b>"] if self.warning else []
        below += [f"<i>Note.</i> {prose_html(' '.join(self.notes))}"] if self.notes else []
        below += map(prose_html, self.messages)
        table = table_html(
            self.headings,
            self.rows,
            list(self.left),
            self._caption,
            title=lambda _: caption_html(self._number, self.title),
            head=heading_html,
            words=prose_html,
        )
        return "\n".join([table, *(f'<p class="note">{text}</p>' for text in below)])

    def to_markdown(self) -> str:
        """Return a pipe table under its number and title, every cell escaped."""
        rules = [":--" if is_left else "--:" for is_left in self.left]
        rows = [list(map(words_markdown, row)) for row in self.rows]
        lines = [[heading_markdown(h) for h in self.headings], rules, *rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        title = [caption_markdown(self._number, self.title)] if self._caption else []
        below = [f"**{escape_markdown(self.warning)}**"] if self.warning else []
        below += [f"*Note.* {words_markdown(' '.join(self.notes))}"] if self.notes else []
        below += map(prose_markdown, self.messages)
        return "\n\n".join([*title, table, *below])

    def to_word(self, document: Document) -> None:
        """Write the table at the end of a Word document: one of python-docx, made by you.

        It stands under its title in italics, between rules above and below the headings and at
        its end, with symbols in italics, points aligned and the notes below.

        Parameters
        ----------
        document : docx.document.Document
            From ``docx.Document()``; styles that it lacks are added to it.
        """
        add_table(
            document,
            Grid(
                headings=self.headings,
                rows=self.rows,
                left=self.left,
                number=self.number,
                title=self.title,
                warning=self.warning,
                notes=self.notes,
                messages=self.messages,
            ),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table alone to a file, with its title and its notes.

        Parameters
        ----------
        path : str or path
            Ends in ``.docx``, ``.html`` or ``.md``. The folder must exist; an existing file is
            replaced once the new one is complete. The same table gives the same bytes.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        ArgumentError
            If the suffix is another one, or the folder does not exist.

        Examples
        --------
        >>> import tempfile
        >>> frame = pd.DataFrame({"Effect": ["Within patients"], "b": ["−0.108"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Table(frame, "Coefficients", (), (True, False)).save(f"{folder}/table1.docx").name
        'table1.docx'
        """
        target = file_target(path, suffixes=(".docx", ".html", ".md"), what="a table")
        suffix = target.suffix.lower()
        if suffix == ".docx":
            document = new_document(self.title)
            self.to_word(document)
            end_pages(document)
            content = document_bytes(document)
        elif suffix == ".html":
            table = f'<div class="table">{self.to_html()}</div>'
            content = html_page(self._caption or "Table", table).encode("utf-8", errors="replace")
        else:
            content = f"{self.to_markdown()}\n".encode(errors="replace")
        write_files({target: content})
        return target

    def __repr__(self) -> str:
        table = aligned_text(self.headings, self.rows, list(self.left))
        below = wrapped((self.warning, *self.notes, *self.messages))
        return "\n".join(part for part in (self._caption, table, *below) if part)

    def _repr_html_(self) -> str:
        return self.to_html()
