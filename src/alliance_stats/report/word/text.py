"""Text in a Word file: symbols in italics, lines and letters that XML can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from alliance_stats.report.wording.symbols import typeset

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph

#: Letters that no XML file may hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: object) -> str:
    """Text that XML can hold: control characters and halves of letters become a mark.

    >>> xml_text("wai\\x00\\x07total")
    'wai��total'
    """
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text))


def add_parts(paragraph: Paragraph, parts: Iterable[tuple[str, bool]]) -> None:
    """Runs of text, each upright or in italics."""
    for text, italic in parts:
        run = paragraph.add_run(xml_text(text))
        if italic:
            run.italic = True


def add_prose(paragraph: Paragraph, text: str) -> None:
    """A sentence with its statistical symbols in italics."""
    add_parts(paragraph, typeset(text))


def add_code(paragraph: Paragraph, code: str) -> None:
    """Lines of code, broken where they are."""
    for number, line in enumerate(xml_text(code).splitlines()):
        run = paragraph.add_run()
        if number:
            run.add_break()
        run.add_text(line.replace("\t", "    "))
