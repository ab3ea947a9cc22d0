"""Mean differences of two groups as effect sizes: raw, and standardised (Hedges' g).

Hedges (1981, J. Educ. Stat. 6, 107–128): exact correction for small samples; large-sample
variance 1/n1 + 1/n2 + g²/(2(n1 + n2)).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from alliance_stats.meta.effects.forms import Columns, Effects, Form


def small_sample(df: np.ndarray) -> np.ndarray:
    """Hedges' J = Γ(m/2)/(√(m/2) Γ((m − 1)/2)) for m degrees of freedom.

    >>> float(small_sample(np.array([20.0])).round(4)[0])
    0.9619
    """
    return special.poch(df / 2 - 0.5, 0.5) / np.sqrt(df / 2)


def from_moments(columns: Columns) -> Effects:
    """g of means and SDs, standardised by the pooled SD."""
    n1, n2 = columns["n1i"], columns["n2i"]
    squares = (n1 - 1) * columns["sd1i"] ** 2 + (n2 - 1) * columns["sd2i"] ** 2
    d = (columns["m1i"] - columns["m2i"]) / np.sqrt(squares / (n1 + n2 - 2))
    return from_d({"di": d, "n1i": n1, "n2i": n2})


def from_d(columns: Columns) -> Effects:
    """g of Cohen's d: corrected for small samples."""
    n1, n2 = columns["n1i"], columns["n2i"]
    return from_g({"gi": columns["di"] * small_sample(n1 + n2 - 2), "n1i": n1, "n2i": n2})


def from_g(columns: Columns) -> Effects:
    """g as it is, with its variance."""
    g, n1, n2 = columns["gi"], columns["n1i"], columns["n2i"]
    return Effects(g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2)), n1 + n2)


def from_t(columns: Columns) -> Effects:
    """d = t √(1/n1 + 1/n2)."""
    n1, n2 = columns["n1i"], columns["n2i"]
    return from_d({"di": columns["ti"] * np.sqrt(1 / n1 + 1 / n2), "n1i": n1, "n2i": n2})


def from_f(columns: Columns) -> Effects:
    """As from t = ±√F."""
    return from_t({**columns, "ti": columns["signi"] * np.sqrt(columns["fi"])})


def from_p(columns: Columns) -> Effects:
    """As from the t that has this two-sided p value."""
    t = -special.stdtrit(columns["n1i"] + columns["n2i"] - 2, columns["pi"] / 2)
    return from_t({**columns, "ti": columns["signi"] * t})


def raw(columns: Columns) -> Effects:
    """MD: difference of means, variance sd1²/n1 + sd2²/n2."""
    n1, n2 = columns["n1i"], columns["n2i"]
    variance = columns["sd1i"] ** 2 / n1 + columns["sd2i"] ** 2 / n2
    return Effects(columns["m1i"] - columns["m2i"], variance, n1 + n2)


_MOMENTS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
GIVEN_G = Form(("gi", "n1i", "n2i"), from_g)
STANDARDISED = (
    Form(_MOMENTS, from_moments),
    GIVEN_G,
    Form(("di", "n1i", "n2i"), from_d),
    Form(("ti", "n1i", "n2i"), from_t),
    Form(("fi", "signi", "n1i", "n2i"), from_f),
    Form(("pi", "signi", "n1i", "n2i"), from_p),
)
RAW = (Form(_MOMENTS, raw),)
