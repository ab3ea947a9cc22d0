"""Parameters of a file of studies, the words in its columns, and what moderators explain.

The true effect of row i of study j, on Fisher's z and at mean reliabilities, is::

    theta_ij = mean_z + sum_m gamma_m (x_mij - E x_m) + u_j + w_ij

`tau2_between` and `tau2_within` are the variances of theta between studies and within them, the
part of the moderators included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shares = Mapping[str, float]

TREATMENTS: Shares = {"cbt": 0.4, "psychodynamic": 0.3, "humanistic": 0.1, "integrative": 0.2}
ALLIANCE_MEASURES: Shares = {"WAI": 0.6, "HAq": 0.15, "CALPAS": 0.15, "VTAS": 0.1}
RATERS: Shares = {"patient": 0.55, "therapist": 0.2, "observer": 0.25}
TIMES: Shares = {"early": 0.5, "mid": 0.2, "late": 0.15, "average": 0.15}
OUTCOME_MEASURES: Shares = {
    "BDI": 0.25, "SCL-90-R": 0.25, "OQ-45": 0.15, "IIP": 0.1, "GAF": 0.15, "SWLS": 0.1,
}  # fmt: skip
#: Outcomes of which more is better; of the others less is.
HIGHER_IS_BETTER = ("GAF", "SWLS")
#: Years of publication; later ones are more frequent.
FIRST_YEAR, N_YEARS = 1978, 40
#: Limits of reliabilities.
RELIABILITY = (0.5, 0.98)


@dataclass(frozen=True, slots=True)
class EffectParameters:
    """Arguments of `simulate_studies`, which documents them."""

    n_studies: int
    effects_max: int
    another_effect: float
    n_median: float
    n_sd: float
    n_min: int
    rho: float
    mean_z: float
    tau2_between: float
    tau2_within: float
    late_effect: float
    therapist_rated_effect: float
    observer_rated_effect: float
    ptr_effect: float
    treatment_effect: float
    measure_effect: float
    year_effect: float
    dissertation_effect: float
    reliability_alliance: float
    reliability_alliance_sd: float
    reliability_outcome: float
    reliability_outcome_sd: float
    reliability_reported: float
    ptr_median: float
    ptr_sd: float
    ptr_reported: float
    dissertations: float
    unreported: float
    as_t: float
    as_d: float
    selection: tuple[float, float]
    between_shift: float
    between_stretch: float


def explained_between(given: EffectParameters) -> float:
    """Variance between studies that moderators of studies explain."""
    explained = _binary(given.treatment_effect, TREATMENTS["cbt"])
    explained += _binary(given.measure_effect, ALLIANCE_MEASURES["WAI"])
    explained += _binary(given.dissertation_effect, given.dissertations)
    explained += (given.ptr_effect * given.ptr_sd / log(2)) ** 2
    return explained + given.year_effect**2 * year_moments()[1]


def explained_within(given: EffectParameters) -> float:
    """Variance within studies that moderators of effects explain."""
    p, q = RATERS["therapist"], RATERS["observer"]
    a, b = given.therapist_rated_effect, given.observer_rated_effect
    raters = a**2 * p + b**2 * q - (a * p + b * q) ** 2
    return raters + _binary(given.late_effect, TIMES["late"])


def _binary(effect: float, share: float) -> float:
    return effect**2 * share * (1 - share)


def year_moments() -> tuple[float, float]:
    """Mean and variance of the year of publication, in decades since 2000."""
    place = np.arange(N_YEARS)
    share = (2 * place + 1) / N_YEARS**2
    decade = (FIRST_YEAR + place - 2000) / 10
    mean = float(share @ decade)
    return mean, float(share @ (decade - mean) ** 2)


def mean_attenuation(given: EffectParameters) -> float:
    """What unreliability leaves of a correlation, at mean reliabilities."""
    return sqrt(given.reliability_alliance * given.reliability_outcome)


def corrected_correlation(given: EffectParameters) -> float:
    """Mean correlation of true scores, E[tanh theta] / attenuation, for normal theta."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    spread = sqrt(given.tau2_between + given.tau2_within)
    mean = float(weights @ np.tanh(given.mean_z + spread * nodes) / weights.sum())
    return mean / mean_attenuation(given)


def observed_weights(given: EffectParameters) -> tuple[float, float]:
    """Relative chance to be in the file by step of p, dissertations counted in."""
    free = given.dissertations
    middle, above = (free + (1 - free) * weight for weight in given.selection)
    return middle, above
