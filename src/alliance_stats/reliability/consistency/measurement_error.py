"""What a reliability means for single scores and for correlations.

Standard errors of measurement, of the estimated true score and of a repeated score (Lord & Novick,
1968, sections 3.7 and 3.8); a correlation corrected for unreliability (Spearman, 1904).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.reliability.intervals import fisher_interval
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows


def standard_error_of_measurement(
    *, sd: float, reliability: float, conf_level: float = 0.95
) -> ReliabilityResult:
    """Error of single scores, in points, from a standard deviation and a reliability.

    The reliability must be that of the claim: differences between persons need one that rests on
    persons, changes of a patient one of change or of retest.

    Parameters
    ----------
    sd : float
        Standard deviation of the scores in the group that the reliability is from.
    reliability : float
        Between 0 and 1.
    conf_level : float
        Of the half widths in the table.

    Returns
    -------
    ReliabilityResult
        Terms, in points: ``measurement`` SD√(1 − r), the error of a score; ``true score``
        SD√(r(1 − r)), of a true score estimated by regression to the mean; ``prediction``
        SD√(1 − r²), of another score predicted from this one; ``difference`` SD√(2(1 − r)), of the
        difference between two scores. Column ``half_width``: how far scores scatter at
        `conf_level`; for ``difference`` it is the smallest detectable change.

    Raises
    ------
    ArgumentError
        If `sd` is not above zero or `reliability` not between 0 and 1.

    Examples
    --------
    >>> errors = standard_error_of_measurement(sd=10.0, reliability=0.91)
    >>> round(errors.value("measurement"), 3)
    3.0
    """
    probability(conf_level, name="conf_level")
    _check_positive(sd, name="sd")
    _check_reliability(reliability, name="reliability", least=0.0)
    r, z = float(reliability), float(ndtri((1.0 + conf_level) / 2.0))
    factors = {
        "measurement": 1.0 - r,
        "true score": r * (1.0 - r),
        "prediction": 1.0 - r**2,
        "difference": 2.0 * (1.0 - r),
    }
    errors = {name: sd * math.sqrt(factor) for name, factor in factors.items()}
    rows = [{"term": t, "estimate": e, "half_width": z * e} for t, e in errors.items()]
    return ReliabilityResult(
        kind="measurement_error",
        title="Standard errors of single scores",
        terms=coefficient_rows(rows),
        counts={},
        conf_level=conf_level,
        notes=(f"SD {sd:g}, reliability {r:g}; the same error for all scores.",),
    )


def disattenuated_correlation(
    r: float,
    *,
    reliability_x: float,
    reliability_y: float = 1.0,
    n: int | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """A correlation corrected for the unreliability of both variables.

    For one correlation of one sample. The correction of a meta-analysis is another matter.

    Parameters
    ----------
    r : float
        Observed correlation.
    reliability_x, reliability_y : float
        Of the scores in the same sample; 1 corrects nothing.
    n : int, optional
        Rows of the correlation, for the interval.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        One term, r/√(r_xx r_yy). The interval is Fisher's, divided by the same root: it takes the
        reliabilities as known, and is too narrow for estimated ones. Values beyond 1 are returned
        with a message.

    Raises
    ------
    ArgumentError
        If a value is outside its range, or n below 4.

    Examples
    --------
    >>> round(disattenuated_correlation(0.3, reliability_x=0.9, reliability_y=0.8).estimate, 4)
    0.3536
    """
    probability(conf_level, name="conf_level")
    if not -1.0 <= r <= 1.0:
        raise ArgumentError(f"r={r:g} is not between -1 and 1. Give a correlation.")
    for name, value in (("reliability_x", reliability_x), ("reliability_y", reliability_y)):
        _check_reliability(value, name=name, least=1e-12)
    if n is not None and n < 4:
        raise ArgumentError(f"n={n} is too few for an interval. Give at least 4, or leave n out.")
    root = math.sqrt(reliability_x * reliability_y)
    low, high = (float("nan"),) * 2 if n is None else fisher_interval(r, n, conf_level)
    estimate = r / root
    messages = []
    if abs(estimate) > 1:
        messages.append(
            f"The corrected correlation is beyond 1 ({estimate:.2f}): the reliabilities are too "
            "low for this correlation, or chance. Do not report it as a correlation."
        )
    ends = {"ci_low": low / root, "ci_high": high / root}
    row = {"term": "corrected r", "estimate": estimate, **ends}
    return warned(
        ReliabilityResult(
            kind="disattenuated",
            title="Correlation corrected for unreliability",
            terms=coefficient_rows([row]),
            counts={} if n is None else {"row": n},
            conf_level=conf_level,
            notes=("Reliabilities are taken as known: the interval is too narrow.",),
            messages=tuple(messages),
        )
    )


def _check_positive(value: float, *, name: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise ArgumentError(f"{name}={value:g} is not above zero. Give a standard deviation.")


def _check_reliability(value: float, *, name: str, least: float) -> None:
    if not least <= value <= 1.0:
        raise ArgumentError(f"{name}={value:g} is not between 0 and 1. Give a reliability.")
