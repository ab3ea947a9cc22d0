"""Resampling: independent streams of random numbers, and bootstrap sums over resampled clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.random import RandomSource, as_generator

Floats = NDArray[np.float64]

#: Most counts (resamples × clusters) held at a time.
CHUNK = 2_000_000


def spawn_generators(rng: RandomSource, n: int) -> list[np.random.Generator]:
    """Independent generators from one source, the same for the same seed.

    Parameters
    ----------
    rng : int, SeedSequence or Generator
    n : int
        How many.

    Examples
    --------
    >>> first, second = spawn_generators(1, 2)
    >>> bool(first.random() == second.random())
    False
    """
    return list(as_generator(rng).spawn(n))


def resample_counts(n_clusters: int, n_boot: int, rng: np.random.Generator) -> Floats:
    """How often each cluster is drawn in each of `n_boot` samples of `n_clusters`, replaced.

    Examples
    --------
    >>> resample_counts(5, 3, np.random.default_rng(1)).sum(axis=1).tolist()
    [5.0, 5.0, 5.0]
    """
    drawn = rng.integers(0, n_clusters, size=(n_boot, n_clusters))
    drawn += n_clusters * np.arange(n_boot)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=n_boot * n_clusters)
    return counts.reshape(n_boot, n_clusters).astype(np.float64)


def bootstrap_sums(contributions: Floats, n_boot: int, rng: RandomSource) -> Floats:
    """Sums over resampled clusters of what each cluster contributes.

    The cluster bootstrap of any statistic that is a function of sums over rows: whole clusters
    are drawn with replacement, so only their totals are needed and no row is touched again.

    Parameters
    ----------
    contributions : array (n_clusters, …)
        Totals of each cluster.
    n_boot : int
        Number of resamples.
    rng : int, SeedSequence or Generator

    Returns
    -------
    array (n_boot, …)

    Examples
    --------
    >>> bootstrap_sums(np.ones((4, 2)), 3, rng=1).tolist()
    [[4.0, 4.0], [4.0, 4.0], [4.0, 4.0]]
    """
    n_clusters = len(contributions)
    flat = contributions.reshape(n_clusters, -1)
    size = max(1, CHUNK // n_clusters)
    starts = range(0, n_boot, size)
    parts = [
        resample_counts(n_clusters, min(size, n_boot - start), generator) @ flat
        for start, generator in zip(starts, spawn_generators(rng, len(starts)), strict=True)
    ]
    return np.concatenate(parts).reshape(n_boot, *contributions.shape[1:])
