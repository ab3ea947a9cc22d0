"""Fitting a model with structured residuals: read, minimise, and keep what the result needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.parse import MixedFormula
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.minimum import Minimum
from alliance_stats.lmm.residual.curvature import curvature_at
from alliance_stats.lmm.residual.fitted import FittedResidual
from alliance_stats.lmm.residual.minimum import minimise_jointly
from alliance_stats.lmm.residual.read import read_problem
from alliance_stats.lmm.residual.structure import ResidualStructure


def fit_residual(
    formula: str | MixedFormula,
    frame: pd.DataFrame,
    structure: ResidualStructure,
    *,
    reml: bool,
    weights: str | None,
    offset: str | None,
) -> tuple[Criterion, Minimum, list[str]]:
    """The criterion of rows whitened at the best ψ, the minimum there, and what is to be said."""
    if not isinstance(structure, ResidualStructure):
        raise ArgumentError(
            f"residual is a {type(structure).__name__}. Give what al.lmm.ar1, continuous_ar1, "
            "variance_by or unstructured return, such as "
            "al.lmm.ar1('session', within='patient')."
        )
    problem = read_problem(formula, frame, structure, reml=reml, weights=weights, offset=offset)
    found = minimise_jointly(problem)
    model = found.model
    fitted = FittedResidual(
        structure=structure,
        memory=problem.rows.memory,
        psi=found.psi,
        unit=problem.rows.unit,
        logdet=model.covariance.logdet,
        mean_variance=float(np.mean(model.covariance.sd**2)),
        curvature=curvature_at(problem, model, found.minimum.theta),
    )
    design = replace(
        model.criterion.design,
        residual=fitted,
        unwhitened=problem.design.products,
        log_weights=problem.design.log_weights - fitted.logdet,
    )
    return Criterion(design, reml), found.minimum, _about(fitted)


def _about(fitted: FittedResidual) -> list[str]:
    """What a reader must know of parameters at the end of their range."""
    ends = [p for p in fitted.parameters if p.slope[fitted.at_end].any()]
    return [
        f"The residuals' {p.name} is at the end of its range ({p.estimate:.6g}): there is no "
        "interval of it, and tests take it as known. These data do not support the structure: "
        "leave it out, or leave out the random effects that it resembles."
        for p in ends
    ]
