"""Sentences as they are shown: in paragraphs, with symbols in italics."""

from __future__ import annotations

import textwrap

from alliance_stats._base.printing import escape_html, escape_markdown, markdown_paragraph
from alliance_stats.report.wording.symbols import italics_html, kept_together, typeset

#: Stands for the mark of italics while a text is escaped.
_ITALIC = "\ue000"


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


def caption_html(number: str, title: str) -> str:
    """The number in bold over the title in italics; either may be missing."""
    parts = [f"<b>{escape_html(number)}</b>"] if number else []
    parts += [f"<i>{escape_html(title)}</i>"] if title else []
    return "<br>".join(parts)


def caption_markdown(number: str, title: str) -> str:
    """The number in bold, and the title in italics as a paragraph of its own."""
    parts = [f"**{escape_markdown(number)}**"] if number else []
    parts += [f"*{escape_markdown(title)}*"] if title else []
    return "\n\n".join(parts)


def prose_markdown(text: str) -> str:
    """Escaped text with symbols in italics, which begins no list, rule or heading.

    >>> print(prose_markdown("lower (b = -0.108, p < .001)"))
    lower (*b* = −0.108, *p* \\< .001)
    """
    return markdown_paragraph(_marked(text)).replace(_ITALIC, "*")


def words_markdown(text: str) -> str:
    """Escaped words of a cell or a note, with symbols in italics."""
    return escape_markdown(_marked(text)).replace(_ITALIC, "*")


def _marked(text: str) -> str:
    """Text with a letter of no meaning around each symbol, since it is yet to be escaped."""
    parts = typeset(text.replace(_ITALIC, ""))
    return "".join(f"{_ITALIC}{piece}{_ITALIC}" if italic else piece for piece, italic in parts)


def _paragraph(text: str) -> str:
    """A paragraph; a title stands on a line of its own above the first one of a result."""
    title, parted, rest = text.partition("\n")
    if not parted:
        return f"<p>{prose_html(text)}</p>"
    return f"<p><b>{escape_html(title)}</b><br>{prose_html(rest)}</p>"
