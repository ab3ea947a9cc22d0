"""Intervals of a correlation, by Fisher's z, and of an estimate, by t."""

from __future__ import annotations

import math

from scipy.special import ndtri, stdtr, stdtrit


def fisher_interval(r: float, n: int, conf_level: float) -> tuple[float, float]:
    """Interval of a Pearson correlation of n rows; NaN below 4 rows.

    Examples
    --------
    >>> [round(end, 3) for end in fisher_interval(0.5, 103, 0.95)]
    [0.339, 0.632]
    """
    if n < 4 or math.isnan(r):
        return math.nan, math.nan
    if abs(r) >= 1.0:
        return r, r
    half = float(ndtri((1.0 + conf_level) / 2.0)) / math.sqrt(n - 3.0)
    z = math.atanh(r)
    return math.tanh(z - half), math.tanh(z + half)


def t_test(estimate: float, se: float, df: float, conf_level: float) -> dict[str, float]:
    """Tidy columns of an estimate that is distributed as t; NaN where it has no standard error.

    Examples
    --------
    >>> found = t_test(2.0, 1.0, 10.0, 0.95)
    >>> round(found["p_value"], 4), round(found["ci_low"], 4)
    (0.0734, -0.2281)
    """
    t = estimate / se if se > 0 else math.nan
    half = float(stdtrit(df, (1.0 + conf_level) / 2.0)) * se
    return {
        "estimate": estimate,
        "se": se,
        "statistic": t,
        "df": df,
        "p_value": 2.0 * float(stdtr(df, -abs(t))),
        "ci_low": estimate - half,
        "ci_high": estimate + half,
    }
