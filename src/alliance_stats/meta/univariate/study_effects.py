"""What a meta-analysis says of its own studies: best predictions of their effects, residuals.

Empirical Bayes estimates: Raudenbush & Bryk (1985, J. Educ. Stat. 10, 75–98).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.predictions import quantile


def blup(self: FittedMeta, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Best linear unbiased predictions of the true effects of the studies.

    A study's own effect drawn towards the model's by v/(v + τ²). τ² is taken as known; the
    uncertainty of the coefficients is in the errors.

    Returns
    -------
    DataFrame
        Columns ``study estimate se ci_low ci_high``, in the order of the data.
    """
    probability(conf_level, name="conf_level")
    studies, tau2 = self.studies, self.tau2
    share = tau2 / (tau2 + studies.vi)
    estimate = share * studies.yi + (1.0 - share) * self.fitted
    leverage = np.einsum("ij,jk,ik->i", studies.x, self.covariance, studies.x)
    se = np.sqrt(share * studies.vi + (1.0 - share) ** 2 * leverage)
    half = quantile(self.df, conf_level) * se
    return pd.DataFrame(
        {
            "study": studies.study,
            "estimate": estimate,
            "se": se,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
    )


def residuals(self: FittedMeta) -> pd.DataFrame:
    """Residuals of the studies.

    Returns
    -------
    DataFrame
        Columns ``study fitted residual se standardised``: `residual` is the effect size minus
        the fitted one, `se` its standard error given τ², with what the study itself drew the
        coefficients to; `standardised` is their ratio.
    """
    studies = self.studies
    covariance = self.fits.at.covariance[0]
    leverage = np.einsum("ij,jk,ik->i", studies.x, covariance, studies.x)
    residual = studies.yi - self.fitted
    se = np.sqrt(np.maximum(studies.vi + self.tau2 - leverage, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        standardised = np.where(se > 0, residual / se, np.nan)
    return pd.DataFrame(
        {
            "study": studies.study,
            "fitted": self.fitted,
            "residual": residual,
            "se": se,
            "standardised": standardised,
        }
    )
