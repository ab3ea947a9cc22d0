"""What the figure of an event model draws: incidence at values of the alliance, the baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.event.hazard import Hazard
from alliance_stats.models.event.incidence import share_ends


def event_frame(
    incidence: pd.DataFrame, hazard: Hazard, life: pd.DataFrame, mean: dict[str, float],
    conf_level: float,
) -> pd.DataFrame:  # fmt: skip
    """Lines of cumulative incidence with bands, the hazard at the mean, and observed shares.

    Returns
    -------
    DataFrame
        Columns ``panel layer level x y y_low y_high n``; ``panel`` is incidence or hazard,
        ``layer`` line or points, ``level`` says where the alliance is, ``n`` is the number of
        sessions at risk behind a point.
    """
    event = incidence[incidence["group"] == hazard.cause]
    lines = pd.DataFrame(
        {
            "panel": "incidence", "layer": "line", "level": event["level"], "x": event["session"],
            "y": event["estimate"], "y_low": event["ci_low"], "y_high": event["ci_high"], "n": 0,
        }
    )  # fmt: skip
    sessions = np.unique(event["session"].to_numpy(dtype=float))
    share, slope = hazard.probabilities(sessions, mean)
    se = np.sqrt(np.einsum("sa,ab,sb->s", slope, hazard.fit.vcov.to_numpy(), slope))
    low, high = share_ends(share, se, conf_level)
    curve = pd.DataFrame(
        {
            "panel": "hazard", "layer": "line", "level": "mean", "x": sessions, "y": share,
            "y_low": low, "y_high": high, "n": 0,
        }
    )  # fmt: skip
    seen = life[life["hazard"].notna()]
    points = pd.DataFrame(
        {
            "panel": "hazard", "layer": "points", "level": "", "x": seen["session"].astype(float),
            "y": seen["hazard"], "y_low": np.nan, "y_high": np.nan, "n": seen["at_risk"],
        }
    )  # fmt: skip
    return pd.concat([lines, curve, points], ignore_index=True)
