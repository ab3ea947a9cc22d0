"""Cluster-robust tests of a meta-analysis: what the effects of a study covary is not believed.

The working covariance is that of the model and its inverse the weights; CR2 is unbiased where the
model is right (Tipton, 2015, Psychol. Methods 20, 375–393; Pustejovsky & Tipton, 2022, Prev. Sci.
23, 425–438). Formulas: `numeric.sandwich`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, did_you_mean, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.meta.batches import row_batches
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.studies import Studies
from alliance_stats.numeric.least_squares import t_tests
from alliance_stats.numeric.sandwich import (
    KINDS,
    ClusterParts,
    Kind,
    Sandwich,
    adjusted_parts,
    plain_parts,
    size_factor,
)

#: Below so many degrees of freedom the t and F approximations are off (Tipton, 2015).
FEW_DF = 4.0
#: Entries of the matrices of one batch of clusters.
BATCH = 1_000_000


class Tested(Protocol):
    """What tests ask of a meta-analysis."""

    @property
    def studies(self) -> Studies:
        """What was analysed."""
        ...

    @property
    def beta(self) -> np.ndarray:
        """Coefficients (p,)."""
        ...

    @property
    def term_names(self) -> tuple[str, ...]:
        """Their names."""
        ...


class Viewed(Tested, Protocol):
    """What a result with robust tests asks besides."""

    @property
    def messages(self) -> tuple[str, ...]:
        """Warnings of the fit."""
        ...

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """What the report room may see."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a fit for a sandwich.

    Attributes
    ----------
    x : array (n, p)
    residuals : array (n,)
    clusters : array (n,) of int
        0, 1, … without gaps.
    covariance_of : callable
        Model covariances (J, s, s) of rows (J, s).
    bread : array (p, p)
        (X'WX)⁻¹.
    transform : array (p, p)
        Coefficients of the terms from those of `x`.
    """

    x: np.ndarray
    residuals: np.ndarray
    clusters: np.ndarray
    covariance_of: Callable[[np.ndarray], np.ndarray]
    bread: np.ndarray
    transform: np.ndarray


def sandwich_of(rows: Rows, kind: Kind) -> Sandwich:
    """The sandwich of clusters of any size, those of one size computed together."""
    n, p = rows.x.shape
    sizes = np.bincount(rows.clusters)
    parts = ClusterParts(*(np.empty((len(sizes), *s)) for s in ((p, p), (p,), (p, p), (p, p))))
    for at in row_batches(rows.clusters, BATCH):
        own = _parts(rows, at, kind)
        for name in ("information", "scores", "spread", "cross"):
            getattr(parts, name)[rows.clusters[at[:, 0]]] = getattr(own, name)
    return Sandwich(rows.bread, parts, size_factor(kind, len(sizes), n, p))


def _parts(rows: Rows, at: np.ndarray, kind: Kind) -> ClusterParts:
    x, e, v = rows.x[at], rows.residuals[at], rows.covariance_of(at)
    if kind == "CR2":
        return adjusted_parts(x, v, e, rows.bread)
    moved = np.linalg.solve(v, np.concatenate([x, e[:, :, None]], axis=2))
    cross = x.transpose(0, 2, 1) @ moved
    return plain_parts(cross[:, :, -1], cross[:, :, :-1])


@dataclass(frozen=True, eq=False, repr=False)
class RobustTests:
    """Cluster-robust tests of coefficients.

    Attributes
    ----------
    fit : MetaResult or MultilevelMetaResult
    cluster : str
        Whose effects may depend on each other.
    kind : {"CR0", "CR1", "CR1S", "CR2"}
    sandwich : Sandwich
        In the columns of `transform`.
    transform : array (p, p)
        Coefficients of the terms from those of the columns.
    """

    fit: Tested
    cluster: str
    kind: Kind
    sandwich: Sandwich
    transform: np.ndarray

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.sandwich.parts.scores)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Robust covariance matrix (p, p) of the coefficients."""
        return np.asarray(self.transform @ self.sandwich.covariance @ self.transform.T)

    @property
    def vcov(self) -> pd.DataFrame:
        """The same with names."""
        names = list(self.fit.term_names)
        return pd.DataFrame(self.covariance, index=names, columns=names)

    @cached_property
    def _single(self) -> tuple[np.ndarray, np.ndarray]:
        return self.errors(np.eye(len(self.fit.beta)))

    def errors(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standard errors and Satterthwaite df of combinations (r, p) of coefficients."""
        inner = weights @ self.transform
        variance = np.einsum("ra,ab,rb->r", inner, self.sandwich.covariance, inner)
        told = np.array([self.sandwich.tells(row[None]) for row in inner], dtype=bool)
        df = np.array([self.sandwich.df(row) for row in inner])
        return np.where(told, np.sqrt(variance), np.nan), np.where(told, df, np.nan)

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Coefficients with robust standard errors and t tests.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high``; ``df`` after
            Satterthwaite for the robust variance.
        """
        return test_table(self.fit.term_names, self.fit.beta, *self._single, conf_level)

    def contrasts(
        self, contrasts: Mapping[str, Mapping[str, float]], *, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """Linear combinations of coefficients, with the columns of `tidy`.

        Raises
        ------
        ArgumentError
            If a coefficient is not in the model.
        """
        weights = _weights(self.fit.term_names, list(contrasts.values()))
        errors = self.errors(weights)
        return test_table(tuple(contrasts), weights @ self.fit.beta, *errors, conf_level)

    def joint_test(self, weights: np.ndarray) -> tuple[float, int, float, float]:
        """F, its two degrees of freedom and p of weights (q, p) times β = 0 (AHT)."""
        return self.sandwich.wald(weights @ self.transform, weights @ self.fit.beta)

    def moderator_test(self) -> pd.DataFrame:
        """Tests of every moderator and of all together: approximate Hotelling's T².

        Returns
        -------
        DataFrame
            ``term statistic df_numerator df_denominator p_value``.
        """
        rows = term_hypotheses(self.fit.studies)
        found = {name: self.joint_test(weights) for name, weights in rows.items()}
        return joint_table(found)


@dataclass(frozen=True, eq=False, repr=False)
class RobustMetaResult(RobustTests):
    """A meta-analysis with cluster-robust tests. Made by `cluster_robust`."""

    fit: Viewed

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Warnings of the fit, and where the clusters are too few for a test."""
        said, names = list(self.fit.messages), np.array(self.fit.term_names)
        se, df = self._single
        few = names[np.nan_to_num(df, nan=np.inf) < FEW_DF]
        if len(few):
            said.append(few_df(self.n_clusters, self.cluster, few))
        alone = names[np.isnan(se)]
        if len(alone):
            said.append(
                f"No robust standard error for {name_list(alone)}: a single {self.cluster} "
                "determines it, so how it varies between clusters cannot be seen. Leave the "
                "moderator out, or use the model's own tests."
            )
        return tuple(dict.fromkeys(said))

    @property
    def _note(self) -> str:
        return (
            f"Standard errors: {self.kind}, {counted(self.n_clusters, 'cluster')} of "
            f"'{self.cluster}', t tests with Satterthwaite's degrees of freedom."
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        inner = self.fit.view(conf_level=conf_level)
        return replace(
            inner,
            title=f"{inner.title}, standard errors robust by {self.cluster}",
            terms=self.tidy(conf_level=conf_level),
            notes=(*inner.notes, self._note),
            messages=self.messages,
            refit=f"al.cluster_robust({inner.refit}, cluster={self.cluster!r}, kind={self.kind!r})",
            labels={**inner.labels, "test_words": f"{self.kind} t tests"},
        )

    def __repr__(self) -> str:
        return result_text(self.view().title, [self.tidy()], (self._note, *self.messages))

    def _repr_html_(self) -> str:
        return result_html(self.view().title, [self.tidy()], (self._note, *self.messages))


def few_df(n_clusters: int, cluster: str, terms: Sequence[str]) -> str:
    """What few degrees of freedom mean."""
    return (
        f"Fewer than {FEW_DF:g} degrees of freedom, from {counted(n_clusters, 'cluster')} of "
        f"'{cluster}', for {name_list(terms)}: p-values and intervals are rough. Read them at a "
        "stricter level (.01 for .05)."
    )


def robust_of(fit: Viewed, rows: Rows, cluster: str, kind: Kind) -> RobustMetaResult:
    """Cluster-robust tests of a fit whose rows are independent between clusters."""
    return RobustMetaResult(
        fit, cluster, kind, checked_sandwich(rows, cluster, kind), rows.transform
    )


def checked_sandwich(rows: Rows, cluster: str, kind: Kind) -> Sandwich:
    """The sandwich of two or more clusters.

    Raises
    ------
    DataError
        If there is one cluster only.
    """
    one_of(kind, KINDS, name="kind")
    if (n := int(rows.clusters.max()) + 1) < 2:
        raise DataError(
            f"cluster={cluster!r} has {n} cluster; robust errors need the spread between several. "
            "Name a unit with more groups."
        )
    return sandwich_of(rows, kind)


def test_table(
    terms: Sequence[str], estimate: np.ndarray, se: np.ndarray, df: np.ndarray, conf_level: float
) -> pd.DataFrame:
    """Estimates with t tests and intervals; infinite df for normal ones."""
    probability(conf_level, name="conf_level")
    found = t_tests(estimate, se, df, conf_level)
    columns = {"term": list(terms), "estimate": estimate, "se": se, "df": df, **found}
    return pd.DataFrame({name: columns[name] for name in TIDY_COLUMNS})


def joint_table(rows: Mapping[str, tuple[float, float, float, float]]) -> pd.DataFrame:
    """Joint tests by name."""
    columns = ["statistic", "df_numerator", "df_denominator", "p_value"]
    table = pd.DataFrame(list(rows.values()), columns=columns)
    table.insert(0, "term", list(rows))
    return table


def term_hypotheses(studies: Studies) -> dict[str, np.ndarray]:
    """The coefficients (q, p) of every moderator, and of all where there are several."""
    moderators = studies.moderators
    of_column, identity = np.array(moderators.term_of_column), np.eye(studies.p)
    found = {
        str(term): identity[of_column == place] for place, term in enumerate(moderators.fixed.terms)
    }
    if len(found) > 1:
        found["all moderators"] = identity[of_column >= 0]
    return found


def _weights(names: Sequence[str], contrasts: Sequence[Mapping[str, float]]) -> np.ndarray:
    for name in dict.fromkeys(name for contrast in contrasts for name in contrast):
        if name not in names:
            raise ArgumentError(
                f"coefficient '{name}' is not in the model.{did_you_mean(name, names)} "
                f"In the model: {name_list(names)}."
            )
    rows = [[float(contrast.get(name, 0.0)) for name in names] for contrast in contrasts]
    return np.array(rows).reshape(len(contrasts), len(names))
