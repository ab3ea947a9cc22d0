"""Variance of a sum score by its sources under a factor model, with derivatives.

For weights w, V = w'Σw is the variance of the score, w'Θw that of the residuals, and a factor g
gives (w'E_g)² ψ_g, where E holds the total effects of the factors on the items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied, sides

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Amount:
    """A function of the free parameters: its value, and its derivatives (n_free,)."""

    value: float
    slope: Floats

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.value - other.value, self.slope - other.slope)

    def __truediv__(self, other: Amount) -> Amount:
        ratio = self.value / other.value
        return Amount(ratio, (self.slope - ratio * other.slope) / other.value)

    def times(self, factor: float) -> Amount:
        """The amount times a known number."""
        return Amount(factor * self.value, factor * self.slope)

    def standard_error(self, covariance: Floats) -> float:
        """By the delta method."""
        variance = float(self.slope @ covariance @ self.slope)
        return float(np.sqrt(variance)) if variance >= 0 else float("nan")


def total_variance(layout: Layout, at: Implied, part: int, weights: Floats) -> Amount:
    """w'Σw of one part."""
    p = layout.n_observed
    first = sides(layout, at).observed(p)
    by_entry = 2.0 * (first.left @ weights) * (first.right @ weights)
    by_entry = np.where(layout.part == part, by_entry, 0.0)
    return Amount(float(weights @ at.sigma[part] @ weights), layout.collect(by_entry))


def residual_variance(layout: Layout, at: Implied, part: int, weights: Floats) -> Amount:
    """w'Θw of one part: residual variances and covariances of the items."""
    p = layout.n_observed
    padded = np.zeros(layout.paths.shape[-1])
    padded[:p] = weights
    s = layout.kinds[1]
    row, column = layout.row[s], layout.column[s]
    by_entry = np.zeros(len(layout.part))
    products = padded[row] * padded[column] * np.where(row == column, 1.0, 2.0)
    by_entry[s] = np.where(layout.part[s] == part, products, 0.0)
    value = float(weights @ at.residual[part, :p, :p] @ weights)
    return Amount(value, layout.collect(by_entry))


def factor_variance(layout: Layout, at: Implied, part: int, weights: Floats, factor: int) -> Amount:
    """(w'E_g)² ψ_g of one part, for the factor at position g of the variables."""
    p = layout.n_observed
    effects = weights @ at.inverse[part, :p]  # w'E
    effect, variance = effects[factor], at.residual[part, factor, factor]
    a, s, _ = layout.kinds
    by_entry = np.zeros(len(layout.part))
    moved = effects[layout.row[a]] * at.inverse[part, layout.column[a], factor]
    by_entry[a] = np.where(layout.part[a] == part, 2.0 * effect * variance * moved, 0.0)
    own = (layout.part[s] == part) & (layout.row[s] == factor) & (layout.column[s] == factor)
    by_entry[s] = np.where(own, effect**2, 0.0)
    return Amount(float(effect**2 * variance), layout.collect(by_entry))


def share_interval(estimate: float, se: float, conf_level: float) -> tuple[float, float]:
    """Interval of a share by the delta method on the logit scale; NaN outside (0, 1)."""
    if not (0.0 < estimate < 1.0 and np.isfinite(se)):
        return float("nan"), float("nan")
    half = float(ndtri((1.0 + conf_level) / 2.0)) * se / (estimate * (1.0 - estimate))
    centre = float(logit(estimate))
    return float(expit(centre - half)), float(expit(centre + half))


def share_row(
    term: str, amount: Amount, covariance: Floats, conf_level: float, **more: object
) -> dict[str, object]:
    """A row of coefficients: estimate, standard error and interval of a share."""
    se = amount.standard_error(covariance)
    low, high = share_interval(amount.value, se, conf_level)
    row = {"term": term, "estimate": amount.value, "se": se, "ci_low": low, "ci_high": high}
    return {**more, **row}
