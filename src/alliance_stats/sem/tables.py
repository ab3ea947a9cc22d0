"""The tables of a fit: parameters with their tests, and one row about the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import probability
from alliance_stats.numeric.least_squares import t_tests
from alliance_stats.sem.measures import residual_measures
from alliance_stats.sem.spec import MATRICES, Parameter, key, operator, term
from alliance_stats.sem.standardise import Places, jacobian
from alliance_stats.sem.standardise import standardised as standardised_values

if TYPE_CHECKING:
    from alliance_stats.sem.result import SemResult

Floats = NDArray[np.float64]


def tidy_table(fit: SemResult, *, conf_level: float, standardised: bool) -> pd.DataFrame:
    """The rows of `SemResult.tidy`."""
    probability(conf_level, name="conf_level")
    parameters = fit.spec.parameters
    estimate, se = entry_values(fit, standardised=standardised)
    tests = t_tests(estimate, se, np.full(len(se), np.inf), conf_level)
    leading = {"unit": [p.level for p in parameters], "group": [p.group for p in parameters]}
    if fit.spec.levels == ("",):
        del leading["unit"]
    if fit.spec.groups == ("",):
        del leading["group"]
    return pd.DataFrame(
        {
            **leading,
            "term": [term(fit.spec, p) for p in parameters],
            "estimate": estimate,
            "se": se,
            "statistic": tests["statistic"],
            "df": np.inf,
            "p_value": tests["p_value"],
            "ci_low": tests["ci_low"],
            "ci_high": tests["ci_high"],
            "matrix": [p.matrix for p in parameters],
            "op": [operator(fit.spec, p) for p in parameters],
            "label": [p.label for p in parameters],
        }
    )


def entry_values(fit: SemResult, *, standardised: bool = False) -> tuple[Floats, Floats]:
    """Estimates and standard errors by entry of the specification, in its order."""
    if standardised:
        return _standardised(fit)
    return np.array([value for _, value in fit.entries()]), _standard_errors(fit)


def free_numbers(fit: SemResult) -> dict[tuple[str, ...], int]:
    """The number of each free parameter by what makes it one."""
    return {
        key(entry): int(number)
        for number, entry in zip(fit.layout.free, fit.layout.entries, strict=True)
    }


def _standard_errors(fit: SemResult) -> Floats:
    """Standard errors by entry of the specification; NaN where fixed."""
    numbers = free_numbers(fit)
    with np.errstate(invalid="ignore"):
        by_free = np.sqrt(fit.covariance.diagonal())
    return np.array(
        [by_free[numbers[key(p)]] if p.value is None else np.nan for p in fit.spec.parameters]
    )


def _standardised(fit: SemResult) -> tuple[Floats, Floats]:
    """Standardised values and their standard errors; NaN where nothing is estimated."""
    estimate, se = (np.full(len(fit.spec.parameters), np.nan) for _ in range(2))
    for kind, matrix in enumerate(MATRICES):
        which = [i for i, p in enumerate(fit.spec.parameters) if p.matrix == matrix]
        if not which:
            continue
        places = _places(fit, kind, [fit.spec.parameters[i] for i in which])
        moves = jacobian(fit.layout, fit.implied, places)
        with np.errstate(invalid="ignore"):
            found = np.sqrt(np.einsum("ek,kl,el->e", moves, fit.covariance, moves))
        estimate[which] = standardised_values(fit.implied, places)
        se[which] = np.where(np.abs(moves).max(axis=1, initial=0.0) < 1e-12, np.nan, found)
    return estimate, se


def _places(fit: SemResult, kind: int, parameters: list[Parameter]) -> Places:
    variables = {name: i for i, name in enumerate(fit.spec.variables)}
    parts = {part: i for i, part in enumerate(fit.spec.parts)}
    return Places(
        kind,
        np.array([parts[p.group, p.level] for p in parameters], dtype=np.intp),
        np.array([variables[p.row] for p in parameters], dtype=np.intp),
        np.array([variables.get(p.column, 0) for p in parameters], dtype=np.intp),
    )


def glance_table(fit: SemResult) -> pd.DataFrame:
    """The row of `SemResult.glance`."""
    measures = fit.measures
    row: dict[str, object] = {"n_obs": fit.n_obs, "n_dropped": fit.n_dropped}
    if fit.n_clusters:
        row["n_clusters"] = fit.n_clusters
    row |= {"n_parameters": fit.layout.n_free, "loglik": fit.loglik}
    row["aic"] = -2.0 * fit.loglik + 2.0 * fit.layout.n_free
    row["bic"] = -2.0 * fit.loglik + np.log(fit.n_obs) * fit.layout.n_free
    row |= measures.normal()
    row |= {"baseline_chi2": measures.baseline.value, "baseline_df": measures.baseline.df}
    if fit.bread is not None:
        row |= measures.scaled()
        if fit.likelihood.blocks.is_complete:
            row |= measures.robust()
    row |= residual_measures(fit)
    row |= {"converged": fit.converged, "proper": not fit.about_fit}
    return pd.DataFrame({name: [value] for name, value in row.items()})
