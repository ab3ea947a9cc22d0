"""Pooled effects as they are read: on the scale of the measure.

Of Fisher's z two correlations are given: that at the mean z, and the mean correlation over the
distribution of true effects (Hafdahl, 2009, Br. J. Math. Stat. Psychol. 62, 233–261).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.scales import mean_over_distribution
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.predictions import PredictionDf, predict

AT_MEAN = "at the mean"
OVER_STUDIES = "mean over studies"
_ENDS = ["estimate", "ci_low", "ci_high", "pi_low", "pi_high"]


def back_transformed(
    self: FittedMeta,
    new: pd.DataFrame | None = None,
    *,
    conf_level: float = 0.95,
    df: PredictionDf = "residual",
) -> pd.DataFrame:
    """The rows of `predict` as they are read: correlations of Fisher's z, odds ratios of log OR.

    Parameters
    ----------
    new, conf_level, df
        As in `predict`.

    Returns
    -------
    DataFrame
        Columns ``quantity estimate ci_low ci_high pi_low pi_high``. `quantity` is ``at the
        mean``: the transformed estimate, and after all of these, for Fisher's z, ``mean over
        studies``: the mean correlation E[tanh ζ] over ζ ~ N(μ, τ²), whose interval takes τ² as
        known and which has no prediction interval of its own.

    Raises
    ------
    UnsupportedError
        If the measure is read on the scale of analysis, or none is stated.
    """
    back = self.scale.back
    if back is None:
        of = f"'{self.measure}' is" if self.measure else "effect sizes of no stated measure are"
        raise UnsupportedError(
            f"{of} read on the scale of analysis: predict() holds the numbers. Give measure='ZCOR' "
            "to fit_meta for Fisher's z."
        )
    found = predict(self, new, conf_level=conf_level, df=df)[_ENDS]
    tables = [pd.DataFrame({n: back(found[n].to_numpy()) for n in _ENDS}).assign(quantity=AT_MEAN)]
    if back is np.tanh:
        tables.append(_over_studies(found, self.tau2))
    return pd.concat(tables, ignore_index=True)[["quantity", *_ENDS]]


def _over_studies(found: pd.DataFrame, tau2: float) -> pd.DataFrame:
    columns = {
        name: [mean_over_distribution(float(value), tau2) for value in found[name]]
        for name in ("estimate", "ci_low", "ci_high")
    }
    return pd.DataFrame(columns).assign(pi_low=np.nan, pi_high=np.nan, quantity=OVER_STUDIES)
