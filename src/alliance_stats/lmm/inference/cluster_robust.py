"""cluster_robust: standard errors and tests of fixed effects that survive a wrong covariance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar, cast, overload

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, did_you_mean, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.given import fit_given
from alliance_stats.lmm.inference.anova import type3_hypotheses
from alliance_stats.lmm.inference.cluster_blocks import cluster_coordinates, largest_cluster
from alliance_stats.lmm.inference.contrasts import joint_columns, weights_of
from alliance_stats.lmm.residual.limits import no_structure
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.tables import test_table
from alliance_stats.numeric.sandwich import (
    KINDS,
    ClusterParts,
    Kind,
    Sandwich,
    adjusted_parts,
    plain_parts,
    size_factor,
)

#: Most coordinates of a cluster; its matrices then take a few seconds and some 100 MB.
MOST = 3_000
#: Below so many degrees of freedom the t and F approximations are off (Tipton, 2015).
FEW_DF = 4.0


@dataclass(frozen=True, eq=False, repr=False)
class ClusterRobustResult:
    """Fixed effects of a mixed model with cluster-robust tests. Made by `cluster_robust`.

    Attributes
    ----------
    fit : MixedModelResult
    cluster : str
    kind : {"CR0", "CR1", "CR1S", "CR2"}
    n_clusters : int
    sandwich : Sandwich
        In standardised columns and units of the scaled response.
    """

    fit: MixedModelResult
    cluster: str
    kind: Kind
    n_clusters: int
    sandwich: Sandwich

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Robust covariance matrix of the fixed effects."""
        design, names = self.fit.criterion.design, list(self.fit.names)
        inner = design.scale**2 * self.sandwich.covariance
        values = design.transform @ inner @ design.transform.T
        return pd.DataFrame(values, index=names, columns=names)

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row a fixed effect: estimate of the fit, robust standard error, t test, interval.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high``; ``df`` after
            Satterthwaite for the robust variance.
        """
        rows = {name: {name: 1.0} for name in self.fit.names}
        return self.contrasts(rows, conf_level=conf_level)

    def contrasts(
        self, contrasts: Mapping[str, Mapping[str, float]], *, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """Linear combinations of fixed effects, with the columns of `tidy`.

        Parameters
        ----------
        contrasts : mapping
            Name of a contrast to its weights by fixed effect.
        conf_level : float

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model.
        """
        probability(conf_level, name="conf_level")
        weights = weights_of(self.fit.names, list(contrasts.values()))
        inner = weights @ self.fit.criterion.design.transform
        variance = np.einsum("ra,ab,rb->r", inner, self.sandwich.covariance, inner)
        se = self.fit.criterion.design.scale * np.sqrt(variance)
        told = np.array([self.sandwich.tells(row[None]) for row in inner], dtype=bool)
        se = np.where(told, se, np.nan)
        df = np.array([self.sandwich.df(row) for row in inner])
        df = np.where(told, df, np.nan)
        estimate = weights @ self.fit.beta.to_numpy()
        return test_table(tuple(contrasts), estimate, se, df, conf_level)

    def joint_tests(self, hypotheses: Mapping[str, Sequence[Mapping[str, float]]]) -> pd.DataFrame:
        """Tests that several linear combinations are zero at once: approximate Hotelling's T².

        Parameters
        ----------
        hypotheses : mapping
            Name of a test to its contrasts, as in `MixedModelResult.joint_tests`.

        Returns
        -------
        DataFrame
            Columns ``term statistic df_numerator df_denominator p_value``; NaN where the
            clusters are too few for the test, or one alone determines a combination.

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model.
        """
        names = self.fit.names
        return self._joint({key: weights_of(names, rows) for key, rows in hypotheses.items()})

    def anova(self) -> pd.DataFrame:
        """Tests of every term (type III, see `MixedModelResult.anova`), as `joint_tests`.

        Raises
        ------
        UnsupportedError
            If fixed effects were dropped.
        """
        return self._joint(type3_hypotheses(self.fit.criterion.design))

    def _joint(self, hypotheses: Mapping[str, np.ndarray]) -> pd.DataFrame:
        design, beta = self.fit.criterion.design, self.fit.beta.to_numpy()
        rows = [
            self.sandwich.wald(weights @ design.transform, weights @ beta / design.scale)
            for weights in hypotheses.values()
        ]
        return joint_columns(list(hypotheses), rows)

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Warnings of the fit, and where the clusters are too few for a test."""
        table, said = self.tidy(), list(self.fit.messages)
        few = table.loc[table["df"] < FEW_DF, "term"]
        if len(few):
            said.append(
                f"Fewer than {FEW_DF:g} degrees of freedom, from "
                f"{counted(self.n_clusters, 'cluster')} of '{self.cluster}', for "
                f"{name_list(few)}: p-values and intervals are rough. Read them at a stricter "
                "level (.01 for .05), or compare with Kenward-Roger."
            )
        alone = table.loc[table["se"].isna(), "term"]
        if len(alone):
            said.append(
                f"No robust standard error for {name_list(alone)}: a single {self.cluster} "
                "determines it, so how it varies between clusters cannot be seen. Use the "
                "model's own tests, or leave the predictor out."
            )
        return tuple(said)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        inner = self.fit.view()
        return ResultView(
            kind=inner.kind,
            title=f"{inner.title}, standard errors robust by {self.cluster}",
            terms=self.tidy(),
            fit=inner.fit,
            plot=None,
            levels=inner.levels,
            notes=(*inner.notes, self._note),
            messages=self.messages,
            refit=f"al.cluster_robust({inner.refit}, cluster={self.cluster!r}, kind={self.kind!r})",
            labels={**inner.labels, "ddf": f"cluster-robust ({self.kind}) Satterthwaite"},
            tables=inner.tables,
        )

    @property
    def _note(self) -> str:
        return (
            f"Standard errors: {self.kind}, {counted(self.n_clusters, 'cluster')} of "
            f"'{self.cluster}'. Random effects and log-likelihood are those of the model."
        )

    def __repr__(self) -> str:
        head = f"Linear mixed model: {self.fit.formula}"
        return "\n\n".join([head, self._note, frame_text(self.tidy()), *self.messages])

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape_html(m)}</p>" for m in (self._note, *self.messages))
        return f"<p>{escape_html(self.fit.formula)}</p>{frame_html(self.tidy())}{said}"


R_co = TypeVar("R_co", covariant=True)


class TakesClusters(Protocol[R_co]):
    """A result of another room that has robust tests of its own: a meta-analysis."""

    def cluster_robust(self, *, cluster: str, kind: Kind = "CR2") -> R_co:
        """The same estimates with robust tests."""
        ...


@overload
def cluster_robust(
    result: MixedModelResult, *, cluster: str, kind: Kind = "CR2"
) -> ClusterRobustResult: ...


@overload
def cluster_robust(result: TakesClusters[R_co], *, cluster: str, kind: Kind = "CR2") -> R_co: ...


def cluster_robust(
    result: MixedModelResult | TakesClusters[object], *, cluster: str, kind: Kind = "CR2"
) -> object:
    """Cluster-robust standard errors and tests of a mixed model, or of a meta-analysis.

    The model says how rows of a cluster covary; a wrong model (a slope left out, variances that
    differ between patients, autocorrelation) gives wrong standard errors. These use the spread
    between clusters instead, with the model's covariance as the working one: if it is right, CR2
    is unbiased. The estimates stay those of the fit.

    Parameters
    ----------
    result : MixedModelResult or meta-analysis
        A fit with one grouping factor, or with nested ones; or what `fit_meta` or
        `fit_meta_multilevel` gave.
    cluster : str
        The highest grouping factor of the model, such as ``"therapist"``: rows of different
        clusters must be independent. Of a meta-analysis a column of its frame, such as
        ``"study"``.
    kind : {"CR2", "CR1S", "CR1", "CR0"}
        CR2 corrects for few clusters; the others are the plain sandwich, times J/(J − 1) for
        CR1 and J(n − 1)/((J − 1)(n − p)) for CR1S (Stata's).

    Returns
    -------
    ClusterRobustResult or RobustMetaResult
        ``tidy()`` with Satterthwaite degrees of freedom, ``contrasts()``, ``joint_tests()``,
        ``vcov``, ``messages``.

    Raises
    ------
    ArgumentError
        If `result` is no mixed model, `cluster` is not its highest grouping factor, or `kind` is
        not known.
    UnsupportedError
        For crossed factors; for CR2 with prior weights, a residual structure, or thousands of
        groups in a cluster; for a model without random effects.

    References
    ----------
    Pustejovsky, J. E., & Tipton, E. (2018). Small-sample methods for cluster-robust variance
    estimation and hypothesis testing in fixed effects models. Journal of Business & Economic
    Statistics, 36(4), 672-683.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
    >>> robust = al.cluster_robust(fit, cluster="therapist")
    >>> bool((robust.tidy()["df"] < robust.n_clusters).all())
    True
    """
    if not isinstance(result, MixedModelResult) and hasattr(result, "cluster_robust"):
        return result.cluster_robust(cluster=cluster, kind=kind)
    fit_given(result, name="result")
    one_of(kind, KINDS, name="kind")
    return _of_mixed_model(cast("MixedModelResult", result), cluster, kind)


def _of_mixed_model(result: MixedModelResult, cluster: str, kind: Kind) -> ClusterRobustResult:
    products = _check_cluster(result, cluster)
    design, profile = result.criterion.design, result.profile
    if kind == "CR2" and design.weights is not None:
        raise UnsupportedError(
            f"CR2 with prior weights (column '{design.weights}') is not available: its adjustment "
            "then depends on how rows are scaled. Use kind='CR1S', or fit without weights."
        )
    if kind == "CR2":
        no_structure(
            result,
            "CR2, whose adjustment depends on how correlated rows are taken apart,",
            "Use kind='CR1S'.",
        )
    n_clusters, p = len(design.levels[-1].labels), len(design.names)
    factor = size_factor(kind, n_clusters, design.n_obs, p)
    parts = _adjusted(result, products) if kind == "CR2" else _plain(result, products)
    return ClusterRobustResult(
        result, cluster, kind, n_clusters, Sandwich(profile.unscaled, parts, factor)
    )


def _check_cluster(result: MixedModelResult, cluster: str) -> NestedProducts:
    """Raise unless the clusters are independent under the model."""
    design = result.criterion.design
    names = [level.name for level in design.levels]
    if not design.names:
        raise UnsupportedError("the model has no fixed effects. Add one, such as an intercept.")
    if not names:
        raise UnsupportedError(
            "the model has no random effects, so it names no clusters. "
            f"Add a term such as (1 | {cluster})."
        )
    if not isinstance(design.products, NestedProducts):
        raise UnsupportedError(
            f"the grouping factors {name_list(names)} are crossed, so rows of different groups of "
            f"'{cluster}' are not independent. Cluster-robust tests need nested factors; use "
            "tidy(ddf='kenward-roger'), or leave a factor out."
        )
    if cluster in names[:-1]:
        raise ArgumentError(
            f"cluster={cluster!r} is nested in '{names[-1]}': its groups are not independent. "
            f"Use cluster={names[-1]!r}, the highest unit of the model."
        )
    if cluster != names[-1]:
        raise ArgumentError(
            f"cluster={cluster!r} is not a grouping factor of the model."
            f"{did_you_mean(str(cluster), names)} Use cluster={names[-1]!r}, its highest unit, or "
            f"add a term such as (1 | {cluster}) to the formula."
        )
    return design.products


def _plain(result: MixedModelResult, products: NestedProducts) -> ClusterParts:
    """X'V⁻¹e and X'V⁻¹X of every cluster, from the last step of the elimination."""
    factors = result.criterion.by_level(result.profile.factors)
    top = products.eliminate(factors).states[-1]
    left = top.gram - np.einsum("qag,qbg->abg", top.t, top.t)
    x, weights = result.criterion.design.x, result.criterion.residual_weights(result.profile)
    scores = np.einsum("abg,b->ga", left[x], weights)
    return plain_parts(scores, left[np.ix_(x, x)].transpose(2, 0, 1))


def _adjusted(result: MixedModelResult, products: NestedProducts) -> ClusterParts:
    """The same with the adjustment of CR2, in the order of the clusters."""
    size = largest_cluster(result.criterion, result.profile, products)
    if size > MOST:
        raise UnsupportedError(
            f"CR2 needs matrices of {size:,} columns for the largest cluster, the random effects "
            f"of all groups in it; at most {MOST:,} are possible. Use kind='CR1S'."
        )
    p, n = len(result.names), len(result.criterion.design.levels[-1].labels)
    found = ClusterParts(*(np.empty((n, *shape)) for shape in ((p, p), (p,), (p, p), (p, p))))
    for clusters, at in cluster_coordinates(result.criterion, result.profile, products):
        parts = adjusted_parts(at.x, at.v, at.e, result.profile.unscaled)
        for name in ("information", "scores", "spread", "cross"):
            getattr(found, name)[clusters] = getattr(parts, name)
    return found
