"""Actor-partner patterns: k, the partner over the actor effect, and what it is compatible with.

Kenny & Ledermann (2010, Journal of Family Psychology, 24, 359–366): k = 1 is a couple pattern (both
count alike), k = 0 actor only, k = −1 a contrast (what counts is who is above the other). The set
of k with partner − k·actor not rejected (Fieller, 1954, JRSS B, 16, 175–185) is an interval only
where the actor effect itself is told from zero; else k is undefined and any large k, of either
sign, is left open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.effects import effect_units
from alliance_stats.models.dyads.members import Member
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.numeric.resample import spawn_generators

#: The patterns with the k that each stands for.
PATTERNS = {"couple": 1.0, "actor_only": 0.0, "contrast": -1.0}
N_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """An actor and a partner effect with their covariance (2, 2) and degrees of freedom."""

    actor: float
    partner: float
    covariance: np.ndarray
    df: float

    def quantile(self, conf_level: float) -> float:
        """Two-sided quantile of t, or of the normal distribution."""
        upper = (1.0 + conf_level) / 2.0
        return float(ndtri(upper) if np.isinf(self.df) else stdtrit(self.df, upper))

    @property
    def estimate(self) -> float:
        """partner/actor; NaN where the actor effect is zero."""
        return self.partner / self.actor if self.actor else float("nan")


def fieller(ratio: Ratio, conf_level: float) -> tuple[float, float]:
    """Ends of the set of ratios that are not rejected; infinite where it has no ends.

    The set is {k: (p − ka)² ≤ q²Var(p − ka)}. It is bounded if and only if a is told from zero.
    Where it is not, all ratios beyond two ends, or all at all, are left open.

    Examples
    --------
    >>> low, high = fieller(Ratio(2.0, 1.0, np.diag([0.01, 0.01]), np.inf), 0.95)
    >>> round(low, 3), round(high, 3)
    (0.395, 0.615)
    >>> fieller(Ratio(0.1, 1.0, np.diag([0.01, 0.01]), np.inf), 0.95)
    (-inf, inf)
    """
    square = ratio.quantile(conf_level) ** 2
    (v_a, c), (_, v_p) = ratio.covariance
    a, p = ratio.actor, ratio.partner
    lead = a * a - square * v_a
    if not lead > 0.0:
        return (-np.inf, np.inf) if np.isfinite(lead) else (np.nan, np.nan)
    middle = a * p - square * c
    root = np.sqrt(max(middle**2 - lead * (p * p - square * v_p), 0.0))
    return float((middle - root) / lead), float((middle + root) / lead)


def monte_carlo(
    ratio: Ratio, conf_level: float, n: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Quantiles of the ratio of n draws of both effects, normal (Kenny & Ledermann, 2010)."""
    (v_a, c), (_, v_p) = ratio.covariance
    first, second = rng.standard_normal((2, n))
    actor = ratio.actor + np.sqrt(v_a) * first
    rest = np.sqrt(max(v_p - c * c / v_a, 0.0))
    drawn = (ratio.partner + c / np.sqrt(v_a) * first + rest * second) / actor
    low, high = np.quantile(drawn, [(1.0 - conf_level) / 2.0, (1.0 + conf_level) / 2.0])
    return float(low), float(high)


def pattern_table(
    fit: MixedModelResult,
    prepared: PreparedDyads,
    *,
    conf_level: float,
    ddf: Ddf,
    n_draws: int,
    rng: RandomSource,
) -> pd.DataFrame:
    """k of every member and level with both intervals and the tests of the three patterns."""
    levels = [(e, u) for e, u in effect_units(prepared).items() if e.startswith("actor")]
    cases = [
        (member, suffix, unit)
        for suffix, unit in ((effect.removeprefix("actor"), unit) for effect, unit in levels)
        for member in prepared.pair.both
        if {member.column(f"actor{suffix}"), member.column(f"partner{suffix}")} <= set(fit.names)
    ]
    generators = spawn_generators(rng, len(cases))
    return pd.DataFrame(
        [
            _row(fit, member, suffix, unit, conf_level, ddf, n_draws, generator)
            for (member, suffix, unit), generator in zip(cases, generators, strict=True)
        ]
    )


def _row(
    fit: MixedModelResult,
    member: Member,
    suffix: str,
    unit: str,
    conf_level: float,
    ddf: Ddf,
    n_draws: int,
    rng: np.random.Generator,
) -> dict[str, object]:
    actor, partner = member.column(f"actor{suffix}"), member.column(f"partner{suffix}")
    weights = {actor: {actor: 1.0}, partner: {partner: 1.0}} | {
        name: {partner: 1.0, actor: -k} for name, k in PATTERNS.items()
    }
    tests = fit.contrasts(weights, conf_level=conf_level, ddf=ddf)
    covariance = fit.vcov.loc[[actor, partner], [actor, partner]].to_numpy()
    a, p = tests["estimate"].to_numpy()[:2]
    ratio = Ratio(float(a), float(p), covariance, float(tests["df"].iloc[0]))
    low, high = fieller(ratio, conf_level)
    bounded = bool(np.isfinite(low))
    drawn = monte_carlo(ratio, conf_level, n_draws, rng) if bounded else (np.nan, np.nan)
    p_values = dict(zip(PATTERNS, tests["p_value"].to_numpy()[2:], strict=True))
    return {
        "unit": unit, "member": member.name, "actor": float(a), "partner": float(p),
        "k": ratio.estimate if bounded else float("nan"), "ci_low": low, "ci_high": high,
        "mc_low": drawn[0], "mc_high": drawn[1],
        "compatible": _compatible(p_values, 1.0 - conf_level),
    } | {f"p_{name}": value for name, value in p_values.items()}  # fmt: skip


def _compatible(p_values: dict[str, float], alpha: float) -> str:
    """The patterns whose k is not rejected, in words; empty for none of them."""
    return ", ".join(name.replace("_", " ") for name, p in p_values.items() if p > alpha)
