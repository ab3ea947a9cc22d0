"""FittedMeta: what was fitted of the effect sizes of studies, and the numbers that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.meta.scales import Scale, scale_of
from alliance_stats.meta.studies import Studies
from alliance_stats.meta.univariate.between import Method
from alliance_stats.meta.univariate.fits import Fits, Test


@dataclass(frozen=True, eq=False, repr=False)
class FittedMeta:
    """The half of a `MetaResult` that questions are asked of.

    Attributes
    ----------
    studies : Studies
        What was analysed.
    fits : Fits
        The fit, as the only one of many.
    about_fit : tuple of str
        What the reader must know of the fit, in plain words.
    """

    studies: Studies
    fits: Fits
    about_fit: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows; dependent effects; τ² at 0; few studies."""
        return (*self.studies.messages(), *self.about_fit)

    @property
    def method(self) -> Method:
        """The estimator of τ²; ``EE`` for equal effects."""
        return self.fits.method

    @property
    def test(self) -> Test:
        """How coefficients are tested."""
        return self.fits.test

    @property
    def measure(self) -> str | None:
        """The measure of effect size; None if it is not stated."""
        return self.studies.measure

    @property
    def scale(self) -> Scale:
        """How the measure is named and read back."""
        return scale_of(self.studies.measure)

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.studies.moderators.names

    @property
    def mean_only(self) -> bool:
        """Whether the model is a mean effect without moderators."""
        return self.term_names == ("(Intercept)",)

    @cached_property
    def beta(self) -> np.ndarray:
        """Coefficients, (p,)."""
        return _read_only(self.fits.beta[0])

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of the coefficients, (p, p)."""
        return _read_only(self.fits.covariance[0])

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the coefficients, (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def df(self) -> float:
        """Degrees of freedom of tests of coefficients: k − p, or inf for z."""
        return float(self.fits.df[0])

    @property
    def df_residual(self) -> int:
        """k − p."""
        return self.studies.k - self.studies.p

    @property
    def tau2(self) -> float:
        """Variance of true effects between studies; 0 for equal effects."""
        return float(self.fits.tau2[0])

    @property
    def se_tau2(self) -> float:
        """Standard error of τ²; NaN for equal effects."""
        return float(self.fits.se_tau2[0])

    @property
    def q(self) -> float:
        """Cochran's Q, of residual heterogeneity where there are moderators."""
        return float(self.fits.q[0])

    @property
    def i2(self) -> float:
        """I², from 0 to 1: of the variance of effects, the share beyond sampling error."""
        return float(self.fits.i2[0])

    @property
    def h2(self) -> float:
        """H²: the variance of effects over their sampling variance."""
        return float(self.fits.h2[0])

    @property
    def loglik(self) -> float:
        """The restricted log-likelihood of REML fits, else the log-likelihood."""
        return float(self.fits.loglik[0])

    @property
    def converged(self) -> bool:
        """Whether τ² was found to its tolerance."""
        return bool(self.fits.between.converged[0])

    @cached_property
    def weights(self) -> np.ndarray:
        """1/(v + τ²), (k,)."""
        return _read_only(self.fits.at.w[0])

    @cached_property
    def fitted(self) -> np.ndarray:
        """Xβ, (k,)."""
        return _read_only(self.studies.yi - self.fits.at.residual[0])

    @property
    def n_parameters(self) -> int:
        """Coefficients, and τ² where it is estimated."""
        return self.studies.p + int(self.method != "EE")


def _read_only(values: np.ndarray) -> np.ndarray:
    values = np.array(values)
    values.flags.writeable = False
    return values
