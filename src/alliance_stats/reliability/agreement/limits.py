"""bland_altman: limits of agreement of two methods, with their intervals.

Limits: bias ± z S (Bland & Altman, 1986, Lancet 327; 1999, Stat. Methods Med. Res. 8(2)).
Intervals by the method of variance estimates recovery (Zou, 2013, Stat. Methods Med. Res. 22(6)):
that of the limit joins the interval of the mean, bias ± z √(S²_means/n), and that of the variance,
for S² = Σ c_j M_j with mean squares M_j on f_j degrees of freedom

    S² − √Σ (c_j M_j (1 − f_j/χ²_{1−α/2}))²,   S² + √Σ (c_j M_j (f_j/χ²_{α/2} − 1))².
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri

from alliance_stats._base.checks import counted, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.agreement.differences import Spread, spread_of_differences
from alliance_stats.reliability.doors import Pair, two_measurements
from alliance_stats.reliability.intervals import t_test
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]
TrueValue = Literal["varies", "constant"]
#: p below which differences are said to change with the size of the measurement.
TREND = 0.05


def bland_altman(
    a: object,
    b: object,
    *,
    subject: object = None,
    true_value: TrueValue = "varies",
    agreement: float = 0.95,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Limits of agreement: how far two measurements of the same thing lie apart.

    Parameters
    ----------
    a, b : Series or array (n,)
        Two measurements in the same unit and order; pairs with a missing value are left out and
        counted.
    subject : Series or array (n,), optional
        Who was measured, where subjects have several pairs.
    true_value : {"varies", "constant"}
        With `subject`: whether what is measured changes from pair to pair (the pairs are linked,
        as session by session), or not (replicates in any order).
    agreement : float
        Share of differences that the limits hold, normally distributed.
    conf_level : float
        Of the intervals.

    Returns
    -------
    ReliabilityResult
        Terms ``bias`` (mean of a − b, with a t test), ``lower limit``, ``upper limit``. Table of
        the variance and of the slope of differences on means; ``plot`` has ``mean`` and
        ``difference``.

    Raises
    ------
    DataError
        If lengths differ, values are not numeric, fewer than 3 pairs are complete, or there are
        fewer than 3 subjects.
    ArgumentError
        If `true_value` would be ignored.

    Warns
    -----
    DataWarning
        If pairs were dropped, or differences change with the mean, so that one pair of limits
        does not fit all.

    References
    ----------
    Bland, J. M., & Altman, D. G. (1999). Measuring agreement in method comparison studies.
    Statistical Methods in Medical Research, 8(2). Zou, G. Y. (2013). Confidence interval
    estimation for the Bland–Altman limits of agreement with multiple observations per individual.
    Statistical Methods in Medical Research, 22(6).

    Examples
    --------
    >>> patient = [52, 61, 47, 70, 58, 66, 49, 63]
    >>> therapist = [50, 55, 49, 64, 60, 59, 50, 60]
    >>> found = bland_altman(patient, therapist)
    >>> round(found.value("bias"), 2), round(found.value("upper limit"), 2)
    (2.38, 9.7)
    """
    for name, level in (("agreement", agreement), ("conf_level", conf_level)):
        probability(level, name=name)
    one_of(true_value, ("varies", "constant"), name="true_value")
    if subject is None and true_value == "constant":
        raise ArgumentError("true_value='constant' would be ignored without subject=. Give both.")
    pair = two_measurements(a, b)
    codes = None if subject is None else _subjects(subject, pair)
    x, y = pair.first, pair.second
    spread = spread_of_differences(x, y, codes, constant=true_value == "constant")
    if spread.n < 3:
        raise DataError(f"{counted(spread.n, 'subject')} with pairs, at least 3 are needed.")
    trend = _trend((x + y) / 2.0, x - y) if codes is None else None
    counts = {"pair": len(x)} if codes is None else {"pair": len(x), "subject": spread.n}
    return warned(
        ReliabilityResult(
            kind="bland_altman",
            title="Limits of agreement",
            terms=coefficient_rows(_rows(spread, agreement, conf_level)),
            counts=counts,
            n_dropped=pair.n_dropped,
            conf_level=conf_level,
            statistic="t",
            notes=(f"Limits for {100 * agreement:g}% of normal differences; intervals by MOVER.",),
            messages=(*pair.messages, *_about_trend(trend)),
            tables=_tables(spread, trend),
            plot=pd.DataFrame({"mean": (x + y) / 2.0, "difference": x - y}),
        )
    )


def _subjects(subject: object, pair: Pair) -> NDArray[np.intp]:
    labels = pd.Series(np.asarray(subject).ravel())
    total = len(pair.rows) + pair.n_dropped
    if len(labels) != total:
        raise DataError(
            f"subject has {counted(len(labels), 'label')} for {counted(total, 'pair')}. "
            "Give one label a pair, in the same order."
        )
    codes = pd.factorize(labels.iloc[pair.rows])[0]
    if (codes < 0).any():
        raise DataError(
            f"subject is missing in {counted(int((codes < 0).sum()), 'pair')}. "
            "Leave them out before."
        )
    return np.asarray(codes, dtype=np.intp)


def _rows(spread: Spread, agreement: float, conf_level: float) -> list[dict[str, object]]:
    se = math.sqrt(spread.means / spread.n)
    z = float(ndtri((1.0 + agreement) / 2.0))
    inner, outer = limit_margins(spread, z, conf_level)
    reach = z * math.sqrt(spread.variance)
    low, high = spread.bias - reach, spread.bias + reach
    return [
        {"term": "bias", **t_test(spread.bias, se, spread.n - 1.0, conf_level)},
        {"term": "lower limit", "estimate": low, "ci_low": low - outer, "ci_high": low + inner},
        {"term": "upper limit", "estimate": high, "ci_low": high - inner, "ci_high": high + outer},
    ]


def limit_margins(spread: Spread, z: float, conf_level: float) -> tuple[float, float]:
    """How far the interval of a limit reaches towards the bias, and away from it."""
    tail = (1.0 - conf_level) / 2.0
    down = up = 0.0
    for factor, square, df in spread.parts:
        part = factor * square
        down += (part * (1.0 - df / float(chdtri(df, tail)))) ** 2
        up += (part * (df / float(chdtri(df, 1.0 - tail)) - 1.0)) ** 2
    variance = spread.variance
    sd = math.sqrt(variance)
    lower = math.sqrt(max(0.0, variance - math.sqrt(down)))
    upper = math.sqrt(variance + math.sqrt(up))
    of_mean = float(ndtri(1.0 - tail)) ** 2 * spread.means / spread.n
    return (
        math.sqrt(of_mean + (z * (sd - lower)) ** 2),
        math.sqrt(of_mean + (z * (upper - sd)) ** 2),
    )


def _trend(mean: Floats, difference: Floats) -> dict[str, float] | None:
    """Slope of differences on means, with its t test."""
    n = len(mean)
    x, y = mean - mean.mean(), difference - difference.mean()
    total = float(x @ x)
    if not total > 0:
        return None
    slope = float(x @ y) / total
    rest = y - slope * x
    se = math.sqrt(float(rest @ rest) / (n - 2.0) / total)
    found = t_test(slope, se, n - 2.0, 0.95)
    names = {"estimate": "slope", "se": "se", "statistic": "t", "df": "df", "p_value": "p_value"}
    return {name: found[column] for column, name in names.items()}


def _about_trend(trend: dict[str, float] | None) -> list[str]:
    if trend is None or not trend["p_value"] < TREND:
        return []
    return [
        f"Differences change with the size of the measurement (slope {trend['slope']:.2f} per "
        "point): the limits are too wide at one end and too narrow at the other. Look at the plot."
    ]


def _tables(spread: Spread, trend: dict[str, float] | None) -> dict[str, pd.DataFrame]:
    parts = {"sd": math.sqrt(spread.variance), "sd_of_subject_means": math.sqrt(spread.means)}
    tables = {"Differences": pd.DataFrame([parts])}
    if trend is not None:
        tables["Slope on the mean"] = pd.DataFrame([trend])
    return tables
