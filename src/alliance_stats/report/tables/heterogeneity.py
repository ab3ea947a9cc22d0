"""How much the effects of a meta-analysis differ, each parameter in decimals of its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from alliance_stats._base.printing import (
    MINUS,
    decimals_for,
    format_df,
    format_fixed,
    format_interval,
    format_p,
    interval_heading,
)
from alliance_stats.report.tables.headings import PARAMETERS
from alliance_stats.report.tables.table import Table

_DASH = "–"
_TWO = frozenset({"q", "h2"})


def heterogeneity_table(frame: pd.DataFrame, *, title: str, conf_level: float) -> Table:
    """Set Q, τ², τ, I² and H² with their intervals: I² in percent, Q and H² in two decimals."""
    spread = frame.loc[~frame["parameter"].isin([*_TWO, "i2"]), "se"]
    decimals = max(decimals_for(spread), 3)
    rows = [_row(row, decimals, conf_level) for row in frame.to_dict("records")]
    return Table(pd.DataFrame(rows), title, (), (True, *[False] * 5))


def _row(row: Mapping[Hashable, Any], decimals: int, conf_level: float) -> dict[str, str]:
    name = str(row["parameter"])
    percent = "%" if name == "i2" else ""
    places = 1 if percent else 2 if name in _TWO else decimals
    estimate, low, high = (
        row[end] * (100 if percent else 1) for end in ("estimate", "ci_low", "ci_high")
    )
    interval = format_interval(low, high, places, minus=MINUS)
    if percent:
        interval = interval.replace(",", "%,").replace("]", "%]")
    df = row["df"]
    return {
        "Parameter": PARAMETERS.get(name, name),
        "Estimate": _DASH if pd.isna(estimate) else format_fixed(estimate, places) + percent,
        "SE": format_fixed(row["se"], places, minus=MINUS),
        interval_heading(conf_level): interval,
        "df": _DASH if pd.isna(df) else format_df(df),
        "p": format_p(row["p_value"]),
    }
