"""The likelihood-ratio test of one model against one nested in it, and its reference law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.comparison.structure import AT_ZERO, Extension, shown_model
from alliance_stats.lmm.factors import is_singular, unpack
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.minimum import SINGULAR

Fit = FittedModel | FittedGlmm

#: A statistic below it is zero: two minima found to the optimiser's tolerance.
ZERO = 1e-6
#: Fewer groups of the highest factor are called few.
FEW = 30


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


def statistic_of(smaller: Fit, larger: Fit) -> float:
    """Twice the difference of the log-likelihoods; rounding below zero is zero."""
    return settled(2.0 * (larger.loglik - smaller.loglik))


def settled(statistic: float) -> float:
    """The statistic, zero where it is rounding."""
    return 0.0 if abs(statistic) < ZERO else statistic


def closed_form(smaller: Fit, larger: Fit, added: Extension) -> LikelihoodRatio:
    """The test where its law is known: see `compare_models`. Raises UnsupportedError elsewhere."""
    statistic = statistic_of(smaller, larger)
    df = added.df
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
        note = "the smaller model is singular, so the mixture of χ² is approximate" + (
            ": bootstrap=999, rng=… gives a test without it" if _can_bootstrap(larger) else ""
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


def _no_closed_form(smaller: Fit, larger: Fit, why: str) -> str:
    models = [shown_model(fit.criterion.design) for fit in (larger, smaller)]
    bootstrap = "Ask for the parametric bootstrap, compare_models(…, bootstrap=999, rng=1), or add"
    advice = bootstrap if _can_bootstrap(larger) else "Add"
    return (
        f"the test of '{models[0]}' against '{models[1]}' has no law in closed form. "
        f"{why}; variances are tested at the boundary of what they can be. {advice} one "
        "variance or slope at a time."
    )


def _singular_at(fit: Fit, group: str) -> bool:
    """Whether the blocks of a factor have lost rank."""
    factors = iter(unpack(fit.minimum.theta, fit.criterion.sizes))
    found = False
    for level in fit.criterion.design.levels:
        for _ in level.blocks:
            factor = next(factors)
            if frozenset(level.name.split(":")) == frozenset(group.split(":")):
                found = found or is_singular([factor], tolerance=SINGULAR)
    return found


def is_glmm(fit: Fit) -> bool:
    """Whether a fit is a generalised linear mixed model: it has no REML and no bootstrap."""
    return isinstance(fit, FittedGlmm)


def _can_bootstrap(fit: Fit) -> bool:
    """Whether there is a parametric bootstrap of such fits."""
    return not is_glmm(fit) and fit.criterion.design.residual is None


def _small_sample(fit: Fit) -> str:
    """A word on small samples for tests of fixed effects, where groups are few."""
    levels = fit.criterion.design.levels
    n = len(levels[-1].labels) if levels else FEW
    if n >= FEW:
        return ""
    often = (
        f"with {counted(n, levels[-1].name)} the χ² test of a fixed effect at that level rejects "
        "too "
    )
    if is_glmm(fit):
        return often + "often"
    ddf = "kenward-roger" if fit.criterion.design.residual is None else "satterthwaite"
    return f"{often}often: fit the larger model by REML and use joint_tests(…, ddf='{ddf}')"


def bootstrap_p(statistic: float, drawn: np.ndarray) -> float:
    """Share of statistics at least as large, the one observed among them."""
    return float((1 + np.count_nonzero(drawn >= statistic - ZERO)) / (1 + len(drawn)))
