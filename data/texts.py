"""Numbers and rows as the files of `synthetic` hold them."""

from __future__ import annotations

import pandas as pd

Row = dict[str, object]


def fixed(value: float, decimals: int) -> str:
    """`value` with a fixed number of decimals, never ``-0``; empty if missing."""
    return "" if pd.isna(value) else f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def row(name: str, unit: str, source: str, meaning: str) -> Row:
    """A row of a codebook that is no parameter."""
    return {
        "parameter": name,
        "unit": unit,
        "source": source,
        "status": "assumption",
        "meaning": meaning,
    }
