"""fit_glmm: a generalised linear mixed model from a formula and a frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import is_whole
from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.parse import MixedFormula
from alliance_stats.lmm.fit import about_redundant, about_rows, about_singular, announce
from alliance_stats.lmm.glmm.criterion import GlmmCriterion
from alliance_stats.lmm.glmm.design import build_glmm_design
from alliance_stats.lmm.glmm.dispersion import about_dispersion
from alliance_stats.lmm.glmm.families import family_of
from alliance_stats.lmm.glmm.laplace import Laplace
from alliance_stats.lmm.glmm.minimum import minimise_glmm
from alliance_stats.lmm.glmm.quadrature import quadrature_of
from alliance_stats.lmm.glmm.result import GlmmResult

FamilyName = Literal["binomial", "poisson"]


def fit_glmm(
    formula: str | MixedFormula,
    data: pd.DataFrame,
    *,
    family: FamilyName = "binomial",
    link: str | None = None,
    trials: str | None = None,
    offset: str | None = None,
    n_agq: int = 1,
) -> GlmmResult:
    """Fit a generalised linear mixed model: yes/no outcomes, successes of trials, or counts.

    Use it for dropout or remission (0/1), items endorsed out of those asked (``trials=``), numbers
    of relapses or days (``family="poisson"``), with nested or crossed random effects and random
    slopes. The numbers equal those of lme4's ``glmer`` at tight settings.

    Parameters
    ----------
    formula : str or MixedFormula
        In lme4's syntax, ``"dropout ~ wai + (1 | therapist)"``.
    data : DataFrame
        One row an observation, in any order. Rows with missing values are dropped and counted.
    family : {"binomial", "poisson"}
    link : {"logit", "cloglog", "probit", "log"}, optional
        By default the logit (binomial) or log (Poisson). With the complementary log-log,
        exponentiated coefficients are hazard ratios of grouped survival times.
    trials : str, optional
        Column of the number of trials of every row; the response is then the number of successes.
    offset : str, optional
        Column that is part of the linear predictor with coefficient 1: for counts the *logarithm*
        of the time or number at risk.
    n_agq : int
        1 is the Laplace approximation, for any random part. 2 to 25 points of adaptive
        Gauss–Hermite quadrature are more accurate where groups are few rows of 0/1; for exactly
        one random intercept (or one slope) only.

    Returns
    -------
    GlmmResult

    Raises
    ------
    FormulaError
        If the formula cannot be read or has no random effects.
    DataError
        If the response has values that the family cannot have, or a column is absent; if
        predictors separate the outcomes; if groups are too few.
    ArgumentError
        If an argument is not known, or `n_agq` is no number from 1 to 25.
    UnsupportedError
        For `n_agq` above 1 with more than one random effect.

    Warns
    -----
    DataWarning
        If rows or fixed effects were dropped.
    FitWarning
        If the fit is singular or did not converge.

    Notes
    -----
    The maximum is sought over variances and fixed effects together. Standard errors come from the
    inverse Hessian of the whole deviance, so they hold the uncertainty of the variances
    (``glmer``'s ``use.hessian = TRUE``). Tests are z tests. With the cloglog and probit links the
    Laplace approximation takes expected weights, as ``glmer`` does and glmmTMB does not.

    References
    ----------
    Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models
    using lme4. Journal of Statistical Software, 67(1).

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + (1 | patient)", sessions)
    >>> fit.converged
    True
    """
    fit = fit_glmm_quietly(
        formula, data, family=family, link=link, trials=trials, offset=offset, n_agq=n_agq
    )
    announce(fit.about_data, fit.about_fit)
    return fit


def fit_glmm_quietly(
    formula: str | MixedFormula,
    data: pd.DataFrame,
    *,
    family: FamilyName = "binomial",
    link: str | None = None,
    trials: str | None = None,
    offset: str | None = None,
    n_agq: int = 1,
) -> GlmmResult:
    """`fit_glmm` without warnings; they stand in the messages of the result."""
    check_points(n_agq)
    design = build_glmm_design(formula, data, family_of(family, link), trials=trials, offset=offset)
    criterion: GlmmCriterion = Laplace(design) if n_agq == 1 else quadrature_of(design, int(n_agq))
    minimum = minimise_glmm(criterion)
    about_data = (*about_rows(design), *about_redundant(design))
    fit = GlmmResult(str(design.formula), criterion, minimum, about_data)
    return replace(fit, about_fit=tuple(_about_fit(fit)))


def check_points(n_agq: object) -> None:
    """Raise ArgumentError unless `n_agq` is a number of quadrature points."""
    whole = is_whole(n_agq)
    if not (whole and n_agq in range(1, 26)):
        raise ArgumentError(
            f"n_agq={n_agq!r} is no number of quadrature points. Give 1 (Laplace) to 25."
        )


def _about_fit(fit: GlmmResult) -> list[str]:
    """What a reader must know about a singular or failed fit, or overdispersed counts."""
    criterion, minimum = fit.criterion, fit.minimum
    messages = about_dispersion(criterion.design, fit.evaluation.modes.eta, fit.n_parameters)
    if minimum.singular:
        levels = criterion.design.levels
        messages += about_singular(levels, criterion.sizes, minimum.theta)
    if not minimum.converged:
        messages.append(
            f"The fit did not converge ({minimum.message}). Do not report it: use fewer random "
            "effects, or check the data for predictors that all but separate the outcomes."
        )
    return messages
