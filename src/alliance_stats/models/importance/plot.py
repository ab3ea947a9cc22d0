"""What the figure of importance draws: weights, and differences from the alliance's weight."""

from __future__ import annotations

import pandas as pd

from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.tables import MINUS, ranked
from alliance_stats.models.importance.verdict import alliance_differences


def importance_frame(table: pd.DataFrame, prepared: PreparedImportance) -> pd.DataFrame:
    """Weights in print order and the differences *alliance − other*, in points of R².

    Returns
    -------
    DataFrame
        Columns ``panel layer term x x_low x_high marked``: ``panel`` is the level, ``layer``
        ``weights`` or ``differences``, ``marked`` the row of the alliance.
    """
    weights = table[~table["term"].isin(_pair_terms(prepared))]
    first = pd.DataFrame(
        {
            "panel": weights["effect"],
            "layer": "weights",
            "term": weights["term"],
            "x": weights["estimate"],
            "x_low": weights["ci_low"],
            "x_high": weights["ci_high"],
            "marked": weights["term"] == prepared.alliance,
        }
    )
    found = alliance_differences(table, prepared)
    second = pd.DataFrame(
        {
            "panel": found["effect"],
            "layer": "differences",
            "term": found["other"],
            "x": found["estimate"],
            "x_low": found["ci_low"],
            "x_high": found["ci_high"],
            "marked": False,
        }
    )
    parts = [part for part in (first, second) if len(part)]
    order = {"within": 0, "between": 1}
    frame = pd.concat(parts, ignore_index=True)
    frame["_level"] = frame["panel"].map(order)
    frame = frame.sort_values(
        ["_level", "layer", "x"], ascending=[True, False, False], kind="stable"
    )
    return frame.drop(columns="_level").reset_index(drop=True)


def _pair_terms(prepared: PreparedImportance) -> set[str]:
    """Terms of differences."""
    return {
        a + MINUS + b
        for level in prepared.levels
        for a in ranked(prepared, level)
        for b in ranked(prepared, level)
    }
