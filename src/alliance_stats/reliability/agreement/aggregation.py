"""aggregation_icc: whether ratings may be averaged to patients, and these to therapists.

One-way analysis of variance of ratings in groups of mean size N (Bliese, 2000, in Klein &
Kozlowski, Multilevel theory, ch. 8; Bartko, 1976, Psychological Bulletin 83(5)):

    ICC(1) = (MSB − MSW)/(MSB + (N − 1) MSW),   ICC(2) = (MSB − MSW)/MSB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtrc, fdtri

from alliance_stats._base.checks import (
    columns_present,
    counted,
    frame_given,
    numeric_column,
    probability,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.messages import about_dropped, warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Groups:
    """One-way analysis of variance.

    Attributes
    ----------
    between, within : float
        Mean squares; `within` is NaN where no group has two values.
    df1, df2 : float
    size : float
        Mean number of values a group.
    unequal : bool
        Whether groups differ in size.
    """

    between: float
    within: float
    df1: float
    df2: float
    size: float
    unequal: bool


def one_way_groups(values: Floats, codes: NDArray[np.intp]) -> Groups:
    """Mean squares of values (N,) in groups.

    Examples
    --------
    >>> found = one_way_groups(np.array([1.0, 3.0, 4.0, 6.0]), np.array([0, 0, 1, 1]))
    >>> found.between, found.within
    (9.0, 2.0)
    """
    sizes = np.bincount(codes)
    j, n = len(sizes), len(values)
    centred = values - values.mean()
    means = np.bincount(codes, weights=centred) / sizes
    rest = centred - means[codes]
    df1, df2 = j - 1.0, float(n - j)
    return Groups(
        between=float(sizes @ means**2) / df1,
        within=float(rest @ rest) / df2 if df2 > 0 else math.nan,
        df1=df1,
        df2=df2,
        size=n / j,
        unequal=bool(np.ptp(sizes) > 0),
    )


def aggregation_icc(
    frame: pd.DataFrame,
    *,
    score: str,
    units: str | Sequence[str],
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """ICC(1) and ICC(2) of averaging a score to patients, and patients' means to therapists.

    ICC(1) is the share of variance that lies between the groups, ICC(2) the reliability of their
    means. A therapist's step rests on the means of patients, one value a patient.

    Parameters
    ----------
    frame : DataFrame
        One rating a row.
    score : str
    units : str or list of str
        Grouping columns from the inside out, ``"patient"`` or ``["patient", "therapist"]``.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Leading column ``unit``; terms ``ICC(1)``, ``ICC(2)`` with F (``df``,
        ``df_denominator``) of differences between groups, and ``size``, the mean number of values
        a group.

    Raises
    ------
    DataError
        If a column is missing or not numeric, there are fewer than 2 groups, or a patient occurs
        with several therapists.
    ArgumentError
        If `units` is empty.

    Warns
    -----
    DataWarning
        If rows were dropped, groups differ in size, or no group has two values.

    Notes
    -----
    As in R's package multilevel, N is the mean group size. With unequal sizes the intervals are
    approximate, and ICC(2) is that of a group of mean size.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["wai_total"])
    >>> found = aggregation_icc(sessions, score="wai_total", units=["patient", "therapist"])
    >>> found.tidy()["unit"].tolist()
    ['patient', 'patient', 'therapist', 'therapist']
    """
    probability(conf_level, name="conf_level")
    names = [units] if isinstance(units, str) else list(units)
    frame_given(frame, name="frame")
    if not names:
        raise ArgumentError("units is empty. Name the column that makes the groups.")
    columns_present(frame, [score, *names])
    if len({score, *names}) < len(names) + 1:
        raise ArgumentError(f"score={score!r} and units={names!r} name a column twice.")
    numeric_column(frame, score)
    kept = frame[[score, *names]].dropna()
    _check_nested(kept, names)
    rows: list[dict[str, object]] = []
    messages = _about_rows(frame, kept)
    counts = {"rating": len(kept)}
    for name in names:
        codes = pd.factorize(kept[name])[0]
        counts[name] = _check_groups(codes, name)
        found = one_way_groups(kept[score].to_numpy(dtype=float), codes)
        rows += _rows(name, found, conf_level)
        messages += _about_groups(name, found)
        kept = kept.groupby(name, sort=False, as_index=False, observed=True).agg(
            {score: "mean", **dict.fromkeys(names[names.index(name) + 1 :], "first")}
        )
    return warned(
        ReliabilityResult(
            kind="aggregation",
            title=f"Averaging {score}: ICC(1) and ICC(2)",
            terms=coefficient_rows(rows),
            counts=counts,
            n_dropped=len(frame) - counts["rating"],
            conf_level=conf_level,
            notes=("ICC(1): share of variance between groups; ICC(2): reliability of means.",),
            messages=tuple(messages),
        )
    )


def _check_nested(kept: pd.DataFrame, names: list[str]) -> None:
    """Raise where a patient occurs with several therapists."""
    for inner, outer in zip(names, names[1:], strict=False):
        pairs = kept[[inner, outer]].drop_duplicates()
        several = int((pairs[inner].value_counts() > 1).sum())
        if several:
            raise DataError(
                f"{counted(several, inner)} with more than one '{outer}', so that '{inner}' is not "
                f"nested in '{outer}'. Give one step at a time, or keep one '{outer}' each."
            )


def _check_groups(codes: NDArray[np.intp], name: str) -> int:
    n = int(codes.max(initial=-1)) + 1
    if n < 2:
        raise DataError(f"{counted(n, 'group')} of '{name}', at least 2 are needed.")
    return n


def _rows(unit: str, found: Groups, conf_level: float) -> list[dict[str, object]]:
    """Both coefficients, with the interval of the ratio of mean squares."""
    n, upper = found.size, (1.0 + conf_level) / 2.0
    f = found.between / found.within if found.within > 0 else math.nan
    over = float(fdtri(found.df1, found.df2, upper)) if found.df2 > 0 else math.nan
    under = float(fdtri(found.df2, found.df1, upper)) if found.df2 > 0 else math.nan
    ratios = (f, f / over, f * under)
    test = {
        "unit": unit,
        "statistic": f,
        "df": found.df1,
        "p_value": float(fdtrc(found.df1, found.df2, f)) if f >= 0 else math.nan,
        "df_denominator": found.df2,
        "size": n,
    }
    single = [(ratio - 1.0) / (ratio + n - 1.0) for ratio in ratios]
    mean = [1.0 - 1.0 / ratio if ratio > 0 else math.nan for ratio in ratios]
    return [
        {**test, "term": term, "estimate": e, "ci_low": low, "ci_high": high}
        for term, (e, low, high) in (("ICC(1)", single), ("ICC(2)", mean))
    ]


def _about_rows(frame: pd.DataFrame, kept: pd.DataFrame) -> list[str]:
    causes = ", ".join(
        f"{name} missing: {int(n):,}" for name, n in frame[kept.columns].isna().sum().items() if n
    )
    return about_dropped(len(frame) - len(kept), len(frame), "row", causes)


def _about_groups(unit: str, found: Groups) -> list[str]:
    messages = []
    if math.isnan(found.within):
        messages.append(f"No '{unit}' has two values: its coefficients are undefined (NaN).")
    elif not found.within > 0:
        messages.append(f"Values within '{unit}' do not vary: its coefficients are undefined.")
    elif found.between < found.within:
        messages.append(
            f"Groups of '{unit}' differ less than the values within them: read ICCs below zero as "
            "zero."
        )
    return messages
