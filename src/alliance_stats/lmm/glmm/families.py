"""Families and links: log-likelihoods of rows and their derivatives in the linear predictor η.

A binomial row has y successes in m trials, a Poisson row a count y (m = 1). With μ the mean of one
trial and V its variance (McCullagh & Nelder, 1989, Generalized Linear Models, chapter 2):

    score s = ∂ℓ/∂η,   observed weight −∂s/∂η,   expected weight W = m (∂μ/∂η)²/V,   slope ∂W/∂η.

For the logit and log links the two weights are one. Every formula keeps its digits in the tails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, log_ndtr, logit, ndtr, ndtri, xlogy

from alliance_stats._base.checks import one_of

#: η beyond it would overflow an exponential; its rows have no weight left.
FARTHEST = 300.0
HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class RowParts:
    """Log-likelihood of the rows without its constant, and derivatives (n,) in η.

    Attributes
    ----------
    loglik : ndarray (n,)
    score : ndarray (n,)
        ∂ℓ/∂η.
    observed : ndarray (n,)
        −∂²ℓ/∂η², never below zero.
    expected : ndarray (n,)
        The expectation of `observed`; the same array for the logit and log links.
    slope : ndarray (n,)
        Derivative of `expected` in η.
    """

    loglik: np.ndarray
    score: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    slope: np.ndarray


Evaluate = Callable[[np.ndarray, np.ndarray, np.ndarray], RowParts]
Values = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Family:
    """A family with its link.

    Attributes
    ----------
    name, link : str
    evaluate : callable
        `RowParts` from η, y and m, all (n,).
    mean : callable
        μ of one trial from η.
    inverse : callable
        η from μ.
    """

    name: str
    link: str
    evaluate: Evaluate
    mean: Values
    inverse: Values

    @property
    def canonical(self) -> bool:
        """Whether observed and expected weights are the same."""
        return self.link in ("logit", "log")

    def constant(self, y: np.ndarray, trials: np.ndarray) -> float:
        """What `RowParts.loglik` leaves out, summed over the rows."""
        if self.name == "poisson":
            return -float(gammaln(y + 1.0).sum())
        if float(trials.max()) == 1.0:
            return 0.0
        choose = gammaln(trials + 1.0) - gammaln(y + 1.0) - gammaln(trials - y + 1.0)
        return float(choose.sum())

    def variance(self, mean: np.ndarray, trials: np.ndarray) -> np.ndarray:
        """Variance (n,) of y from the mean of one trial."""
        return mean if self.name == "poisson" else trials * mean * (1.0 - mean)

    def deviance(self, y: np.ndarray, mean: np.ndarray, trials: np.ndarray) -> np.ndarray:
        """Twice the log-likelihood (n,) lost against a perfect fit of every row."""
        fitted = trials * mean
        found = xlogy(y, y) - xlogy(y, fitted)
        if self.name == "poisson":
            return np.maximum(2.0 * (found - (y - fitted)), 0.0)
        found += xlogy(trials - y, trials - y) - xlogy(trials - y, trials - fitted)
        return np.maximum(2.0 * found, 0.0)


def family_of(name: str, link: str | None) -> Family:
    """The family with a link, by default the logit or log. Raises ArgumentError for others."""
    one_of(name, tuple(LINKS), name="family")
    links = LINKS[name]
    one_of(link, (None, *links), name="link")
    return links[link or next(iter(links))]


def _logit(eta: np.ndarray, y: np.ndarray, m: np.ndarray) -> RowParts:
    small = np.exp(-np.abs(eta))
    mean = np.where(eta >= 0, 1.0, small) / (1.0 + small)
    expected = m * small / (1.0 + small) ** 2
    loglik = y * eta - m * (np.maximum(eta, 0.0) + np.log1p(small))
    return RowParts(loglik, y - m * mean, expected, expected, expected * (1.0 - 2.0 * mean))


def _probit(eta: np.ndarray, y: np.ndarray, m: np.ndarray) -> RowParts:
    above, below = log_ndtr(eta), log_ndtr(-eta)
    density = -0.5 * eta**2 - HALF_LOG_TWO_PI
    up, down = np.exp(density - above), np.exp(density - below)
    failures = m - y
    expected = m * up * down
    return RowParts(
        y * above + failures * below,
        y * up - failures * down,
        np.maximum(y * up * (up + eta) + failures * down * (down - eta), 0.0),
        expected,
        expected * (down - up - 2.0 * eta),
    )


def _cloglog(eta: np.ndarray, y: np.ndarray, m: np.ndarray) -> RowParts:
    hazard = np.exp(np.minimum(eta, FARTHEST))
    event = -np.expm1(-hazard)
    with np.errstate(invalid="ignore", divide="ignore", under="ignore"):
        ratio = np.where(hazard > 0, hazard * np.exp(-hazard) / event, 1.0)
        loglik = np.where(y > 0, y * np.where(hazard > 0, np.log(event), eta), 0.0)
    failures = m - y
    expected = m * hazard * ratio
    return RowParts(
        loglik - failures * hazard,
        y * ratio - failures * hazard,
        np.maximum(y * ratio * (ratio + hazard - 1.0) + failures * hazard, 0.0),
        expected,
        expected * (2.0 - hazard - ratio),
    )


def _log(eta: np.ndarray, y: np.ndarray, m: np.ndarray) -> RowParts:
    mean = np.exp(np.minimum(eta, FARTHEST))
    return RowParts(y * eta - mean, y - mean, mean, mean, mean)


LINKS: dict[str, dict[str, Family]] = {
    "binomial": {
        "logit": Family("binomial", "logit", _logit, expit, logit),
        "cloglog": Family(
            "binomial",
            "cloglog",
            _cloglog,
            lambda eta: -np.expm1(-np.exp(np.minimum(eta, FARTHEST))),
            lambda mean: np.log(-np.log1p(-mean)),
        ),
        "probit": Family("binomial", "probit", _probit, ndtr, ndtri),
    },
    "poisson": {
        "log": Family(
            "poisson", "log", _log, lambda eta: np.exp(np.minimum(eta, FARTHEST)), np.log
        ),
    },
}
