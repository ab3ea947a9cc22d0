"""How far the members vary and go together: between units, and within a session."""

from __future__ import annotations

import pandas as pd

from alliance_stats.lmm.inference.wald_variances import wald_variances
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.tables import RESIDUAL
from alliance_stats.models.dyads.prepare import PreparedDyads

_LAST = "session"


def variance_table(
    fit: MixedModelResult, prepared: PreparedDyads, conf_level: float
) -> pd.DataFrame:
    """Standard deviations and correlations by unit; columns as in `DyadResult.variances`."""
    found = wald_variances(fit, conf_level=conf_level)
    units = {":".join(group): unit for unit, group in prepared.groups.items()}
    table = pd.DataFrame(
        {
            "unit": found["group"].map(units | {RESIDUAL: _LAST}),
            "term": [_words(prepared, name) for name in found["term"]],
            "with_term": [_words(prepared, name) for name in found["with_term"]],
        }
    )
    table["kind"] = ["correlation" if other else "sd" for other in found["with_term"]]
    return table.assign(
        estimate=found["estimate"], ci_low=found["ci_low"], ci_high=found["ci_high"]
    )[["unit", "kind", "term", "with_term", "estimate", "ci_low", "ci_high"]]


def _words(prepared: PreparedDyads, name: str) -> str:
    """``patient`` for an intercept or residual, ``patient actor`` for a slope."""
    for member in prepared.pair.both:
        for part in ("intercept", "actor", "partner", "time"):
            if name == member.column(part):
                return member.name if part == "intercept" else f"{member.name} {part}"
    return name
