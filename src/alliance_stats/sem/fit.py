"""fit_sem: a structural equation model from a specification and a frame."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.sem.baseline import fit_baseline
from alliance_stats.sem.builders import in_groups, saturated_model, with_intercepts
from alliance_stats.sem.layout import build_layout
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.prepare import Missing, Prepared, group_labels, prepare
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.robust import Compared, bread
from alliance_stats.sem.saturated import Saturated, fit_saturated, theta_of
from alliance_stats.sem.search import search
from alliance_stats.sem.settings import Settings
from alliance_stats.sem.spec import ModelSpec
from alliance_stats.sem.start import start_values
from alliance_stats.sem.warn import warn_of

Estimator = Literal["ml", "mlr"]
Information = Literal["expected", "observed"]


def fit_sem(
    spec: ModelSpec,
    data: pd.DataFrame,
    *,
    groups: str | None = None,
    missing: Missing = "complete",
    estimator: Estimator = "ml",
    cluster: str | None = None,
    information: Information | None = None,
) -> SemResult:
    """Fit a structural equation model by normal-theory maximum likelihood.

    Parameters
    ----------
    spec : ModelSpec
        For example from `factor_model`.
    data : DataFrame
        One row a unit; one column an observed variable.
    groups : str, optional
        Column of groups. A model of one group is fitted in each, with nothing equal; see
        `in_groups` for equal parameters.
    missing : {"complete", "fiml"}
        Use complete rows, or all rows by full-information maximum likelihood, which is valid
        when values are missing at random.
    estimator : {"ml", "mlr"}
        ``"mlr"`` has the same estimates, with standard errors and test statistics that hold
        without normality.
    cluster : str, optional
        Column of clusters. In a two-level model, the upper level, and with ``"mlr"`` the
        independent units; in a one-level model with ``"mlr"``, rows of a cluster may depend on
        each other.
    information : {"expected", "observed"}, optional
        Which information the standard errors of ``"ml"`` rest on: by default expected for
        complete rows of one level, observed otherwise.

    Returns
    -------
    SemResult

    Raises
    ------
    DataError
        If columns are absent, not numeric, constant or linearly dependent.
    ArgumentError, UnsupportedError
        If arguments contradict each other or the combination is not available.

    Warns
    -----
    DataWarning
        If rows were dropped, or seem to be clustered.
    FitWarning
        If the solution is improper, not identified, or not converged.

    References
    ----------
    Bollen, K. A. (1989). Structural equations with latent variables. Wiley.

    Arbuckle, J. L. (1996). Full information estimation in the presence of incomplete data. In
    G. A. Marcoulides & R. E. Schumacker (Eds.), Advanced structural equation modeling.

    Rosseel, Y. (2021). Evaluating the observed log-likelihood function in two-level structural
    equation modeling with missing data. Psych, 3(2), 197–232.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from alliance_stats.sem import factor_model, fit_sem
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(300, 1))
    >>> items = pd.DataFrame(factor + rng.normal(size=(300, 4)), columns=list("abcd"))
    >>> fit = fit_sem(factor_model({"f": list("abcd")}), items)
    >>> fit.converged, int(fit.glance()["df"].item())
    (True, 2)
    """
    fit = fit_quietly(
        spec,
        data,
        groups=groups,
        missing=missing,
        estimator=estimator,
        cluster=cluster,
        information=information,
    )
    warn_of(fit.about_data, fit.about_fit)
    return fit


def fit_quietly(
    spec: ModelSpec,
    data: pd.DataFrame,
    *,
    groups: str | None = None,
    missing: Missing = "complete",
    estimator: Estimator = "ml",
    cluster: str | None = None,
    information: Information | None = None,
) -> SemResult:
    """`fit_sem` without warnings: they are on ``result.messages`` only."""
    settings = _settings(spec, missing, estimator, cluster, groups, information)
    if groups is not None and spec.groups == ("",):
        spec = in_groups(spec, group_labels(data, groups))
    if missing == "fiml" or groups is not None or cluster is not None:
        spec = with_intercepts(spec)
    prepared = prepare(
        spec,
        data,
        groups=groups,
        cluster=cluster,
        missing=missing,
        whole_clusters=estimator == "mlr",
    )
    return fit_prepared(spec, prepared, settings)


def fit_prepared(spec: ModelSpec, prepared: Prepared, settings: Settings) -> SemResult:
    """Fit a model to data that are prepared already."""
    evidence, robust = prepared.evidence, settings.estimator == "mlr"
    saturated = fit_saturated(spec, evidence)
    layout = build_layout(spec)
    likelihood = Likelihood(layout, evidence, saturated.value)
    optimum = search(likelihood, start_values(layout, saturated.sigma, saturated.mu))
    return SemResult(
        spec=spec,
        likelihood=likelihood,
        optimum=optimum,
        saturated=saturated,
        settings=settings,
        group_sizes=prepared.group_sizes,
        n_clusters=prepared.n_clusters,
        n_patterns=prepared.n_patterns,
        n_dropped=prepared.n_dropped,
        bread=bread(likelihood, optimum.x, prepared.rows) if robust else None,
        compared=_compared(spec, saturated, prepared) if robust else None,
        about_data=prepared.messages,
    )


def _settings(
    spec: ModelSpec,
    missing: Missing,
    estimator: Estimator,
    cluster: str | None,
    groups: str | None,
    information: Information | None,
) -> Settings:
    """Arguments, checked against each other."""
    one_of(missing, ("complete", "fiml"), name="missing")
    one_of(estimator, ("ml", "mlr"), name="estimator")
    two_level = spec.levels != ("",)
    if information is not None:
        one_of(information, ("expected", "observed"), name="information")
        if estimator == "mlr":
            raise ArgumentError(
                "information= has no part in estimator='mlr', which uses the observed one. "
                "Leave it out."
            )
    if two_level and cluster is None:
        raise ArgumentError("a two-level model needs cluster=. Name the column of clusters.")
    if cluster is not None and not two_level and estimator == "ml":
        raise ArgumentError(
            "cluster= changes the standard errors of a one-level model with estimator='mlr' "
            "only. Give estimator='mlr', or a two-level model (in_levels)."
        )
    if groups is None and spec.groups != ("",):
        raise ArgumentError(
            f"the model has the groups {', '.join(spec.groups)}. Give groups= with their column."
        )
    observed = estimator == "mlr" or missing == "fiml" or two_level
    return Settings(
        missing, estimator, information or ("observed" if observed else "expected"), groups, cluster
    )


def _compared(spec: ModelSpec, saturated: Saturated, prepared: Prepared) -> Compared:
    """What the scaling factors of test statistics need of the models compared with."""
    layout = build_layout(saturated_model(spec))
    free = Likelihood(layout, prepared.evidence), theta_of(layout, saturated.sigma, saturated.mu)
    baseline = fit_baseline(spec, prepared.evidence, saturated)
    return Compared(*(bread(*one, prepared.rows) for one in (free, baseline)))
