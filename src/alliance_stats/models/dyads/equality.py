"""Whether the members differ: in their effects (F tests), in anything (likelihood ratio)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.effects import effect_units
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.specification import (
    DyadSpecification,
    fit_alike,
    fit_dyad_model,
)


def equality_table(fit: MixedModelResult, prepared: PreparedDyads, ddf: Ddf) -> pd.DataFrame:
    """Tests that both members have the same actor effect, partner effect, and both, by level."""
    units = effect_units(prepared)
    hypotheses: dict[str, list[dict[str, float]]] = {}
    for unit in dict.fromkeys(units.values()):
        effects = [effect for effect, of in units.items() if of == unit]
        found = [difference for e in effects if (difference := _difference(fit, prepared, e))]
        if len(found) == len(effects):
            named = {
                f"equal {effect.replace('_', ' ')} effects": [difference]
                for effect, difference in zip(effects, found, strict=True)
            }
            hypotheses |= named | {f"equal effects ({unit})": found}
    table = fit.joint_tests(hypotheses, ddf=ddf)
    return table.rename(columns={"term": "hypothesis"})


def _difference(fit: MixedModelResult, prepared: PreparedDyads, effect: str) -> dict[str, float]:
    """The first member's effect minus the second's; empty where one is not in the model."""
    first, second = (member.column(effect) for member in prepared.pair.both)
    return {first: 1.0, second: -1.0} if {first, second} <= set(fit.names) else {}


def distinguishability_table(prepared: PreparedDyads, chosen: DyadSpecification) -> pd.DataFrame:
    """Likelihood-ratio test of members that differ in everything against members alike.

    Both fits by maximum likelihood. The p value is NaN unless both converged.
    """
    apart = fit_dyad_model(prepared, chosen, reml=False)
    alike = fit_alike(prepared, chosen)
    df = apart.n_parameters - alike.n_parameters
    statistic = max(2.0 * (apart.loglik - alike.loglik), 0.0)
    known = apart.converged and alike.converged and df > 0
    return pd.DataFrame(
        {
            "loglik_apart": [apart.loglik],
            "loglik_alike": [alike.loglik],
            "statistic": [statistic],
            "df": [df],
            "p_value": [float(chdtrc(df, statistic)) if known else np.nan],
            "singular": [apart.singular or alike.singular],
            "aic_difference": [statistic - 2.0 * df],
        }
    )
