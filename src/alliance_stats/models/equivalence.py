"""Two one-sided tests of equivalence, and what a difference may be called after them.

Two estimates are equivalent at level α if the interval of their difference at level 1 − 2α lies
inside the bounds ±δ: the tests of d ≤ −δ and of d ≥ δ both reject (Schuirmann, 1987, Journal of
Pharmacokinetics and Biopharmaceutics, 15, 657–680).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Verdict = Literal["equivalent", "different but negligible", "different", "inconclusive"]


def student_tail(statistic: np.ndarray, df: np.ndarray) -> np.ndarray:
    """P(T > statistic); normal where df is infinite.

    >>> float(student_tail(np.array([0.0]), np.array([5.0]))[0])
    0.5
    """
    infinite = np.isinf(df)
    finite = np.where(infinite, 1.0, df)
    return np.where(infinite, ndtr(-statistic), stdtr(finite, -statistic))


def student_quantile(upper: float, df: np.ndarray) -> np.ndarray:
    """Quantiles of t at one probability; normal where df is infinite."""
    infinite = np.isinf(df)
    return np.where(infinite, ndtri(upper), stdtrit(np.where(infinite, 1.0, df), upper))


def two_one_sided(
    estimate: np.ndarray, se: np.ndarray, df: np.ndarray, bound: np.ndarray
) -> np.ndarray:
    """p values (n,) of equivalence within ±bound: the larger of the two one-sided ones.

    NaN where the standard error is zero or not known.

    Examples
    --------
    >>> one = np.ones(1)
    >>> float(two_one_sided(0.0 * one, one, np.inf * one, 1.96 * one)[0].round(4))
    0.025
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        below = student_tail((estimate + bound) / se, df)
        above = student_tail((bound - estimate) / se, df)
        p = np.maximum(below, above)
    return np.where(se > 0, p, np.nan)


def verdict_of(p_difference: float, p_equivalence: float, alpha: float) -> Verdict:
    """What a difference may be called; a test that is not defined does not reject.

    >>> verdict_of(0.6, 0.2, 0.05)
    'inconclusive'
    """
    differs, equivalent = p_difference < alpha, p_equivalence < alpha
    if equivalent:
        return "different but negligible" if differs else "equivalent"
    return "different" if differs else "inconclusive"
