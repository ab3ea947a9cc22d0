"""Paths in standard deviations within patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.lagged.equations import CROSS_EFFECTS, OWN_EFFECTS
from alliance_stats.models.lagged.prepare import PreparedLags


def standardised_paths(table: pd.DataFrame, prepared: PreparedLags) -> pd.DataFrame:
    """b·SD(predictor)/SD(response) within patients; ``per_unit`` is that ratio."""
    alliance, outcome = (
        level_sds(prepared.rated(rating), prepared.groups, rating)[0]
        for rating in (prepared.roles.alliance, prepared.roles.outcome)
    )
    ratios = {
        CROSS_EFFECTS["outcome"]: alliance / outcome if outcome > 0 else np.nan,
        CROSS_EFFECTS["alliance"]: outcome / alliance if alliance > 0 else np.nan,
        **dict.fromkeys(OWN_EFFECTS.values(), 1.0),
    }
    ratio = table["effect"].map(ratios).to_numpy(dtype=float)
    sizes = table[["effect", "unit", "estimate", "ci_low", "ci_high"]].reset_index(drop=True)
    for name in ("estimate", "ci_low", "ci_high"):
        sizes[name] = sizes[name].to_numpy(dtype=float) * ratio
    return sizes.assign(sd_alliance=alliance, sd_outcome=outcome, per_unit=ratio)
