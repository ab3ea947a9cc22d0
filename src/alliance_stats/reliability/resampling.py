"""Percentile intervals of coefficients that are functions of sums over rows or clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import counted, is_whole
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource
from alliance_stats.numeric.resample import bootstrap_sums

Floats = NDArray[np.float64]

N_BOOT = 2000
LEAST_BOOT = 200
#: Resamples whose sums become coefficients at a time.
BLOCK = 256


def check_bootstrap(n_boot: int, rng: RandomSource | None, *, wanted: bool, how: str) -> None:
    """Raise ArgumentError where a bootstrap lacks its source, or would not take place.

    Parameters
    ----------
    n_boot : int
    rng : int, SeedSequence, Generator or None
    wanted : bool
        Whether a bootstrap was asked for.
    how : str
        The argument that asks for it, for the message.
    """
    whole = is_whole(n_boot)
    if not whole or n_boot < LEAST_BOOT:
        raise ArgumentError(
            f"n_boot={n_boot!r} is not a usable number of resamples. "
            f"Give a whole number from {LEAST_BOOT}, such as {N_BOOT}."
        )
    if wanted and rng is None:
        raise ArgumentError(f"{how} needs random numbers. Give rng=1, say.")
    if not wanted and (rng is not None or n_boot != N_BOOT):
        raise ArgumentError(f"rng= and n_boot= would be ignored without {how}. Leave them out.")


def by_cluster(contributions: Floats, codes: NDArray[np.intp] | None) -> Floats:
    """Contributions (n, m) of rows summed over the rows of each cluster.

    Examples
    --------
    >>> by_cluster(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1])).ravel().tolist()
    [2.0, 5.0]
    """
    if codes is None:
        return contributions
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    return np.asarray(np.add.reduceat(contributions[order], starts, axis=0))


def resampled(
    contributions: Floats,
    statistic: Callable[[Floats], Floats],
    n_boot: int,
    rng: RandomSource,
) -> Floats:
    """Statistics (n_boot, q) of resampled sums.

    Parameters
    ----------
    contributions : array (n_clusters, m)
    statistic : callable
        From sums (b, m) to statistics (b, q).
    n_boot : int
    rng : int, SeedSequence or Generator

    Examples
    --------
    >>> rows = np.column_stack([np.arange(5.0), np.ones(5)])
    >>> resampled(rows, lambda s: s[:, :1] / s[:, 1:], 3, rng=1).shape
    (3, 1)
    """
    sums = bootstrap_sums(contributions, n_boot, rng)
    blocks = [statistic(sums[start : start + BLOCK]) for start in range(0, n_boot, BLOCK)]
    return np.concatenate(blocks)


def percentiles(draws: Floats, conf_level: float) -> tuple[Floats, Floats, Floats]:
    """Standard errors and interval ends (q,) of draws (n_boot, q); draws that are NaN left out.

    Examples
    --------
    >>> [ends.round(6).tolist() for ends in percentiles(np.arange(101.0)[:, None], 0.9)][1:]
    [[5.0], [95.0]]
    """
    tail = (1.0 - conf_level) / 2.0
    found = np.full((3, draws.shape[1]), np.nan)
    for j, column in enumerate(draws.T):
        kept = column[np.isfinite(column)]
        if len(kept) > 1:
            found[:, j] = kept.std(ddof=1), *np.quantile(kept, [tail, 1.0 - tail])
    return found[0], found[1], found[2]


def about_undefined(draws: Floats, what: str) -> list[str]:
    """Says in how many resamples the first statistic is undefined, if in any."""
    lost = int((~np.isfinite(draws[:, 0])).sum())
    if not lost:
        return []
    return [f"{what} is undefined in {counted(lost, 'resample')} of {len(draws):,}, left out."]
