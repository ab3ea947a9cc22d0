"""Chi-squared difference test of nested models, scaled under non-normality.

Satorra & Bentler (2001, Psychometrika 66, 507–514): the difference of the unscaled statistics is
divided by c = (df₀c₀ − df₁c₁)/(df₀ − df₁).
"""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.errors import ArgumentError
from alliance_stats.sem.fit_indices import p_value
from alliance_stats.sem.result import SemResult


@dataclass(frozen=True, slots=True)
class DifferenceTest:
    """The test of a model against one of which it is a special case.

    Attributes
    ----------
    statistic : float
        Chi-squared; NaN where the scaling factor is not positive.
    df : int
    p_value : float
    scaling : float
        What the difference was divided by; 1 without ``estimator="mlr"``.
    """

    statistic: float
    df: int
    p_value: float
    scaling: float


def difference_test(restricted: SemResult, free: SemResult) -> DifferenceTest:
    """Test a model against a less restricted one, fitted to the same data.

    Parameters
    ----------
    restricted, free : SemResult
        `restricted` must be a special case of `free`; this is not checked.

    Returns
    -------
    DifferenceTest

    Raises
    ------
    ArgumentError
        If the fits differ in data, estimator or treatment of missing values, or `restricted` has
        not more degrees of freedom.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from alliance_stats.sem import difference_test, factor_model, fit_sem
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(300, 1))
    >>> items = pd.DataFrame(factor + rng.normal(size=(300, 6)), columns=list("uvwxyz"))
    >>> one = fit_sem(factor_model({"f": list("uvwxyz")}), items)
    >>> two = fit_sem(factor_model({"f": list("uvw"), "g": list("xyz")}), items)
    >>> difference_test(one, two).df
    1
    """
    _check_comparable(restricted, free)
    one, two = restricted.statistic, free.statistic
    df = one.df - two.df
    scaling = (one.df * one.scaling - two.df * two.scaling) / df
    if scaling <= 0:
        return DifferenceTest(float("nan"), df, float("nan"), scaling)
    statistic = (one.value - two.value) / scaling
    return DifferenceTest(statistic, df, p_value(statistic, df), scaling)


def _check_comparable(restricted: SemResult, free: SemResult) -> None:
    seen = [
        (set(fit.spec.observed), fit.n_obs, fit.settings.estimator, fit.settings.missing)
        for fit in (restricted, free)
    ]
    if seen[0] != seen[1]:
        raise ArgumentError(
            "the models differ in their variables, rows, estimator or treatment of missing "
            f"values ({restricted.n_obs:,} and {free.n_obs:,} rows). Fit both to the same data."
        )
    if restricted.statistic.df <= free.statistic.df:
        raise ArgumentError(
            f"the first model has {restricted.statistic.df} degrees of freedom and the second "
            f"{free.statistic.df}. Give the more restricted model first."
        )
