"""Agreement of several raters, corrected for chance, with linearised variances.

Gwet (2008, Br. J. Math. Stat. Psychol. 61(1); 2014, Handbook of inter-rater reliability, chapters
2, 3 and 5). For unit i let r_ik be the number of raters who chose category k, r_i their sum,
w weights of agreement, r*_ik = Σ_l w_kl r_il, n the units rated, n' those rated twice or more:

    p_a = 1/n' Σ_i Σ_k r_ik (r*_ik − 1)/(r_i (r_i − 1)),   π_k = 1/n Σ_i r_ik/r_i,
    coefficient κ = (p_a − p_e)/(1 − p_e).

With κ_i = (n/n')(p_a,i − p_e)/(1 − p_e) (0 if r_i = 1) and p_e,i the unit's part of p_e,

    κ*_i = κ_i − 2 (1 − κ)(p_e,i − p_e)/(1 − p_e),   Var(κ) = Σ (κ*_i − κ)²/(n (n − 1)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.reliability.agreement.categories import Categories
from alliance_stats.reliability.agreement.disagreement import counts_of
from alliance_stats.reliability.intervals import t_test
from alliance_stats.reliability.messages import about_dropped

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """How many raters put each unit into each category.

    Attributes
    ----------
    table : array (n, q)
        Units with a rating.
    n_pairable : int
        Units with two ratings or more.
    n_unrated : int
        Units without any rating, left out.
    """

    table: Floats
    n_pairable: int
    n_unrated: int

    @property
    def per_unit(self) -> Floats:
        """Ratings (n,) of each unit."""
        return np.asarray(self.table.sum(axis=1))

    @property
    def n(self) -> int:
        """Units with a rating."""
        return len(self.table)

    @property
    def balanced(self) -> bool:
        """Whether all units have the same number of ratings."""
        return bool(np.ptp(self.per_unit) == 0)


def count_categories(read: Categories) -> Counts:
    """Counts of each unit's ratings.

    Raises
    ------
    DataError
        If no unit has two ratings.

    Examples
    --------
    >>> read = Categories(np.array([[0, 1], [1, -1], [-1, -1]]), ("no", "yes"), ("a", "b"))
    >>> count_categories(read).table.tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    q = len(read.labels)
    n = len(read.codes)
    table = counts_of(read.codes, q)
    per_unit = table.sum(axis=1)
    pairable = int((per_unit > 1).sum())
    if pairable == 0:
        raise DataError(
            f"none of the {counted(n, 'unit')} has two ratings. Agreement needs units that two "
            "raters rated."
        )
    return Counts(table[per_unit > 0], pairable, int((per_unit == 0).sum()))


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A chance-corrected coefficient.

    Attributes
    ----------
    observed, expected, estimate, se : float
    """

    observed: float
    expected: float
    estimate: float
    se: float


def observed_agreement(counts: Counts, weights: Floats) -> Floats:
    """Agreement (n,) of each unit's pairs of ratings; 0 for units with one rating."""
    table, per_unit = counts.table, counts.per_unit
    pairs = per_unit * (per_unit - 1.0)
    agreeing = np.sum(table * (table @ weights - 1.0), axis=1)
    return np.asarray(np.where(pairs > 0, agreeing / np.where(pairs > 0, pairs, 1.0), 0.0))


def shares(counts: Counts) -> Floats:
    """π (q,)."""
    return np.asarray((counts.table / counts.per_unit[:, None]).mean(axis=0))


def gwet_chance(counts: Counts, weights: Floats) -> tuple[float, Floats]:
    """p_e of AC1 and AC2, and each unit's part."""
    q, pi = len(weights), shares(counts)
    factor = weights.sum() / (q * (q - 1.0))
    parts = factor * (counts.table / counts.per_unit[:, None]) @ (1.0 - pi)
    return float(factor * np.sum(pi * (1.0 - pi))), parts


def fleiss_chance(counts: Counts, weights: Floats) -> tuple[float, Floats]:
    """p_e of Fleiss's kappa, and each unit's part."""
    pi = shares(counts)
    mean = (weights @ pi + weights.T @ pi) / 2.0
    parts = (counts.table / counts.per_unit[:, None]) @ mean
    return float(pi @ weights @ pi), parts


def no_chance(counts: Counts, weights: Floats) -> tuple[float, Floats]:
    """No correction: the share of agreeing pairs itself."""
    return 0.0, np.zeros(counts.n)


def corrected(counts: Counts, weights: Floats, chance: tuple[float, Floats]) -> Coefficient:
    """The coefficient with its linearised standard error."""
    expected, parts = chance
    by_unit = observed_agreement(counts, weights)
    observed = float(by_unit.sum()) / counts.n_pairable
    if expected >= 1.0 - 1e-12:
        return Coefficient(observed, expected, math.nan, math.nan)
    left = 1.0 - expected
    kappa = (observed - expected) / left
    own = np.where(counts.per_unit > 1, by_unit - expected, 0.0)
    own *= counts.n / counts.n_pairable / left
    own -= 2.0 * (1.0 - kappa) * (parts - expected) / left
    n = counts.n
    if n < 2:
        return Coefficient(observed, expected, kappa, math.nan)
    se = math.sqrt(float(np.sum((own - kappa) ** 2)) / (n * (n - 1.0)))
    return Coefficient(observed, expected, kappa, se)


def t_row(term: str, found: Coefficient, n: int, conf_level: float) -> dict[str, object]:
    """Test against zero and interval with t on n − 1 degrees of freedom, kept within −1 and 1."""
    row = t_test(found.estimate, found.se, n - 1.0, conf_level)
    if math.isfinite(row["ci_low"]):
        row |= {"ci_low": max(-1.0, row["ci_low"]), "ci_high": min(1.0, row["ci_high"])}
    return {"term": term, **row}


def about_counts(counts: Counts, n_raters: int) -> list[str]:
    """What was left out, or used in part."""
    total = counts.n + counts.n_unrated
    messages = about_dropped(counts.n_unrated, total, "unit", "no rating")
    missing = int(counts.n * n_raters - counts.table.sum())
    if missing:
        single = counts.n - counts.n_pairable
        alone = f"; {counted(single, 'unit')} rated once count for chance only" if single else ""
        messages.append(
            f"{missing:,} of {counts.n * n_raters:,} ratings missing, the others used{alone}."
        )
    return messages
