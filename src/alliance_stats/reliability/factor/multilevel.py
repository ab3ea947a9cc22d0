"""Omega of scores that vary within and between clusters, from a two-level factor model.

With true variance C and total variance V of the sum score at each level, and ñ the harmonic mean of
cluster sizes: ω_2level = (C_W + C_B)/(V_W + V_B) of a single score, ω_within = C_W/V_W of its
deviation from the cluster's mean, ω_between = C_B/(V_B + V_W/ñ) of the observed cluster mean (Lai,
2021, Psychol. Methods 26, 90–102). Latent ω_between = C_B/V_B is of a cluster mean over endless
rows (Geldhof, Preacher & Zyphur, 2014, Psychol. Methods 19, 72–91).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, frame_given, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.printing import format_p
from alliance_stats.reliability.factor.composite import (
    Amount,
    residual_variance,
    share_row,
    total_variance,
)
from alliance_stats.reliability.factor.omega import GENERAL, loadings
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows
from alliance_stats.sem.builders import factor_model, in_levels
from alliance_stats.sem.difference import difference_test
from alliance_stats.sem.fit import Estimator, fit_quietly
from alliance_stats.sem.prepare import Missing
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.spec import ModelSpec
from alliance_stats.sem.views import fit_sentence
from alliance_stats.sem.warn import warn_of

Loadings = Literal["equal", "free"]


def multilevel_omega(
    frame: pd.DataFrame,
    *,
    items: Sequence[str],
    cluster: str,
    loadings: Loadings = "equal",
    missing: Missing = "complete",
    estimator: Estimator = "ml",
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Estimate omega of a score within and between clusters.

    Parameters
    ----------
    frame : DataFrame
        One row a session, say, of patients as clusters.
    items : sequence of str
        Columns of three items or more, scored in one direction.
    cluster : str
        Column of clusters.
    loadings : {"equal", "free"}
        Whether an item measures the factor equally within and between clusters. Only then is the
        score's factor the same thing at both levels, as `omega_between` and `omega_2level`
        assume; the test of it stands in the notes.
    missing : {"complete", "fiml"}
        Use rows that are complete on all items, or all rows with an answer by full-information
        maximum likelihood, which is valid when answers are missing at random.
    estimator : {"ml", "mlr"}
        ``"mlr"`` has the same estimates with standard errors that hold without normality, with
        clusters as independent units.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Terms ``omega_within`` (of deviations from the cluster's mean), ``omega_between`` (of
        observed cluster means), ``omega_2level`` (of single scores), and
        ``omega_between_latent`` (of cluster means without sampling of rows).

    Raises
    ------
    DataError, ArgumentError
        If there are fewer than three items, or no cluster has two rows.

    Warns
    -----
    DataWarning, FitWarning
        About dropped rows; if the model is improper or did not converge.

    References
    ----------
    Lai, M. H. C. (2021). Composite reliability of multilevel data: It's about observed scores and
    construct meanings. Psychological Methods, 26(1), 90–102.

    Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a multilevel
    confirmatory factor analysis framework. Psychological Methods, 19(1), 72–91.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> patient = np.repeat(np.arange(100), 8)
    >>> factor = rng.normal(size=(100, 1))[patient] + rng.normal(size=(800, 1))
    >>> frame = pd.DataFrame(factor + rng.normal(size=(800, 4)), columns=list("abcd"))
    >>> frame["patient"] = patient
    >>> omega = al.reliability.multilevel_omega(frame, items=list("abcd"), cluster="patient")
    >>> round(omega.value("omega_within"), 1)  # the truth is 16 / 20
    0.8
    """
    frame_given(frame, name="frame")
    one_of(loadings, ("equal", "free"), name="loadings")
    probability(conf_level, name="conf_level")
    names = list(items)
    if isinstance(items, str) or len(names) < 3:
        raise ArgumentError(f"items={items!r}: a factor model needs three items or more.")
    columns_present(frame, [*names, cluster])
    sizes = cluster_sizes(frame, names, cluster, missing)
    free, equal = (
        fit_quietly(
            _spec(names, kind), frame, cluster=cluster, missing=missing, estimator=estimator
        )
        for kind in ("free", "equal")
    )
    fit = free if loadings == "free" else equal
    result = _result(fit, _about_loadings(equal, free), sizes, conf_level)
    warn_of(fit.about_data, fit.about_fit)
    return result


def cluster_sizes(
    frame: pd.DataFrame, names: list[str], cluster: str, missing: Missing
) -> np.ndarray:
    """Rows of every cluster: complete ones, or those with an answer."""
    used = frame.dropna(subset=names, how="any" if missing == "complete" else "all")
    sizes = used[cluster].value_counts().to_numpy()
    if not len(sizes) or sizes.max() < 2:
        raise DataError(
            f"no value of '{cluster}' stands on two usable rows, so differences within cannot "
            "be told from differences between. Use mcdonald_omega."
        )
    return sizes


def _spec(names: list[str], loadings: Loadings) -> ModelSpec:
    one = factor_model({GENERAL: names})
    if loadings == "equal":
        labelled = tuple(
            replace(p, label=f"loading.{p.row}") if p.matrix == "paths" and p.value is None else p
            for p in one.parameters
        )
        one = replace(one, parameters=labelled)
    return in_levels(one, one)


def _result(
    fit: SemResult, about_loadings: str, sizes: np.ndarray, conf_level: float
) -> ReliabilityResult:
    typical = len(sizes) / float((1.0 / sizes).sum())
    rows = [
        share_row(term, amount, fit.covariance, conf_level, unit=unit)
        for term, unit, amount in _shares(fit, typical)
    ]
    return ReliabilityResult(
        kind="multilevel_omega",
        title="Omega within and between clusters",
        terms=coefficient_rows(rows),
        counts={"row": fit.n_obs, "cluster": fit.n_clusters, "item": len(fit.spec.observed)},
        n_dropped=fit.n_dropped,
        conf_level=conf_level,
        notes=(
            "omega_between is of observed cluster means "
            f"(harmonic mean of cluster sizes {typical:.2f}); omega_between_latent is of means "
            "over endless rows, and is the larger.",
            "Intervals: delta method on the logit scale.",
            about_loadings,
            f"Factor model: {fit_sentence(fit)}.",
        ),
        messages=fit.messages,
        tables={"Loadings": loadings_by_level(fit)},
    )


def _shares(fit: SemResult, typical: float) -> list[tuple[str, str, Amount]]:
    """Every coefficient: its name, the unit it is about, the share."""
    weights = np.ones(len(fit.spec.observed))
    total = [total_variance(fit.layout, fit.implied, part, weights) for part in (0, 1)]
    true = [
        total[part] - residual_variance(fit.layout, fit.implied, part, weights) for part in (0, 1)
    ]
    return shares_by_level("omega", true, total, typical)


def shares_by_level(
    name: str, true: Sequence[Amount], total: Sequence[Amount], typical: float
) -> list[tuple[str, str, Amount]]:
    """Shares of true in total variance, within and between: term, unit, share.

    `typical` is the harmonic mean of cluster sizes.
    """
    return [
        (f"{name}_within", "row", true[0] / total[0]),
        (f"{name}_between", "cluster", true[1] / (total[1] + total[0].times(1.0 / typical))),
        (f"{name}_2level", "row", (true[0] + true[1]) / (total[0] + total[1])),
        (f"{name}_between_latent", "cluster", true[1] / total[1]),
    ]


def loadings_by_level(fit: SemResult) -> pd.DataFrame:
    """Standardised loadings within and between clusters, side by side."""
    rows = loadings(fit)
    half = len(rows) // 2
    return pd.DataFrame(
        {
            "item": list(fit.spec.observed),
            "within": rows["estimate"].to_numpy()[:half],
            "between": rows["estimate"].to_numpy()[half:],
        }
    )


def _about_loadings(equal: SemResult, free: SemResult) -> str:
    """The test of equal loadings at both levels."""
    test = difference_test(equal, free)
    p = format_p(test.p_value)
    return (
        f"Loadings equal within and between: chi2({test.df}) = {test.statistic:.2f}, "
        f"p {p if p.startswith(('<', '>')) else f'= {p}'}."
    )
