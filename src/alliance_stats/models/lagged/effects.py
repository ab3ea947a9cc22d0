"""Tidy rows of both equations, keyed by effect."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.equations import CROSS_EFFECTS, OWN_EFFECTS
from alliance_stats.models.lagged.prepare import PreparedLags

EFFECTS = (*CROSS_EFFECTS.values(), *OWN_EFFECTS.values())


def lagged_table(
    fits: Mapping[str, MixedModelResult], prepared: PreparedLags, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Both cross paths, both autoregressions, then the other terms, equation by equation."""
    tables = []
    for equation in prepared.equations:
        fit, effects = fits[equation.side], equation.effects()
        names = [*effects.values(), *(n for n in fit.names if n not in effects.values())]
        weights = {f"{equation.response} ~ {name}": {name: 1.0} for name in names}
        table = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
        rest = len(table) - len(effects)
        table.insert(0, "effect", [*effects, *[""] * rest])
        table.insert(1, "unit", [*["session"] * len(effects), *[""] * rest])
        tables.append(table[["effect", "unit", *TIDY_COLUMNS]])
    table = pd.concat(tables, ignore_index=True)
    rank = [EFFECTS.index(e) if e in EFFECTS else len(EFFECTS) for e in table["effect"]]
    order = pd.Series(rank).argsort(kind="stable")
    return table.iloc[order.to_numpy()].reset_index(drop=True)


def lagged_effects(
    fits: Mapping[str, MixedModelResult], prepared: PreparedLags, ddf: Ddf = "satterthwaite"
) -> pd.DataFrame:
    """The rows of `lagged_table` that are effects."""
    return lagged_table(fits, prepared, 0.95, ddf).head(len(EFFECTS))
