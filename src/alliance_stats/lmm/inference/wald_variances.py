"""Wald intervals of standard deviations and correlations, from the curvature of the deviance.

On the scales on which they are nearly symmetric: logs of standard deviations, Fisher's z of
correlations (Pinheiro & Bates, 2000, Mixed-effects models in S and S-PLUS, section 2.4.3). The
covariance of all variance parameters is that behind Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import probability
from alliance_stats.lmm.factors import triangle
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.conditional import level_transform
from alliance_stats.lmm.tables import pairs_within, var_corr

#: A half width on the log scale (a factor of 10,000) or of Fisher's z (.9999) beyond which the data
#: say nothing of a parameter.
_UNKNOWN = {"sd": 9.2, "correlation": 4.95}
#: 1 − r² below which a correlation is one of a singular fit.
_PERFECT = 1e-8


@dataclass(frozen=True, eq=False)
class _Slopes:
    """Derivatives of one parameter on its scale: in θ (n_theta,), ψ (k,) and σ²."""

    theta: np.ndarray
    psi: np.ndarray
    sigma2: float


def wald_variances(self: FittedModel, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Standard deviations and correlations of random effects and residuals, with Wald intervals.

    Parameters
    ----------
    conf_level : float

    Returns
    -------
    DataFrame
        The rows of `var_corr`: columns ``group term with_term estimate ci_low ci_high``; a row
        with a `with_term` is a correlation, one without a standard deviation. Ends are NaN for a
        parameter at the end of its range, and where the data say nothing of it. The
        parameter of an autoregression is not among the rows.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> wald_variances(fit)["group"].tolist()
    ['patient', 'Residual']
    """
    probability(conf_level, name="conf_level")
    quantile = float(ndtri((1.0 + conf_level) / 2.0))
    table = var_corr(self)
    table = table[table["term"] != "rho"].reset_index(drop=True)
    correlated = table["with_term"] != ""
    estimate = np.where(correlated, table["correlation"], table["sd"])
    slopes = [*_random_slopes(self), *_residual_slopes(self)]
    half = quantile * np.array([_error(self, slope) for slope in slopes])
    most = np.where(correlated, _UNKNOWN["correlation"], _UNKNOWN["sd"])
    half = np.where(half < most, half, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.arctanh(np.where(correlated, estimate, 0.0))
        low = np.where(correlated, np.tanh(z - half), estimate * np.exp(-half))
        high = np.where(correlated, np.tanh(z + half), estimate * np.exp(half))
    found = table[["group", "term", "with_term"]].copy()
    return found.assign(estimate=estimate, ci_low=low, ci_high=high)


def _error(fit: FittedModel, slope: _Slopes) -> float:
    """Standard error of a parameter on its scale; NaN at the end of its range."""
    known, residual = fit.satterthwaite, fit.residual
    free = np.ones(0, dtype=int) if residual is None else residual.free
    at_end = np.setdiff1d(np.arange(len(slope.psi)), free)
    fixed = np.setdiff1d(np.arange(len(slope.theta)), known.free)
    lost = np.append(slope.psi[at_end], slope.theta[fixed]).any()
    gradient = np.concatenate([slope.theta[known.free], slope.psi[free], [slope.sigma2]])
    if lost or not np.isfinite(gradient).all() or not gradient.any():
        return float("nan")
    return float(np.sqrt(known.covariance(gradient[:, None])[0, 0]))


def _random_slopes(fit: FittedModel) -> Iterator[_Slopes]:
    """In the order of `var_corr`: of every factor its standard deviations, then correlations."""
    factors = iter(fit.profile.factors)
    first = 0
    for level in fit.criterion.design.levels:
        transform, sds, pairs = level_transform(level), [], []
        for block in level.blocks:
            inner = transform[block.columns, block.columns]
            covariance, changes = _block_changes(inner, next(factors))
            places = slice(first, first + len(changes))
            sds += [
                _of_theta(fit, places, _log_sd_slope(covariance, changes, i), sd=True)
                for i in range(len(covariance))
            ]
            pairs += [
                _of_theta(fit, places, _z_slope(covariance, changes, i, j), sd=False)
                for i, j in pairs_within(slice(0, len(covariance)))
            ]
            first = places.stop
        yield from sds
        yield from pairs


def _block_changes(transform: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance (q, q) of a block over σ² and its derivatives (k, q, q) in θ."""
    root = transform @ factor
    rows, columns = triangle(len(factor))
    changes = np.einsum("pk,qk->kpq", transform[:, rows], root[:, columns])
    return root @ root.T, changes + changes.transpose(0, 2, 1)


def _log_sd_slope(covariance: np.ndarray, changes: np.ndarray, i: int) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(0.5 * changes[:, i, i] / covariance[i, i])


def _z_slope(covariance: np.ndarray, changes: np.ndarray, i: int, j: int) -> np.ndarray:
    """Of Fisher's z of a correlation; NaN for a perfect one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        both = np.sqrt(covariance[i, i] * covariance[j, j])
        r = covariance[i, j] / both
        drift = _log_sd_slope(covariance, changes, i) + _log_sd_slope(covariance, changes, j)
        left = 1.0 - r * r
        slope = (changes[:, i, j] / both - r * drift) / left
    return np.asarray(slope) if left > _PERFECT else np.full(len(changes), np.nan)


def _of_theta(fit: FittedModel, places: slice, slope: np.ndarray, *, sd: bool) -> _Slopes:
    theta = np.zeros(len(fit.minimum.theta))
    theta[places] = slope
    psi = np.zeros(0 if fit.residual is None else len(fit.residual.psi))
    return _Slopes(theta, psi, 0.5 / fit.profile.sigma2 if sd else 0.0)


def _residual_slopes(fit: FittedModel) -> Iterator[_Slopes]:
    """Standard deviations of the classes of residuals, then the correlations of roles."""
    residual, theta = fit.residual, np.zeros(len(fit.minimum.theta))
    sigma2 = 0.5 / fit.profile.sigma2
    if residual is None:
        yield _Slopes(theta, np.zeros(0), sigma2)
        return
    unit = np.eye(len(residual.psi))
    yield _Slopes(theta, np.zeros(len(unit)), sigma2)
    for k in range(residual.n_classes - 1):
        yield _Slopes(theta, unit[k], sigma2)
    for parameter in residual.parameters:
        if parameter.kind == "correlation":
            yield _Slopes(theta, parameter.slope, 0.0)
