"""The tables of a fit: parameters with their tests, and one row about the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import probability
from alliance_stats.numeric.least_squares import t_tests
from alliance_stats.sem.complete_fit import robust_measures
from alliance_stats.sem.fitted import FittedSem
from alliance_stats.sem.measures import residual_measures
from alliance_stats.sem.problems import about_fit
from alliance_stats.sem.spec import MATRICES, Parameter, key, operator, term
from alliance_stats.sem.standardise import Places, jacobian
from alliance_stats.sem.standardise import standardised as standardised_values

Floats = NDArray[np.float64]


def tidy(self: FittedSem, *, conf_level: float = 0.95, standardised: bool = False) -> pd.DataFrame:
    """One row a parameter, fixed ones too.

    Parameters
    ----------
    conf_level : float
    standardised : bool
        Give the completely standardised solution (lavaan's ``std.all``), with standard errors
        by the delta method.

    Returns
    -------
    DataFrame
        Columns ``term estimate se statistic df p_value ci_low ci_high matrix op label``, led
        by ``unit`` (the level) and ``group`` where there are several. Fixed parameters have
        no standard error.
    """
    probability(conf_level, name="conf_level")
    parameters = self.spec.parameters
    estimate, se = entry_values(self, standardised=standardised)
    tests = t_tests(estimate, se, np.full(len(se), np.inf), conf_level)
    leading = {"unit": [p.level for p in parameters], "group": [p.group for p in parameters]}
    if self.spec.levels == ("",):
        del leading["unit"]
    if self.spec.groups == ("",):
        del leading["group"]
    return pd.DataFrame(
        {
            **leading,
            "term": [term(self.spec, p) for p in parameters],
            "estimate": estimate,
            "se": se,
            "statistic": tests["statistic"],
            "df": np.inf,
            "p_value": tests["p_value"],
            "ci_low": tests["ci_low"],
            "ci_high": tests["ci_high"],
            "matrix": [p.matrix for p in parameters],
            "op": [operator(self.spec, p) for p in parameters],
            "label": [p.label for p in parameters],
        }
    )


def entry_values(fit: FittedSem, *, standardised: bool = False) -> tuple[Floats, Floats]:
    """Estimates and standard errors by entry of the specification, in its order."""
    if standardised:
        return _standardised(fit)
    return np.array([value for _, value in fit.entries()]), _standard_errors(fit)


def free_numbers(fit: FittedSem) -> dict[tuple[str, ...], int]:
    """The number of each free parameter by what makes it one."""
    return {
        key(entry): int(number)
        for number, entry in zip(fit.layout.free, fit.layout.entries, strict=True)
    }


def _standard_errors(fit: FittedSem) -> Floats:
    """Standard errors by entry of the specification; NaN where fixed."""
    numbers = free_numbers(fit)
    with np.errstate(invalid="ignore"):
        by_free = np.sqrt(fit.covariance.diagonal())
    return np.array(
        [by_free[numbers[key(p)]] if p.value is None else np.nan for p in fit.spec.parameters]
    )


def _standardised(fit: FittedSem) -> tuple[Floats, Floats]:
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


def _places(fit: FittedSem, kind: int, parameters: list[Parameter]) -> Places:
    variables = {name: i for i, name in enumerate(fit.spec.variables)}
    parts = {part: i for i, part in enumerate(fit.spec.parts)}
    return Places(
        kind,
        np.array([parts[p.group, p.level] for p in parameters], dtype=np.intp),
        np.array([variables[p.row] for p in parameters], dtype=np.intp),
        np.array([variables.get(p.column, 0) for p in parameters], dtype=np.intp),
    )


def glance(self: FittedSem) -> pd.DataFrame:
    """One row: the test of the model, its fit indices, information criteria, counts.

    With ``estimator="mlr"`` names that end in ``_scaled`` rest on scaled statistics. With it, and
    with values missing, names that end in ``_robust`` are of the population: what indices would be
    under normality, and with complete rows. At two levels they need complete rows.
    """
    measures = self.measures
    row: dict[str, object] = {"n_obs": self.n_obs, "n_dropped": self.n_dropped}
    if self.n_clusters:
        row["n_clusters"] = self.n_clusters
    row |= {"n_parameters": self.layout.n_free, "loglik": self.loglik}
    row["aic"] = -2.0 * self.loglik + 2.0 * self.layout.n_free
    row["bic"] = -2.0 * self.loglik + np.log(self.n_obs) * self.layout.n_free
    row |= measures.normal()
    row |= {"baseline_chi2": measures.baseline.value, "baseline_df": measures.baseline.df}
    if self.bread is not None:
        row |= measures.scaled()
    if (robust := robust_measures(self)) is not None:
        row |= robust.robust()
    row |= residual_measures(self.spec, self.implied, self.saturated, self.group_sizes)
    row |= {"converged": self.converged, "proper": not about_fit(self)}
    return pd.DataFrame(row, index=[0])
