"""Tables of a fit: tests and intervals, the whole model in a row, variances, column means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.design.mixed_design import MixedDesign

if TYPE_CHECKING:
    from alliance_stats.lmm.residual.fitted import FittedResidual
    from alliance_stats.lmm.result import MixedModelResult


def glance_table(fit: MixedModelResult) -> pd.DataFrame:
    """One row about the whole model."""
    design, k = fit.criterion.design, fit.n_parameters
    return pd.DataFrame(
        {
            "n_obs": [fit.n_obs],
            "n_dropped": [design.n_dropped],
            "method": ["REML" if fit.reml else "ML"],
            "loglik": [fit.loglik],
            "aic": [-2.0 * fit.loglik + 2.0 * k],
            "bic": [-2.0 * fit.loglik + k * np.log(fit.n_obs)],
            "bic_groups": [-2.0 * fit.loglik + k * np.log(_most_groups(design))],
            "sigma": [fit.sigma],
            "n_parameters": [k],
            "converged": [fit.converged],
            "singular": [fit.singular],
        }
    )


def covariance_frames(fit: MixedModelResult) -> dict[str, pd.DataFrame]:
    """Covariance matrix of the random effects of every grouping factor."""
    found = {}
    factors = iter(fit.profile.factors)
    for level in fit.criterion.design.levels:
        effects = list(level.effects)
        values = np.zeros((len(effects), len(effects)))
        for block in level.blocks:
            half = block.transform @ next(factors)
            values[block.columns, block.columns] = fit.unit_variance * half @ half.T
        found[level.name] = pd.DataFrame(values, index=effects, columns=effects)
    return found


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


def var_corr_table(fit: MixedModelResult) -> pd.DataFrame:
    """Variances and correlations of the random effects and of the residuals."""
    rows: list[tuple[str, str, str, float, float, float]] = []
    nan = float("nan")
    for level in fit.criterion.design.levels:
        table = fit.covariances[level.name]
        values, effects = table.to_numpy(), list(table.columns)
        sd = np.sqrt(np.diag(values))
        for i, effect in enumerate(effects):
            rows.append((level.name, effect, "", values[i, i], sd[i], nan))
        for block in level.blocks:
            for i, j in pairs_within(block.columns):
                both = sd[i] * sd[j]
                r = values[i, j] / both if both > 0 else nan
                rows.append((level.name, effects[j], effects[i], values[i, j], nan, r))
    if fit.residual is None:
        rows.append(("Residual", "", "", fit.sigma2, fit.sigma, nan))
    else:
        rows += residual_rows(fit.residual, fit.sigma2)
    columns = ["group", "term", "with_term", "variance", "sd", "correlation"]
    return pd.DataFrame(rows, columns=columns)


def residual_rows(
    residual: FittedResidual, sigma2: float
) -> list[tuple[str, str, str, float, float, float]]:
    """Rows of `var_corr_table` of structured residuals: variances of classes, correlations."""
    nan = float("nan")
    variances = sigma2 * residual.ratios**2
    rows = [
        ("Residual", label, "", float(variance), float(np.sqrt(variance)), nan)
        for label, variance in zip(residual.levels or ("",), variances, strict=True)
    ]
    sd = dict(zip(residual.levels, np.sqrt(variances), strict=False))
    for p in residual.parameters:
        if p.kind == "rho":
            rows.append(("Residual", "rho", "", nan, nan, p.estimate))
        elif p.kind == "correlation":
            both = float(p.estimate * sd[p.level] * sd[p.with_level])
            rows.append(("Residual", p.level, p.with_level, both, nan, p.estimate))
    return rows


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
