"""Alpha of scores that vary within and between clusters, from saturated moments of two levels.

With k items, V_W and V_B the variances of the sum score within and between clusters, C = k/(k − 1)
(V − Σ item variances) at each level, and ñ the harmonic mean of cluster sizes: α_within = C_W/V_W,
latent α_between = C_B/V_B (Geldhof, Preacher & Zyphur, 2014, Psychol. Methods 19, 72–91), α_between
= C_B/(V_B + V_W/ñ) of observed cluster means and α_2level = (C_W + C_B)/(V_W + V_B) of single
scores (Lai, 2021, Psychol. Methods 26, 90–102).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, frame_given, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.reliability.factor.composite import Amount, share_row, total_variance
from alliance_stats.reliability.factor.multilevel import cluster_sizes, shares_by_level
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows
from alliance_stats.sem.builders import covariance_model, in_levels
from alliance_stats.sem.fit import Estimator, fit_quietly
from alliance_stats.sem.prepare import Missing
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.warn import warn_of


def multilevel_alpha(
    frame: pd.DataFrame,
    *,
    items: Sequence[str],
    cluster: str,
    missing: Missing = "complete",
    estimator: Estimator = "ml",
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Estimate alpha of a score within and between clusters.

    Use it beside `multilevel_omega`: it needs no factor model and no equal loadings at both levels,
    but takes items as equally good measures, and is too low where they are not.

    Parameters
    ----------
    frame : DataFrame
        One row a session, say, of patients as clusters.
    items : sequence of str
        Columns of two items or more, scored in one direction.
    cluster : str
        Column of clusters.
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
        Terms ``alpha_within`` (of deviations from the cluster's mean), ``alpha_between`` (of
        observed cluster means), ``alpha_2level`` (of single scores), and ``alpha_between_latent``
        (of cluster means without sampling of rows). Intervals are NaN outside 0 to 1.

    Raises
    ------
    DataError, ArgumentError
        If there are fewer than two items, or no cluster has two rows.

    Warns
    -----
    DataWarning, FitWarning
        About dropped rows; if the moments are improper or did not converge.

    References
    ----------
    Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a multilevel
    confirmatory factor analysis framework. Psychological Methods, 19(1), 72–91.

    Lai, M. H. C. (2021). Composite reliability of multilevel data: It's about observed scores and
    construct meanings. Psychological Methods, 26(1), 90–102.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> patient = np.repeat(np.arange(100), 8)
    >>> true = rng.normal(size=(100, 1))[patient] + rng.normal(size=(800, 1))
    >>> frame = pd.DataFrame(true + rng.normal(size=(800, 4)), columns=list("abcd"))
    >>> frame["patient"] = patient
    >>> alpha = al.reliability.multilevel_alpha(frame, items=list("abcd"), cluster="patient")
    >>> round(alpha.value("alpha_within"), 1)  # the truth is 16 / 20
    0.8
    """
    frame_given(frame, name="frame")
    probability(conf_level, name="conf_level")
    names = list(items)
    if isinstance(items, str) or len(names) < 2:
        raise ArgumentError(f"items={items!r}: alpha needs two items or more.")
    columns_present(frame, [*names, cluster])
    sizes = cluster_sizes(frame, names, cluster, missing)
    saturated = covariance_model(names)
    spec = in_levels(saturated, saturated)
    fit = fit_quietly(spec, frame, cluster=cluster, missing=missing, estimator=estimator)
    result = _result(fit, len(sizes) / float((1.0 / sizes).sum()), conf_level)
    warn_of(fit.about_data, fit.about_fit)
    return result


def _result(fit: SemResult, typical: float, conf_level: float) -> ReliabilityResult:
    rows = [
        share_row(term, amount, fit.covariance, conf_level, unit=unit)
        for term, unit, amount in _shares(fit, typical)
    ]
    return ReliabilityResult(
        kind="multilevel_alpha",
        title="Alpha within and between clusters",
        terms=coefficient_rows(rows),
        counts={"row": fit.n_obs, "cluster": fit.n_clusters, "item": len(fit.spec.observed)},
        n_dropped=fit.n_dropped,
        conf_level=conf_level,
        notes=(
            "alpha_between is of observed cluster means "
            f"(harmonic mean of cluster sizes {typical:.2f}); alpha_between_latent is of means "
            "over endless rows, and is the larger.",
            "Intervals: delta method on the logit scale.",
        ),
        messages=(*fit.messages, *_about_negative(rows)),
    )


def _shares(fit: SemResult, typical: float) -> list[tuple[str, str, Amount]]:
    """Every coefficient: its name, the unit it is about, the share."""
    total = [_of_sum(fit, part) for part in (0, 1)]
    common = [_common(fit, part, total[part]) for part in (0, 1)]
    return shares_by_level("alpha", common, total, typical)


def _of_sum(fit: SemResult, part: int) -> Amount:
    """V of one level."""
    return total_variance(fit.layout, fit.implied, part, np.ones(len(fit.spec.observed)))


def _common(fit: SemResult, part: int, total: Amount) -> Amount:
    """C of one level."""
    k = len(fit.spec.observed)
    for one in np.eye(k):
        total = total - total_variance(fit.layout, fit.implied, part, one)
    return total.times(k / (k - 1.0))


def _about_negative(rows: Sequence[dict[str, object]]) -> list[str]:
    below = [str(row["term"]) for row in rows if float(str(row["estimate"])) < 0]
    if not below:
        return []
    return [
        f"{', '.join(below)} below zero: the items covary negatively on average at that level. "
        "Look for items scored in the other direction, or a level without true differences."
    ]
