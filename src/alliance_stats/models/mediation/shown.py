"""What the figure of a mediation model draws: effects and paths of every level, standardised."""

from __future__ import annotations

import pandas as pd

from alliance_stats.models.mediation.effects import ROWS, effect_name
from alliance_stats.models.mediation.prepare import PreparedMediation


def effect_frame(sizes: pd.DataFrame, prepared: PreparedMediation) -> pd.DataFrame:
    """Standardised rows with their intervals.

    Returns
    -------
    DataFrame
        Columns ``level row x x_low x_high``: `level` is ``within``, ``between`` …; `row` is
        ``total``, ``indirect``, ``direct``, ``a`` or ``b``.
    """
    by_effect = sizes.set_index("effect")
    found = []
    for level in prepared.levels:
        for row in ROWS:
            if (name := effect_name(level, row)) in by_effect.index:
                size = by_effect.loc[name]
                found.append((level, row, size["estimate"], size["ci_low"], size["ci_high"]))
    return pd.DataFrame(found, columns=["level", "row", "x", "x_low", "x_high"])
