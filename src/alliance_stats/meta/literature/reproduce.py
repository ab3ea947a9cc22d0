"""reproduce: what the printed numbers of a meta-analysis imply, and whether they fit each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.literature.checks import check_frame
from alliance_stats.meta.literature.implied import Heterogeneity, Interval, heterogeneity
from alliance_stats.meta.literature.result import Reproduction
from alliance_stats.meta.literature.table import PublishedRow, row_of

#: Harmonic over arithmetic mean of study sizes, where nothing else is known: lognormal sizes with
#: an SD of the logarithm of .71. Sharf et al. (2010) print mean 118 and SD 115, which is .51.
TYPICAL = 0.6


def reproduce(key: str, *, n: float | Sequence[float] | None = None) -> Reproduction:
    """Work out what a published meta-analysis implies beyond what it prints.

    Use it to learn what can be known without the studies' data, and what cannot: the standard
    error from the interval, the heterogeneity τ² and the prediction interval that would go with
    it, and whether the printed numbers (r and d, estimate and interval, I², share of negative
    effects) can be true at once, given how they were rounded.

    Parameters
    ----------
    key : str
        A ``key`` of `published`, such as ``"flueckiger_2018"``.
    n : float or sequence of float, optional
        Patients a study that are to be supposed, one or more, each above 4. By default two
        values: the mean N/k, as if all studies were of one size, and .6 N/k, as if sizes were as
        skewed as they usually are (the harmonic mean counts). For an N of "more than", both are
        the least there can be.

    Returns
    -------
    Reproduction
        ``tidy()`` has the estimate on Fisher's z, on r, as d and as share of variance, with the
        implied standard errors; ``heterogeneity`` one row a supposed study size; ``checks`` one
        row a comparison; ``messages`` says in words what cannot be found.

    Raises
    ------
    ArgumentError
        If there is no such key (the nearest is named), or `n` is given where no heterogeneity can
        be found, or holds something else than numbers above 4.

    Notes
    -----
    τ² ≈ k·SE² − v̄ supposes k independent effects of equal weight, one a study, and an interval
    formed as estimate ± 1.96 SE on Fisher's z. Weighted or three-level models give another τ².

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.meta.reproduce("flueckiger_2018")
    >>> shown = ["n_per_study", "tau2", "pi_low", "pi_high", "negative_observed"]
    >>> result.heterogeneity[shown].round(3)
       n_per_study   tau2  pi_low  pi_high  negative_observed
    0      101.695  0.032  -0.063    0.561              0.081
    1       61.017  0.024  -0.022    0.532              0.081
    >>> result.checks.set_index("check")["verdict"]["share of negative effects"]
    'differs'
    """
    row = row_of(key)
    interval = _interval(row)
    possible = interval is not None and row.k is not None and row.sampling == "correlation"
    supposed = _sizes(row, n, possible)
    found: tuple[Heterogeneity, ...] = ()
    if interval is not None and row.k is not None and possible:
        se = interval.standard_error("z")
        found = tuple(heterogeneity(row.k, se, size) for size in supposed)
    return Reproduction(row, interval, found, check_frame(row, interval, found), n is not None)


def _interval(row: PublishedRow) -> Interval | None:
    if row.ci_low is None or row.ci_high is None:
        return None
    return Interval(row.ci_low, row.ci_high)


def _sizes(
    row: PublishedRow, n: float | Sequence[float] | None, possible: bool
) -> tuple[float, ...]:
    """Supposed study sizes."""
    if n is None:
        mean = row.n_per_study if row.n_kind in ("exact", "floor") else None
        return () if mean is None else (mean, TYPICAL * mean)
    if not possible:
        raise ArgumentError(
            f"n is given, but '{row.key}' has no interval of a correlation over k studies, from "
            "which heterogeneity could be found. Leave n out."
        )
    values = np.asarray(n, dtype=float).ravel() if _numbers(n) else np.array([])
    if not len(values) or not (np.isfinite(values) & (values > 4)).all():
        raise ArgumentError(
            f"n={n!r} holds no numbers of patients above 4. Give one or more, such as (60, 100)."
        )
    return tuple(float(value) for value in values)


def _numbers(n: object) -> bool:
    try:
        return np.asarray(n).dtype.kind in "iuf"
    except ValueError:
        return False
