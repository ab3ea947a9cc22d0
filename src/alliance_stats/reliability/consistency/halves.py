"""split_half: two halves of a scale, and the range over all ways to halve it.

Spearman (1910) and Brown (1910) for halves of one length; Horst (1951, Educ. Psychol. Meas. 11(3))
for lengths p and q = 1 − p: (√(r⁴ + 4pq r²(1 − r²)) − r²)/(2pq(1 − r²)); Guttman (1945) for halves
of different variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import columns_present, counted, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.reliability.consistency.scale import Scale, read_scale
from alliance_stats.reliability.consistency.splits import (
    MOST_EXACT,
    correlation_of,
    drawn_splits,
    every_split,
    guttman_of,
    half_moments,
)
from alliance_stats.reliability.intervals import fisher_interval
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]

#: Splits drawn where there are too many to try all.
N_DRAWN = 10_000


def stepped_up(r: Floats) -> Floats:
    """Spearman–Brown: the reliability of both halves together.

    Examples
    --------
    >>> stepped_up(np.array([0.5])).round(4).tolist()
    [0.6667]
    """
    return np.asarray(2.0 * r / (1.0 + r))


def unequal_lengths(r: float, share: float) -> float:
    """Horst's formula for halves with `share` and 1 − `share` of the items; NaN for r < 0.

    Examples
    --------
    >>> round(unequal_lengths(0.5, 0.5), 4), round(unequal_lengths(0.5, 0.25), 4)
    (0.6667, 0.7136)
    """
    if not 0.0 <= r < 1.0:
        return r if r == 1.0 else float("nan")
    pq, rest = share * (1.0 - share), 1.0 - r**2
    return (math.sqrt(r**4 + 4.0 * pq * r**2 * rest) - r**2) / (2.0 * pq * rest)


def split_half(
    items: object,
    *,
    first: Sequence[str] | None = None,
    conf_level: float = 0.95,
    rng: RandomSource | None = None,
) -> ReliabilityResult:
    """Split-half reliability, for one split and over all of them.

    Parameters
    ----------
    items : DataFrame or array (n, k)
        Incomplete rows are left out and counted.
    first : list of str, optional
        Items of the first half; by default the 1st, 3rd, 5th, … (odd and even items).
    conf_level : float
        Of the interval, from Fisher's z of the correlation of the halves.
    rng : int, SeedSequence or Generator, optional
        With more than 20 items: draws 10,000 splits for the range over splits, which is left out
        otherwise.

    Returns
    -------
    ReliabilityResult
        Terms ``halves r``, ``spearman-brown``, ``horst`` (halves of different lengths) and
        ``guttman``; a table with the lowest, the average and the highest of all splits.

    Raises
    ------
    DataError
        As `cronbach_alpha`; also if `first` names no item.
    ArgumentError
        If `first` leaves no second half, or `rng` would be ignored.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> answers = generator.normal(size=(500, 1)) + generator.normal(size=(500, 6))
    >>> round(split_half(answers).value("spearman-brown"), 2)
    0.84
    """
    probability(conf_level, name="conf_level")
    scale = read_scale(items)
    if rng is not None and scale.k <= MOST_EXACT:
        raise ArgumentError(
            f"rng would be ignored: every split of {counted(scale.k, 'item')} is tried. "
            "Leave it out."
        )
    signs = _signs(scale, first)
    splits, about_splits = _splits(scale, rng)
    table = pd.DataFrame() if splits is None else _over_splits(scale.covariance, splits)
    half = [name for name, s in zip(scale.items.names, signs, strict=True) if s > 0]
    return warned(
        ReliabilityResult(
            kind="split_half",
            title="Split-half reliability",
            terms=coefficient_rows(_rows(scale, signs, conf_level)),
            counts=scale.counts,
            n_dropped=scale.n_dropped,
            conf_level=conf_level,
            notes=(f"Halves: {', '.join(half)} against the rest.", *about_splits),
            messages=scale.messages,
            tables={} if splits is None else {"Over splits": table},
        )
    )


def _signs(scale: Scale, first: Sequence[str] | None) -> Floats:
    """Signs (k,) of the split that is asked for."""
    if first is None:
        return np.where(np.arange(scale.k) % 2 == 0, 1.0, -1.0)
    columns_present(pd.DataFrame(columns=list(scale.items.names)), first, role="first")
    signs = np.where(np.isin(scale.items.names, list(first)), 1.0, -1.0)
    if abs(signs.sum()) == scale.k:
        raise ArgumentError(
            f"first= names {counted(int((signs > 0).sum()), 'item')} of {scale.k}. "
            "Each half needs an item."
        )
    return signs


def _splits(scale: Scale, rng: RandomSource | None) -> tuple[Floats | None, list[str]]:
    k = scale.k
    if k <= MOST_EXACT:
        splits = every_split(k)
        return splits, [f"Over splits: all {len(splits):,} into {k // 2} and {k - k // 2} items."]
    if rng is None:
        return None, [f"More than {MOST_EXACT} items: give rng= for the range over drawn splits."]
    return drawn_splits(k, N_DRAWN, as_generator(rng)), [
        f"Over splits: {N_DRAWN:,} drawn; the lowest and highest of all lie outside."
    ]


def _over_splits(covariance: Floats, splits: Floats) -> pd.DataFrame:
    moments = half_moments(covariance, splits)
    up = stepped_up(correlation_of(*moments))
    found = {"spearman-brown": up, "guttman": guttman_of(*moments)}
    return pd.DataFrame(
        [
            {"term": term, "lowest": v.min(), "average": v.mean(), "highest": v.max()}
            for term, v in found.items()
        ]
    )


def _rows(scale: Scale, signs: Floats, conf_level: float) -> list[dict[str, object]]:
    moments = half_moments(scale.covariance, signs[None])
    r = float(correlation_of(*moments)[0])
    share = float((signs > 0).mean())
    ends = fisher_interval(r, scale.n, conf_level)
    up = stepped_up(np.array([r, *ends]))
    horst = [unequal_lengths(float(x), share) for x in (r, *ends)]
    rows = [("halves r", r, *ends), ("spearman-brown", *up), ("horst", *horst)]
    named = [
        {"term": t, "estimate": float(e), "ci_low": float(a), "ci_high": float(b)}
        for t, e, a, b in rows
    ]
    return [*named, {"term": "guttman", "estimate": float(guttman_of(*moments)[0])}]
