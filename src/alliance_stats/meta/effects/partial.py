"""Partial and semi-partial correlations of a regression as effect sizes.

Aloe & Becker (2012, J. Educ. Behav. Stat. 37, 278–297) for the semi-partial r; Fisher (1924,
Metron 3, 329–332) for z of a partial r, whose variance is 1/(n − k − 3) with k variables held
constant.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.meta.effects.forms import Columns, Effects, Form


def partial_r(columns: Columns) -> Effects:
    """PCOR from r: variance (1 − r²)²/(n − k − 2)."""
    r, n = columns["ri"], columns["ni"]
    return Effects(r, (1 - r**2) ** 2 / (n - columns["controls"] - 2), n)


def partial_z(columns: Columns) -> Effects:
    """ZPCOR from r: variance 1/(n − k − 3)."""
    n = columns["ni"]
    return Effects(np.arctanh(columns["ri"]), 1 / (n - columns["controls"] - 3), n)


def r_of_t(columns: Columns) -> dict[str, np.ndarray]:
    """The columns with the partial r of a coefficient's t: t/√(t² + n − k − 2)."""
    t, n, k = columns["ti"], columns["ni"], columns["controls"]
    return {"ri": t / np.sqrt(t**2 + n - k - 2), "ni": n, "controls": k}


def semi_partial_r(columns: Columns) -> Effects:
    """SPCOR: variance (R⁴ − 2R² + R₀² + 1 − R₀⁴)/n, R₀² = R² − r² without the predictor."""
    r, whole, n = columns["ri"], columns["r2i"], columns["ni"]
    rest = whole - r**2
    return Effects(r, (whole**2 - 2 * whole + rest + 1 - rest**2) / n, n)


def semi_partial_of_t(columns: Columns) -> Effects:
    """SPCOR from t: t √((1 − R²)/(n − k − 2))."""
    n, whole = columns["ni"], columns["r2i"]
    r = columns["ti"] * np.sqrt((1 - whole) / (n - columns["controls"] - 2))
    return semi_partial_r({"ri": r, "r2i": whole, "ni": n})


PARTIAL = (
    Form(("ri", "controls", "ni"), partial_r),
    Form(("ti", "controls", "ni"), lambda columns: partial_r(r_of_t(columns))),
)
PARTIAL_Z = (
    Form(("ri", "controls", "ni"), partial_z),
    Form(("ti", "controls", "ni"), lambda columns: partial_z(r_of_t(columns))),
)
SEMI_PARTIAL = (
    Form(("ri", "r2i", "ni"), semi_partial_r),
    Form(("ti", "r2i", "controls", "ni"), semi_partial_of_t),
)
