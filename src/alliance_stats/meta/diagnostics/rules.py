"""Sizes above which an effect is marked.

Viechtbauer & Cheung (2010, Res. Synth. Methods 1, 112–125).

Those that change the result: |DFFITS| above 3√(p/(k − p)), a Cook's distance above the median of χ²
with p degrees of freedom, a hat value above 3p/k, a |DFBETAS| above 1. Effects far from the others
have a |rstudent| above 1.96; by chance so have more than one in twenty where studies are few, as
residuals are close to t with k − p − 1 degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import chdtri, ndtri, stdtr

#: Measures by which an effect changes the result.
INFLUENCE = ("dffits", "cooks_distance", "hat", "dfbetas")
#: Externally standardised residuals beyond this are far from the others.
FAR = float(ndtri(0.975))


def limits_of(k: int, p: int) -> dict[str, float]:
    """The limit of every measure that has one, for k effects or studies and p coefficients."""
    return {
        "rstudent": FAR,
        "dffits": 3.0 * float(np.sqrt(p / max(k - p, 1))),
        "cooks_distance": float(chdtri(p, 0.5)),
        "hat": 3.0 * p / k,
        "dfbetas": 1.0,
    }


def far_by_chance(k: int, p: int) -> float:
    """How many of k effects lie far from the others though nothing is special about any.

    >>> round(far_by_chance(10, 1), 2), round(far_by_chance(300, 1), 2)
    (0.86, 15.28)
    """
    return 2.0 * k * float(stdtr(k - p - 1, -FAR)) if k > p + 1 else float("nan")


def beyond(
    measures: Mapping[str, np.ndarray], dfbetas: np.ndarray, limits: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Which effects (k,) are beyond each limit; nothing undefined is.

    `measures` (k,) come by name, `dfbetas` (k, p) beside them.
    """
    sizes = {name: np.abs(measures[name]) for name in limits if name in measures}
    sizes["dfbetas"] = np.abs(np.nan_to_num(dfbetas)).max(axis=1)
    with np.errstate(invalid="ignore"):
        return {name: size > limits[name] for name, size in sizes.items()}


def influential(marks: dict[str, np.ndarray]) -> np.ndarray:
    """Effects (k,) beyond any limit of `INFLUENCE`."""
    marked = [marks[name] for name in INFLUENCE if name in marks]
    return np.asarray(np.column_stack(marked).any(axis=1))
