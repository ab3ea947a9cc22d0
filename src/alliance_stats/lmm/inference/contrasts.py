"""Tests of linear combinations of fixed effects: t tests of single ones, F tests of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc

from alliance_stats._base.checks import did_you_mean, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.residual.limits import NOT_LINEAR, no_structure
from alliance_stats.lmm.tables import test_table

Ddf = Literal["satterthwaite", "kenward-roger", "normal"]
DDFS = ("satterthwaite", "kenward-roger", "normal")
#: An eigenvalue of a covariance of contrasts below this share of the largest counts as zero.
DEPENDENT = 1e-10


def tidy(
    self: FittedModel, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite"
) -> pd.DataFrame:
    """One row a fixed effect, with its test and interval.

    Parameters
    ----------
    conf_level : float
    ddf : {"satterthwaite", "kenward-roger", "normal"}
        Degrees of freedom of the t tests. Kenward-Roger also corrects the standard errors,
        which matters with few groups; it needs REML. ``"normal"`` gives z tests.

    Returns
    -------
    DataFrame
        Columns ``term estimate se statistic df p_value ci_low ci_high``.
    """
    rows = {name: {name: 1.0} for name in self.names}
    return contrasts(self, rows, conf_level=conf_level, ddf=ddf)


def contrasts(
    self: FittedModel,
    contrasts: Mapping[str, Mapping[str, float]],
    *,
    conf_level: float = 0.95,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Linear combinations of fixed effects, with the columns of `tidy`.

    Parameters
    ----------
    contrasts : mapping
        Name of a contrast to its weights by fixed effect, such as
        ``{"contextual": {"wai_between": 1, "wai_within": -1}}``.
    conf_level, ddf
        As in `tidy`.

    Raises
    ------
    ArgumentError
        If a fixed effect is not in the model.
    """
    probability(conf_level, name="conf_level")
    check_ddf(ddf, self)
    weights = weights_of(self.names, list(contrasts.values()))
    estimate = weights @ self.beta.to_numpy()
    # in standardised columns, where no digits are lost to the scales of the predictors
    inner = weights @ self.criterion.design.transform
    covariance = _unscaled(self, ddf)
    variance = self.unit_variance * np.einsum("ra,ab,rb->r", inner, covariance, inner)
    if ddf == "normal":
        df = np.full(len(inner), np.inf)
    elif ddf == "satterthwaite":
        df = np.array([self.satterthwaite.df(row) for row in inner])
    else:
        df = np.array([self.kenward_roger.df(row[None])[0] for row in inner])
    return test_table(tuple(contrasts), estimate, np.sqrt(variance), df, conf_level)


def joint_tests(
    self: FittedModel,
    hypotheses: Mapping[str, Sequence[Mapping[str, float]]],
    *,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """F tests that several linear combinations of fixed effects are zero at once.

    Parameters
    ----------
    hypotheses : mapping
        Name of a test to its contrasts: ``{"arm": [{"arm[b]": 1}, {"arm[c]": 1}]}``.
        Combinations of the others count once.
    ddf
        As in `tidy`; with ``"normal"`` a χ² test, its statistic divided by its degrees.

    Returns
    -------
    DataFrame
        Columns ``term statistic df_numerator df_denominator p_value``.

    Raises
    ------
    ArgumentError
        If a fixed effect is not in the model.
    UnsupportedError
        For Kenward-Roger after maximum likelihood.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + wai_total + (1 | patient)", sessions)
    >>> both = {"both": [{"session": 1}, {"wai_total": 1}]}
    >>> bool(fit.joint_tests(both, ddf="kenward-roger")["p_value"].item() < 0.001)
    True
    """
    check_ddf(ddf, self)
    rows = [
        joint_test(self, weights_of(self.names, contrasts), ddf)
        for contrasts in hypotheses.values()
    ]
    return joint_columns(list(hypotheses), rows)


def joint_columns(
    terms: Sequence[str], rows: Sequence[tuple[float, float, float, float]]
) -> pd.DataFrame:
    """F, degrees of freedom and p of every joint test as a table."""
    columns = ["statistic", "df_numerator", "df_denominator", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "term", list(terms))
    return table


def joint_test(
    fit: FittedModel, weights: np.ndarray, ddf: Ddf
) -> tuple[float, float, float, float]:
    """F (for "normal" χ² over its df), degrees of freedom and p of Lβ = 0."""
    inner = weights @ fit.criterion.design.transform
    estimate = weights @ fit.beta.to_numpy()
    covariance = fit.unit_variance * inner @ _unscaled(fit, ddf) @ inner.T
    statistics, along = independent_squares(estimate, covariance)
    rank = len(statistics)
    f = float(statistics.mean())
    if ddf == "normal":
        return f, rank, float("inf"), float(chdtrc(rank, rank * f))
    if ddf == "kenward-roger":
        df, scale = fit.kenward_roger.df(along @ inner)
        f *= scale
    else:
        df = _pooled_df([fit.satterthwaite.df(row) for row in along @ inner])
    return f, rank, df, float(fdtrc(rank, df, f))


def independent_squares(
    estimate: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squares (rank,) of independent standardised combinations of estimates, and these (rank, r).

    Combinations of others among the estimates count once.
    """
    values, vectors = np.linalg.eigh(covariance)
    kept = values > DEPENDENT * values[-1]
    along = vectors[:, kept].T
    return (along @ estimate) ** 2 / values[kept], along


def _pooled_df(dfs: Sequence[float]) -> float:
    """Denominator degrees of freedom of a sum of squared independent t statistics.

    F has the mean of the average of these squares (Fai & Cornelius, 1996).
    """
    rank = len(dfs)
    if rank == 1:
        return float(dfs[0])
    if min(dfs) <= 2.0:
        return 2.0
    if np.ptp(dfs) < 1e-8 * np.mean(dfs):
        return float(np.mean(dfs))
    expected = sum(df / (df - 2.0) for df in dfs)
    return float(2.0 * expected / (expected - rank))


def _unscaled(fit: FittedModel, ddf: Ddf) -> np.ndarray:
    """Covariance of the standardised coefficients over σ²."""
    return fit.kenward_roger.adjusted if ddf == "kenward-roger" else fit.profile.unscaled


def check_ddf(ddf: str, fit: FittedModel) -> None:
    """Raise unless these degrees of freedom can be had."""
    one_of(ddf, DDFS, name="ddf")
    if ddf == "kenward-roger":
        no_structure(fit, *NOT_LINEAR)
    if ddf == "kenward-roger" and not fit.reml:
        raise UnsupportedError(
            "Kenward-Roger needs a fit by REML, and this one is by maximum likelihood. Fit with "
            "reml=True, or use ddf='satterthwaite'."
        )


def weights_of(names: tuple[str, ...], contrasts: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Weights (r, p) of contrasts. Raises ArgumentError for an effect not in the model."""
    for name in dict.fromkeys(name for contrast in contrasts for name in contrast):
        if name not in names:
            raise ArgumentError(
                f"fixed effect '{name}' is not in the model."
                f"{did_you_mean(name, names)} In the model: {name_list(names)}."
            )
    rows = [[float(contrast.get(name, 0.0)) for name in names] for contrast in contrasts]
    return np.array(rows).reshape(len(contrasts), len(names))
