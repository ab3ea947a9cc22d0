"""Mean effects at values of moderators, and where the effects of new studies lie.

Prediction intervals: Higgins, Thompson & Spiegelhalter (2009, J. R. Stat. Soc. A 172, 137–159);
Riley, Higgins & Deeks (2011, BMJ 342, d549). They used t with k − 2 degrees of freedom for a mean,
here ``df="riley"``; with k − p they agree with the test of the mean.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.univariate.fitted import FittedMeta

PredictionDf = Literal["residual", "riley", "normal"]


def quantile(df: float, conf_level: float) -> float:
    """The quantile of both ends of an interval: t, or normal for infinite `df`."""
    upper = (1.0 + conf_level) / 2.0
    return float(ndtri(upper) if np.isinf(df) else stdtrit(df, upper))


def predict(
    self: FittedMeta,
    new: pd.DataFrame | None = None,
    *,
    conf_level: float = 0.95,
    df: PredictionDf = "residual",
) -> pd.DataFrame:
    """Mean effects with confidence and prediction intervals, on the scale of analysis.

    Parameters
    ----------
    new : DataFrame, optional
        Values of the moderators, a row a prediction. Without it: the mean of a model without
        moderators, in one row, or the fitted effects of the studies.
    conf_level : float
    df : {"residual", "riley", "normal"}
        Of prediction intervals: k − p, k − p − 1, or a normal distribution.

    Returns
    -------
    DataFrame
        Columns ``estimate se ci_low ci_high pi_low pi_high``. `pi_low` and `pi_high` hold the
        true effect of a new study with the stated probability.
    """
    probability(conf_level, name="conf_level")
    return predict_rows(self, _rows(self, new), conf_level=conf_level, df=df)


def predict_rows(
    self: FittedMeta, x: np.ndarray, *, conf_level: float = 0.95, df: PredictionDf = "residual"
) -> pd.DataFrame:
    """The table of `predict` at rows (r, p) of the design matrix, such as averages of rows."""
    estimate = x @ self.beta
    se = np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x))
    half = quantile(self.df, conf_level) * se
    wide = quantile(prediction_df(self, df), conf_level) * np.sqrt(se**2 + self.tau2)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "pi_low": estimate - wide,
            "pi_high": estimate + wide,
        }
    )


def prediction_interval(
    self: FittedMeta, *, conf_level: float = 0.95, df: PredictionDf = "residual"
) -> pd.DataFrame:
    """Where the true effect of a new study lies, in one row of `predict`.

    Raises
    ------
    UnsupportedError
        With moderators: the interval is one at their values, which `predict` takes.
    """
    if not self.mean_only:
        raise UnsupportedError(
            "a prediction interval of a model with moderators is one at their values. "
            "Give them: result.predict(new)."
        )
    return predict(self, conf_level=conf_level, df=df)


def prediction_df(self: FittedMeta, df: PredictionDf) -> float:
    """Degrees of freedom of prediction intervals; at least one."""
    one_of(df, ("residual", "riley", "normal"), name="df")
    if df == "normal":
        return float("inf")
    left = self.df_residual - int(df == "riley")
    if left < 1:
        raise UnsupportedError(
            f"df='riley' leaves {left} degrees of freedom for {self.studies.k} effect sizes and "
            f"{self.studies.p} coefficients. Use df='residual'."
        )
    return float(left)


def _rows(self: FittedMeta, new: pd.DataFrame | None) -> np.ndarray:
    if new is not None:
        return self.studies.moderators.columns_for(new)
    return self.studies.x[:1] if self.mean_only else self.studies.x
