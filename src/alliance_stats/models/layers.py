"""Layers of the frames that figures of models draw: adjusted points, lines with bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

LINE_POINTS = 41


def line_layer(panel: str, x: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """A fitted line with its band, from the contrasts at its points."""
    return pd.DataFrame(
        {
            "panel": panel,
            "layer": "line",
            "x": x,
            "y": table["estimate"].to_numpy(),
            "y_low": table["ci_low"].to_numpy(),
            "y_high": table["ci_high"].to_numpy(),
            "group": 0,
        }
    )


def point_layer(panel: str, x: np.ndarray, y: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """Adjusted points of one panel."""
    return pd.DataFrame(
        {
            "panel": panel,
            "layer": "points",
            "x": x,
            "y": y,
            "y_low": np.nan,
            "y_high": np.nan,
            "group": group,
        }
    )
