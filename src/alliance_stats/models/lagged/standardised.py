"""Paths in standard deviations within patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.lagged.equations import CROSS_EFFECTS, OWN_EFFECTS
from alliance_stats.models.lagged.prepare import PreparedLags


def standardised_paths(table: pd.DataFrame, prepared: PreparedLags) -> pd.DataFrame:
    """b·SD(predictor)/SD(response) within patients; ``per_unit`` is that ratio."""
    alliance, outcome = within_sds(prepared)
    ratio = table["effect"].map(path_ratios(alliance, outcome)).to_numpy(dtype=float)
    sizes = table[["effect", "unit", "estimate", "ci_low", "ci_high"]].reset_index(drop=True)
    for name in ("estimate", "ci_low", "ci_high"):
        sizes[name] = sizes[name].to_numpy(dtype=float) * ratio
    return sizes.assign(sd_alliance=alliance, sd_outcome=outcome, per_unit=ratio)


def within_sds(prepared: PreparedLags) -> tuple[float, float]:
    """SDs of alliance and outcome within patients, pooled over patients."""
    alliance, outcome = (
        level_sds(prepared.rated(rating), prepared.groups, rating)[0]
        for rating in (prepared.roles.alliance, prepared.roles.outcome)
    )
    return alliance, outcome


def path_ratios(alliance: float, outcome: float) -> dict[str, float]:
    """What turns b of every path into standard deviations."""
    return {
        CROSS_EFFECTS["outcome"]: alliance / outcome if outcome > 0 else np.nan,
        CROSS_EFFECTS["alliance"]: outcome / alliance if alliance > 0 else np.nan,
        **dict.fromkeys(OWN_EFFECTS.values(), 1.0),
    }
