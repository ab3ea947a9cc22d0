"""How results show themselves: a heading, tables and sentences, as text or as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped


def result_text(
    heading: str,
    tables: Sequence[pd.DataFrame],
    sentences: Sequence[str],
    *,
    headings: Mapping[str, str] | None = None,
) -> str:
    """Heading, tables and wrapped sentences as plain text, parted by empty lines."""
    shown = [frame_text(table, headings=headings) for table in tables]
    return "\n\n".join([heading, *shown, "\n".join(wrapped(sentences))]).rstrip()


def result_html(
    heading: str,
    tables: Sequence[pd.DataFrame],
    sentences: Sequence[str],
    *,
    headings: Mapping[str, str] | None = None,
) -> str:
    """Tables, the first under the heading, and sentences as escaped HTML."""
    captions = [heading, *[""] * (len(tables) - 1)]
    shown = [
        frame_html(table, caption=caption, headings=headings)
        for table, caption in zip(tables, captions, strict=True)
    ]
    return "".join([*shown, *(f"<p>{escape_html(sentence)}</p>" for sentence in sentences)])
