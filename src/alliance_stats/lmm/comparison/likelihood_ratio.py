"""The likelihood-ratio test of one model against one nested in it, and its reference law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.comparison.structure import Extension
from alliance_stats.lmm.factors import is_singular
from alliance_stats.lmm.minimum import SINGULAR

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

#: A statistic below it is zero: two minima found to the optimiser's tolerance.
ZERO = 1e-6
#: Fewer groups of the highest factor are called few.
FEW = 30
AT_ZERO = (
    "ρ in continuous time is between 0 and 1, and 0 in the smaller model, at the end of what it "
    "can be: the p value is cautious"
)


@dataclass(frozen=True)
class LikelihoodRatio:
    """A test of a larger model against a smaller one.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    df : int
        Difference of the numbers of parameters.
    p_value : float
    reference : str
        The law the statistic is held against.
    note : str
        What a reader must know, or nothing.
    """

    statistic: float
    df: int
    p_value: float
    reference: str
    note: str = ""


def statistic_of(smaller: MixedModelResult, larger: MixedModelResult) -> float:
    """Twice the difference of the log-likelihoods; rounding below zero is zero."""
    return settled(2.0 * (larger.loglik - smaller.loglik))


def settled(statistic: float) -> float:
    """The statistic, zero where it is rounding."""
    return 0.0 if abs(statistic) < ZERO else statistic


def closed_form(
    smaller: MixedModelResult, larger: MixedModelResult, added: Extension
) -> LikelihoodRatio:
    """The test where its law is known: see `compare_models`. Raises UnsupportedError elsewhere."""
    statistic = statistic_of(smaller, larger)
    df = added.n_fixed + added.n_covariance + added.n_residual
    if added.kind in ("fixed", "residual"):
        note = _small_sample(larger) if added.n_fixed else ""
        if added.continuous:
            note = "; ".join(filter(None, [AT_ZERO, note]))
        return LikelihoodRatio(statistic, df, chi2_tail(statistic, df), f"χ²({df})", note)
    if added.kind == "several":
        raise UnsupportedError(_no_closed_form(smaller, larger, "It adds " + _words(added)))
    if added.kind in ("slope", "covariances") and _singular_at(smaller, added.group):
        raise UnsupportedError(
            _no_closed_form(
                smaller,
                larger,
                f"The smaller model is singular at '{added.group}', whose effects are tested",
            )
        )
    if added.kind == "covariances":
        return LikelihoodRatio(statistic, df, chi2_tail(statistic, df), f"χ²({df})")
    r = added.r
    p = 0.5 * (chi2_tail(statistic, r) + chi2_tail(statistic, r + 1))
    note = ""
    if smaller.singular:
        note = (
            "the smaller model is singular, so the mixture of χ² is approximate: "
            "bootstrap=999, rng=… gives a test without it"
        )
    return LikelihoodRatio(statistic, df, p, f"½χ²({r}) + ½χ²({r + 1})", note)


def chi2_tail(statistic: float, df: int) -> float:
    """P(χ² ≥ statistic); χ² of no degrees of freedom is zero."""
    if df == 0:
        return float(statistic <= 0)
    return float(chdtrc(df, max(statistic, 0.0)))


def _words(added: Extension) -> str:
    if added.n_residual:
        return "variances and a residual structure at once"
    fixed = counted(added.n_fixed, "fixed effect")
    random = f"{added.n_covariance:,} variances and covariances"
    if added.n_fixed and added.n_covariance:
        return f"{fixed} and {random} at once"
    return random


def _no_closed_form(smaller: MixedModelResult, larger: MixedModelResult, why: str) -> str:
    step = "add one variance or slope at a time."
    advice = f"Ask for the parametric bootstrap, compare_models(…, bootstrap=999, rng=1), or {step}"
    if larger.residual is not None:
        advice = f"{step[0].upper()}{step[1:]}"
    return (
        f"the test of '{larger.formula}' against '{smaller.formula}' has no law in closed form. "
        f"{why}; variances are tested at the boundary of what they can be. {advice}"
    )


def _singular_at(fit: MixedModelResult, group: str) -> bool:
    """Whether the blocks of a factor have lost rank."""
    factors = iter(fit.profile.factors)
    found = False
    for level in fit.criterion.design.levels:
        for _ in level.blocks:
            factor = next(factors)
            if frozenset(level.name.split(":")) == frozenset(group.split(":")):
                found = found or is_singular([factor], tolerance=SINGULAR)
    return found


def _small_sample(fit: MixedModelResult) -> str:
    """A word on small samples for tests of fixed effects, where groups are few."""
    levels = fit.criterion.design.levels
    n = len(levels[-1].labels) if levels else FEW
    if n >= FEW:
        return ""
    ddf = "kenward-roger" if fit.residual is None else "satterthwaite"
    return (
        f"with {counted(n, levels[-1].name)} the χ² test of a fixed effect at that level rejects "
        f"too often: fit the larger model by REML and use joint_tests(…, ddf='{ddf}')"
    )


def bootstrap_p(statistic: float, drawn: np.ndarray) -> float:
    """Share of statistics at least as large, the one observed among them."""
    return float((1 + np.count_nonzero(drawn >= statistic - ZERO)) / (1 + len(drawn)))
