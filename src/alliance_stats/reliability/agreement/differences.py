"""Variance of differences between two methods, for one or several pairs a subject.

Bland & Altman (1999, Stat. Methods Med. Res. 8(2), section 5; 2007, J. Biopharm. Stat. 17(4)).
With several pairs a subject and m̄ the harmonic mean of their numbers,

    S² = S²_means + (1 − 1/m̄) S²_within                    if the true value varies (linked pairs),
    S² = S²_means + (1 − 1/m̄) (S²_within,a + S²_within,b)  if it is constant (replicates),

where S²_means is the variance of the subjects' mean differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spread:
    """Mean and variance of a difference, as a sum of independent mean squares.

    Attributes
    ----------
    bias : float
        Mean of the subjects' mean differences.
    n : int
        Subjects.
    means : float
        Variance of the subjects' mean differences.
    parts : tuple of (factor, mean square, df)
        The variance of one difference is Σ factor × mean square.
    """

    bias: float
    n: int
    means: float
    parts: tuple[tuple[float, float, float], ...]

    @property
    def variance(self) -> float:
        """Variance of a difference."""
        return float(sum(factor * square for factor, square, _ in self.parts))


def spread_of_differences(
    a: Floats, b: Floats, subjects: NDArray[np.intp] | None, *, constant: bool
) -> Spread:
    """Mean and variance of a − b.

    Parameters
    ----------
    a, b : array (N,)
    subjects : array (N,) of int, or None
        None: one pair a subject.
    constant : bool
        Whether the true value of a subject stays the same.

    Examples
    --------
    >>> pairs = np.array([1.0, 2.0, 4.0, 4.0]), np.array([0.0, 2.0, 3.0, 5.0])
    >>> found = spread_of_differences(*pairs, None, constant=False)
    >>> found.bias, round(found.variance, 4)
    (0.25, 0.9167)
    """
    difference = a - b
    if subjects is None or len(np.unique(subjects)) == len(subjects):
        variance = float(difference.var(ddof=1))
        n = len(difference)
        return Spread(float(difference.mean()), n, variance, ((1.0, variance, n - 1.0),))
    codes = np.unique(subjects, return_inverse=True)[1]
    sizes = np.bincount(codes)
    n, rest = len(sizes), float(len(codes) - len(sizes))
    means = np.bincount(codes, weights=difference) / sizes
    of_means = float(means.var(ddof=1))
    factor = 1.0 - float(np.mean(1.0 / sizes))
    series = (a, b) if constant else (difference,)
    within = tuple((factor, _within(x, codes, sizes), rest) for x in series)
    return Spread(float(means.mean()), n, of_means, ((1.0, of_means, n - 1.0), *within))


def _within(x: Floats, codes: NDArray[np.intp], sizes: NDArray[np.intp]) -> float:
    """Mean square within subjects."""
    deviations = x - (np.bincount(codes, weights=x) / sizes)[codes]
    return float(deviations @ deviations) / float(len(x) - len(sizes))
