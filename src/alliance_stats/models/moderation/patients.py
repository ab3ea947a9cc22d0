"""How many patients a test of equivalence needs, from the standard errors of a fitted design.

The covariance of slopes falls as 1/N and their degrees of freedom grow as N when the design stays
as it is: sessions a patient, patients a therapist, shares of the arms, variances. With fewer units
than were fitted, the coefficients of every group cost a larger share of them. Power is then
exact for estimates that are normal with a χ² variance estimate common to all differences: the
chance that every interval at 1 − 2α lies inside the bounds, by integration over that estimate and,
with several differences, over their joint normal distribution by sequential conditioning (Genz,
1992, Journal of Computational and Graphical Statistics, 1, 141–149) on a lattice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri, ndtr, ndtri

from alliance_stats.models.equivalence import student_quantile

_NODES = 24
_POINTS = 509
#: More patients than this are not looked for.
MOST = 10_000_000
#: The lattice takes fractional parts of multiples of roots of primes (Richtmyer).
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)


@dataclass(frozen=True, eq=False)
class Design:
    """A fitted comparison of slopes.

    Attributes
    ----------
    covariance : ndarray (r, r)
        Of the differences of slopes 1 to r from slope 0.
    df : float
        Of the difference with the fewest.
    bound, alpha : float
    n_patients : float
        Behind `covariance`.
    units : float
        Members of the unit whose parts of the alliance are compared; infinite: none are lost.
    groups : int
        Slopes that are estimated.
    """

    covariance: np.ndarray
    df: float
    bound: float
    alpha: float
    n_patients: float
    units: float = np.inf
    groups: int = 1

    def at(self, n: float) -> Design | None:
        """The same design with another number of patients; None for too few for its slopes.

        With m units a slope has an expected variance of 1/(m − 3), since m − 1 squares
        of a normal predictor are divided by, and m − 2 degrees of freedom are left.
        """
        ratio = n / self.n_patients
        precision, freedom = (_left(self.units, ratio, lost * self.groups) for lost in (3, 2))
        if not (precision > 0 and freedom > 0):
            return None
        return replace(
            self, covariance=self.covariance / precision, df=self.df * freedom, n_patients=n,
            units=self.units * ratio,
        )  # fmt: skip


def _left(units: float, ratio: float, lost: float) -> float:
    """Units of a study of another size, less those lost, as a share of the present ones.

    For a larger study nothing is counted as lost, which asks for too many rather than too few.
    """
    if ratio >= 1.0 or np.isinf(units):
        return ratio
    return (units * ratio - lost) / (units - lost) if units > lost else 0.0


def power_of(design: Design, true: np.ndarray) -> float:
    """Chance that all differences of slopes are found equivalent, given the true ones (r,).

    Examples
    --------
    >>> one = Design(np.array([[0.01]]), np.inf, 0.3, 0.05, 100)
    >>> round(power_of(one, np.zeros(1)), 3)
    0.825
    """
    if not np.isfinite(design.covariance).all() or np.isnan(design.df):
        return float("nan")
    spread, weight = _variance_nodes(design.df)
    quantile = float(student_quantile(1.0 - design.alpha, np.array([design.df]))[0])
    root = np.linalg.cholesky(design.covariance)
    inside = _all_inside(design, root, np.asarray(true, dtype=float), quantile * spread)
    return float(weight @ inside)


def _variance_nodes(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of s/σ with df degrees of freedom."""
    if not np.isfinite(df):
        return np.ones(1), np.ones(1)
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    return np.sqrt(chdtri(df, (1.0 - x) / 2.0) / df), weight / 2.0


def _all_inside(
    design: Design, root: np.ndarray, true: np.ndarray, quantiles: np.ndarray
) -> np.ndarray:
    """P(every |difference| ≤ bound − quantile·se) for every quantile (n,)."""
    r = len(true)
    lattice = _lattice(r - 1)
    drawn = np.zeros((len(quantiles), r, lattice.shape[1]))
    chance = np.ones((len(quantiles), lattice.shape[1]))
    z = np.zeros((len(quantiles), r, lattice.shape[1]))
    se = _pair_errors(design.covariance)
    for j in range(r):
        known = true[j] + np.einsum("k,nkp->np", root[j, :j], z[:, :j])
        low, high = np.full_like(known, -np.inf), np.full_like(known, np.inf)
        for i in range(-1, j):
            room = (design.bound - quantiles * se[i + 1, j + 1])[:, None]
            other = drawn[:, i] if i >= 0 else 0.0
            # an interval that closes leaves no room: low above high
            low = np.maximum(low, np.where(room > 0, other - room - known, np.inf))
            high = np.minimum(high, other + room - known)
        below, above = ndtr(low / root[j, j]), ndtr(high / root[j, j])
        width = np.clip(above - below, 0.0, None)
        chance *= width
        if j < r - 1:
            z[:, j] = ndtri(np.clip(below + lattice[j] * width, 1e-16, 1.0 - 1e-16))
            drawn[:, j] = known + root[j, j] * z[:, j]
    return np.asarray(chance.mean(axis=1))


def _pair_errors(covariance: np.ndarray) -> np.ndarray:
    """Standard errors (r + 1, r + 1) of the differences of all slopes."""
    whole = np.zeros((len(covariance) + 1,) * 2)
    whole[1:, 1:] = covariance
    variance = np.diag(whole)
    return np.sqrt(np.clip(variance[:, None] + variance[None] - 2.0 * whole, 0.0, None))


def _lattice(dimensions: int) -> np.ndarray:
    """Points (dimensions, n) that fill the unit cube evenly; one point without dimensions."""
    if not dimensions:
        return np.zeros((0, 1))
    numbers = np.arange(1, _POINTS + 1)
    points = np.sqrt(np.array(_PRIMES[:dimensions], dtype=float))[:, None] * numbers % 1.0
    return np.abs(2.0 * points - 1.0)


def true_slopes(r: int, difference: float) -> list[np.ndarray]:
    """Every way in which two of r + 1 slopes differ by `difference` and the others lie midway.

    As differences (r,) from slope 0; one way where all are the same.
    """
    if difference == 0:
        return [np.zeros(r)]
    found = []
    for i in range(r + 1):
        for j in range(i):
            slopes = np.zeros(r + 1)
            slopes[i], slopes[j] = difference / 2.0, -difference / 2.0
            found.append(slopes[1:] - slopes[0])
    return found


def least_power(design: Design, difference: float) -> float:
    """Power where the true difference is between the two slopes that are worst for it."""
    ways = true_slopes(len(design.covariance), difference)
    return min(power_of(design, true) for true in ways)


def patients_for(design: Design, power: float, difference: float) -> float:
    """Fewest patients with at least this power; NaN where it is not defined, ∞ beyond `MOST`."""

    def enough(n: float) -> bool:
        other = design.at(n)
        return other is not None and least_power(other, difference) >= power

    if np.isnan(least_power(design, difference)):
        return float("nan")
    return _first(enough, _guess(design, power, difference))


def _guess(design: Design, power: float, difference: float) -> float:
    """Patients for the widest difference by normal quantiles: where the search starts."""
    quantiles = float(ndtri(1.0 - design.alpha) + ndtri((1.0 + power) / 2.0))
    widest = float(_pair_errors(design.covariance).max())
    n = design.n_patients * (quantiles * widest / (design.bound - difference)) ** 2
    return float(np.clip(np.ceil(n), 4.0, MOST))


def _first(enough: Callable[[float], bool], start: float) -> float:
    """The smallest whole number from 4 on that is enough: growing from a start, then halving."""
    low, high = 3.0, start
    while not enough(high):
        if high >= MOST:
            return float("inf")
        low, high = high, min(float(np.ceil(1.25 * high)), float(MOST))
    while high - low > 1.0:
        middle = float(np.floor((low + high) / 2.0))
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
