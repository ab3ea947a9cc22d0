"""What a printed interval implies: the standard error, and with it the heterogeneity.

An interval m ± z s of a random-effects mean on Fisher's z gives s. If k effects of equal weight
made it, one a sample, then s² = (τ² + v̄) / k, so τ² = k s² − v̄, where v̄ is the mean sampling
variance, about 1/(n − 3) for studies of n patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np
from scipy.special import ndtr, ndtri

from alliance_stats._base.printed import Printed
from alliance_stats.meta.effects.conversions import d_to_r, r_to_d

#: Confidence level of every printed interval.
CONF_LEVEL = 0.95
CRITICAL = float(ndtri((1 + CONF_LEVEL) / 2))


@dataclass(frozen=True, slots=True)
class Implied:
    """A quantity as the printed numbers give it, with its range over what rounds to them."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A printed 95% interval of a correlation."""

    low: Printed
    high: Printed

    def standard_error(self, scale: str) -> Implied:
        """Half the width in standard errors, on Fisher's z (``z``) or on ``r``."""
        on = atanh if scale == "z" else float
        ends = (
            (self.low.value, self.high.value),
            (self.low.high, self.high.low),
            (self.low.low, self.high.high),
        )
        return Implied(*((on(high) - on(low)) / (2 * CRITICAL) for low, high in ends))

    def centre(self, scale: str) -> Implied:
        """The correlation in the middle of the interval, on Fisher's z (``z``) or on ``r``."""
        on, back = (atanh, tanh) if scale == "z" else (float, float)
        ends = (
            (self.low.value, self.high.value),
            (self.low.low, self.high.low),
            (self.low.high, self.high.high),
        )
        return Implied(*(back((on(low) + on(high)) / 2) for low, high in ends))


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Heterogeneity implied by an interval, if every study had `n` patients.

    Attributes
    ----------
    n, variance : float
        Patients a study; sampling variance 1/(n − 3) on Fisher's z.
    excess : Implied
        k·SE² − variance: τ², or below zero where the interval leaves no room for it.
    """

    n: float
    variance: float
    excess: Implied

    @property
    def tau2(self) -> Implied:
        """The same, at least 0."""
        e = self.excess
        return Implied(max(e.value, 0.0), max(e.low, 0.0), max(e.high, 0.0))

    @property
    def i2(self) -> Implied:
        """Percent of τ² in τ² + variance."""
        t = self.tau2
        return Implied(*(100 * v / (v + self.variance) for v in (t.value, t.low, t.high)))

    def prediction(self, r: float, se: float) -> tuple[float, float]:
        """95% interval of the true correlation of a further study, back from Fisher's z."""
        reach = CRITICAL * sqrt(self.tau2.value + se**2)
        return tanh(atanh(r) - reach), tanh(atanh(r) + reach)

    def negative(self, r: float, *, observed: bool) -> Implied:
        """Share of effects below zero under normality: true ones, or with sampling error."""
        t, added = self.tau2, self.variance if observed else 0.0
        with np.errstate(divide="ignore"):
            shares = [float(ndtr(-atanh(r) / np.sqrt(v + added))) for v in (t.value, t.low, t.high)]
        return Implied(*shares)


def heterogeneity(k: int, se: Implied, n: float) -> Heterogeneity:
    """τ² ≈ k·SE² − 1/(n − 3), with its range over the rounding of the interval.

    Examples
    --------
    >>> found = heterogeneity(295, Implied(0.0119, 0.0119, 0.0119), 60)
    >>> round(found.tau2.value, 4), round(found.negative(0.278, observed=True).value, 3)
    (0.0242, 0.081)
    """
    variance = 1 / (n - 3)
    excess = (k * s**2 - variance for s in (se.value, se.low, se.high))
    return Heterogeneity(n, variance, Implied(*excess))


def d_of_r(r: float) -> float:
    """Cohen's d of two equal groups that corresponds to r."""
    return float(r_to_d(r).value)


def r_of_d(d: float) -> float:
    """The correlation that corresponds to d of two equal groups."""
    return float(d_to_r(d).value)
