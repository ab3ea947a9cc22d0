"""Correlations as effect sizes: what tests say of r, then r itself, Fisher's z or unbiased r.

Unbiased r: Olkin & Pratt (1958, Ann. Math. Stat. 29, 201–211). Test statistics: Rosenthal (1991).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from alliance_stats.meta.effects.conversions import d_to_r, log_odds_to_d
from alliance_stats.meta.effects.forms import Columns, Effects, Form
from alliance_stats.meta.effects.odds import from_interval

#: From this n on a short series gives the bias correction to machine precision.
_SERIES_FROM = 20
_MOST_TERMS, _NO_CHANGE = 300, 1e-17


def from_r(columns: Columns) -> Effects:
    """r as it is; its variance follows from n."""
    return Effects(columns["ri"], np.full(len(columns["ri"]), np.nan), columns["ni"])


def from_t(columns: Columns) -> Effects:
    """t/√(t² + n − 2)."""
    t, n = columns["ti"], columns["ni"]
    return from_r({"ri": t / np.sqrt(t**2 + n - 2), "ni": n})


def from_f(columns: Columns) -> Effects:
    """As from t = ±√F."""
    return from_t({"ti": columns["signi"] * np.sqrt(columns["fi"]), "ni": columns["ni"]})


def from_chi2(columns: Columns) -> Effects:
    """±√(χ²/n)."""
    r = columns["signi"] * np.sqrt(columns["chi2i"] / columns["ni"])
    return from_r({"ri": r, "ni": columns["ni"]})


def from_p(columns: Columns) -> Effects:
    """As from the t that has this two-sided p value."""
    t = -special.stdtrit(columns["ni"] - 2, columns["pi"] / 2)
    return from_t({"ti": columns["signi"] * t, "ni": columns["ni"]})


def from_d(columns: Columns) -> Effects:
    """d/√(d² + a) of two groups, with the variance that d has."""
    d, n1, n2 = columns["di"], columns["n1i"], columns["n2i"]
    variance = 1 / n1 + 1 / n2 + d**2 / (2 * (n1 + n2))
    return Effects(*d_to_r(d, variance=variance, n1=n1, n2=n2), n1 + n2)


def from_d_of_equal_groups(columns: Columns) -> Effects:
    """As `from_d`, the groups taken to be of one size."""
    half = columns["ni"] / 2
    return from_d({"di": columns["di"], "n1i": half, "n2i": half})


def from_odds_ratio(columns: Columns) -> Effects:
    """The log odds ratio as d of a logistic outcome, and that as r of groups of one size."""
    log_odds = from_interval(columns)
    d = log_odds_to_d(log_odds.yi, variance=log_odds.vi)
    return Effects(*d_to_r(d.value, variance=d.variance), columns["ni"])


def raw(r: Effects) -> Effects:
    """COR: r, variance (1 − r²)²/(n − 1) unless another is known."""
    by_n = (1 - r.yi**2) ** 2 / (r.ni - 1)
    return Effects(r.yi, np.where(np.isnan(r.vi), by_n, r.vi), r.ni)


def fisher_z(r: Effects) -> Effects:
    """ZCOR: atanh r, variance 1/(n − 3) unless another is known of r."""
    known = r.vi / (1 - r.yi**2) ** 2
    return Effects(np.arctanh(r.yi), np.where(np.isnan(r.vi), 1 / (r.ni - 3), known), r.ni)


def unbiased(r: Effects) -> Effects:
    """UCOR: r · ₂F₁(½, ½; (n − 2)/2; 1 − r²), variance as of r with this value in its place."""
    value = r.yi * bias_correction(r.yi, r.ni)
    return Effects(value, (1 - value**2) ** 2 / (r.ni - 1), r.ni)


def bias_correction(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The factor ₂F₁(½, ½; (n − 2)/2; 1 − r²) of Olkin and Pratt.

    >>> bias_correction(np.array([0.3]), np.array([30.0])).round(4)
    array([1.0175])
    """
    c, x = (n - 2) / 2, 1 - r**2
    large = n >= _SERIES_FROM
    factor = np.empty(len(r))
    factor[~large] = special.hyp2f1(0.5, 0.5, c[~large], x[~large])
    factor[large] = _series(c[large], x[large])
    return factor


def _series(c: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The hypergeometric series, until its terms no longer change the sum."""
    term, total = np.ones(len(c)), np.ones(len(c))
    for i in range(_MOST_TERMS):
        term = term * ((i + 0.5) ** 2 / ((c + i) * (i + 1)) * x)
        total = total + term
        if not (term > _NO_CHANGE).any():
            break
    return total


#: What a correlation of two measured variables can be made from.
PLAIN = (
    (("ri", "ni"), from_r),
    (("ti", "ni"), from_t),
    (("fi", "signi", "ni"), from_f),
    (("chi2i", "signi", "ni"), from_chi2),
    (("pi", "signi", "ni"), from_p),
)
#: What one can be translated from, with the variance of the other effect size.
TRANSLATED = (
    (("di", "n1i", "n2i"), from_d),
    (("di", "ni"), from_d_of_equal_groups),
    (("ori", "ci_low", "ci_high", "ni"), from_odds_ratio),
)


def forms(
    last: Callable[[Effects], Effects],
    sources: tuple[tuple[tuple[str, ...], Callable[[Columns], Effects]], ...],
) -> tuple[Form, ...]:
    """Forms of input of a measure that is made of r by `last`."""

    def both(first: Callable[[Columns], Effects]) -> Callable[[Columns], Effects]:
        return lambda columns: last(first(columns))

    return tuple(Form(inputs, both(first)) for inputs, first in sources)
