"""Tables of a fit: tests and intervals, the whole model in a row, variances, column means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.design.mixed_design import Level, MixedDesign, ModelDesign
from alliance_stats.lmm.fitted import FittedModel

RESIDUAL = "Residual"
#: group, term, with_term, variance, sd, correlation
VarianceRow = tuple[str, str, str, float, float, float]


def glance(self: FittedModel) -> pd.DataFrame:
    """One row about the whole model.

    ``bic`` counts rows, as lme4 does; ``bic_groups`` counts the groups of the factor with
    most groups.
    """
    design, k = self.criterion.design, self.n_parameters
    return pd.DataFrame(
        {
            "n_obs": [self.n_obs],
            "n_dropped": [design.n_dropped],
            "method": ["REML" if self.reml else "ML"],
            "loglik": [self.loglik],
            "aic": [-2.0 * self.loglik + 2.0 * k],
            "bic": [-2.0 * self.loglik + k * np.log(self.n_obs)],
            "bic_groups": [-2.0 * self.loglik + k * np.log(_most_groups(design))],
            "sigma": [self.sigma],
            "n_parameters": [k],
            "converged": [self.converged],
            "singular": [self.singular],
        }
    )


def var_corr(self: FittedModel) -> pd.DataFrame:
    """Variances and correlations of the random effects, and the residual variance.

    Returns
    -------
    DataFrame
        Columns ``group term with_term variance sd correlation``. Rows with a ``with_term``
        hold the covariance of the two effects in ``variance``, and their correlation.
    """
    levels = self.criterion.design.levels
    return var_corr_table(levels, self.covariances, residual_rows([self]))


def _most_groups(design: MixedDesign) -> float:
    """Groups of the factor with most groups; NaN without one."""
    return float(len(design.levels[0].labels)) if design.levels else float("nan")


def column_means(design: MixedDesign) -> pd.Series:
    """Mean of every fixed column over the rows used."""
    if "(Intercept)" not in design.names:
        raise UnsupportedError(
            "column means need an intercept among the fixed effects. "
            "Take the means from the data, or fit the model with an intercept."
        )
    first = design.x[design.names.index("(Intercept)")]
    inner = design.plain.total[first, design.x] / design.n_obs
    means = np.linalg.solve(design.transform.T, inner)
    return pd.Series(means, index=list(design.names), name="mean")


def levels_table(design: ModelDesign) -> pd.DataFrame:
    """Number of rows and of groups of every factor."""
    found = [("row", design.n_obs)]
    found += [(level.name, len(level.labels)) for level in design.levels]
    return pd.DataFrame(found, columns=["unit", "n"])


def var_corr_table(
    levels: Sequence[Level],
    covariances: Mapping[str, pd.DataFrame],
    residual: Sequence[VarianceRow] = (),
) -> pd.DataFrame:
    """Variances and correlations of the random effects, and the rows of the residuals, if any."""
    rows: list[VarianceRow] = []
    nan = float("nan")
    for level in levels:
        table = covariances[level.name]
        values, effects = table.to_numpy(), list(table.columns)
        sd = np.sqrt(np.diag(values))
        for i, effect in enumerate(effects):
            rows.append((level.name, effect, "", values[i, i], sd[i], nan))
        for block in level.blocks:
            for i, j in pairs_within(block.columns):
                both = sd[i] * sd[j]
                r = values[i, j] / both if both > 0 else nan
                rows.append((level.name, effects[j], effects[i], values[i, j], nan, r))
    rows += residual
    columns = ["group", "term", "with_term", "variance", "sd", "correlation"]
    return pd.DataFrame(rows, columns=columns)


def residual_rows(fits: Sequence[FittedModel]) -> list[VarianceRow]:
    """Rows of `var_corr_table` of the residuals: variances of classes, correlations.

    Of several fits of one model, covariances and ρ are means.
    """
    nan, residual = float("nan"), fits[0].residual
    covariance = np.mean([_class_covariance(fit) for fit in fits], axis=0)
    sd = np.sqrt(np.diag(covariance))
    labels = (residual.levels if residual else ()) or ("",)
    rows: list[VarianceRow] = [
        (RESIDUAL, label, "", covariance[k, k], sd[k], nan) for k, label in enumerate(labels)
    ]
    if residual is None:
        return rows
    if residual.structure.kind == "unstructured":
        for i, j in pairs_within(slice(0, len(labels))):
            r = covariance[i, j] / (sd[i] * sd[j])
            rows.append((RESIDUAL, labels[i], labels[j], covariance[i, j], nan, r))
    elif residual.structure.kind != "variance_by":
        rho = float(np.mean([fit.residual.rho for fit in fits if fit.residual]))
        rows.append((RESIDUAL, "rho", "", nan, nan, rho))
    return rows


def _class_covariance(fit: FittedModel) -> np.ndarray:
    """Covariance (K, K) of residuals of the K classes of variance in one block."""
    of = fit.residual
    if of is None:
        return np.array([[fit.sigma2]])
    return np.asarray(fit.sigma2 * of.ratios[:, None] * of.correlations * of.ratios)


def pairs_within(columns: slice) -> list[tuple[int, int]]:
    """Positions (i, j) with j < i of a block's random effects."""
    return [(i, j) for i in range(columns.start, columns.stop) for j in range(columns.start, i)]


def test_table(
    terms: tuple[str, ...], estimate: np.ndarray, se: np.ndarray, df: np.ndarray, level: float
) -> pd.DataFrame:
    """Tests and intervals of estimates with t (or, for infinite df, normal) reference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    finite = np.where(np.isinf(df), 1.0, df)
    tail = np.where(np.isinf(df), ndtr(-np.abs(statistic)), stdtr(finite, -np.abs(statistic)))
    upper = (1.0 + level) / 2.0
    quantile = np.where(np.isinf(df), ndtri(upper), stdtrit(finite, upper))
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p_value": 2.0 * tail,
            "ci_low": estimate - quantile * se,
            "ci_high": estimate + quantile * se,
        }
    )
