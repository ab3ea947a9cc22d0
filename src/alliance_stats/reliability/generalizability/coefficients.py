"""Universe score and error variances of a measurement, G and Φ (Brennan, 2001, chapter 4).

In a decision study a component is divided by the number of conditions of its facets and of what
these are nested in. Components of the objects and fixed facets only are universe score variance
τ; those of the objects and a random facet are relative error δ; these and the ones of random
facets alone are absolute error Δ:

    G = σ²(τ) / (σ²(τ) + σ²(δ)),    Φ = σ²(τ) / (σ²(τ) + σ²(Δ)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtri

from alliance_stats.reliability.generalizability.design import Design, Effect

#: The coefficients, and which errors each counts.
COEFFICIENTS = ("G", "Phi")


@dataclass(frozen=True, eq=False)
class Weights:
    """What one score of each component adds to the three variances of a measurement.

    Attributes
    ----------
    universe, relative, absolute : ndarray (k,)
        Weights of the components; `absolute` holds `relative`.
    """

    universe: np.ndarray
    relative: np.ndarray
    absolute: np.ndarray

    def errors(self) -> dict[str, np.ndarray]:
        """The weights of the error of each coefficient."""
        return dict(zip(COEFFICIENTS, (self.relative, self.absolute), strict=True))


def measurement_weights(
    effects: Sequence[Effect], design: Design, n: Mapping[str, float]
) -> Weights:
    """Weights of the components of `effects` in a measurement with `design`.

    Parameters
    ----------
    effects : sequence of frozenset of str
        Those of the study that estimated the components.
    design : Design
        Of the measurement: the same factors; more of them may be nested or fixed.
    n : mapping of str to float
        Number of conditions of every facet, of a nested one within each of its parents.
    """
    rows = np.zeros((3, len(effects)))
    for column, effect in enumerate(effects):
        reach = design.closed(effect)
        facets = [facet for facet in design.facets if facet in reach]
        share = 1.0 / np.prod([float(n[facet]) for facet in facets])
        measured = bool(reach & design.objects)
        if measured and design.fixed.issuperset(facets):
            rows[0, column] = share
        elif not design.fixed.issuperset(facets):
            rows[1, column] = share * measured
            rows[2, column] = share
    return Weights(*rows)


def coefficient_row(
    universe: np.ndarray,
    error: np.ndarray,
    variance: np.ndarray,
    covariance: np.ndarray,
    level: float,
) -> dict[str, float]:
    """``estimate se ci_low ci_high sem`` of universe / (universe + error).

    Parameters
    ----------
    universe, error : ndarray (k,)
        Weights of the components.
    variance, covariance : ndarray (k,), (k, k)
        The components, none negative, and the sampling covariances of their estimates.
    level : float
        Of the interval: normal on the logit of the coefficient, by the delta method.
    """
    true, wrong = float(universe @ variance), float(error @ variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.float64(true) / (true + wrong)
        slope = universe / true - error / wrong  # of the logit, log(true) − log(wrong)
        used = slope != 0
        spread = float(np.sqrt(slope[used] @ covariance[np.ix_(used, used)] @ slope[used]))
    row = {"estimate": float(estimate), "se": np.nan, "ci_low": np.nan, "ci_high": np.nan}
    if 0 < estimate < 1 and np.isfinite(spread):
        logit, half = np.log(true / wrong), ndtri((1.0 + level) / 2.0) * spread
        row |= {
            "se": float(estimate * (1.0 - estimate) * spread),
            "ci_low": float(expit(logit - half)),
            "ci_high": float(expit(logit + half)),
        }
    return row | {"sem": float(np.sqrt(wrong))}


def known_covariance(covariance: np.ndarray) -> np.ndarray:
    """Covariances with those of components estimated as zero taken as zero."""
    lost = np.isnan(np.diag(covariance))
    if lost.all():
        return covariance
    return np.where(lost[:, None] | lost[None, :], 0.0, covariance)
