"""Exact interval and test of an intraclass correlation in a model of one random intercept.

With V = I + λZZ', λ = τ²/σ², let q(λ) be the residual sum of squares by generalised least squares
and S that of groups as fixed effects, S = q(∞). At the true λ q(λ) − S and S are independent and
σ²χ² with r and e degrees of freedom, so that

    W(λ) = [(q(λ) − S)/r] / [S/e]  ~  F(r, e),    r = rank[X Z] − p,  e = n − rank[X Z],

whatever the sizes of the groups (Wald, 1947, Ann. Math. Stat. 18, 586–589; Harville & Fenech, 1985,
Biometrics 41, 137–152). W falls with λ: its quantiles give the interval, and W(0) the test of no
variance, which is the F test of groups as fixed effects (Seely & El-Bassiouni, 1983, Ann. Stat. 11,
197–201).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtrc, fdtri

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.fitted import FittedModel

#: Columns with less than this share of their sum of squares within groups do not vary there.
FLAT = 1e-10
#: Where W is zero to rounding.
NEAR_ONE = 1.0 - 1e-14


@dataclass(frozen=True, slots=True)
class ExactIcc:
    """The interval of an intraclass correlation τ²/(τ² + σ²), and the test that it is zero.

    Attributes
    ----------
    icc : float
        The estimate of the fit.
    ci_low, ci_high : float
        Both zero where all values above zero are rejected: groups differ less than chance makes
        them. NaN where nothing is left to compare.
    statistic : float
        F of the groups as fixed effects.
    df_groups, df_rest : int
        Its degrees of freedom r and e.
    p_value : float
    """

    icc: float
    ci_low: float
    ci_high: float
    statistic: float
    df_groups: int
    df_rest: int
    p_value: float


@dataclass(frozen=True, eq=False)
class Pivot:
    """What the pivot W needs of the data.

    Attributes
    ----------
    total : ndarray (p + 1, p + 1)
        Cross-products of the fixed columns and, last, the response.
    sums : ndarray (p + 1, G)
        Sums of these columns over every group.
    sizes : ndarray (G,)
    rest : float
        S.
    df_groups, df_rest : int
        r and e.
    """

    total: np.ndarray
    sums: np.ndarray
    sizes: np.ndarray
    rest: float
    df_groups: int
    df_rest: int

    @property
    def defined(self) -> bool:
        """Whether groups and residuals both have degrees of freedom."""
        return self.df_groups > 0 and self.df_rest > 0 and self.rest > 0

    def at(self, icc: float) -> float:
        """W at an intraclass correlation in [0, 1); λ/(1 + λn) is icc/(1 − icc + icc·n)."""
        weights = icc / (1.0 - icc + icc * self.sizes)
        squares = _residual(self.total - (self.sums * weights) @ self.sums.T)
        return (squares - self.rest) / self.df_groups / (self.rest / self.df_rest)

    def solve(self, value: float) -> float:
        """The intraclass correlation at which W has a value; 0 where W(0) is below it."""
        if self.at(0.0) <= value:
            return 0.0
        return float(brentq(lambda icc: self.at(icc) - value, 0.0, NEAR_ONE, xtol=1e-15))


def exact_icc(fit: FittedModel, *, conf_level: float = 0.95) -> ExactIcc:
    """Interval and test of the intraclass correlation of a model of one random intercept.

    Parameters
    ----------
    fit : MixedModelResult
        Of independent residuals and one random term ``(1 | group)``.
    conf_level : float

    Raises
    ------
    UnsupportedError
        For other random effects, weights, or structured residuals.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> first = sessions[sessions["session"] == 1]
    >>> fit = al.fit_lmm("wai_total ~ 1 + (1 | therapist)", first)
    >>> found = exact_icc(fit)
    >>> found.ci_low <= found.icc <= found.ci_high
    True
    """
    probability(conf_level, name="conf_level")
    pivot, nan = pivot_of(fit), float("nan")
    tau2 = float(next(iter(fit.covariances.values())).to_numpy()[0, 0])
    icc = tau2 / (tau2 + fit.sigma2)
    r, e = pivot.df_groups, pivot.df_rest
    if not pivot.defined:
        return ExactIcc(icc, nan, nan, nan, r, e, nan)
    tail = (1.0 - conf_level) / 2.0
    low, high = (pivot.solve(float(fdtri(r, e, p))) for p in (1.0 - tail, tail))
    statistic = pivot.at(0.0)
    return ExactIcc(icc, low, high, statistic, r, e, float(fdtrc(r, e, statistic)))


def pivot_of(fit: FittedModel) -> Pivot:
    """The pivot from the cross-products of a fit; no row is needed."""
    _check_model(fit)
    design = fit.criterion.design
    products = design.products
    used, z = [*design.x, design.y], int(design.levels[0].z[0])
    total = products.total[np.ix_(used, used)]
    sums = products.grams[used, z]  # type: ignore[attr-defined]
    sizes = products.grams[z, z]  # type: ignore[attr-defined]
    within = total - (sums / sizes) @ sums.T
    varies = np.diag(within)[:-1] > FLAT * np.diag(total)[:-1]
    inside = np.flatnonzero(varies)
    rank = _rank(within[np.ix_(inside, inside)])
    rest = _residual(within[np.ix_([*inside, -1], [*inside, -1])])
    groups, p = len(sizes), len(design.x)
    return Pivot(
        total=total,
        sums=sums,
        sizes=sizes,
        rest=rest if rest > FLAT * within[-1, -1] else 0.0,
        df_groups=groups + rank - p,
        df_rest=design.n_obs - groups - rank,
    )


def _rank(products: np.ndarray) -> int:
    """Rank of columns with these cross-products."""
    scale = np.sqrt(np.diag(products))
    values = np.linalg.eigvalsh(products / np.outer(scale, scale))
    return int((values > FLAT).sum())


def _residual(products: np.ndarray) -> float:
    """Residual sum of squares of the last column given the others, from cross-products."""
    x, xy = products[:-1, :-1], products[:-1, -1]
    solved = np.linalg.lstsq(x, xy, rcond=FLAT)[0]
    return float(products[-1, -1] - xy @ solved)


def _check_model(fit: FittedModel) -> None:
    """Raise UnsupportedError unless there is one variance beside that of the residuals."""
    design = fit.criterion.design
    terms = [level.effects for level in design.levels]
    nested = isinstance(design.products, NestedProducts)
    if terms == [(INTERCEPT,)] and nested and design.residual is None and not design.weights:
        return
    raise UnsupportedError(
        f"the exact interval is for one random intercept, and the model is '{fit.formula}'. Use "
        "confint(method='profile') for its variances, or fit a model with one term (1 | group)."
    )
