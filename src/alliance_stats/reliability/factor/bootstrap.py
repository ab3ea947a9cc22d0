"""Shares of variance over resampled rows: moments are resampled, the model is fitted to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.sem.blocks import complete_blocks
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.moments import Implied, implied
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.search import search

Floats = NDArray[np.float64]

LEAST = 100


def bootstrap_shares(
    fit: SemResult,
    values: Floats,
    shares: Sequence[Callable[[Implied], float]],
    n_boot: int,
    rng: RandomSource,
) -> Floats:
    """Shares (n_boot, len(shares)) over resamples; NaN where a fit failed.

    Parameters
    ----------
    values : array (n, p)
        The complete rows of the fit.
    """
    check_resamples(n_boot)
    generator = as_generator(rng)
    n = len(values)
    zero = np.zeros(n, dtype=np.intp)
    draws = np.full((n_boot, len(shares)), np.nan)
    for b in range(n_boot):
        blocks = complete_blocks(values[generator.integers(0, n, n)], zero, 1)
        blocks = replace(blocks, mean=0 * blocks.mean, mean_share=0 * blocks.mean_share)
        reference = Likelihood(fit.layout, blocks).value(fit.theta)
        try:
            found = search(Likelihood(fit.layout, blocks, reference), fit.theta)
        except DataError:
            continue
        if found.converged:
            at = implied(fit.layout, found.x)
            draws[b] = [share(at) for share in shares]
    return draws


def check_resamples(n_boot: int) -> None:
    """Raise ArgumentError unless there are enough resamples for percentiles."""
    if isinstance(n_boot, bool) or not isinstance(n_boot, int) or n_boot < LEAST:
        raise ArgumentError(
            f"n_boot={n_boot!r} is no number of resamples for percentiles. Give {LEAST} or more."
        )
