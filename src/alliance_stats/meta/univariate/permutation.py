"""Permutation tests of a mean by sign flips, and of moderators by permuting studies.

Follmann & Proschan (1999, Biometrics 55, 732–737); Higgins & Thompson (2004, Stat. Med. 23,
1663–1682). Every permutation is fitted anew, τ² included; the share of permutations whose
statistic is at least as far from 0 as the observed one is the p value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import is_whole
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.meta.univariate.fits import Fits, fit_many
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.kernel import DataSets, Floats, data_sets

#: At most so many permutations are enumerated.
EXACT = 10_000
#: Effect sizes fitted at a time.
CHUNK = 100_000
#: A statistic this much below the observed one, relative, counts as equal to it.
TIES = 1e-8


@dataclass(frozen=True, eq=False)
class Permuted:
    """Statistics of permuted data.

    Attributes
    ----------
    statistics : array (n, m)
        Absolute statistics of coefficients, then of terms, of every permutation.
    observed : array (m,)
        Those of the data.
    exact : bool
        Whether `statistics` hold every permutation; else random ones, the data themselves first.
    """

    statistics: Floats
    observed: Floats
    exact: bool

    @property
    def p_values(self) -> Floats:
        """Shares of permutations at least as extreme as the data, (m,)."""
        least = self.observed * (1.0 - TIES)
        return np.asarray((self.statistics >= least).mean(axis=0))


def permute(self: FittedMeta, n: int, rng: RandomSource | None) -> Permuted:
    """Fit every permutation if there are at most `EXACT`, else `n` with the data the first."""
    flips = self.mean_only
    rows = _rows_alike(self.studies.x)
    count = self.studies.k * log(2.0) if flips else log_arrangements(rows)
    exact = count <= log(EXACT + 0.5)
    if exact:
        ways = all_signs(self.studies.k) if flips else all_arrangements(rows)
    else:
        generator = _generator(count, n, rng)
        ways = _random_signs(self, n - 1, generator) if flips else _shuffled(rows, n, generator)
    size = max(1, CHUNK // self.studies.k)
    parts = [_statistics(self, ways[i : i + size]) for i in range(0, len(ways), size)]
    observed = statistics_of(self, self.fits)[0]
    if not exact:
        parts.insert(0, observed[None])
    return Permuted(np.concatenate(parts), observed, exact)


def _generator(count: float, n: int, rng: RandomSource | None) -> np.random.Generator:
    if not is_whole(n) or n < 100:
        raise ArgumentError(f"n={n!r} is no number of permutations. Give 1000 or more.")
    if rng is None:
        raise ArgumentError(
            f"there are {np.exp(min(count, 700.0)):.3g} permutations, too many to try all "
            f"({EXACT:,}), so that random ones are drawn. Give rng=1, say."
        )
    return as_generator(rng)


def all_signs(k: int) -> NDArray[np.intp]:
    """Every way to give signs to k effects, (2^k, k).

    Examples
    --------
    >>> all_signs(2).tolist()
    [[1, 1], [-1, 1], [1, -1], [-1, -1]]
    """
    bits = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    return np.asarray(1 - 2 * bits, dtype=np.intp)


def _random_signs(self: FittedMeta, n: int, generator: np.random.Generator) -> NDArray[np.intp]:
    return np.asarray(1 - 2 * generator.integers(0, 2, size=(n, self.studies.k)), dtype=np.intp)


def _rows_alike(x: Floats) -> NDArray[np.intp]:
    """A number for every row of the design, the same for rows that are the same, (k,)."""
    return np.unique(x, axis=0, return_inverse=True)[1].ravel()


def log_arrangements(rows: NDArray[np.intp]) -> float:
    """Logarithm of the number of different orders of rows of which some are alike."""
    return lgamma(len(rows) + 1) - sum(lgamma(int(n) + 1) for n in np.bincount(rows))


def all_arrangements(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every different order of rows of which some are alike, (n, k).

    Examples
    --------
    >>> all_arrangements(np.array([1, 0, 0])).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    ways = np.empty((1, 0), dtype=np.intp)
    left = np.bincount(rows)[None]
    for _ in rows:
        can, kind = np.nonzero(left)
        ways = np.column_stack([ways[can], kind])
        left = left[can]
        left[np.arange(len(kind)), kind] -= 1
    return ways[::-1]


def _shuffled(rows: NDArray[np.intp], n: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Random orders of rows, (n − 1, k)."""
    return generator.permuted(np.tile(rows, (n - 1, 1)), axis=1)


def _statistics(self: FittedMeta, ways: NDArray[np.intp]) -> Floats:
    """Statistics of some permutations, (n, m)."""
    data = _flipped(self, ways) if self.mean_only else _arranged(self, ways)
    return statistics_of(self, fit_many(data, method=self.method, test=self.test))


def _flipped(self: FittedMeta, signs: NDArray[np.intp]) -> DataSets:
    return data_sets(signs * self.studies.yi, self.studies.vi, self.studies.x)


def _arranged(self: FittedMeta, ways: NDArray[np.intp]) -> DataSets:
    """Studies in the order of the design rows that they are given, the design sorted."""
    x = self.studies.x[np.argsort(_rows_alike(self.studies.x), kind="stable")]
    order = np.argsort(ways, axis=1, kind="stable")
    return data_sets(self.studies.yi[order], self.studies.vi[order], x)


def tested_sets(self: FittedMeta) -> list[NDArray[np.intp]]:
    """Positions of the coefficients of every term, and of all moderators."""
    of_column = np.array(self.studies.moderators.term_of_column)
    terms = range(len(self.studies.moderators.fixed.terms))
    sets = [np.flatnonzero(of_column == i) for i in terms]
    return [*(s for s in sets if len(s)), np.flatnonzero(of_column >= 0)]


def statistics_of(self: FittedMeta, fits: Fits) -> Floats:
    """|t| of coefficients and, with moderators, Wald statistics of terms and of all, (B, m)."""
    z = fits.beta / fits.se
    if self.mean_only:
        return np.abs(z)
    moderators = tested_sets(self)[-1]
    walds = [_wald(fits, z, which) for which in tested_sets(self)]
    return np.column_stack([np.abs(z[:, moderators]), *walds])


def _wald(fits: Fits, z: Floats, which: NDArray[np.intp]) -> Floats:
    """χ² or F of some coefficients of every data set, (B,)."""
    pairs = np.ix_(np.arange(len(z)), which, which)
    se = fits.se[:, which]
    correlation = fits.covariance[pairs] / (se[:, :, None] * se[:, None, :])
    some = z[:, which, None]
    chi2 = (np.swapaxes(some, 1, 2) @ np.linalg.solve(correlation, some))[:, 0, 0]
    return chi2 if fits.test == "z" else chi2 / len(which)
