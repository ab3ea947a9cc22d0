"""The confounding that would leave no indirect effect within patients.

Let the true equations be y = δ m + … + e_y and m = … + e_m with corr(e_y, e_m) = ρ: something that
is not in the model moves mediator and outcome of a session alike. With s² the variance of m that
the other columns of y's equation leave, the path that is estimated is

    b = δ + ρ σ_m σ_y / s²,   and   σ²_y.est = σ_y² − (ρ σ_m σ_y / s)².

The indirect effect ab vanishes if δ = 0, which needs

    ρ = b s² / (σ_m √(σ²_y.est + b² s²)).

For ratings of one session s² = σ_m², and ρ is that of Imai, Keele & Tingley (2010, equation 8 with
ACME = 0). It holds where b is the same for all: else the confounder would have to move each b_j.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.mediation.effects import effect_name
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import MediationFits, MediationSpecification
from alliance_stats.models.prepare import Time, time_term
from alliance_stats.models.specification import session_formula

COLUMNS = ("effect", "unit", "rho", "reason")
_VARIES = (
    "path b differs between patients, and no single correlation makes an average of products zero; "
    "fit with random_slopes={} for it"
)
_BETWEEN = "the design 2-1-1 has no indirect effect within patients"
_IMPOSSIBLE = "no correlation of residuals is strong enough"


def zero_confounding(
    fits: MediationFits, prepared: PreparedMediation, chosen: MediationSpecification
) -> pd.DataFrame:
    """The residual correlation at which the indirect effect within patients is zero."""
    reason = _BETWEEN if "within" not in prepared.levels else ""
    reason = reason or (_VARIES if any("b" in paths for paths in chosen.slopes.values()) else "")
    rho = float("nan")
    if not reason:
        rho = _rho(fits, prepared, chosen)
        if not abs(rho) <= 1.0:
            rho, reason = float("nan"), _IMPOSSIBLE
    row = (effect_name("within", "indirect"), "session", rho, reason)
    return pd.DataFrame([row], columns=list(COLUMNS))


def _rho(fits: MediationFits, prepared: PreparedMediation, chosen: MediationSpecification) -> float:
    b = float(fits.outcome.beta[prepared.chain.b()])
    left = _left_variance(prepared, chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.sqrt(fits.outcome.sigma2 + b**2 * left)
        return float(b * left / (fits.mediator.sigma * whole))


def _left_variance(prepared: PreparedMediation, chosen: MediationSpecification) -> float:
    """Variance within patients of the mediator given the outcome's other predictors."""
    chain = prepared.chain
    fixed = [quote_name(c) for c in prepared.fixed("outcome", means=False) if c != chain.b()]
    time: Time = "linear" if chosen.time == "patient" else chosen.time
    groups = {"patient": prepared.groups["patient"]}
    text = session_formula(
        chain.rated(), fixed, {}, groups, time=time_term(time, prepared), kind=time
    )
    return fit_quietly(text, prepared.rows("outcome"), reml=chosen.reml).sigma2
