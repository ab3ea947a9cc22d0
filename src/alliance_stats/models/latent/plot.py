"""What the figure of latent means draws: the slopes with latent and with observed means."""

from __future__ import annotations

import pandas as pd


def slope_frame(comparison: pd.DataFrame) -> pd.DataFrame:
    """Slopes of every level, without their differences.

    Parameters
    ----------
    comparison : DataFrame
        Of the result: rows with latent and with observed means.

    Returns
    -------
    DataFrame
        Columns ``effect means x x_low x_high``, an effect's latent row before its observed one;
        ends are infinite where an interval has none.
    """
    slopes = comparison[comparison["effect"] != "contextual"]
    slopes = slopes.rename(columns={"estimate": "x", "ci_low": "x_low", "ci_high": "x_high"})
    order = list(dict.fromkeys(slopes["effect"]))
    rank = slopes["effect"].map(order.index)
    slopes = slopes.iloc[rank.argsort(kind="stable").to_numpy()]
    return slopes[["effect", "means", "x", "x_low", "x_high"]].reset_index(drop=True)
