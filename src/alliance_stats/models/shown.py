"""How results of models show themselves: headline, tables, sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped


def headline(title: str, counts: Mapping[str, int]) -> str:
    """The title with the size of the data.

    >>> headline("wai and phq9", {"session": 1987, "patient": 240})
    'wai and phq9 (1,987 sessions, 240 patients)'
    """
    return f"{title} ({', '.join(counted(n, unit) for unit, n in counts.items())})"


def result_text(heading: str, tables: Sequence[pd.DataFrame], sentences: Sequence[str]) -> str:
    """Heading, tables and wrapped sentences as plain text, parted by empty lines."""
    parts = [heading, *map(frame_text, tables), "\n".join(wrapped(sentences))]
    return "\n\n".join(parts)


def result_html(heading: str, tables: Sequence[pd.DataFrame], sentences: Sequence[str]) -> str:
    """Tables, the first under the heading, and sentences as escaped HTML."""
    captions = [heading, *[""] * (len(tables) - 1)]
    shown = [
        frame_html(table, caption=caption) for table, caption in zip(tables, captions, strict=True)
    ]
    return "".join([*shown, *(f"<p>{escape_html(sentence)}</p>" for sentence in sentences)])
