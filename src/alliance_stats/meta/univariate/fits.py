"""Coefficients, tests and heterogeneity of many data sets at their τ².

Knapp & Hartung (2003, Stat. Med. 22, 2693–2710): the covariance of the coefficients times
s² = y'Py/(k − p), with t tests. The ad hoc version never takes s² below 1. Standard error of τ²:
from the expected information (Viechtbauer, 2005) or the variance of the quadratic form that was
solved. I² and H²: Higgins & Thompson (2002, Stat. Med. 21, 1539–1558) with their typical variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from alliance_stats.meta.univariate.between import (
    Between,
    Method,
    crude_variance,
    estimate_between,
)
from alliance_stats.meta.univariate.kernel import (
    DataSets,
    Floats,
    Weighted,
    data_sets,
    fit_at,
    weighted_fit,
)

Test = Literal["knha", "adhoc", "t", "z"]
TESTS: tuple[Test, ...] = get_args(Test)
#: Weighted residual squares below this share of all squares are rounding.
EXACT = 1e-24


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of B data sets. Quantities are computed when they are asked for.

    Attributes
    ----------
    data : DataSets
    method, test : str
    between : Between
        τ².
    at : Weighted
        The weighted fit with weights 1/(v + τ²).
    """

    data: DataSets
    method: Method
    test: Test
    between: Between
    at: Weighted

    @property
    def tau2(self) -> Floats:
        """Variance of true effects between studies, (B,)."""
        return self.between.tau2

    @cached_property
    def beta(self) -> Floats:
        """Coefficients, (B, p)."""
        return self.at.beta

    @cached_property
    def s2(self) -> Floats:
        """What the covariance of the coefficients is multiplied by; 1 for tests z and t, (B,).

        NaN where effects lie on the model to the last digit: their spread says nothing then.
        """
        if self.test in ("z", "t"):
            return np.ones(len(self.data.k))
        spread = self.at.ypy
        size = np.einsum("bk,bk,bk->b", self.at.w, self.data.yi, self.data.yi)
        s2 = np.where(spread > EXACT * size, spread / self.data.df, np.nan)
        return np.fmax(s2, 1.0) if self.test == "adhoc" else s2

    @cached_property
    def covariance(self) -> Floats:
        """Of the coefficients, (B, p, p)."""
        return self.at.covariance * self.s2[:, None, None]

    @cached_property
    def se(self) -> Floats:
        """Standard errors of the coefficients, (B, p)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def df(self) -> Floats:
        """Degrees of freedom of tests of coefficients: k − p, or inf for z, (B,)."""
        return np.full(len(self.data.k), np.inf) if self.test == "z" else self.data.df

    @cached_property
    def equal(self) -> Weighted:
        """The fit with weights 1/v."""
        return fit_at(self.data, np.zeros(len(self.data.k)))

    @property
    def q(self) -> Floats:
        """Cochran's Q, of residual heterogeneity where there are moderators, (B,)."""
        return self.equal.ypy

    @property
    def typical_variance(self) -> Floats:
        """The sampling variance of a typical study, (k − p)/tr P at τ² = 0, (B,)."""
        return self.data.df / self.equal.trace_p

    @property
    def i2(self) -> Floats:
        """Share of the variance of effects that is not sampling error, from 0 to 1, (B,)."""
        if self.method == "EE":
            return np.maximum(0.0, 1.0 - self.data.df / self.q)
        return self.tau2 / (self.tau2 + self.typical_variance)

    @property
    def h2(self) -> Floats:
        """Variance of effects over their sampling variance, (B,)."""
        if self.method == "EE":
            return self.q / self.data.df
        return self.tau2 / self.typical_variance + 1.0

    @cached_property
    def log_likelihoods(self) -> tuple[Floats, Floats]:
        """ML and REML log-likelihood at τ², (B,) each."""
        return self.at.log_likelihoods(self.data.vi + self.tau2[:, None])

    @property
    def loglik(self) -> Floats:
        """The restricted log-likelihood of REML fits, else the log-likelihood, (B,)."""
        return self.log_likelihoods[int(self.method == "REML")]

    @cached_property
    def se_tau2(self) -> Floats:
        """Standard error of τ², (B,); NaN for equal effects."""
        return standard_errors_of_tau2(self.data, self.method, self.at, self.tau2)


def standard_errors_of_tau2(data: DataSets, method: Method, at: Weighted, tau2: Floats) -> Floats:
    """Standard errors of τ² of every data set."""
    if method == "EE":
        return np.full(len(tau2), np.nan)
    if method == "ML":
        return np.sqrt(2.0 / data.sums(at.squared))
    if method == "REML":
        return np.sqrt(2.0 / at.trace_pp)
    if method in ("PM", "EB"):
        return data.k * np.sqrt(2.0 / data.df) / data.sums(at.w)
    variances = data.vi + tau2[:, None]
    if method == "HE":
        form, scale = weighted_fit(data, data.keep), 1.0 / data.df
    elif method == "SJ":
        crude = crude_variance(data)
        form, scale = fit_at(data, crude), crude / data.df
    else:
        form = fit_at(data, np.zeros(len(tau2)))
        scale = {
            "DL": 1.0 / form.trace_p,
            "HS": 1.0 / data.sums(form.w),
            "HSk": data.k / data.df / data.sums(form.w),
        }[method]
    return np.asarray(scale * np.sqrt(2.0 * form.trace_p_squared(variances)))


def fit_many(
    data: DataSets, *, method: Method = "REML", test: Test = "knha", start: Floats | None = None
) -> Fits:
    """Fit many data sets.

    Parameters
    ----------
    data : DataSets
        Made by `data_sets`.
    method : str
        One of `METHODS`.
    test : {"knha", "adhoc", "t", "z"}
    start : array (B,), optional
        Values of τ² near the solutions; see `estimate_between`.

    Examples
    --------
    Four studies, each left out in turn:

    >>> yi, vi = np.array([0.1, 0.3, 0.4, 0.2]), np.array([0.01, 0.02, 0.01, 0.03])
    >>> fits = fit_many(data_sets(yi, vi, np.ones((4, 1)), keep=1.0 - np.eye(4)), method="DL")
    >>> fits.beta[:, 0].round(3).tolist()
    [0.336, 0.239, 0.173, 0.263]
    """
    between = estimate_between(data, method, start)
    return Fits(data, method, test, between, fit_at(data, between.tau2))


def fit_arrays(
    yi: Floats, vi: Floats, x: Floats, *, method: Method = "REML", test: Test = "knha"
) -> Fits:
    """Fit one data set: `fit_many` of yi (k,), vi (k,), x (k, p), with B = 1."""
    return fit_many(data_sets(yi, vi, x), method=method, test=test)
