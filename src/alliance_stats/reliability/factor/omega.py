"""McDonald's omega: reliability of a sum score under a factor model.

ω = 1 − w'Θw / w'Σw, the share of the score's variance that the factors explain, and hierarchical
ω, the share of a general factor (McDonald, 1999; Zinbarg et al., 2005, Psychometrika 70). Both
use the variance that the model implies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import (
    columns_present,
    counted,
    frame_given,
    name_list,
    one_of,
    probability,
)
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.reliability.factor.bootstrap import bootstrap_shares
from alliance_stats.reliability.factor.composite import (
    Amount,
    factor_variance,
    residual_variance,
    share_row,
    total_variance,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows
from alliance_stats.sem.builders import factor_model
from alliance_stats.sem.fit import fit_quietly
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.spec import ModelSpec, Parameter
from alliance_stats.sem.views import fit_sentence
from alliance_stats.sem.warn import warn_of

Interval = Literal["delta", "bootstrap"]
Floats = NDArray[np.float64]

#: Name of the factor that all items share.
GENERAL = "general"


@dataclass(frozen=True)
class Composite:
    """A score whose reliability is asked for: its name, its items, the factor it shall reflect.

    Attributes
    ----------
    term : str
    weights : array (p,)
    factor : int or None
        Position of a factor among the variables; None means all factors.
    group : str
        Name of the subscale, or ``"all items"``.
    """

    term: str
    weights: Floats
    factor: int | None
    group: str


def mcdonald_omega(
    items: pd.DataFrame,
    *,
    n_factors: int = 1,
    factors: Mapping[str, Sequence[str]] | None = None,
    missing: Literal["complete", "fiml"] = "complete",
    estimator: Literal["ml", "mlr"] = "mlr",
    interval: Interval = "delta",
    n_boot: int = 1000,
    rng: RandomSource | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Estimate McDonald's omega of the sum of the items.

    Parameters
    ----------
    items : DataFrame
        One row a person, one column an item, all scored in one direction. A column `cluster` may
        stand beside them.
    n_factors : int
        Number of factors. With one (default), omega of a congeneric scale. With more, an
        exploratory factor model, and omega total: the share that all factors explain.
    factors : mapping, optional
        Name of each subscale to its items. A bifactor model is fitted: one general factor and one
        a subscale, all uncorrelated. Gives omega total and hierarchical omega, of all items and
        of each subscale. Needs three subscales or more, each of three items or more.
    missing : {"complete", "fiml"}
        Complete rows, or all rows by full-information maximum likelihood.
    estimator : {"ml", "mlr"}
        Standard errors under normality, or robust to non-normality.
    interval : {"delta", "bootstrap"}
        By the delta method on the logit scale, so that ends stay between 0 and 1; or percentiles
        over resampled rows, which needs ``rng`` and complete rows.
    n_boot : int
        Number of resamples.
    rng : int, SeedSequence or Generator, optional
    cluster : str, optional
        Column that says which rows belong together (patients with several sessions). Standard
        errors then allow for it, and a warning names `multilevel_omega`, which separates levels.
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Terms ``omega`` (one factor), ``omega_total`` and ``omega_hierarchical``; the loadings in
        ``tables["Loadings"]``.

    Raises
    ------
    DataError, ArgumentError, UnsupportedError

    Warns
    -----
    DataWarning
        About dropped and clustered rows.
    FitWarning
        If the factor model is improper or did not converge.

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(500, 1))
    >>> items = pd.DataFrame(factor + rng.normal(size=(500, 4)), columns=list("abcd"))
    >>> omega = al.mcdonald_omega(items)  # the truth is 16 / 20
    >>> round(omega.estimate, 1)
    0.8
    """
    frame_given(items, name="items")
    probability(conf_level, name="conf_level")
    one_of(interval, ("delta", "bootstrap"), name="interval")
    if cluster is not None:
        columns_present(items, [cluster])
    items = items.set_axis([str(name) for name in items.columns], axis=1)
    names = [name for name in items.columns if name != cluster]
    spec = _spec(names, n_factors, factors)
    if cluster is not None and estimator == "ml":
        raise ArgumentError("cluster= needs estimator='mlr'. Leave one of them out.")
    _check_bootstrap(interval, rng, missing, cluster)
    fit = fit_quietly(spec, items, missing=missing, estimator=estimator, cluster=cluster)
    composites = _composites(fit.spec, factors, n_factors)
    rows = [_row(fit, composite, conf_level) for composite in composites]
    method, failed = "Intervals: delta method on the logit scale.", 0
    if interval == "bootstrap" and rng is not None:
        values = items[names].dropna().to_numpy(dtype=float)
        shares = [partial(_share_at, fit.layout, composite) for composite in composites]
        draws = bootstrap_shares(fit, values, shares, n_boot, rng)
        rows, failed = _with_percentiles(rows, draws, conf_level), int(np.isnan(draws[:, 0]).sum())
        method = f"Intervals: percentiles over {n_boot:,} resamples of rows."
    about_data = (*fit.about_data, *_about_clusters(fit), *_about_failed(failed, n_boot))
    warn_of(about_data, fit.about_fit)
    return _result(fit, rows, method, about_data, conf_level, by_group=factors is not None)


def _result(
    fit: SemResult,
    rows: list[dict[str, object]],
    method: str,
    about_data: tuple[str, ...],
    conf_level: float,
    *,
    by_group: bool,
) -> ReliabilityResult:
    """The coefficients with what they rest on."""
    terms = coefficient_rows(rows)
    return ReliabilityResult(
        kind="omega",
        title="McDonald's omega",
        terms=terms if by_group else terms.drop(columns="group"),
        counts={"row": fit.n_obs, "item": len(fit.spec.observed)},
        n_dropped=fit.n_dropped,
        conf_level=conf_level,
        notes=(
            "Omega is the share of the sum score's variance that the factor model explains.",
            method,
            f"Factor model: {fit_sentence(fit)}.",
        ),
        messages=(*about_data, *fit.about_fit),
        tables={"Loadings": loadings(fit)},
    )


def _check_bootstrap(
    interval: Interval, rng: RandomSource | None, missing: str, cluster: str | None
) -> None:
    if interval == "delta":
        if rng is not None:
            raise ArgumentError("rng= has no part in interval='delta'. Leave it out.")
        return
    if rng is None:
        raise ArgumentError("interval='bootstrap' needs rng=. Give a seed, such as rng=1.")
    if missing == "fiml" or cluster is not None:
        raise UnsupportedError(
            "the bootstrap resamples complete, independent rows. Use interval='delta' with "
            "missing='fiml' or cluster=."
        )


def _spec(
    names: list[str], n_factors: int, factors: Mapping[str, Sequence[str]] | None
) -> ModelSpec:
    """The factor model: one factor, exploratory, or bifactor."""
    if isinstance(n_factors, bool) or not isinstance(n_factors, int) or n_factors < 1:
        raise ArgumentError(f"n_factors={n_factors!r} is no count of factors. Give 1 or more.")
    if factors is not None:
        if n_factors not in (1, len(factors)):
            raise ArgumentError(
                f"n_factors={n_factors} and {len(factors)} factors are given. Leave out n_factors."
            )
        return _bifactor(names, factors)
    if len(names) < 3:
        raise ArgumentError(
            f"{counted(len(names), 'item')} given. A factor model needs three items or more."
        )
    if n_factors == 1:
        return factor_model({GENERAL: names}, identification="variance")
    return _exploratory(names, n_factors)


def _bifactor(names: list[str], factors: Mapping[str, Sequence[str]]) -> ModelSpec:
    if len(factors) < 3 or any(len(own) < 3 for own in factors.values()):
        sizes = ", ".join(f"{name} ({len(own)})" for name, own in factors.items())
        raise UnsupportedError(
            f"a bifactor model needs three subscales of three items or more; given: {sizes}. "
            "Take omega of each subscale, or one factor."
        )
    placed = [item for own in factors.values() for item in own]
    wrong = set(placed) ^ set(names)
    if wrong or len(set(placed)) != len(placed):
        raise ArgumentError(
            f"the factors do not hold every item once: {name_list(sorted(wrong) or placed)}. "
            "Give each column of items one factor."
        )
    if GENERAL in factors:
        raise ArgumentError(f"a factor is named {GENERAL!r}, as the general one is. Rename it.")
    return factor_model(factors, general=GENERAL, identification="variance")


def _exploratory(names: list[str], n_factors: int) -> ModelSpec:
    """Factors without a pattern; zeros above the diagonal fix the rotation, which ω ignores."""
    most = (2 * len(names) + 1 - np.sqrt(8 * len(names) + 1)) / 2
    if n_factors > most:
        raise ArgumentError(
            f"{n_factors} factors of {counted(len(names), 'item')} are not identified. "
            f"At most {int(most)}."
        )
    latent = tuple(f"factor {k + 1}" for k in range(n_factors))
    parameters = [
        Parameter("paths", item, factor)
        for k, factor in enumerate(latent)
        for i, item in enumerate(names)
        if i >= k
    ]
    parameters += [Parameter("covariances", factor, factor, value=1.0) for factor in latent]
    parameters += [Parameter("covariances", item, item) for item in names]
    return ModelSpec(tuple(names), latent, tuple(parameters))


def _composites(
    spec: ModelSpec, factors: Mapping[str, Sequence[str]] | None, n_factors: int
) -> list[Composite]:
    everything = np.ones(len(spec.observed))
    if factors is None:
        term = "omega" if n_factors == 1 else "omega_total"
        return [Composite(term, everything, None, "all items")]
    general = spec.variables.index(GENERAL)
    found = [
        Composite("omega_total", everything, None, "all items"),
        Composite("omega_hierarchical", everything, general, "all items"),
    ]
    for name, own in factors.items():
        weights = np.array([float(item in set(own)) for item in spec.observed])
        found.append(Composite("omega_total", weights, None, name))
        found.append(Composite("omega_hierarchical", weights, spec.variables.index(name), name))
    return found


def share_of(layout: Layout, at: Implied, composite: Composite) -> Amount:
    """The share of a score's variance that its factors, or one of them, explain."""
    total = total_variance(layout, at, 0, composite.weights)
    if composite.factor is None:
        return (total - residual_variance(layout, at, 0, composite.weights)) / total
    return factor_variance(layout, at, 0, composite.weights, composite.factor) / total


def _share_at(layout: Layout, composite: Composite, at: Implied) -> float:
    return share_of(layout, at, composite).value


def _row(fit: SemResult, composite: Composite, conf_level: float) -> dict[str, object]:
    amount = share_of(fit.layout, fit.implied, composite)
    return share_row(composite.term, amount, fit.covariance, conf_level, group=composite.group)


def _with_percentiles(
    rows: list[dict[str, object]], draws: Floats, conf_level: float
) -> list[dict[str, object]]:
    """The rows with standard errors and intervals from resamples."""
    tail = (1.0 - conf_level) / 2.0
    low, high = np.nanquantile(draws, [tail, 1.0 - tail], axis=0)
    spread = np.nanstd(draws, axis=0, ddof=1)
    return [
        {**row, "se": float(spread[i]), "ci_low": float(low[i]), "ci_high": float(high[i])}
        for i, row in enumerate(rows)
    ]


def loadings(fit: SemResult) -> pd.DataFrame:
    """Standardised loadings with their intervals."""
    rows = fit.tidy(standardised=True)
    kept = rows.loc[rows["op"] == "=~", ["term", "estimate", "se", "ci_low", "ci_high"]]
    return kept.reset_index(drop=True)


def _about_clusters(fit: SemResult) -> list[str]:
    if not fit.n_clusters:
        return []
    return [
        f"{counted(fit.n_obs, 'row')} of {counted(fit.n_clusters, 'cluster')} in one level: this "
        "omega mixes differences within and between clusters. "
        "al.reliability.multilevel_omega separates them."
    ]


def _about_failed(failed: int, n_boot: int) -> list[str]:
    if not failed:
        return []
    return [f"{failed:,} of {n_boot:,} resamples did not converge and are left out."]
