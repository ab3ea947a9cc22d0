"""Sentences as a string that shows itself as paragraphs."""

from __future__ import annotations

import textwrap

from alliance_stats._base.printing import escape_html
from alliance_stats.report.symbols import italics_html, kept_together, typeset


class ReportText(str):
    """Plain text in paragraphs: a string in every way, made for pasting.

    The text itself has no line breaks inside a paragraph, so that it pastes well; ``print`` shows
    it so. At the prompt of a console it shows itself wrapped, in a notebook as paragraphs.
    ``print(text.wrapped())`` prints wrapped lines. String methods return plain strings.

    Examples
    --------
    >>> text = ReportText("First.\\n\\nSecond.")
    >>> text == "First.\\n\\nSecond."
    True
    >>> text
    First.
    <BLANKLINE>
    Second.
    """

    __slots__ = ()

    def wrapped(self, width: int = 88) -> str:
        """Return the text with lines of at most `width` characters, none broken in ``b = 1.5``.

        Examples
        --------
        >>> print(ReportText("A sentence of six short words.").wrapped(16))
        A sentence of
        six short words.
        """
        return "\n".join(
            textwrap.fill(kept_together(line), width, break_on_hyphens=False)
            for line in self.split("\n")
        ).replace("\xa0", " ")

    def __repr__(self) -> str:
        return self.wrapped()

    def _repr_html_(self) -> str:
        return "\n".join(_paragraph(paragraph) for paragraph in self.split("\n\n"))


def prose_html(text: str) -> str:
    """Escaped text with symbols in italics; a line never breaks inside ``b = −0.108``."""
    return italics_html(typeset(text)).replace("\xa0", "&nbsp;")


def _paragraph(text: str) -> str:
    """A paragraph; a title stands on a line of its own above the first one of a result."""
    title, parted, rest = text.partition("\n")
    if not parted:
        return f"<p>{prose_html(text)}</p>"
    return f"<p><b>{escape_html(title)}</b><br>{prose_html(rest)}</p>"
