"""The conditions of a congruence effect.

After Humberg, Nestler and Back (2019, Soc. Psychol. Personal. Sci. 10(3), 409-419).

A surface shows (broad) congruence if its ridge does not differ from the line of congruence (the
intervals of p10 and p11 hold 0 and 1), it is highest there along the line of incongruence (a3 not
different from 0) and falls on both sides of it (a4 below 0). It is strict if, further, its height
does not change along the line of congruence (a1, a2 not different from 0) nor does its curvature
differ between both ratings (a5). Only a4 is a test that supports congruence; the others can
contradict it, and an interval that holds a value does not prove it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Value of every condition, and of which claim it is one.
CONDITIONS = {
    "p10": (0.0, "broad"),
    "p11": (1.0, "broad"),
    "a3": (0.0, "broad"),
    "a4": (0.0, "broad"),
    "a1": (0.0, "strict"),
    "a2": (0.0, "strict"),
    "a5": (0.0, "strict"),
}
SHOWN = ("shown, strict", "shown, broad", "not shown", "not decided")


def conditions_table(improved: pd.DataFrame, axes: pd.DataFrame) -> pd.DataFrame:
    """One row a condition: see `SurfaceResult.conditions`.

    Parameters
    ----------
    improved : DataFrame
        Rows a1 … a5 by ``effect``, signed so that positive is a better outcome.
    axes : DataFrame
        Rows of the axes by ``term``, of the surface signed so.
    """
    found = {row["effect"]: row for row in improved.to_dict("records")}
    found |= {row["term"]: row for row in axes.to_dict("records")}
    rows = []
    for name, (value, claim) in CONDITIONS.items():
        row = found[name]
        low, high = row["ci_low"], row["ci_high"]
        status = _status(low, high, value, below=name == "a4")
        rows.append(
            {
                "claim": claim, "condition": name, "asked": "below 0" if name == "a4"
                else f"interval holds {value:g}", "estimate": row["estimate"], "ci_low": low,
                "ci_high": high, "status": status,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _status(low: float, high: float, value: float, *, below: bool) -> str:
    if np.isnan(low) or np.isnan(high):
        return "unknown"
    if below:
        return "met" if high < value else "contradicted" if low > value else "not met"
    return "not contradicted" if low <= value <= high else "contradicted"


def verdict_of(conditions: pd.DataFrame) -> str:
    """``shown, strict``, ``shown, broad``, ``not shown`` or ``not decided`` (without draws)."""
    passed = {"met", "not contradicted"}
    status = dict(zip(conditions["condition"], conditions["status"], strict=True))
    broad = [status[name] for name, (_, claim) in CONDITIONS.items() if claim == "broad"]
    if any(word in ("contradicted", "not met") for word in broad):
        return "not shown"
    if "unknown" in broad:
        return "not decided"
    strict = [status[name] for name, (_, claim) in CONDITIONS.items() if claim == "strict"]
    return "shown, strict" if set(strict) <= passed else "shown, broad"
