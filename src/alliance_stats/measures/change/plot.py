"""The plain frame that the figure of reliable change draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.measures.change.rules import ChangeRule
from alliance_stats.measures.instruments.thresholds import Cutoff

COLUMNS = ("layer", "x", "y", "y_low", "y_high", "n", "category")


def change_frame(patients: pd.DataFrame, rule: ChangeRule, cutoff: Cutoff | None) -> pd.DataFrame:
    """Points, the band of no reliable change, the line of no change, and the cut-off.

    ``layer`` is "points" (one row a pair of scores and category, `n` patients), "band" (later
    scores without reliable change at the ends of the earlier ones), "equal" or "cutoff" (x = y =
    its value). Both axes go from the lowest to the highest score there is.
    """
    seen = patients.dropna(subset=["pre", "post"])
    if seen.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    both = seen[["pre", "post"]].to_numpy(dtype=float)
    ends = np.array([both.min(), both.max()])
    expected = rule.expected(ends)
    parts = [
        pd.DataFrame(
            {"layer": "band", "x": ends, "y": expected,
             "y_low": expected - rule.points, "y_high": expected + rule.points}
        ),
        pd.DataFrame({"layer": "equal", "x": ends, "y": ends}),
        _points(seen),
    ]  # fmt: skip
    if cutoff is not None:
        parts.append(pd.DataFrame({"layer": ["cutoff"], "x": [cutoff.value], "y": [cutoff.value]}))
    whole = pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))
    return whole.astype({"n": float})


def _points(seen: pd.DataFrame) -> pd.DataFrame:
    counts = seen.groupby(["pre", "post", "category"], observed=True).size()
    points = counts.rename("n").reset_index().rename(columns={"pre": "x", "post": "y"})
    return points.assign(layer="points")
