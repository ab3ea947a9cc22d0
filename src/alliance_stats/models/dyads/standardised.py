"""Actor and partner effects in standard deviations of predictor and outcome at their level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.models.dyads.effects import effect_units
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.effect_size import level_sds


def standardised_effects(table: pd.DataFrame, prepared: PreparedDyads) -> pd.DataFrame:
    """b·SD(predictor)/SD(outcome) of each level; `table` is that of the effects."""
    units, pair = effect_units(prepared), prepared.pair
    sds = {column: _sds(prepared, column) for column in pair.ratings}
    members = {member.name: member for member in pair.both}
    sizes = table[["effect", "unit", "group", "estimate", "ci_low", "ci_high"]].reset_index(
        drop=True
    )
    found = []
    for effect, name in zip(sizes["effect"], sizes["group"], strict=True):
        member = members[name]
        source = member if str(effect).startswith("actor") else pair.other(member)
        found.append((sds[source.predictor][units[effect]], sds[member.outcome][units[effect]]))
    predictor, outcome = np.array(found, dtype=float).T
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((predictor > 0) & (outcome > 0), predictor / outcome, np.nan)
    for name in ("estimate", "ci_low", "ci_high"):
        sizes[name] = sizes[name].to_numpy(dtype=float) * ratio
    return sizes.assign(sd_predictor=predictor, sd_response=outcome)


def _sds(prepared: PreparedDyads, column: str) -> dict[str, float]:
    """SD of a rating between sessions, patients and therapists, random intercepts only."""
    units = [name for names in prepared.groups.values() for name in names]
    rated = prepared.wide[prepared.wide[[column, *units]].notna().all(axis=1)]
    return dict(
        zip(["session", *prepared.groups], level_sds(rated, prepared.groups, column), strict=True)
    )
