"""Regression of effects on their precision: weighted least squares or random effects, or CR2.

Egger et al. (1997, BMJ 315, 629–634): weights 1/v and a dispersion that is estimated. Mixed-effects
version: Sterne & Egger (2005). With several effects a study, both are working models, and the
covariance is clustered by study with CR2 and Satterthwaite's degrees of freedom (Pustejovsky &
Tipton, 2018, J. Bus. Econ. Stat. 36, 672–683).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.errors import DataError
from alliance_stats.meta.bias.source import clusters
from alliance_stats.meta.studies import Studies
from alliance_stats.meta.univariate.between import Method
from alliance_stats.meta.univariate.fits import Fits, Test, fit_arrays
from alliance_stats.numeric.sandwich import Sandwich, adjusted_parts

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Regression:
    """Coefficients with what their tests rest on.

    Attributes
    ----------
    beta, se, df : array (p,)
        `df` is inf for normal tests.
    tau2 : float
        Variance between studies; NaN where it is not in the model.
    """

    beta: Floats
    se: Floats
    df: Floats
    tau2: float


def regress(studies: Studies, x: Floats, *, method: Method, test: Test) -> Regression:
    """Regress effects on the columns of x (k, p); clustered where studies have several effects.

    ``method="EE"`` with ``test="knha"`` is weighted least squares with weights 1/v.
    """
    fits = fit_arrays(studies.yi, studies.vi, x, method=method, test=test)
    tau2 = float("nan") if method == "EE" else float(fits.tau2[0])
    if studies.k == studies.n_studies:
        df = np.full(x.shape[1], float(fits.df[0]))
        return Regression(fits.beta[0], fits.se[0], df, tau2)
    return clustered(studies, x, fits, tau2)


def clustered(studies: Studies, x: Floats, fits: Fits, tau2: float) -> Regression:
    """The coefficients of a working model with CR2 standard errors, clustered by study."""
    codes, n = clusters(studies)
    if n < 3:
        raise DataError(
            f"effects come from {n} studies, too few to cluster by. Give the data of more studies."
        )
    bread = fits.at.covariance[0]
    v = 1.0 / fits.at.w[0]
    sandwich = Sandwich(bread, adjusted_parts(*_padded(codes, n, x, v, fits.at.residual[0]), bread))
    contrasts = np.eye(x.shape[1])
    told = [sandwich.tells(c[None]) for c in contrasts]
    df = np.array([sandwich.df(c) if t else np.nan for c, t in zip(contrasts, told, strict=True)])
    se = np.where(told, np.sqrt(np.diagonal(sandwich.covariance)), np.nan)
    return Regression(fits.beta[0], se, df, tau2)


def _padded(
    codes: np.ndarray, n: int, x: Floats, v: Floats, e: Floats
) -> tuple[Floats, Floats, Floats]:
    """Rows by cluster: x (n, r, p), V (n, r, r), e (n, r); empty places have V = I."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=n)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    cluster, r = codes[order], int(sizes.max())
    xs, vs, es = np.zeros((n, r, x.shape[1])), np.ones((n, r)), np.zeros((n, r))
    xs[cluster, place], vs[cluster, place], es[cluster, place] = x[order], v[order], e[order]
    return xs, vs[:, :, None] * np.eye(r), es
