"""cronbach_alpha: alpha with its interval, and what each item does to it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import counted, one_of, probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats._base.random import RandomSource
from alliance_stats.reliability.consistency.coefficients import (
    all_three,
    alpha_standard_error,
    bonett_interval,
    feldt_interval,
)
from alliance_stats.reliability.consistency.items import describe_items, without_each
from alliance_stats.reliability.consistency.moments import (
    Missing,
    covariances_of_pairs,
    covariances_of_plain,
    pair_sums,
    plain_sums,
)
from alliance_stats.reliability.consistency.scale import Scale, read_scale
from alliance_stats.reliability.doors import split_cluster
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.resampling import (
    N_BOOT,
    about_undefined,
    by_cluster,
    check_bootstrap,
    percentiles,
    resampled,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]
Interval = Literal["feldt", "bonett", "bootstrap"]
TERMS = ("alpha", "standardised alpha", "average r")
#: Below this many clusters a percentile interval is too narrow.
FEW_CLUSTERS = 30
OF_INTERVAL = {
    "feldt": "Interval of alpha after Feldt (1965): normal items with equal variances and "
    "covariances, rows independent.",
    "bonett": "Interval of alpha after Bonett (2002): normal items with equal variances and "
    "covariances, rows independent.",
}


def cronbach_alpha(
    items: object,
    *,
    conf_level: float = 0.95,
    interval: Interval = "feldt",
    missing: Missing = "complete",
    cluster: object = None,
    n_boot: int = N_BOOT,
    rng: RandomSource | None = None,
) -> ReliabilityResult:
    """Cronbach's alpha of a scale, with its interval and its items.

    How consistent the answers to the items of one scale are, for persons who answered once. Where
    rows are sessions of the same patients, alpha mixes differences between patients with changes
    within them: see the page *which reliability for which claim*, and give `cluster` for an
    interval that knows of it.

    Parameters
    ----------
    items : DataFrame or array (n, k)
        One row a person, one column an item, worded in one direction.
    conf_level : float
    interval : {"feldt", "bonett", "bootstrap"}
        Of alpha. ``"bootstrap"`` gives percentile intervals of all three coefficients.
    missing : {"complete", "pairwise"}
        Rows without missing answers, or every covariance from the rows that have both items
        (its interval: ``"bootstrap"``). Item statistics rest on the rows used.
    cluster : str, Series or array, optional
        Which rows belong together, such as the sessions of a patient: a column of `items`, or one
        label a row. Whole clusters are resampled; ``interval="bootstrap"`` only.
    n_boot : int
        Resamples.
    rng : int, SeedSequence or Generator
        For ``interval="bootstrap"``.

    Returns
    -------
    ReliabilityResult
        Terms ``alpha``, ``standardised alpha``, ``average r``; tables of the items. ``se`` of
        alpha holds for normal items (van Zyl, Neudecker & Nel, 2000), or is that of the resamples.

    Raises
    ------
    DataError
        If columns are not numeric, fewer than 2 items vary, or fewer than 3 rows are left.
    UnsupportedError
        If the interval cannot be had for clusters or for pairs.

    Warns
    -----
    DataWarning
        If rows or items were left out, or items point in different directions.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika,
    16(3). Feldt, L. S. (1965). Psychometrika, 30(3). Bonett, D. G. (2002). Journal of Educational
    and Behavioral Statistics, 27(4).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(200, 1)) + rng.normal(size=(200, 6))
    >>> result = cronbach_alpha(answers)
    >>> round(result.value("alpha"), 2)
    0.84
    """
    probability(conf_level, name="conf_level")
    one_of(interval, ("feldt", "bonett", "bootstrap"), name="interval")
    wanted = interval == "bootstrap"
    check_bootstrap(n_boot, rng, wanted=wanted, how="interval='bootstrap'")
    _check_combination(interval, missing, cluster)
    items, codes = split_cluster(items, cluster)
    scale = read_scale(items, missing)
    codes = None if codes is None else codes[scale.rows]
    estimates = all_three(scale.covariance)
    found = (
        _bootstrap(scale, codes, n_boot, rng, conf_level)
        if rng is not None
        else _closed_form(scale, float(estimates[0]), interval, conf_level)
    )
    se, low, high, note, messages = found
    rows = [
        {"term": term, "estimate": float(e), "se": s, "ci_low": a, "ci_high": b}
        for term, e, s, a, b in zip(TERMS, estimates, se, low, high, strict=True)
    ]
    return warned(
        ReliabilityResult(
            kind="alpha",
            title="Cronbach's alpha",
            terms=coefficient_rows(rows),
            counts={**scale.counts, **_clusters(codes)},
            n_dropped=scale.n_dropped,
            conf_level=conf_level,
            notes=(note, "Alpha is the reliability of the sum only if the items load equally."),
            messages=(*scale.messages, *messages),
            tables=_tables(scale),
        )
    )


def item_statistics(items: object, *, missing: Missing = "pairwise") -> ReliabilityResult:
    """Distribution of each item, and its correlation with the rest of the scale.

    Parameters
    ----------
    items : DataFrame or array (n, k)
    missing : {"pairwise", "complete"}
        All answers, or those of complete rows.

    Returns
    -------
    ReliabilityResult
        One row an item: ``estimate`` is the correlation with the sum of the other items; ``n``,
        ``missing``, ``mean``, ``sd``, ``skew``, and the lowest and highest answer with the
        shares of answers there (many at the maximum are a ceiling).

    Raises
    ------
    DataError
        As `cronbach_alpha`.

    Examples
    --------
    >>> import numpy as np
    >>> item_statistics(np.array([[1, 2], [2, 2], [3, 5], [4, 4.0]])).tidy()["mean"].tolist()
    [2.5, 3.25]
    """
    scale = read_scale(items, missing)
    table = describe_items(scale.items, scale.covariance)
    table = table.rename(columns={"item": "term", "item_rest_r": "estimate"})
    return warned(
        ReliabilityResult(
            kind="items",
            title="Items: correlation with the rest",
            terms=coefficient_rows(table),
            counts=scale.counts,
            n_dropped=scale.n_dropped,
            messages=scale.messages,
        )
    )


def _check_combination(interval: Interval, missing: Missing, cluster: object) -> None:
    if interval == "bootstrap":
        return
    for given, what in ((cluster is not None, "cluster="), (missing == "pairwise", "pairs")):
        if given:
            raise UnsupportedError(
                f"interval={interval!r} holds for complete and independent rows, not with {what}. "
                "Use interval='bootstrap' with rng=1, say."
            )


def _clusters(codes: NDArray[np.intp] | None) -> dict[str, int]:
    return {} if codes is None else {"cluster": len(np.unique(codes))}


def _tables(scale: Scale) -> dict[str, pd.DataFrame]:
    tables = {"Items": describe_items(scale.items, scale.covariance)}
    if scale.k > 2:
        tables["Without the item"] = without_each(scale.items.names, scale.covariance)
    return tables


Found = tuple[list[float], list[float], list[float], str, list[str]]


def _closed_form(scale: Scale, alpha: float, interval: Interval, conf_level: float) -> Found:
    nan = float("nan")
    if np.isnan(alpha):
        reason = "Alpha is undefined: the sum of the items does not vary."
        return [nan] * 3, [nan] * 3, [nan] * 3, OF_INTERVAL[interval], [reason]
    ends = feldt_interval if interval == "feldt" else bonett_interval
    low, high = ends(alpha, scale.n, scale.k, conf_level)
    se = alpha_standard_error(scale.covariance, scale.n)
    return [se, nan, nan], [low, nan, nan], [high, nan, nan], OF_INTERVAL[interval], []


def _bootstrap(
    scale: Scale,
    codes: NDArray[np.intp] | None,
    n_boot: int,
    rng: RandomSource,
    conf_level: float,
) -> Found:
    centred = scale.items.values - np.nanmean(scale.items.values, axis=0)
    pairs = bool(np.isnan(centred).any())
    sums = pair_sums(centred) if pairs else plain_sums(centred)
    covariances = (covariances_of_pairs if pairs else covariances_of_plain)(scale.k)
    draws = resampled(
        by_cluster(sums, codes), lambda drawn: all_three(covariances(drawn)), n_boot, rng
    )
    se, low, high = percentiles(draws, conf_level)
    unit = "rows" if codes is None else "clusters"
    note = f"Intervals: percentiles of {n_boot:,} resamples of {unit}."
    messages = about_undefined(draws, "Alpha")
    n_clusters = _clusters(codes).get("cluster", FEW_CLUSTERS)
    if n_clusters < FEW_CLUSTERS:
        messages.append(
            f"Only {counted(n_clusters, 'cluster')}: intervals from resampled clusters are too "
            "narrow."
        )
    return list(se), list(low), list(high), note, messages
