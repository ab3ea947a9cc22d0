"""How results of meta-analyses show themselves: headline, tables, sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.printing import escape_html, frame_html, frame_text, wrapped

#: How columns of this room are headed in print.
HEADINGS = {
    "estimate": "Estimate",
    "statistic": "Statistic",
    "pi_low": "PI low",
    "pi_high": "PI high",
    "tau": "τ",
    "tau2": "τ²",
    "i2": "I²",
    "h2": "H²",
    "q": "Q",
    "parameter": "Parameter",
    "df_residual": "df 2",
    "quantity": "Quantity",
    "rstudent": "rstudent",
    "dffits": "DFFITS",
    "cooks_distance": "Cook's distance",
    "cov_ratio": "Covariance ratio",
    "hat": "Hat value",
    "weight": "Weight",
    "flagged": "Flagged",
}


def result_text(heading: str, tables: Sequence[pd.DataFrame], sentences: Sequence[str]) -> str:
    """Heading, tables and wrapped sentences as plain text, parted by empty lines."""
    shown = [frame_text(table, headings=HEADINGS) for table in tables]
    return "\n\n".join([heading, *shown, "\n".join(wrapped(sentences))]).rstrip()


def result_html(heading: str, tables: Sequence[pd.DataFrame], sentences: Sequence[str]) -> str:
    """Tables, the first under the heading, and sentences as escaped HTML."""
    captions = [heading, *[""] * (len(tables) - 1)]
    shown = [
        frame_html(table, caption=caption, headings=HEADINGS)
        for table, caption in zip(tables, captions, strict=True)
    ]
    return "".join([*shown, *(f"<p>{escape_html(sentence)}</p>" for sentence in sentences)])
