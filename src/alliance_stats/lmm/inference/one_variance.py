"""Exact interval and test of an intraclass correlation in a model of one random intercept.

With M the residual maker of X, the eigenvalues d_i and eigenvectors q_i of Z'MZ give independent
u_i = q_i'Z'My/√d_i ~ N(0, σ² + τ²d_i), independent of the rest of the residual sum of squares S,
which is σ²χ² of e = n − p − r degrees of freedom. So, with λ = τ²/σ²,

    W(λ) = [Σ u_i²/(1 + λd_i) / r] / [S/e]  ~  F(r, e)

at the true λ, whatever the sizes of the groups (Wald, 1947, Ann. Math. Stat. 18, 586–589; Harville
& Fenech, 1985, Biometrics 41, 137–152). W falls with λ: its quantiles give the interval, and W(0)
the test of no variance, which is the F test of groups as fixed effects (Seely & El-Bassiouni, 1983,
Ann. Stat. 11, 197–201).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, fdtri

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.fitted import FittedModel

#: Eigenvalues below this share of the largest are those of groups that the fixed part explains.
FLAT = 1e-10
#: Halvings of [0, 1]: the ends are exact to rounding.
HALVINGS = 60


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
    """What the pivot W needs of the data: eigenvalues d, squares u², and the rest's S and e."""

    d: np.ndarray
    u2: np.ndarray
    rest: float
    df_rest: int

    @property
    def defined(self) -> bool:
        """Whether groups and residuals both have degrees of freedom."""
        return len(self.d) > 0 and self.df_rest > 0 and self.rest > 0

    def at(self, icc: float) -> float:
        """W at an intraclass correlation in [0, 1]."""
        shrink = (1.0 - icc) / (1.0 - icc + icc * self.d)
        return float((self.u2 * shrink).mean() / (self.rest / self.df_rest))

    def solve(self, value: float) -> float:
        """The intraclass correlation at which W has a value; 0 where W(0) is below it."""
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.at(middle) > value else (low, middle)
        return 0.5 * (low + high) if low > 0.0 else 0.0


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
    r, e = len(pivot.d), pivot.df_rest
    if not pivot.defined:
        return ExactIcc(icc, nan, nan, nan, r, e, nan)
    tail = (1.0 - conf_level) / 2.0
    low, high = (pivot.solve(float(fdtri(r, e, p))) for p in (1.0 - tail, tail))
    statistic = pivot.at(0.0)
    return ExactIcc(icc, low, high, statistic, r, e, float(fdtrc(r, e, statistic)))


def pivot_of(fit: FittedModel) -> Pivot:
    """Eigenvalues and squares from the cross-products of a fit; no row is needed."""
    _check_model(fit)
    design = fit.criterion.design
    products = design.products
    total, x, y = products.total, design.x, design.y
    z = int(design.levels[0].z[0])
    sizes = products.grams[z, z]  # type: ignore[attr-defined]
    xz, zy = products.grams[x, z], products.grams[z, y]  # type: ignore[attr-defined]
    solved = np.linalg.solve(total[np.ix_(x, x)], np.column_stack([xz, total[x, y]]))
    left = np.diag(sizes) - xz.T @ solved[:, :-1]
    moved = zy - xz.T @ solved[:, -1]
    values, vectors = np.linalg.eigh((left + left.T) / 2.0)
    kept = values > FLAT * values.max(initial=0.0)
    d = values[kept]
    u2 = (vectors[:, kept].T @ moved) ** 2 / d
    residual = total[y, y] - total[x, y] @ solved[:, -1]
    rest = residual - u2.sum()
    df = design.n_obs - len(x) - len(d)
    return Pivot(d, u2, float(rest) if rest > FLAT * residual else 0.0, df)


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
