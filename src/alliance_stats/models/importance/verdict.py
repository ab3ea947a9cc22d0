"""Whether the alliance is the single biggest predictor of a level: shown, not shown, contradicted.

The claim is that every difference between the alliance's weight and another is above zero: an
intersection–union test (Berger, 1982), so that the level of one difference is that of the claim.
"""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.tables import MINUS, ranked

SHOWN, NOT_SHOWN, CONTRADICTED = "shown", "not shown", "contradicted"
NOT_EXAMINED = "not examined"


def alliance_differences(table: pd.DataFrame, prepared: PreparedImportance) -> pd.DataFrame:
    """Rows of differences with the alliance, turned to *alliance − other*.

    Columns ``effect other estimate se p_value ci_low ci_high``.
    """
    subject, rows = prepared.alliance, []
    for level in ("within", "between"):
        names = ranked(prepared, level)
        own = table[table["effect"] == level].set_index("term")
        for other in names if subject in names else []:
            if other == subject:
                continue
            first = names.index(subject) < names.index(other)
            row = own.loc[subject + MINUS + other if first else other + MINUS + subject]
            ends = (row["ci_low"], row["ci_high"]) if first else (-row["ci_high"], -row["ci_low"])
            size = row["estimate"] if first else -row["estimate"]
            rows.append((level, other, size, row["se"], row["p_value"], *ends))
    columns = ["effect", "other", "estimate", "se", "p_value", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def verdict_table(table: pd.DataFrame, prepared: PreparedImportance) -> pd.DataFrame:
    """One row a level: the verdict and its reason."""
    differences = alliance_differences(table, prepared)
    rows = []
    for level in ("within", "between"):
        if prepared.alliance not in ranked(prepared, level):
            continue
        own = differences[differences["effect"] == level]
        rows.append((level, prepared.alliance, *_verdict(own)))
    return pd.DataFrame(rows, columns=["effect", "term", "biggest", "reason"])


def _verdict(own: pd.DataFrame) -> tuple[str, str]:
    """The verdict of one level from the differences *alliance − other*."""
    if own.empty:
        return NOT_EXAMINED, "nothing else varies here"
    if own["ci_low"].isna().any():
        return NOT_EXAMINED, "no draws, so the differences have no interval"
    larger = own.loc[own["ci_high"] < 0, "other"].tolist()
    if larger:
        return CONTRADICTED, f"the weight is below that of {name_list(larger)}"
    open_ = own.loc[own["ci_low"] <= 0, "other"].tolist()
    if open_:
        return NOT_SHOWN, f"the difference is inconclusive for {name_list(open_)}"
    return SHOWN, "the weight is above that of every other predictor"
