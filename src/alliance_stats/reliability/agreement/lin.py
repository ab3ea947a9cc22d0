"""concordance: Lin's concordance correlation of two measurements.

Lin (1989, Biometrics 45(1); correction of the variance 2000, Biometrics 56(1)): with moments of
divisor n, ρ_c = 2 s_xy/(s_x² + s_y² + (x̄ − ȳ)²) = r C_b. Interval on the scale of Fisher's z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from alliance_stats._base.checks import probability
from alliance_stats.reliability.doors import two_measurements
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Concordance:
    """Lin's coefficient with what it is made of.

    Attributes
    ----------
    estimate, r, accuracy : float
        ρ_c, the correlation, and C_b: how near the line of best fit is to the line of identity.
    scale, location : float
        s_x/s_y, and the shift (x̄ − ȳ)/√(s_x s_y).
    se_z : float
        Standard error of artanh ρ_c.
    """

    estimate: float
    r: float
    accuracy: float
    scale: float
    location: float
    se_z: float


def concordance_of(x: Floats, y: Floats) -> Concordance:
    """Lin's coefficient of two measurements (n,)."""
    sx, sy = float(x.std()), float(y.std())
    shift = float(x.mean() - y.mean())
    below = sx**2 + sy**2 + shift**2
    if not below > 0:
        return Concordance(*[math.nan] * 6)
    cross = float(np.mean((x - x.mean()) * (y - y.mean())))
    rho = 2.0 * cross / below
    if not sx * sy > 0:
        return Concordance(rho, math.nan, math.nan, math.nan, math.nan, math.nan)
    r, u = min(1.0, max(-1.0, cross / (sx * sy))), shift / math.sqrt(sx * sy)
    accuracy = 2.0 * sx * sy / below
    return Concordance(rho, r, accuracy, sx / sy, u, _se_of_z(rho, r, u, len(x)))


def _se_of_z(rho: float, r: float, u: float, n: int) -> float:
    """Standard error of artanh ρ_c; NaN where ρ_c is 0 or ±1."""
    if n < 3 or r == 0.0 or abs(rho) >= 1.0:
        return math.nan
    left = 1.0 - rho**2
    variance = (1.0 - r**2) * rho**2 / (left * r**2)
    variance += 2.0 * rho**3 * (1.0 - rho) * u**2 / (r * left**2)
    variance -= rho**4 * u**4 / (2.0 * r**2 * left**2)
    return math.sqrt(max(0.0, variance) / (n - 2.0))


def concordance(a: object, b: object, *, conf_level: float = 0.95) -> ReliabilityResult:
    """Lin's concordance correlation: how near two measurements lie to the line of identity.

    Parameters
    ----------
    a, b : Series or array (n,)
        Two measurements in the same unit, in the same order; rows with a missing value are left
        out and counted.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``concordance``; a table with precision (the correlation), accuracy, and the shifts
        of scale and location.

    Raises
    ------
    DataError
        If lengths differ, values are not numeric, or fewer than 3 pairs are complete.

    References
    ----------
    Lin, L. I.-K. (1989). A concordance correlation coefficient to evaluate reproducibility.
    Biometrics, 45(1).

    Examples
    --------
    >>> round(concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]).estimate, 3)
    0.8
    """
    probability(conf_level, name="conf_level")
    pair = two_measurements(a, b)
    found = concordance_of(pair.first, pair.second)
    half = float(ndtri((1.0 + conf_level) / 2.0)) * found.se_z
    z = math.atanh(found.estimate) if abs(found.estimate) < 1 else math.nan
    row = {
        "term": "concordance",
        "estimate": found.estimate,
        "se": found.se_z * (1.0 - found.estimate**2),
        "ci_low": math.tanh(z - half),
        "ci_high": math.tanh(z + half),
    }
    parts = {
        "precision": found.r,
        "accuracy": found.accuracy,
        "scale_shift": found.scale,
        "location_shift": found.location,
    }
    n = len(pair.first)
    return warned(
        ReliabilityResult(
            kind="concordance",
            title="Lin's concordance correlation",
            terms=coefficient_rows([row]),
            counts={"pair": n},
            n_dropped=pair.n_dropped,
            conf_level=conf_level,
            notes=("Interval on Fisher's z (Lin, 1989, with the correction of 2000).",),
            messages=(*pair.messages, *_about_concordance(found)),
            tables={"Parts": pd.DataFrame([parts])},
        )
    )


def _about_concordance(found: Concordance) -> list[str]:
    if math.isnan(found.estimate):
        return ["The concordance is undefined: neither measurement varies."]
    if math.isnan(found.r):
        return ["One measurement does not vary: the concordance is zero and has no interval."]
    return []
