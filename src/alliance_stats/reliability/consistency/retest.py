"""test_retest: the same persons measured twice."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from alliance_stats._base.checks import probability
from alliance_stats.reliability.doors import two_measurements
from alliance_stats.reliability.intervals import fisher_interval, t_test
from alliance_stats.reliability.intraclass.anova import (
    MeanSquares,
    agreement,
    consistency,
    mean_squares,
)
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

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
    return warned(
        ReliabilityResult(
            kind="retest",
            title="Retest reliability",
            terms=coefficient_rows(_rows(pair.first, pair.second, squares, conf_level)),
            counts={"person": n},
            n_dropped=pair.n_dropped,
            conf_level=conf_level,
            messages=tuple(pair.messages),
            tables={
                "Change": _change_row(pair.second - pair.first, conf_level),
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


def _change_row(difference: Floats, conf_level: float) -> pd.DataFrame:
    """Mean of differences with its t test and interval."""
    n, sd = len(difference), float(difference.std(ddof=1))
    found = t_test(float(difference.mean()), sd / math.sqrt(n), n - 1.0, conf_level)
    frame = pd.DataFrame([found]).rename(columns={"estimate": "mean", "statistic": "t"})
    frame.insert(1, "sd", sd)
    return frame


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
