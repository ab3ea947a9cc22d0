"""Effects and paths in standard deviations of their own level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.data.units import float_values, unit_codes
from alliance_stats.models.effect_size import level_sds
from alliance_stats.models.effects import UNITS
from alliance_stats.models.mediation.effects import effect_name
from alliance_stats.models.mediation.prepare import PreparedMediation

#: From what to what each row goes.
_ENDS = {
    "total": ("predictor", "outcome"),
    "indirect": ("predictor", "outcome"),
    "direct": ("predictor", "outcome"),
    "a": ("predictor", "mediator"),
    "b": ("mediator", "outcome"),
}


def standardised_effects(table: pd.DataFrame, prepared: PreparedMediation) -> pd.DataFrame:
    """b·SD(from)/SD(to) of every row; without the rows of covariances."""
    sds = level_spreads(prepared)
    ratios: dict[str, tuple[float, float]] = {}
    for level in prepared.levels:
        for row, (start, end) in _ENDS.items():
            ratios[effect_name(level, row)] = (sds[start][level], sds[end][level])
    chosen = table[table["effect"].isin(ratios)].reset_index(drop=True)
    sizes = chosen[["effect", "unit", "estimate", "ci_low", "ci_high"]].copy()
    first, last = np.array([ratios[effect] for effect in chosen["effect"]]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((first > 0) & (last > 0), first / last, np.nan)
    for name in ("estimate", "ci_low", "ci_high"):
        sizes[name] = sizes[name].to_numpy(dtype=float) * ratio
    return sizes.assign(sd_from=first, sd_to=last)


def level_spreads(prepared: PreparedMediation) -> dict[str, dict[str, float]]:
    """SD by level of predictor, mediator and outcome; 1 for a predictor of two categories.

    Ratings of sessions have the SDs of a model with random intercepts only; a predictor that is
    one value a patient has those of its parts over patients and over therapists.
    """
    chain = prepared.chain
    names = list(prepared.parts(chain.mediator))
    found = {
        name: dict(
            zip(names, level_sds(prepared.rated(column), prepared.groups, column), strict=True)
        )
        for name, column in (("mediator", chain.mediator), ("outcome", chain.outcome))
    }
    if chain.session_level:
        sds = level_sds(prepared.rated(chain.predictor), prepared.groups, chain.predictor)
        return found | {"predictor": dict(zip(names, sds, strict=True))}
    if prepared.categories:
        return found | {"predictor": dict.fromkeys(names, 1.0)}
    return found | {"predictor": {level: _part_sd(prepared, level) for level in prepared.levels}}


def _part_sd(prepared: PreparedMediation, level: str) -> float:
    """SD of a part of the predictor over the units that it compares."""
    frame = prepared.frame
    codes, n = unit_codes(frame, prepared.groups[UNITS[level]][0])
    values = float_values(frame, prepared.parts(prepared.chain.predictor)[level])
    each = np.full(n, np.nan)
    seen = (codes >= 0) & ~np.isnan(values)
    each[codes[seen]] = values[seen]
    return float(np.nanstd(each, ddof=1))
