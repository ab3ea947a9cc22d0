"""Tidy rows of a model of dyads: actor and partner effects of each member, by level."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.effects import UNITS

#: Sides of an effect: a member's own predictor, the other member's.
SIDES = ("actor", "partner")


def effect_units(prepared: PreparedDyads) -> dict[str, str]:
    """Effects in print order with the unit whose members they compare."""
    within = dict.fromkeys(SIDES, "session")
    return within | {effect: UNITS[kind] for effect, kind in prepared.between}


def dyad_table(
    fit: MixedModelResult, prepared: PreparedDyads, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Effects of both members within patients, then between, then intercepts and trends."""
    rows: list[tuple[str, str, str]] = [
        (effect, unit, member.name)
        for effect, unit in effect_units(prepared).items()
        for member in prepared.pair.both
        if member.column(effect) in fit.names
    ]
    known = {f"{member}_{effect}" for effect, _, member in rows}
    names = [f"{member}_{effect}" for effect, _, member in rows]
    for name in fit.names:
        if name not in known:
            names.append(name)
            rows.append(("", "", _owner(prepared, name)))
    weights: Mapping[str, Mapping[str, float]] = {name: {name: 1.0} for name in names}
    table = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
    table.insert(0, "effect", [effect for effect, _, _ in rows])
    table.insert(1, "unit", [unit for _, unit, _ in rows])
    table.insert(2, "group", [member for _, _, member in rows])
    return table[["effect", "unit", "group", *TIDY_COLUMNS]]


def _owner(prepared: PreparedDyads, name: str) -> str:
    """The member that an intercept or trend belongs to."""
    owners = [m.name for m in prepared.pair.both if name in map(m.column, ("intercept", "time"))]
    return owners[0] if owners else ""
