"""Description of all estimates: where they lie, their signs, and how many intervals miss zero."""

from __future__ import annotations

import pandas as pd

from alliance_stats.models.multiverses.rows import STATES, USABLE


def summary_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row: size of the multiverse, range of the estimates, shares by sign.

    Singular fits count; fits that failed or did not converge are counted apart.
    """
    good = table[table["status"].isin(USABLE)]
    estimate = good["estimate"]
    found = {
        "n_specifications": len(table),
        **{f"n_{state.replace(' ', '_')}": int((table["status"] == state).sum())
           for state in STATES},
        "median": estimate.median(),
        "lowest": estimate.min(),
        "highest": estimate.max(),
        "lower_quartile": estimate.quantile(0.25),
        "upper_quartile": estimate.quantile(0.75),
        "share_positive": (estimate > 0).mean(),
        "share_negative": (estimate < 0).mean(),
        "share_above_zero": (good["ci_low"] > 0).mean(),
        "share_below_zero": (good["ci_high"] < 0).mean(),
        "fewest_patients": int(good["n_patients"].min()),
        "most_patients": int(good["n_patients"].max()),
    }  # fmt: skip
    return pd.DataFrame([found])
