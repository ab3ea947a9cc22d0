"""A report as one HTML page that needs no other file and no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from alliance_stats._base.printing import escape_html
from alliance_stats.report.content import Figure, Section, messages_heading
from alliance_stats.report.prose import prose_html

_STYLE = """
body { font: 16px/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  color: #1a1a1a; background: #fff; max-width: 47rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1.25rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 1rem; padding-top: 1.25rem;
  border-top: 1px solid #bbb; }
nav { margin: 0 0 1.5rem; font-size: .9375rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { color: #00568f; }
nav + section > h2:first-child, h1 + section > h2:first-child {
  border-top: 0; margin-top: 0; padding-top: 0; }
h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
h1, h2, p, li, a, td, caption, figcaption { overflow-wrap: anywhere; }
th { overflow-wrap: break-word; }
p { margin: 0 0 .9rem; }
.table { margin: 1.9rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.35;
  font-variant-numeric: tabular-nums lining-nums; border-bottom: 1.5px solid #1a1a1a; }
caption { text-align: left; font-weight: 600; padding-bottom: .45rem; font-size: .9375rem; }
thead tr { border-top: 1.5px solid #1a1a1a; border-bottom: 1px solid #1a1a1a; }
th { font-weight: 600; vertical-align: bottom; }
th, td { padding: .28rem .7rem .28rem 0; }
th:last-child, td:last-child { padding-right: 0; }
td { vertical-align: top; overflow-wrap: normal; }
td[style*="right"], th[style*="right"] { white-space: nowrap; }
table.short { width: auto; min-width: 18rem; }
.note, figcaption { font-size: .8125rem; line-height: 1.45; color: #333; margin: .5rem 0 0; }
.messages { border-left: 3px solid #bbb; padding: .1rem 1rem; margin: 1.4rem 0;
  font-size: .9375rem; }
.messages.alert { border: 1px solid #8a5a00; border-left-width: 5px; background: #fff8e8;
  padding: .7rem 1rem; }
.messages b { display: block; }
.messages ul { margin: .25rem 0 0; padding-left: 1.2rem; }
figure { margin: 1.9rem 0; }
img { max-width: 100%; height: auto; display: block; }
pre { font: .8125rem/1.5 "DejaVu Sans Mono", Menlo, Consolas, monospace; background: #f4f4f2;
  padding: .6rem .8rem; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: .7rem; border-top: 1px solid #bbb; font-size: .8125rem;
  color: #444; }
@page { size: A4; margin: 20mm 18mm; }
@media print {
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; }
  nav { display: none; }
  .table { overflow: visible; break-inside: avoid; }
  tr, figure, .messages, pre { break-inside: avoid; }
  caption, h2, h3 { break-after: avoid; }
  .messages, pre { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_html(title: str, intro: Sequence[str], sections: Sequence[Section], footer: str) -> str:
    """Return the page; every text is escaped, and the page may run no script."""
    several = len(sections) > 1 or title != sections[0].title
    preface = [f'<p class="intro">{escape_html(paragraph)}</p>' for paragraph in intro]
    numbered = enumerate(sections, start=1)
    written = [_section(section, number, heading=several) for number, section in numbered]
    body = "\n".join([*preface, *_contents(sections), *written])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape_html(title)}</h1>\n{body}\n"
        f"<footer>{escape_html(footer)}</footer>\n</body>\n</html>\n"
    )


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
    parts += [_figure(section.figure)] if section.figure is not None else []
    parts += tables[1:]
    parts += [f'<p class="note">{escape_html(note)}</p>' for note in section.notes]
    parts += _code("Model", section.formula)
    parts += _code("Fit it again", section.refit)
    return f'<section id="section-{number}">\n' + "\n".join(parts) + "\n</section>"


def _messages(section: Section) -> str:
    """What the result warned of; in a box if the fit is singular or did not converge."""
    items = "".join(f"<li>{escape_html(message)}</li>" for message in section.messages)
    listed = f"<ul>{items}</ul>" if items else ""
    looks = "messages alert" if section.alert else "messages"
    heading = escape_html(messages_heading(section))
    return f'<div class="{looks}" role="note"><b>{heading}</b>{listed}</div>'


def _table(table: str, *, short: bool) -> str:
    table = table.replace("<table>", '<table class="short">', 1) if short else table
    return f'<div class="table">{table}</div>'


def _figure(figure: Figure) -> str:
    data = b64encode(figure.png).decode("ascii")
    caption = escape_html(figure.caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _code(heading: str, code: str) -> list[str]:
    return [f"<h3>{heading}</h3>", f"<pre>{escape_html(code)}</pre>"] if code else []
