"""A report as one HTML page that needs no other file and no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from alliance_stats._base.printing import escape_html
from alliance_stats.report.output.content import Figure, Section, messages_heading
from alliance_stats.report.output.figures import DPI
from alliance_stats.report.page import html_page
from alliance_stats.report.wording.prose import caption_html, prose_html

#: Longer code is folded.
_MOST_LINES = 12


def write_html(title: str, intro: Sequence[str], sections: Sequence[Section], footer: str) -> str:
    """Return the page; every text is escaped, and the page may run no script."""
    several = len(sections) > 1 or title != sections[0].title
    preface = [f'<p class="intro">{escape_html(paragraph)}</p>' for paragraph in intro]
    numbered = enumerate(sections, start=1)
    written = [_section(section, number, heading=several) for number, section in numbered]
    body = "\n".join([*preface, *_contents(sections), *written])
    heading, last = escape_html(title), escape_html(footer)
    return html_page(title, f"<h1>{heading}</h1>\n{body}\n<footer>{last}</footer>")


def _contents(sections: Sequence[Section]) -> list[str]:
    """Links to the sections, if there are several."""
    if len(sections) < 2:
        return []
    items = "".join(
        f'<li><a href="#section-{number}">{escape_html(section.title)}</a></li>'
        for number, section in enumerate(sections, start=1)
    )
    return [f'<nav aria-label="Contents"><ul>{items}</ul></nav>']


def _section(section: Section, number: int, *, heading: bool) -> str:
    parts = [f"<h2>{escape_html(section.title)}</h2>"] if heading else []
    parts += [f"<p>{prose_html(paragraph)}</p>" for paragraph in section.paragraphs]
    parts += [_messages(section)] if section.messages or section.alert else []
    tables = [_table(table.to_html(), short=len(table.left) < 4) for table in section.tables]
    parts += tables[:1]
    parts += map(_figure, section.figures)
    parts += tables[1:]
    parts += [f'<p class="note">{prose_html(note)}</p>' for note in section.notes]
    parts += [_code(heading, code) for heading, code in section.code]
    return f'<section id="section-{number}">\n' + "\n".join(parts) + "\n</section>"


def _messages(section: Section) -> str:
    """What the result warned of; in a box if the fit is singular or did not converge."""
    items = "".join(f"<li>{prose_html(message)}</li>" for message in section.messages)
    listed = f"<ul>{items}</ul>" if items else ""
    looks = "messages alert" if section.alert else "messages"
    heading = escape_html(messages_heading(section))
    return f'<div class="{looks}" role="note"><b>{heading}</b>{listed}</div>'


def _table(table: str, *, short: bool) -> str:
    table = table.replace("<table>", '<table class="short">', 1) if short else table
    return f'<div class="table">{table}</div>'


def _figure(figure: Figure) -> str:
    data = b64encode(figure.png).decode("ascii")
    caption = caption_html(f"Figure {figure.number}", figure.title)
    note = f'<p class="note"><i>Note.</i> {prose_html(figure.note)}</p>' if figure.note else ""
    alt, width = escape_html(figure.alt), f"width:{_inches(figure):.2f}in"
    image = f'<img src="data:image/png;base64,{data}" alt="{alt}" style="{width}">'
    return f"<figure><figcaption>{caption}</figcaption>{image}{note}</figure>"


def _inches(figure: Figure) -> float:
    """The width that the figure was drawn for: PNG files begin with their size."""
    return int.from_bytes(figure.png[16:20], "big") / DPI


def _code(heading: str, code: str) -> str:
    """Code under its heading; many lines are shown when the heading is clicked."""
    shown = f"<pre>{escape_html(code)}</pre>"
    if code.count("\n") < _MOST_LINES:
        return f"<h3>{heading}</h3>\n{shown}"
    return f"<details><summary>{heading}</summary>\n{shown}</details>"
