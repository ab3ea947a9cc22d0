"""Omega of a sum of ordered answers (Green & Yang, 2009, Psychometrika 74, 155–167).

One factor is fitted to polychoric correlations by unweighted least squares. The covariance of two
items' answers is a sum of bivariate normal probabilities over their thresholds: with the
correlation that the factor gives it is true variance, with that of the normal variables it is all.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from alliance_stats._base.checks import (
    counted,
    frame_given,
    name_list,
    numeric_column,
    probability,
)
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, FitWarning
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.numeric.optimise import Values, minimise_smooth
from alliance_stats.reliability.factor.bootstrap import check_resamples
from alliance_stats.reliability.factor.polychoric import (
    FAR,
    LIMIT,
    Polychoric,
    bivariate_normal,
    polychoric,
)
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: More different answers than these are no ordered categories.
MOST_CATEGORIES = 12
_NOT_CONVERGED = (
    "The polychoric correlations or the factor did not converge: some pair of items is answered "
    "almost alike, or a category hardly occurs. Do not report the value."
)


def categorical_omega(
    items: pd.DataFrame,
    *,
    interval: Literal["none", "bootstrap"] = "none",
    n_boot: int = 500,
    rng: RandomSource | None = None,
    conf_level: float = 0.95,
) -> ReliabilityResult:
    """Estimate omega of the sum of items with few ordered answers.

    `mcdonald_omega` takes answers as continuous. With two to five categories, or skewed answers,
    it is of another quantity than the reliability of the sum of the answers; this one is.

    Parameters
    ----------
    items : DataFrame
        One row a person, one column an item: numbers of two to twelve ordered categories, all
        scored in one direction. Rows with missing answers are dropped. The numbers must be equally
        spaced, as 0, 1, 2 or 1, 2, 3.
    interval : {"none", "bootstrap"}
        Percentiles over resampled rows, which needs ``rng``; or no interval.
    n_boot : int
    rng : int, SeedSequence or Generator, optional
    conf_level : float

    Returns
    -------
    ReliabilityResult
        Term ``omega_categorical``; loadings on the underlying normal variables in
        ``tables["Loadings"]``.

    Raises
    ------
    DataError
        If an item has one or more than twelve categories, or answers that are no whole numbers.
    ArgumentError
        If there are fewer than three items, or ``rng`` does not fit ``interval``.

    Warns
    -----
    DataWarning, FitWarning
        About dropped rows; correlations that did not converge.

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural equation
    modeling: An alternative to coefficient alpha. Psychometrika, 74(1), 155–167.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> rng = np.random.default_rng(1)
    >>> normal = rng.normal(size=(500, 1)) + rng.normal(size=(500, 4))
    >>> answers = pd.DataFrame(np.digitize(normal, [-1, 0.5, 2]), columns=list("abcd"))
    >>> omega = al.reliability.categorical_omega(answers)
    >>> 0.7 < omega.estimate < 0.8
    True
    """
    frame_given(items, name="items")
    probability(conf_level, name="conf_level")
    if (interval == "bootstrap") != (rng is not None):
        raise ArgumentError("interval='bootstrap' and rng= go together. Give both or neither.")
    items = items.set_axis([str(name) for name in items.columns], axis=1)
    codes, messages = _codes(items)
    n_categories = (codes.max(axis=0) + 1).tolist()
    found = fit_ordered(codes, n_categories)
    for message in messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    about_fit = [] if found.converged else [_NOT_CONVERGED]
    for message in about_fit:
        warnings.warn(message, FitWarning, stacklevel=2)
    row: dict[str, object] = {"term": "omega_categorical", "estimate": found.omega}
    if rng is not None:
        draws = _draws(codes, n_categories, n_boot, rng)
        tail = (1.0 - conf_level) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail])
        row |= {"se": float(draws.std(ddof=1)), "ci_low": float(low), "ci_high": float(high)}
    return ReliabilityResult(
        kind="omega_categorical",
        title="Omega of ordered answers",
        terms=coefficient_rows([row]),
        counts={"row": len(codes), "item": codes.shape[1]},
        n_dropped=len(items) - len(codes),
        conf_level=conf_level,
        notes=("One factor, unweighted least squares on polychoric correlations.",),
        messages=(*messages, *about_fit),
        tables={"Loadings": pd.DataFrame({"item": list(items.columns), "loading": found.loadings})},
    )


def _codes(items: pd.DataFrame) -> tuple[Codes, list[str]]:
    """Complete rows as categories numbered from 0, and what was dropped."""
    if items.shape[1] < 3:
        raise ArgumentError(
            f"{counted(items.shape[1], 'item')} given. A factor model needs three items or more."
        )
    for name in items.columns:
        numeric_column(items, name, what="item")
    values = items.to_numpy(dtype=float, na_value=np.nan)
    complete = ~np.isnan(values).any(axis=1)
    values = values[complete]
    if not len(values):
        raise DataError("no row has an answer to every item. Leave out items nobody answered.")
    n_dropped = int((~complete).sum())
    messages = (
        [f"{n_dropped:,} of {counted(len(items), 'row')} dropped (answers missing)."]
        if n_dropped
        else []
    )
    whole = (values == np.round(values)).all(axis=0)
    broken = [name for name, is_whole in zip(items.columns, whole, strict=True) if not is_whole]
    if broken:
        raise DataError(
            f"answers that are no whole numbers: {name_list(broken)}. "
            "Categories are numbers such as 1, 2, 3; use mcdonald_omega for continuous items."
        )
    codes = (values - values.min(axis=0)).astype(np.intp)
    sizes = codes.max(axis=0) + 1
    wrong = [n for n, k in zip(items.columns, sizes, strict=True) if not 2 <= k <= MOST_CATEGORIES]
    if wrong:
        raise DataError(
            f"items with one answer only, or a range over {MOST_CATEGORIES} categories: "
            f"{name_list(wrong)}. Leave them out, or use mcdonald_omega."
        )
    return codes, messages


@dataclass(frozen=True, eq=False)
class OrderedFactor:
    """One factor of ordered items.

    Attributes
    ----------
    loadings : array (p,)
        On the underlying normal variables.
    omega : float
    converged : bool
    """

    loadings: Floats
    omega: float
    converged: bool


def fit_ordered(codes: Codes, n_categories: list[int]) -> OrderedFactor:
    """Polychoric correlations, one factor, and omega of the sum."""
    found = polychoric(codes, n_categories)
    loadings, converged = unweighted_factor(found.correlation)
    omega = green_yang(found, loadings)
    return OrderedFactor(loadings, omega, found.converged and converged)


def unweighted_factor(correlation: Floats) -> tuple[Floats, bool]:
    """Loadings of one factor that minimise the squared residual correlations, and convergence."""
    p = len(correlation)
    off = 1.0 - np.eye(p)

    def expand(loadings: Floats) -> Values:
        residual = (correlation - np.outer(loadings, loadings)) * off
        gauss_newton = np.outer(loadings, loadings) * off + np.diag(off @ loadings**2)
        value = 0.5 * float((residual**2).sum()) / 2.0
        return value, -residual @ loadings, gauss_newton + 1e-10 * np.eye(p)

    values, vectors = np.linalg.eigh(correlation)
    start = vectors[:, -1] * np.sqrt(max(values[-1] / p, 0.1)) * np.sqrt(p) * 0.9
    start = start * (np.sign(start.sum()) or 1.0)
    found = minimise_smooth(expand, start, tolerance=1e-16)
    return found.x, found.converged


def green_yang(found: Polychoric, loadings: Floats) -> float:
    """Share of the sum's variance that the factor explains."""
    true = _sum_of_covariances(found, np.outer(loadings, loadings))
    total = _sum_of_covariances(found, found.correlation)
    for own, loading in zip(found.thresholds, loadings, strict=True):
        shares = ndtr(np.minimum(own[:, None], own)) - ndtr(own)[:, None] * ndtr(own)
        total += float(shares.sum())
        true += float(_excess(own, own, loading**2).sum())
    return true / total


def _sum_of_covariances(found: Polychoric, correlation: Floats) -> float:
    """Covariances of the answers of different items, added up."""
    total = 0.0
    for i, one in enumerate(found.thresholds):
        for j, other in enumerate(found.thresholds[:i]):
            total += 2.0 * float(_excess(one, other, correlation[i, j]).sum())
    return total


def _excess(one: Floats, other: Floats, rho: float) -> Floats:
    """P(X ≤ h, Y ≤ k) − P(X ≤ h) P(Y ≤ k) at all pairs of thresholds."""
    h, k = np.clip(one, -FAR, FAR)[:, None], np.clip(other, -FAR, FAR)
    rho = float(np.clip(rho, -LIMIT, LIMIT))
    return bivariate_normal(h, k, np.asarray(rho)) - ndtr(h) * ndtr(k)


def _draws(codes: Codes, n_categories: list[int], n_boot: int, rng: RandomSource) -> Floats:
    """Omega over resampled rows, of the resamples that converged."""
    check_resamples(n_boot)
    generator = as_generator(rng)
    n = len(codes)
    found = [fit_ordered(codes[generator.integers(0, n, n)], n_categories) for _ in range(n_boot)]
    return np.array([one.omega for one in found if one.converged])
