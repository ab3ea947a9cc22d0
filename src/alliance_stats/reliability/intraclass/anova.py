"""Intraclass correlations of a design of n targets and k raters, from mean squares.

McGraw & Wong (1996, Psychological Methods 1(1), tables 4, 7 and 8): with the mean squares of
targets MSR, raters MSC, residual MSE and within targets MSW,

    ICC(1) = (MSR − MSW)/(MSR + (k − 1) MSW)
    ICC(C,1) = (MSR − MSE)/(MSR + (k − 1) MSE)
    ICC(A,1) = (MSR − MSE)/(MSR + (k − 1) MSE + k (MSC − MSE)/n)

and ICC(·,k) = k ICC/(1 + (k − 1) ICC). In unbalanced designs n and k are the effective numbers
of targets a rater and raters a target, the degrees of freedom those of the design.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, fdtri

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares with their degrees of freedom, and the size of the design.

    Attributes
    ----------
    targets, raters, residual, within : float
    df_targets, df_raters, df_residual, df_within : float
    n, k : float
        Targets a rater, raters a target.
    """

    targets: float
    raters: float
    residual: float
    within: float
    df_targets: float
    df_raters: float
    df_residual: float
    df_within: float
    n: float
    k: float


@dataclass(frozen=True, slots=True)
class Form:
    """One coefficient with its test against zero and its interval.

    Attributes
    ----------
    estimate, low, high : float
    f, df1, df2, p : float
    """

    estimate: float
    low: float
    high: float
    f: float
    df1: float
    df2: float
    p: float


def mean_squares(table: Floats) -> MeanSquares:
    """Mean squares of complete ratings (n, k).

    Examples
    --------
    >>> found = mean_squares(np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]]))
    >>> round(found.targets, 4), round(found.within, 4)
    (4.1667, 0.8333)
    """
    n, k = table.shape
    centred = table - table.mean()
    of_target, of_rater = centred @ np.full(k, 1.0 / k), np.full(n, 1.0 / n) @ centred
    between, across = k * float(of_target @ of_target), n * float(of_rater @ of_rater)
    residual = centred - of_rater
    residual -= of_target[:, None]
    error = float(np.vdot(residual, residual))
    return MeanSquares(
        targets=between / (n - 1.0),
        raters=across / (k - 1.0),
        residual=error / ((n - 1.0) * (k - 1.0)),
        within=(across + error) / (n * (k - 1.0)),
        df_targets=n - 1.0,
        df_raters=k - 1.0,
        df_residual=(n - 1.0) * (k - 1.0),
        df_within=n * (k - 1.0),
        n=float(n),
        k=float(k),
    )


def variance_components(ms: MeanSquares) -> dict[str, float]:
    """Variances of targets, raters and the residual that the mean squares imply; may be < 0."""
    return {
        "targets": (ms.targets - ms.residual) / ms.k,
        "raters": (ms.raters - ms.residual) / ms.n,
        "residual": ms.residual,
    }


def average_of(single: float, k: float) -> float:
    """Spearman–Brown: the coefficient of the mean of k ratings; NaN where it has no limit."""
    below = 1.0 + (k - 1.0) * single
    return k * single / below if below > 0 else float("nan")


def one_way(ms: MeanSquares, conf_level: float) -> Form:
    """ICC(1): raters differ from target to target."""
    return _from_ratio(ms.targets, ms.within, ms.df_targets, ms.df_within, ms.k, conf_level)


def consistency(ms: MeanSquares, conf_level: float) -> Form:
    """ICC(C,1): differences between raters do not count."""
    return _from_ratio(ms.targets, ms.residual, ms.df_targets, ms.df_residual, ms.k, conf_level)


def agreement(ms: MeanSquares, conf_level: float) -> Form:
    """ICC(A,1): differences between raters count as error."""
    n, k = ms.n, ms.k
    below = ms.targets + (k - 1.0) * ms.residual + k / n * (ms.raters - ms.residual)
    rho = _ratio(ms.targets - ms.residual, below)
    low, high = _agreement_interval(ms, rho, conf_level)
    same = consistency(ms, conf_level)
    return Form(rho, low, high, same.f, same.df1, same.df2, same.p)


def average(form: Form, k: float) -> Form:
    """The same for the mean of k ratings."""
    estimate, low, high = (average_of(x, k) for x in (form.estimate, form.low, form.high))
    return Form(estimate, low, high, form.f, form.df1, form.df2, form.p)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def _from_ratio(
    above: float, below: float, df1: float, df2: float, k: float, conf_level: float
) -> Form:
    """Coefficient, exact interval and test from one ratio of mean squares."""
    rho = _ratio(above - below, above + (k - 1.0) * below)
    f = _ratio(above, below)
    if not f >= 0 and above > 0:  # no residual at all
        f = float("inf")
    upper = (1.0 + conf_level) / 2.0
    if np.isinf(f):
        return Form(rho, 1.0, 1.0, f, df1, df2, 0.0)
    ends = (f / float(fdtri(df1, df2, upper)), f * float(fdtri(df2, df1, upper)))
    low, high = ((end - 1.0) / (end + k - 1.0) for end in ends)
    return Form(rho, low, high, f, df1, df2, float(fdtrc(df1, df2, f)))


def _agreement_interval(ms: MeanSquares, rho: float, conf_level: float) -> tuple[float, float]:
    """McGraw & Wong's table 7: the denominator's degrees of freedom after Satterthwaite."""
    n, k = ms.n, ms.k
    if not rho < 1.0:
        return rho, rho
    a = k * rho / (n * (1.0 - rho))
    b = 1.0 + k * rho * (n - 1.0) / (n * (1.0 - rho))
    mixed = (a * ms.raters + b * ms.residual) ** 2
    parts = (a * ms.raters) ** 2 / ms.df_raters + (b * ms.residual) ** 2 / ms.df_residual
    df = mixed / parts if parts > 0 else float("nan")
    upper = (1.0 + conf_level) / 2.0
    over, under = float(fdtri(ms.df_targets, df, upper)), float(fdtri(df, ms.df_targets, upper))
    error = k * ms.raters + (k * n - k - n) * ms.residual
    low = n * (ms.targets - over * ms.residual) / (over * error + n * ms.targets)
    high = n * (under * ms.targets - ms.residual) / (error + n * under * ms.targets)
    return low, high
