"""A report as Markdown, with its figures in a folder beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from alliance_stats._base.printing import escape_markdown, markdown_paragraph
from alliance_stats.report.output.content import Figure, Section, messages_heading
from alliance_stats.report.wording.prose import caption_markdown, prose_markdown, words_markdown


def write_markdown(
    title: str, intro: Sequence[str], sections: Sequence[Section], footer: str, folder: str
) -> str:
    """Return the text; every name is escaped. Figures are looked for in `folder`."""
    several = len(sections) > 1 or title != sections[0].title
    blocks = [f"# {escape_markdown(title)}", *map(markdown_paragraph, intro)]
    for section in sections:
        blocks += _section(section, folder, heading=several)
    return "\n\n".join([*blocks, "---", markdown_paragraph(footer)]) + "\n"


def figure_name(number: int) -> str:
    """``figure-1.png``."""
    return f"figure-{number}.png"


def _section(section: Section, folder: str, *, heading: bool) -> list[str]:
    blocks = [f"## {escape_markdown(section.title)}"] if heading else []
    blocks += [prose_markdown(paragraph) for paragraph in section.paragraphs]
    if section.messages or section.alert:
        lines = [f"> - {prose_markdown(message)}" for message in section.messages]
        first = f"> **{messages_heading(section)}**"
        blocks.append("\n".join([first, *([">"] if lines else []), *lines]))
    tables = [table.to_markdown() for table in section.tables]
    blocks += tables[:1]
    for figure in section.figures:
        blocks += _figure(figure, folder)
    blocks += tables[1:]
    blocks += [prose_markdown(note) for note in section.notes]
    for title, code in section.code:
        blocks += _code(title, code)
    return blocks


def _figure(figure: Figure, folder: str) -> list[str]:
    """The image under its number and title, with its note below."""
    image = f"{quote(folder)}/{figure_name(figure.number)}"
    return [
        caption_markdown(f"Figure {figure.number}", figure.title),
        f"![{escape_markdown(figure.alt)}]({image})",
        *([f"*Note.* {words_markdown(figure.note)}"] if figure.note else []),
    ]


def _code(heading: str, code: str) -> list[str]:
    """A fenced block whose fence is longer than any run of backticks inside it."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"**{heading}**", f"{fence}\n{code}\n{fence}"]
