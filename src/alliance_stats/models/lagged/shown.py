"""What the figure of a lagged model draws: both paths and what each rating keeps of itself."""

from __future__ import annotations

import pandas as pd


def path_frame(sizes: pd.DataFrame, bias: pd.DataFrame) -> pd.DataFrame:
    """Standardised effects with their intervals, and where studies without the path lie.

    Returns
    -------
    DataFrame
        Columns ``effect layer x x_low x_high``. Layer ``estimate`` has a row an effect; layer
        ``null`` a row a cross path whose bias was simulated: the mean estimate, in the same
        units, in studies of this design in which the path is zero.
    """
    estimates = sizes.rename(columns={"estimate": "x", "ci_low": "x_low", "ci_high": "x_high"})
    estimates = estimates[["effect", "x", "x_low", "x_high"]].assign(layer="estimate")
    nulls = bias[bias["truth"] == "zero"] if len(bias) else pd.DataFrame({"effect": [], "mean": []})
    units = sizes.set_index("effect")["per_unit"]
    null = pd.DataFrame(
        {
            "effect": nulls["effect"],
            "layer": "null",
            "x": nulls["mean"].to_numpy(dtype=float)
            * units.reindex(nulls["effect"]).to_numpy(dtype=float),
            "x_low": float("nan"),
            "x_high": float("nan"),
        }
    )
    whole = pd.concat([estimates, null], ignore_index=True) if len(null) else estimates
    return whole[["effect", "layer", "x", "x_low", "x_high"]].reset_index(drop=True)
