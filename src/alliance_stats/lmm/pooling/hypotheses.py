"""F tests of several fixed effects at once over imputations: given ones, and those of terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.inference.anova import type3_hypotheses
from alliance_stats.lmm.inference.contrasts import joint_columns, weights_of
from alliance_stats.lmm.pooling.joint import JointTest, d1, d2, independent, wald_statistics
from alliance_stats.lmm.pooling.pooled import PooledFits, complete_df, contrast_estimates

Method = Literal["D1", "D2"]


def joint_tests(
    self: PooledFits,
    hypotheses: Mapping[str, Sequence[Mapping[str, float]]],
    *,
    method: Method = "D1",
) -> pd.DataFrame:
    """F tests that several linear combinations of fixed effects are zero at once.

    Parameters
    ----------
    hypotheses : mapping
        Name of a test to its contrasts, as in `MixedModelResult.joint_tests`:
        ``{"both": [{"x": 1}, {"z": 1}]}``. Combinations of the others count once.
    method : {"D1", "D2"}
        D1 pools estimates and covariances (Li, Raghunathan & Rubin, 1991), with Reiter's
        (2007) degrees of freedom where the complete-data ones are finite; a single
        combination has the test of `contrasts`. D2 uses the data sets' Wald statistics only
        and is rough: prefer D1.

    Returns
    -------
    DataFrame
        Columns ``term statistic df_numerator df_denominator p_value riv``. The statistic of
        D2 can be negative; p is 1 then.

    Raises
    ------
    ArgumentError
        If a fixed effect is not in the model, or a hypothesis is empty.

    Examples
    --------
    >>> import alliance_stats as al
    >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
    >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
    >>> formula = "phq9 ~ session + wai_total + (1 | patient)"
    >>> pooled = al.lmm.pool([al.fit_lmm(formula, frame) for frame in frames])
    >>> both = pooled.joint_tests({"both": [{"session": 1}, {"wai_total": 1}]})
    >>> both["df_numerator"].item()
    2
    """
    weights = {key: weights_of(self.names, rows) for key, rows in hypotheses.items()}
    for key, matrix in weights.items():
        if not matrix.any():
            raise ArgumentError(
                f"hypothesis '{key}' has no contrast with a weight other than zero. "
                'Give some, such as [{"x": 1}, {"z": 1}].'
            )
    return _joint_table(self, weights, method)


def anova(self: PooledFits, *, method: Method = "D1") -> pd.DataFrame:
    """F tests of every term of the fixed part (type III, see `MixedModelResult.anova`).

    Parameters
    ----------
    method : {"D1", "D2"}
        As in `joint_tests`.

    Returns
    -------
    DataFrame
        Columns ``term statistic df_numerator df_denominator p_value riv``, a row a term.

    Raises
    ------
    UnsupportedError
        If fixed effects were left out.
    """
    return _joint_table(self, type3_hypotheses(self.fits[0].criterion.design), method)


def _joint_table(
    result: PooledFits, hypotheses: Mapping[str, np.ndarray], method: Method
) -> pd.DataFrame:
    one_of(method, ("D1", "D2"), name="method")
    tests = [_joint(result, weights, method) for weights in hypotheses.values()]
    rows = [(t.statistic, t.df_numerator, t.df_denominator, t.p_value) for t in tests]
    return joint_columns(list(hypotheses), rows).assign(riv=[t.riv for t in tests])


def _joint(result: PooledFits, weights: np.ndarray, method: Method) -> JointTest:
    estimates, covariances = independent(*contrast_estimates(result, weights))
    if method == "D1":
        return d1(estimates, covariances, complete_df(result, weights))
    return d2(wald_statistics(estimates, covariances), estimates.shape[1])
