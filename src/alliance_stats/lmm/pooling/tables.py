"""Tables of a pooled result: tests and intervals, mean variances, the whole in a row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats.lmm.inference.contrasts import weights_of
from alliance_stats.lmm.pooling.pooled import PooledFits, complete_df, contrast_estimates
from alliance_stats.lmm.pooling.rubin import barnard_rubin, missing_information, rubin
from alliance_stats.lmm.tables import residual_rows, test_table, var_corr_table


def tidy(self: PooledFits, *, conf_level: float = 0.95) -> pd.DataFrame:
    """One row a fixed effect: pooled estimate, test and interval.

    Returns
    -------
    DataFrame
        Columns ``term estimate se statistic df p_value ci_low ci_high riv fmi``. ``df`` after
        Barnard and Rubin (1999); ``riv`` is the relative increase in variance due to missing
        values, ``fmi`` the fraction of missing information.
    """
    rows = {name: {name: 1.0} for name in self.names}
    return contrasts(self, rows, conf_level=conf_level)


def contrasts(
    self: PooledFits, contrasts: Mapping[str, Mapping[str, float]], *, conf_level: float = 0.95
) -> pd.DataFrame:
    """Linear combinations of fixed effects, with the columns of `tidy`.

    Parameters
    ----------
    contrasts : mapping
        Name of a contrast to its weights by fixed effect, as in `MixedModelResult.contrasts`.
    conf_level : float

    Raises
    ------
    ArgumentError
        If a fixed effect is not in the model.
    """
    probability(conf_level, name="conf_level")
    weights = weights_of(self.names, list(contrasts.values()))
    pooled = rubin(*contrast_estimates(self, weights))
    complete = np.array([complete_df(self, row[None]) for row in weights])
    df = barnard_rubin(pooled.riv, pooled.m, complete)
    se = np.sqrt(np.diag(pooled.total))
    table = test_table(tuple(contrasts), pooled.estimate, se, df, conf_level)
    return table.assign(riv=pooled.riv, fmi=missing_information(pooled.riv, df))


def var_corr(self: PooledFits) -> pd.DataFrame:
    """Means of variances and covariances over imputations, in the shape of a fit's.

    No test or interval is made for them: their estimates are far from normal, and Rubin's
    rules do not hold.

    Returns
    -------
    DataFrame
        Columns ``group term with_term variance sd correlation``; ``sd`` and ``correlation``
        are those of the mean covariance matrix, the ρ of an autoregression is a mean.
    """
    levels = self.fits[0].criterion.design.levels
    return var_corr_table(levels, self.covariances, residual_rows(self.fits))


def glance(self: PooledFits) -> pd.DataFrame:
    """One row about the whole; ``n_obs`` and ``n_dropped`` of the fit with fewest rows.

    Likelihoods of different data sets cannot be averaged to an AIC: see `compare`.
    """
    least = min(self.fits, key=lambda fit: fit.n_obs)
    table = tidy(self)
    return pd.DataFrame(
        {
            "n_imputations": [self.n_imputations],
            "n_obs": [least.n_obs],
            "n_dropped": [least.criterion.design.n_dropped],
            "method": ["REML" if self.reml else "ML"],
            "sigma": [float(np.sqrt(self.sigma2))],
            "largest_riv": [float(table["riv"].max())],
            "largest_fmi": [float(table["fmi"].max())],
            "n_parameters": [least.n_parameters],
            "converged": [all(fit.converged for fit in self.fits)],
            "n_singular": [sum(fit.singular for fit in self.fits)],
        }
    )


def levels(self: PooledFits) -> pd.DataFrame:
    """Number of rows and of groups, of the fit with fewest rows: columns ``unit`` and ``n``."""
    return min(self.fits, key=lambda fit: fit.n_obs).levels()
