"""Tables of a meta-analysis: coefficients with tests, and the whole model in one row.

Criteria of fit as in Burnham & Anderson (2002, Model selection and multimodel inference); a
restricted likelihood is one of k − p observations.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats._base.checks import probability
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.term_tests import r_squared
from alliance_stats.numeric.least_squares import t_tests


def tidy(self: FittedMeta, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Coefficients with tests and intervals, on the scale of analysis.

    Returns
    -------
    DataFrame
        Columns ``term estimate se statistic df p_value ci_low ci_high``; `df` is inf for z.
    """
    probability(conf_level, name="conf_level")
    df = np.full(len(self.beta), self.df)
    found = t_tests(self.beta, self.se, df, conf_level)
    return pd.DataFrame(
        {
            "term": list(self.term_names),
            "estimate": self.beta,
            "se": self.se,
            "statistic": found["statistic"],
            "df": df,
            "p_value": found["p_value"],
            "ci_low": found["ci_low"],
            "ci_high": found["ci_high"],
        }
    )


def glance(self: FittedMeta) -> pd.DataFrame:
    """One row about the whole model.

    ``q`` with ``q_df`` and ``q_p`` tests (residual) heterogeneity; ``i2`` and ``h2`` compare
    it with sampling error; ``r2`` is the share of τ² that moderators explain; the criteria count
    τ² as a parameter.
    """
    aic, aicc, bic = criteria(self)
    return pd.DataFrame(
        {
            "k": [self.studies.k],
            "n_studies": [self.studies.n_studies],
            "n_dropped": [self.studies.n_dropped],
            "method": [self.method],
            "test": [self.test],
            "tau2": [self.tau2],
            "se_tau2": [self.se_tau2],
            "i2": [self.i2],
            "h2": [self.h2],
            "q": [self.q],
            "q_df": [self.df_residual],
            "q_p": [float(chdtrc(self.df_residual, self.q))],
            "r2": [r_squared(self)],
            "loglik": [self.loglik],
            "aic": [aic],
            "aicc": [aicc],
            "bic": [bic],
            "n_parameters": [self.n_parameters],
            "converged": [self.converged],
        }
    )


def criteria(self: FittedMeta) -> tuple[float, float, float]:
    """AIC, AIC corrected for few observations, BIC."""
    n = self.df_residual if self.method == "REML" else self.studies.k
    m, deviance = self.n_parameters, -2.0 * self.loglik
    enough = max(n, m + 2)
    corrected = deviance + 2.0 * m * enough / (enough - m - 1)
    return deviance + 2.0 * m, corrected, deviance + m * float(np.log(n))
