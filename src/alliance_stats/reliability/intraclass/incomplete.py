"""Variance components and equivalent mean squares where not every rater rated every target.

The variances σ²_t, σ²_r, σ²_e come from the mixed model by REML, the F test of targets from least
squares (targets adjusted for raters; exact for normal ratings). Intervals take the design as a
balanced one with k₀ raters a target and n₀ targets a rater, the harmonic means (as Burdick &
Graybill, 1992, Confidence intervals on variance components, do for unbalanced designs):

    MSR = σ²_e + k₀ σ²_t,   MSC = σ²_e + n₀ σ²_r,   MSE = σ²_e,

with the degrees of freedom of the least-squares fit. For complete ratings with positive estimates
they are the mean squares of the analysis of variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import fdtrc

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.reliability.intraclass.anova import Form, MeanSquares
from alliance_stats.reliability.intraclass.ratings import Ratings

Floats = NDArray[np.float64]

#: Most raters that are fixed effects.
MOST_FIXED = 100
#: Most levels of the smaller factor.
MOST_SWEPT = 5000
RATING, TARGET, RATER = "rating", "target", "rater"


@dataclass(frozen=True, slots=True)
class LeastSquaresTest:
    """F test of targets, adjusted for raters.

    Attributes
    ----------
    f, df1, df2, p : float
    df_raters : float
    """

    f: float
    df1: float
    df2: float
    p: float
    df_raters: float

    def of(self, form: Form) -> Form:
        """The coefficient with this test in place of its own."""
        return replace(form, f=self.f, df1=self.df1, df2=self.df2, p=self.p)


def test_of_targets(ratings: Ratings) -> LeastSquaresTest:
    """Type III F test of targets in the two-way model without interaction."""
    n, k = ratings.n_targets, ratings.n_raters
    ones = np.ones(len(ratings.values))
    met: Any = csr_array((ones, (ratings.targets, ratings.raters)), shape=(n, k))
    both_ways: Any = block_array([[None, met], [met.T, None]])
    parts = int(connected_components(both_ways, directed=False)[0])
    df1, df2 = n - parts, len(ones) - n - k + parts
    if df2 < 1 or df1 < 1:
        nan = float("nan")
        return LeastSquaresTest(nan, float(df1), float(df2), nan, float(k - parts))
    if min(n, k) > MOST_SWEPT:
        raise UnsupportedError(
            f"{n:,} targets and {k:,} raters of an incomplete design are too many: one of them may "
            f"have at most {MOST_SWEPT:,}. Use fit_lmm on a sample, or the one-way form by "
            "aggregation_icc."
        )
    y = ratings.values - ratings.values.mean()
    only_raters = _within(y, ratings.raters, k)
    both = _residual_of_both(y, ratings, met)
    f = (float(only_raters @ only_raters) - both) / df1 / (both / df2) if both > 0 else np.inf
    return LeastSquaresTest(
        float(f), float(df1), float(df2), float(fdtrc(df1, df2, f)), float(k - parts)
    )


def one_way_test(ratings: Ratings) -> LeastSquaresTest:
    """F test of targets when raters are not told apart."""
    n = ratings.n_targets
    y = ratings.values - ratings.values.mean()
    deviations = _within(y, ratings.targets, n)
    within = float(deviations @ deviations)
    df1, df2 = n - 1.0, float(len(y) - n)
    f = (float(y @ y) - within) / df1 / (within / df2) if within > 0 else np.inf
    return LeastSquaresTest(float(f), df1, df2, float(fdtrc(df1, df2, f)), float("nan"))


def _within(y: Floats, codes: NDArray[np.intp], size: int) -> Floats:
    """Deviations from the means of groups."""
    counts = np.bincount(codes, minlength=size)
    means = np.bincount(codes, weights=y, minlength=size) / counts
    return np.asarray(y - means[codes])


def _residual_of_both(y: Floats, ratings: Ratings, met: Any) -> float:
    """Residual sum of squares with targets and raters; the larger factor is swept out."""
    swept, kept = (ratings.targets, ratings.raters), (ratings.raters, ratings.targets)
    by_target = met.shape[0] >= met.shape[1]
    out, rest = swept if by_target else kept
    cells = met if by_target else csr_array(met.T)
    deviations = _within(y, out, cells.shape[0])
    per_out, per_rest = cells.sum(axis=1), cells.sum(axis=0)
    shared = cells.T @ (cells / per_out[:, None])
    schur = np.diag(per_rest) - np.asarray(shared.toarray())
    right = np.bincount(rest, weights=deviations, minlength=cells.shape[1])
    solved = np.linalg.lstsq(schur, right, rcond=1e-10)[0]
    return max(0.0, float(deviations @ deviations) - float(right @ solved))


@dataclass(frozen=True, eq=False)
class Components:
    """Variances by REML, with the equivalent mean squares.

    Attributes
    ----------
    variances : dict of str to float
        Of ``targets``, ``raters`` (not in the one-way model), ``residual``.
    squares : MeanSquares
    messages : tuple of str
    """

    variances: dict[str, float]
    squares: MeanSquares
    messages: tuple[str, ...] = ()


def one_way_components(ratings: Ratings) -> Components:
    """Targets only: MSW in place of the residual."""
    fit = _fit(ratings, (TARGET,))
    target, residual = _variances(fit, (TARGET,))
    size = effective_sizes(ratings)
    df = float(len(ratings.values) - ratings.n_targets)
    between = residual + size[1] * target
    squares = MeanSquares(
        between, np.nan, np.nan, residual, ratings.n_targets - 1.0, np.nan, np.nan, df, *size
    )
    return Components({"targets": target, "residual": residual}, squares)


def random_components(ratings: Ratings, test: LeastSquaresTest) -> Components:
    """Targets and raters both random."""
    fit = _fit(ratings, (TARGET, RATER))
    target, rater, residual = _variances(fit, (TARGET, RATER))
    return Components(
        {"targets": target, "raters": rater, "residual": residual},
        _squares(ratings, test, target, rater, residual),
        tuple(m for m in fit.about_fit if "converge" in m),
    )


def mixed_components(ratings: Ratings, test: LeastSquaresTest) -> Components:
    """Targets random, raters fixed: their variance is that of the effects, less its error."""
    indicators = {
        f"{RATER}{j}": (ratings.raters == j).astype(float) for j in range(1, ratings.n_raters)
    }
    fit = _fit(ratings, (TARGET,), indicators)
    target, residual = _variances(fit, (TARGET,))
    effects = np.append(0.0, fit.beta.to_numpy()[1:])
    k = len(effects)
    spread = np.zeros((k, k))
    spread[1:, 1:] = fit.vcov.to_numpy()[1:, 1:]
    error = (np.trace(spread) - spread.sum() / k) / (k - 1.0)
    rater = max(0.0, float(effects.var(ddof=1)) - float(error))
    return Components(
        {"targets": target, "raters": rater, "residual": residual},
        _squares(ratings, test, target, rater, residual),
    )


def effective_sizes(ratings: Ratings) -> tuple[float, float]:
    """Harmonic means: targets a rater, raters a target."""
    per_rater = np.bincount(ratings.raters, minlength=ratings.n_raters)
    per_target = np.bincount(ratings.targets, minlength=ratings.n_targets)
    return float(1.0 / np.mean(1.0 / per_rater)), float(1.0 / np.mean(1.0 / per_target))


def _squares(
    ratings: Ratings, test: LeastSquaresTest, target: float, rater: float, residual: float
) -> MeanSquares:
    n, k = effective_sizes(ratings)
    return MeanSquares(
        targets=residual + k * target,
        raters=residual + n * rater,
        residual=residual,
        within=np.nan,
        df_targets=test.df1,
        df_raters=test.df_raters,
        df_residual=test.df2,
        df_within=np.nan,
        n=n,
        k=k,
    )


def _fit(
    ratings: Ratings, groups: tuple[str, ...], fixed: Mapping[str, Floats] | None = None
) -> MixedModelResult:
    """Random intercepts of `groups`, with columns of fixed effects."""
    columns = {RATING: ratings.values, TARGET: ratings.targets, RATER: ratings.raters}
    fixed = fixed or {}
    terms = " + ".join(["1", *fixed, *(f"(1 | {group})" for group in groups)])
    return fit_quietly(f"{RATING} ~ {terms}", pd.DataFrame({**columns, **fixed}))


def _variances(fit: MixedModelResult, groups: tuple[str, ...]) -> list[float]:
    """Variances of the random intercepts, in the order of `groups`, and of the residual."""
    covariances = [fit.covariances[group].to_numpy()[0, 0] for group in groups]
    return [*map(float, covariances), fit.sigma2]
