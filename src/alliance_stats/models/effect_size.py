"""Effects in standard deviations of their own level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.prepare import PreparedSessions

#: A 95% interval of a difference of two measurements with the same error (Jacobson & Truax).
RELIABLE_CHANGE_Z = 1.959963984540054


def standardised(
    effects: pd.DataFrame, prepared: PreparedSessions, *, outcome_reliability: float | None
) -> pd.DataFrame:
    """b·SD(alliance)/SD(outcome) at every level; see `AllianceResult.effect_sizes`."""
    alliance = component_sds(prepared, prepared.roles.alliance)
    outcome = component_sds(prepared, prepared.roles.outcome)
    table = effects[effects["effect"].isin(alliance)]
    sd_alliance = table["effect"].map(alliance).to_numpy(dtype=float)
    sd_outcome = table["effect"].map(outcome).to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((sd_alliance > 0) & (sd_outcome > 0), sd_alliance / sd_outcome, np.nan)
    found = pd.DataFrame(
        {
            "effect": table["effect"].to_numpy(),
            "unit": table["unit"].to_numpy(),
            "estimate": table["estimate"].to_numpy() * ratio,
            "ci_low": table["ci_low"].to_numpy() * ratio,
            "ci_high": table["ci_high"].to_numpy() * ratio,
            "sd_alliance": sd_alliance,
            "sd_outcome": sd_outcome,
        }
    )
    if outcome_reliability is not None:
        probability(outcome_reliability, name="outcome_reliability")
        total = np.sqrt(sum(sd**2 for sd in outcome.values()))
        change = RELIABLE_CHANGE_Z * total * np.sqrt(2.0 * (1.0 - outcome_reliability))
        within = found["effect"].to_numpy() == "within"
        found["points_per_rc"] = np.where(within, change / np.abs(table["estimate"]), np.nan)
    return found


def component_sds(prepared: PreparedSessions, column: str) -> dict[str, float]:
    """Model-implied SD of every level, from a model with random intercepts only."""
    sds = level_sds(prepared.frame, prepared.groups, column)
    return dict(zip([effect for effect, _ in prepared.effects], sds, strict=True))


def level_sds(
    frame: pd.DataFrame, groups: Mapping[str, tuple[str, ...]], column: str
) -> list[float]:
    """SDs between sessions, then between the members of every unit, random intercepts only."""
    random = " + ".join(f"(1 | {':'.join(map(quote_name, group))})" for group in groups.values())
    fit = fit_quietly(f"{quote_name(column)} ~ 1 + {random}", frame)
    blocks = [fit.covariances[":".join(group)].to_numpy() for group in groups.values()]
    return [fit.sigma, *(float(np.sqrt(block[0, 0])) for block in blocks)]
