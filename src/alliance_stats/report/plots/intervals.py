"""Intervals of many rows at once: lines, and arrows where they go on beyond the axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats.report.plots.style import LINE_COLOUR, THREAD_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How far intervals reach beyond the estimates before they are cut: in ranges of the estimates,
#: and in half lengths of the usual interval.
_REACH, _LENGTHS = 0.75, 2.0


def interval_limits(rows: pd.DataFrame, always: np.ndarray) -> tuple[float, float]:
    """Ends of an axis that shows all estimates, all of `always`, and of the intervals what is near.

    `rows` has the columns ``estimate ci_low ci_high``.
    """
    points = rows["estimate"].to_numpy(dtype=float)
    points = points[np.isfinite(points)]
    low, high = (rows[end].to_numpy(dtype=float) for end in ("ci_low", "ci_high"))
    usual = float(np.nanmedian(high - low)) / 2.0
    near = max(_REACH * float(np.ptp(points)), _LENGTHS * usual)
    low, high = np.maximum(low, points.min() - near), np.minimum(high, points.max() + near)
    found = np.concatenate([low, high, points, np.asarray(always, dtype=float)])
    found = found[np.isfinite(found)]
    room = 0.03 * float(np.ptp(found)) or 0.1
    return float(found.min()) - room, float(found.max()) + room


def interval_lines(axis: Axes, rows: pd.DataFrame, *, step: float, thin: bool) -> None:
    """A line for each row of ``y ci_low ci_high``, `step` points apart.

    Set the limits of the axes before.
    """
    left, right = axis.get_xlim()
    y, low, high = (rows[name].to_numpy(dtype=float) for name in ("y", "ci_low", "ci_high"))
    colour = THREAD_COLOUR if thin else LINE_COLOUR
    axis.hlines(
        y, np.maximum(low, left), np.minimum(high, right), zorder=2, color=colour,
        linewidth=float(np.clip(0.32 * step, 0.4, 1.1)),
    )  # fmt: skip
    for beyond, edge, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if beyond.any():
            axis.scatter(
                np.full(int(beyond.sum()), edge), y[beyond], marker=marker, s=5 if thin else 14,
                color=colour, linewidths=0, clip_on=False, zorder=2,
            )  # fmt: skip
