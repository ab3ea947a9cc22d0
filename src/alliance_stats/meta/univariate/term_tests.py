"""Tests of moderators: Wald statistics of each term and of all, and the share of τ² explained.

F with k − p degrees of freedom where coefficients have t tests (Knapp & Hartung, 2003), else χ².
R²: Raudenbush (2009), the drop of τ² against the same estimator without moderators.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.univariate.between import estimate_between
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.kernel import data_sets

ALL = "all moderators"


def moderator_test(self: FittedMeta) -> pd.DataFrame:
    """Test every term of the moderators, and all of them at once.

    Returns
    -------
    DataFrame
        Columns ``term statistic df df_residual p_value``, last the row ``all moderators``. The
        statistic is F, or for z tests χ² with `df_residual` inf.

    Raises
    ------
    UnsupportedError
        Without moderators.
    """
    if self.mean_only:
        raise UnsupportedError(
            "this model has no moderators to test. Fit with mods='year', say; the mean itself is "
            "tested in tidy()."
        )
    of_column = np.array(self.studies.moderators.term_of_column)
    terms = self.studies.moderators.fixed.terms
    rows = [(str(term), *wald(self, of_column == i)) for i, term in enumerate(terms)]
    rows = [row for row in rows if row[2] > 0]
    rows.append((ALL, *wald(self, of_column >= 0)))
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "df_residual", "p_value"])


def wald(self: FittedMeta, which: np.ndarray) -> tuple[float, int, float, float]:
    """Statistic, degrees of freedom and p value of the hypothesis that coefficients are 0."""
    m = int(which.sum())
    if m == 0:
        return float("nan"), 0, self.df, float("nan")
    se = self.se[which]
    z = self.beta[which] / se
    correlation = self.covariance[np.ix_(which, which)] / np.outer(se, se)
    chi2 = float(z @ np.linalg.solve(correlation, z))
    if np.isinf(self.df):
        return chi2, m, self.df, float(chdtrc(m, chi2))
    return chi2 / m, m, self.df, float(fdtrc(m, self.df, chi2 / m))


def r_squared(self: FittedMeta) -> float:
    """Share of τ² that the moderators explain, cut at 0; NaN where there is none to explain."""
    if self.mean_only or self.method == "EE" or -1 not in self.studies.moderators.term_of_column:
        return float("nan")
    studies = self.studies
    null = data_sets(studies.yi, studies.vi, np.ones((studies.k, 1)))
    without = float(estimate_between(null, self.method).tau2[0])
    return max(0.0, (without - self.tau2) / without) if without > 0 else float("nan")
