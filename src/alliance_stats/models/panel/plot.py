"""What the path diagram of a panel model draws: nodes and arrows with their estimates."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.models.panel.spec import effects_of
from alliance_stats.sem.result import SemResult


def path_frame(fit: SemResult, prepared: PreparedPanel) -> pd.DataFrame:
    """Standardised lagged effects as arrows between the ratings, and ratings as nodes.

    Returns
    -------
    DataFrame
        Columns ``panel layer effect x y x_end y_end label solid``. A panel is a group. A layer is
        ``nodes`` (a rating at its wave and row: the outcome at 0, the alliance at 1) or
        ``arrows``. ``label`` is a node's session or an arrow's standardised estimate; ``solid``
        says whether the 95% interval of the unstandardised effect leaves out zero.
    """
    panel, raw = prepared.panel, fit.tidy()
    std = fit.tidy(standardised=True)["estimate"].to_numpy()
    low, high = raw["ci_low"].to_numpy(), raw["ci_high"].to_numpy()
    at = {
        column: (_place(prepared, side, wave))
        for side, columns in enumerate(panel.sides)
        for wave, column in enumerate(columns)
    }
    rows: list[tuple[object, ...]] = []
    for group in fit.spec.groups:
        rows += [
            (group, "nodes", "", *at[name], *at[name], name.rsplit("_", 1)[1], True)
            for name in at
            if name in fit.spec.observed
        ]
    for e in effects_of(fit.spec, panel):
        label = format_fixed(float(std[e.index]), 2, minus=MINUS)
        solid = bool(low[e.index] > 0 or high[e.index] < 0)
        rows.append((e.group, "arrows", e.effect, *at[e.source], *at[e.target], label, solid))
    columns = ["panel", "layer", "effect", "x", "y", "x_end", "y_end", "label", "solid"]
    return pd.DataFrame(rows, columns=columns)


def _place(prepared: PreparedPanel, side: int, wave: int) -> tuple[float, float]:
    """Where a rating stands: later in a session is further right."""
    order = prepared.panel.order
    later = {"together": (0.0, 0.0), "x_first": (0.0, 0.5), "y_first": (0.5, 0.0)}[order]
    return wave + later[side], float(1 - side)
