"""FittedMultilevel: what was fitted of dependent effect sizes, and the numbers that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats.meta.multilevel.criterion import Point
from alliance_stats.meta.multilevel.estimate import Estimate
from alliance_stats.meta.multilevel.layout import Layout
from alliance_stats.meta.multilevel.sampling import sampling_matrix
from alliance_stats.meta.robust import Rows
from alliance_stats.meta.scales import Scale, scale_of
from alliance_stats.meta.studies import Studies
from alliance_stats.numeric.sandwich import Kind, Sandwich

Method = Literal["REML", "ML"]


@dataclass(frozen=True)
class Said:
    """The arguments of a call that its data do not hold.

    Attributes
    ----------
    random : tuple of str
    structure : str or None
    covariance : bool
        Whether sampling covariances were given.
    study : str
        Whose effects have correlated sampling errors.
    """

    random: tuple[str, ...]
    structure: str | None
    covariance: bool
    study: str


@dataclass(frozen=True, eq=False, repr=False)
class FittedMultilevel:
    """The half of a `MultilevelMetaResult` that questions are asked of.

    Attributes
    ----------
    studies : Studies
    layout : Layout
    estimate : Estimate
    method : {"REML", "ML"}
    said : Said
    cluster : str or None
        The unit whose groups are independent, for cluster-robust tests; None if there is none.
    clusters : array (k,) of int
        Its groups, in the order of `studies`.
    about_fit : tuple of str
        What the reader must know of the fit, in plain words.
    """

    studies: Studies
    layout: Layout
    estimate: Estimate
    method: Method
    said: Said
    cluster: str | None
    clusters: np.ndarray
    about_fit: tuple[str, ...] = ()

    @property
    def point(self) -> Point:
        """The criterion at the estimate."""
        return self.estimate.point

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows; what is singular; what the model leaves out."""
        return (*self.studies.messages(), *self.about_fit)

    @property
    def rho(self) -> float | None:
        """Correlation of sampling errors within studies; None where none was needed."""
        return self.layout.sampling.rho

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
    def transform(self) -> np.ndarray:
        """Coefficients of the terms from those of the orthonormal columns, (p, p)."""
        return np.linalg.inv(self.layout.columns[1])

    @cached_property
    def beta(self) -> np.ndarray:
        """Coefficients, (p,)."""
        return _read_only(self.transform @ self.point.beta)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of the coefficients if the model is right, (p, p)."""
        return _read_only(self.transform @ self.point.bread @ self.transform.T)

    @cached_property
    def fitted(self) -> np.ndarray:
        """Xβ, (k,)."""
        return _read_only(self.studies.x @ self.beta)

    @property
    def df_residual(self) -> int:
        """k − p."""
        return self.studies.k - self.studies.p

    @property
    def n_parameters(self) -> int:
        """Coefficients and free parameters of the random effects."""
        return self.studies.p + len(self.estimate.theta)

    @property
    def loglik(self) -> float:
        """The restricted log-likelihood of REML fits, else the log-likelihood."""
        return self.point.problem.log_likelihood(self.point.deviance)

    @property
    def converged(self) -> bool:
        """Whether the variances were found to their tolerance."""
        return self.estimate.converged

    @cached_property
    def matrices(self) -> list[np.ndarray]:
        """Covariance matrix (m, m) of the random effects of every term."""
        parts = self.layout.parameters.by_term(self.estimate.natural)
        terms = zip(self.layout.terms, parts, strict=True)
        return [term.structure.matrix(part) for term, part in terms]

    @cached_property
    def tau2(self) -> pd.DataFrame:
        """Variance of every random effect: ``unit term n tau2 tau``.

        ``term`` is the level of an inner factor, as in ``outcome | study``; empty otherwise.
        """
        rows = [
            (term.label, level, term.n_groups, float(variance))
            for term, matrix in zip(self.layout.terms, self.matrices, strict=True)
            for level, variance in zip(term.levels, np.diag(matrix), strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["unit", "term", "n", "tau2"])
        return frame.assign(tau=np.sqrt(np.maximum(frame["tau2"], 0.0)))

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the effects of one unit: ``unit term_1 term_2 correlation``."""
        rows = [
            (term.label, term.levels[r], term.levels[s], correlation(matrix, r, s))
            for term, matrix in zip(self.layout.terms, self.matrices, strict=True)
            if term.structure.kind in ("UN", "CS", "HCS")
            for r in range(term.structure.m)
            for s in range(r)
        ]
        return pd.DataFrame(rows, columns=["unit", "term_1", "term_2", "correlation"])

    @cached_property
    def _unweighted(self) -> Point:
        """The criterion without random effects: weights by the sampling errors alone."""
        return self.point.problem.at(np.zeros_like(self.estimate.natural))

    @property
    def q(self) -> float:
        """Cochran's Q by the sampling covariances, of residual heterogeneity with moderators."""
        return self._unweighted.quadratic

    @property
    def q_p(self) -> float:
        """p value of Q."""
        return float(chdtrc(self.df_residual, self.q))

    @cached_property
    def sampling_share(self) -> np.ndarray:
        """Diagonal (k,) of P of the model without random effects, in the order of the layout.

        Its sum over k − p is what one over a sampling variance would be.
        """
        point = self._unweighted
        taken = np.einsum("np,pq,nq->n", point.weighted_x, point.bread, point.weighted_x)
        return np.asarray(point.precision.diagonal - taken)

    @property
    def leverage(self) -> np.ndarray:
        """Diagonal (k,) of X(X'WX)⁻¹X'W without random effects, in the order of the layout."""
        point = self._unweighted
        x = point.problem.x
        return np.einsum("np,pq,nq->n", x, point.bread, point.weighted_x)

    @property
    def typical_variance(self) -> float:
        """Typical sampling variance (k − p)/tr P (Higgins & Thompson, 2002)."""
        return self.df_residual / float(self.sampling_share.sum())

    @cached_property
    def sandwiches(self) -> dict[Kind, Sandwich]:
        """Cluster-robust covariances by kind, once they were asked for."""
        return {}

    def rows(self, clusters: np.ndarray) -> Rows:
        """What a sandwich needs, for clusters (k,) in the order of `studies`."""
        layout, point = self.layout, self.point
        return Rows(
            point.problem.x,
            point.residuals,
            clusters[layout.order],
            self.covariance_of,
            point.bread,
            self.transform,
        )

    def covariance_of(self, at: np.ndarray) -> np.ndarray:
        """Model covariances (J, s, s) of rows (J, s) of the layout."""
        found = sampling_matrix(self.layout.sampling, self.layout.vi, at)
        parts = self.layout.parameters.by_term(self.estimate.natural)
        for term, part in zip(self.layout.terms, parts, strict=True):
            for variance, q in zip(part, term.matrices(at), strict=True):
                found += variance * q
        return found

    def in_order(self, values: np.ndarray) -> np.ndarray:
        """Values of the layout's rows in the order of `studies`."""
        found = np.empty_like(values)
        found[self.layout.order] = values
        return found


def correlation(matrix: np.ndarray, r: int, s: int) -> float:
    """The correlation of a covariance matrix; NaN where a variance is zero."""
    size = float(np.sqrt(matrix[r, r] * matrix[s, s]))
    return float(matrix[r, s]) / size if size > 0 else float("nan")


def _read_only(values: np.ndarray) -> np.ndarray:
    values = np.array(values)
    values.flags.writeable = False
    return values
