"""fit_lmm: a linear mixed model from a formula and a frame, in four steps."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, one_of
from alliance_stats._base.errors import DataWarning, FitWarning
from alliance_stats.formula.parse import MixedFormula
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.design.mixed_design import Level, ModelDesign
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.minimum import SINGULAR, Minimum, minimise_near
from alliance_stats.lmm.residual.fit import fit_residual
from alliance_stats.lmm.residual.structure import ResidualStructure
from alliance_stats.lmm.result import MixedModelResult


def fit_lmm(
    formula: str | MixedFormula,
    data: pd.DataFrame,
    *,
    reml: bool = True,
    weights: str | None = None,
    offset: str | None = None,
    residual: ResidualStructure | None = None,
) -> MixedModelResult:
    """Fit a linear mixed model.

    Use it for sessions in patients in therapists, for factors that cross (patients who change
    their therapist, raters), with correlated or uncorrelated random slopes of any factor. The
    numbers equal those of lme4's ``lmer`` and lmerTest at tight settings.

    Parameters
    ----------
    formula : str or MixedFormula
        In lme4's syntax, ``"y ~ x + (1 + x | patient) + (1 | therapist)"``. Formulas name
        columns and a fixed list of functions; they never run code.
    data : DataFrame
        One row an observation, in any order. Rows with missing values are dropped and counted.
    reml : bool
        Restricted maximum likelihood (default) or maximum likelihood.
    weights : str, optional
        Column of prior weights, above zero: the residual variance of a row is σ²/weight, as in
        lme4. They are precisions (a mean of 5 answers has weight 5), not sampling weights.
    offset : str, optional
        Column that is part of the response with coefficient 1.
    residual : ResidualStructure, optional
        Residuals that are correlated in time or between roles, or differ in variance: made by
        `ar1`, `continuous_ar1`, `variance_by` or `unstructured` of ``al.lmm``. The formula may
        then be without random effects. The numbers equal those of nlme's ``lme`` and ``gls``.
        Random factors must nest. With `weights`, the covariance is that of the structure with
        every row's standard deviation divided by the root of its weight.

    Returns
    -------
    MixedModelResult

    Raises
    ------
    FormulaError, DataError, UnsupportedError
        See `alliance_stats.lmm.build_design`; and if residual blocks are not within the groups of
        the innermost random factor, have a time or role twice, or random factors cross.
    ArgumentError
        If `residual` is no residual structure.

    Warns
    -----
    DataWarning
        If rows or fixed effects were dropped.
    FitWarning
        If the fit is singular or did not converge.

    References
    ----------
    Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models
    using lme4. Journal of Statistical Software, 67(1).

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> fit.converged
    True
    """
    fit = fit_quietly(formula, data, reml=reml, weights=weights, offset=offset, residual=residual)
    announce(fit.about_data, fit.about_fit)
    return fit


def announce(about_data: Sequence[str], about_fit: Sequence[str]) -> None:
    """Warn, in the name of the caller's caller, of what a reader must know about a fit."""
    for message in about_data:
        warnings.warn(message, DataWarning, stacklevel=3)
    for message in about_fit:
        warnings.warn(message, FitWarning, stacklevel=3)


def fit_quietly(
    formula: str | MixedFormula,
    data: pd.DataFrame,
    *,
    reml: bool = True,
    weights: str | None = None,
    offset: str | None = None,
    residual: ResidualStructure | None = None,
    near: np.ndarray | None = None,
) -> MixedModelResult:
    """`fit_lmm` without warnings: they are on ``result.messages`` only.

    `near` is the θ of a similar model, which saves time; it has no part where residuals have a
    structure, or where the search from there ends in a singular fit.
    """
    one_of(reml, (True, False), name="reml")
    about_residual: list[str] = []
    if residual is None:
        criterion = Criterion(build_design(formula, data, weights=weights, offset=offset), reml)
        minimum = minimise_near(criterion, near)
    else:
        criterion, minimum, about_residual = fit_residual(
            formula, data, residual, reml=reml, weights=weights, offset=offset
        )
    design = criterion.design
    about_fit = (*_about_fit(criterion, minimum), *about_residual)
    about_data = (*about_rows(design), *about_redundant(design))
    return MixedModelResult(str(design.formula), criterion, minimum, about_data, about_fit)


def about_rows(design: ModelDesign) -> list[str]:
    """``41 of 960 rows dropped (phq9 missing: 38, wai missing: 3).``"""
    if not design.n_dropped:
        return []
    causes = ", ".join(f"{column} missing: {n:,}" for column, n in design.missing.items())
    total = design.n_obs + design.n_dropped
    return [f"{design.n_dropped:,} of {counted(total, 'row')} dropped ({causes})."]


def about_redundant(design: ModelDesign) -> list[str]:
    """``Fixed effect dropped: 'both' is a combination of the effects before it.``"""
    if not design.redundant:
        return []
    n = len(design.redundant)
    names = ", ".join(f"'{name}'" for name in design.redundant)
    return [
        f"{agree(n, 'Fixed effect', 'Fixed effects')} dropped: {names} "
        f"{agree(n, 'is', 'are')} determined by the effects before "
        f"{agree(n, 'it', 'them')}, so no coefficient can be estimated."
    ]


def _about_fit(criterion: Criterion, minimum: Minimum) -> list[str]:
    """What a reader must know about a singular or failed fit."""
    messages: list[str] = []
    if minimum.singular:
        messages = about_singular(criterion.design.levels, criterion.sizes, minimum.theta)
    if not minimum.converged:
        gradient = criterion(minimum.theta)[1]
        messages.append(
            f"The fit did not converge ({minimum.message}; largest gradient "
            f"{abs(gradient).max(initial=0.0):.1e}). Do not report it: "
            "use fewer random effects, or check the data for extreme values."
        )
    return messages


def about_singular(levels: Sequence[Level], sizes: list[int], theta: np.ndarray) -> list[str]:
    """A sentence for every block of random effects that has lost rank."""
    factors = iter(unpack(theta, sizes))
    texts = [
        _about_block(level.name, block.names, next(factors))
        for level in levels
        for block in level.blocks
    ]
    return [text for text in texts if text]


def _about_block(name: str, terms: tuple[str, ...], block: np.ndarray) -> str:
    """Plain words for the singular block of one grouping factor, or nothing."""
    if np.linalg.svd(block, compute_uv=False)[-1] >= SINGULAR:
        return ""
    zero = [t for t, row in zip(terms, block, strict=True) if np.abs(row).max() < SINGULAR]
    if zero:
        what = f"the estimated variance of {' and '.join(zero)} between groups is zero"
    elif len(terms) == 2:
        what = f"{terms[0]} and {terms[1]} are estimated to correlate perfectly over groups"
    else:
        what = f"some combination of {', '.join(terms)} is estimated not to vary over groups"
    return (
        f"Singular fit at '{name}': {what}. The data do not support this part of the random "
        "effects, which is common with few groups or few rows a group. The fixed effects stand; "
        "their tests leave out what vanished. A model without the term is simpler."
    )
