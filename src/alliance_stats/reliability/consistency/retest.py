"""test_retest: the same persons measured twice."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from alliance_stats._base.checks import counted, probability
from alliance_stats.reliability.doors import two_measurements
from alliance_stats.reliability.fisher import fisher_interval
from alliance_stats.reliability.intraclass.anova import (
    MeanSquares,
    agreement,
    consistency,
    mean_squares,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows
from alliance_stats.reliability.warned import warned

Floats = NDArray[np.float64]


def test_retest(first: object, second: object, *, conf_level: float = 0.95) -> ReliabilityResult:
    """Retest reliability: correlation, intraclass correlations, mean change, error of scores.

    For a time in which nobody changes truly. Where patients are in therapy between the two
    measurements, true change counts as error.

    Parameters
    ----------
    first, second : Series or array (n,)
        The same persons in the same order; rows with a missing value are left out and counted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Terms ``r`` (order of persons), ``ICC(C,1)`` (distances too), ``ICC(A,1)`` (and the mean).
        Table ``Change``: mean of second minus first with its t test. Table ``Error``: standard
        error of measurement √MSE and the smallest detectable change at `conf_level`, in points.

    Raises
    ------
    DataError
        If lengths differ, values are not numeric, or fewer than 3 pairs are complete.

    Examples
    --------
    >>> from alliance_stats import reliability
    >>> found = reliability.test_retest([1, 2, 3, 4, 5], [2, 3, 4, 5, 6])
    >>> [round(found.value(term), 3) for term in ("r", "ICC(C,1)", "ICC(A,1)")]
    [1.0, 1.0, 0.833]
    """
    probability(conf_level, name="conf_level")
    pair = two_measurements(first, second)
    n = len(pair.first)
    squares = mean_squares(np.column_stack([pair.first, pair.second]))
    messages = []
    if pair.n_dropped:
        total = counted(n + pair.n_dropped, "pair")
        messages.append(f"{pair.n_dropped:,} of {total} dropped (a measurement missing).")
    return warned(
        ReliabilityResult(
            kind="retest",
            title="Retest reliability",
            terms=coefficient_rows(_rows(pair.first, pair.second, squares, conf_level)),
            counts={"person": n},
            n_dropped=pair.n_dropped,
            conf_level=conf_level,
            messages=tuple(messages),
            tables={
                "Change": change_row(pair.second - pair.first, conf_level),
                "Error": _error_row(squares, conf_level),
            },
        )
    )


def _rows(
    first: Floats, second: Floats, squares: MeanSquares, conf_level: float
) -> list[dict[str, object]]:
    spread = float(first.std() * second.std())
    centred = float(np.mean((first - first.mean()) * (second - second.mean())))
    r = min(1.0, max(-1.0, centred / spread)) if spread > 0 else float("nan")
    low, high = fisher_interval(r, len(first), conf_level)
    rows: list[dict[str, object]] = [
        {"term": "r", "estimate": r, "ci_low": low, "ci_high": high},
    ]
    for term, form in (
        ("ICC(C,1)", consistency(squares, conf_level)),
        ("ICC(A,1)", agreement(squares, conf_level)),
    ):
        rows.append(
            {"term": term, "estimate": form.estimate, "ci_low": form.low, "ci_high": form.high}
        )
    return rows


def change_row(difference: Floats, conf_level: float) -> pd.DataFrame:
    """Mean of differences with its t test and interval."""
    n = len(difference)
    mean, sd = float(difference.mean()), float(difference.std(ddof=1))
    se = sd / math.sqrt(n)
    t = mean / se if se > 0 else float("nan")
    half = float(stdtrit(n - 1.0, (1.0 + conf_level) / 2.0)) * se
    return pd.DataFrame(
        [
            {
                "mean": mean,
                "sd": sd,
                "se": se,
                "t": t,
                "df": n - 1.0,
                "p_value": 2.0 * float(stdtr(n - 1.0, -abs(t))),
                "ci_low": mean - half,
                "ci_high": mean + half,
            }
        ]
    )


def _error_row(squares: MeanSquares, conf_level: float) -> pd.DataFrame:
    error = math.sqrt(max(0.0, squares.residual))
    z = float(ndtri((1.0 + conf_level) / 2.0))
    return pd.DataFrame(
        [
            {
                "standard_error_of_measurement": error,
                "smallest_detectable_change": z * math.sqrt(2.0) * error,
            }
        ]
    )
