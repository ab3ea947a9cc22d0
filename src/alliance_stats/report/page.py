"""The frame of an HTML page that needs no other file, runs no script and prints well."""

from __future__ import annotations

from alliance_stats._base.printing import escape_html

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
caption, figcaption { text-align: left; padding-bottom: .45rem; font-size: .9375rem; }
thead tr { border-top: 1.5px solid #1a1a1a; border-bottom: 1px solid #1a1a1a; }
th { font-weight: 600; vertical-align: bottom; }
th, td { padding: .28rem .7rem .28rem 0; }
th:last-child, td:last-child { padding-right: 0; }
td { vertical-align: top; overflow-wrap: normal; }
td[style*="right"], th[style*="right"] { white-space: nowrap; }
table.short { width: auto; min-width: 18rem; }
.note { font-size: .8125rem; line-height: 1.45; color: #333; margin: .5rem 0 0; }
.messages { border-left: 3px solid #bbb; padding: .1rem 1rem; margin: 1.4rem 0;
  font-size: .9375rem; }
.messages.alert { border: 1px solid #8a5a00; border-left-width: 5px; background: #fff8e8;
  padding: .7rem 1rem; }
.messages b { display: block; }
.messages ul { margin: .25rem 0 0; padding-left: 1.2rem; }
figure { margin: 1.9rem 0; }
img { max-width: 100%; height: auto; display: block; }
summary { font-weight: 600; margin: 1.75rem 0 .4rem; cursor: pointer; }
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


def html_page(title: str, body: str) -> str:
    """A whole page around a body that is HTML already."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )
