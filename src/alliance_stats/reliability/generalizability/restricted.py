"""Variance components of incomplete designs by restricted maximum likelihood, through `lmm`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError, FitWarning
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.reliability.generalizability.components import (
    Components,
    Intervals,
    satterthwaite_intervals,
)
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.generalizability.read import combined


def reml_components(
    design: Design,
    codes: Mapping[str, np.ndarray],
    values: np.ndarray,
    *,
    level: float,
    intervals: Intervals,
) -> tuple[Components, bool]:
    """Components of any design: a random intercept for every effect but the largest.

    Returns
    -------
    Components
    bool
        Whether the fit converged.

    Raises
    ------
    DataError
        If an effect cannot be told from error or from another, or the design is too large.
    """
    *inner, _ = design.effects
    columns = {f"e{j}": combined(codes, _ordered(design, e)) for j, e in enumerate(inner)}
    _check_told_apart(design, list(columns.values()), len(values))
    frame = pd.DataFrame({"score": values, **columns})
    formula = "score ~ 1" + "".join(f" + (1 | {name})" for name in columns)
    try:
        fit = fit_quietly(formula, frame)
    except DataError as error:
        named = re.sub(r"'e(\d+)'", lambda m: f"'{design.name(inner[int(m[1])])}'", str(error))
        raise DataError(named) from None
    variance, covariance = intercept_variances(fit, list(columns))
    if intervals == "profile":
        low, high = profile_intervals(fit, list(columns), level)
    else:
        low, high = satterthwaite_intervals(variance, covariance, level)
    found = Components(design.effects, variance, covariance, low, high, intervals)
    return found, fit.converged


def profile_intervals(
    fit: MixedModelResult, groups: list[str], level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Squares of the profile REML intervals of the standard deviations, σ last."""
    order = [*groups, "Residual"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        table = fit.confint(parameters=order, method="profile", conf_level=level, reml=True)
    ends = table.set_index("group").loc[order, ["ci_low", "ci_high"]].to_numpy()
    return ends[:, 0] ** 2, ends[:, 1] ** 2


def _ordered(design: Design, effect: frozenset[str]) -> list[str]:
    return [factor for factor in design.factors if factor in effect]


def _check_told_apart(design: Design, columns: list[np.ndarray], n: int) -> None:
    """Raise DataError for an effect with a cell a score, or the same cells as a smaller one."""
    sizes = [int(codes.max()) + 1 for codes in columns]
    for effect, size in zip(design.effects, sizes, strict=False):
        if size >= n:
            raise DataError(
                f"the variance of {design.name(effect)} cannot be told from error: every one of "
                f"{counted(size, 'cell')} holds one score. Leave out a facet of which there is one "
                "condition a cell."
            )
        for other, its in zip(design.effects, sizes, strict=False):
            if other < effect and its == size:
                raise DataError(
                    f"the variances of {design.name(other)} and {design.name(effect)} cannot be "
                    f"told apart: both have {counted(size, 'cell')}. Leave out "
                    f"{design.name(effect - other)}."
                )


def intercept_variances(fit: MixedModelResult, groups: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Variances of random intercepts in the order of `groups`, σ² last, and their covariance.

    The covariance is twice the inverse Hessian of the restricted deviance. Variances estimated as
    zero are taken as known: their rows are NaN.
    """
    levels = [level.name for level in fit.criterion.design.levels]
    names = [*levels, "residual"]
    found = [float(fit.covariances[name].to_numpy()[0, 0]) for name in levels]
    covariance = np.full((len(names), len(names)), np.nan)
    s = fit.satterthwaite
    if (s.curvatures > 0).all():
        half = s.scale[:, None] * s.directions / np.sqrt(s.curvatures)
        slope = _slopes(fit, s.free) @ half
        moved = np.append(s.free, len(levels))
        covariance[np.ix_(moved, moved)] = 2.0 * slope @ slope.T
    order = [names.index(name) for name in [*groups, "residual"]]
    variance = np.array([*found, fit.sigma2])[order]
    return variance, covariance[np.ix_(order, order)]


def _slopes(fit: MixedModelResult, free: np.ndarray) -> np.ndarray:
    """∂(variances, σ²)/∂(θ_free, σ²) in units of the response; blocks have one effect each."""
    unit = fit.criterion.design.scale**2
    theta = fit.minimum.theta[free]
    blocks = [level.blocks[0] for level in fit.criterion.design.levels]
    scales = np.array([float(block.transform[0, 0]) ** 2 for block in blocks])[free]
    sigma2 = fit.profile.sigma2
    slopes = np.diag(np.append(2.0 * theta * sigma2 * scales * unit, unit))
    slopes[:-1, -1] = theta**2 * scales * unit
    return slopes
