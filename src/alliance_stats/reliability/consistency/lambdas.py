"""guttman_lambdas: six lower bounds of the reliability of a sum.

Guttman (1945, Psychometrika 10(4)). With C the covariances, T = 1'C1, t = tr C, c_j the sum of the
squared covariances of item j with the others and e_j its residual variance given all others:

    λ1 = 1 − t/T,  λ2 = λ1 + √(k/(k − 1) Σ c_j)/T,  λ3 = k/(k − 1) λ1 (alpha),
    λ4 = 4 σ_ab/T of the best split,  λ5 = λ1 + 2 √(max c_j)/T,  λ6 = 1 − Σ e_j/T.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import one_of
from alliance_stats.reliability.consistency.coefficients import correlations
from alliance_stats.reliability.consistency.moments import Missing
from alliance_stats.reliability.consistency.scale import read_scale
from alliance_stats.reliability.consistency.splits import (
    MOST_EXACT,
    best_split,
    guttman_of,
    half_moments,
)
from alliance_stats.reliability.messages import warned
from alliance_stats.reliability.result import ReliabilityResult, coefficient_rows

Floats = NDArray[np.float64]


def lambdas(covariance: Floats, split: Floats) -> dict[str, float]:
    """The six bounds, λ4 for one split.

    Examples
    --------
    >>> parallel = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    >>> {round(v, 6) for name, v in lambdas(parallel, np.array([1, -1, 1, -1.0])).items()
    ...  if name in ("lambda 2", "lambda 3", "lambda 4")}
    {0.8}
    """
    k, total = len(covariance), float(covariance.sum())
    squares = np.sum((covariance - np.diag(np.diag(covariance))) ** 2, axis=0)
    first = 1.0 - float(np.trace(covariance)) / total
    return {
        "lambda 1": first,
        "lambda 2": first + float(np.sqrt(k / (k - 1.0) * squares.sum())) / total,
        "lambda 3": k / (k - 1.0) * first,
        "lambda 4": float(guttman_of(*half_moments(covariance, split[None]))[0]),
        "lambda 5": first + 2.0 * float(np.sqrt(squares.max())) / total,
        "lambda 6": 1.0 - _residual_variance(covariance) / total,
    }


def _residual_variance(covariance: Floats) -> float:
    """Sum of the variances of items given all others; NaN where items determine each other."""
    scale = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(r)[0] < 1e-10:
        return float("nan")
    return float(np.sum(scale**2 / np.diag(np.linalg.inv(r))))


def guttman_lambdas(
    items: object, *, missing: Missing = "complete", standardised: bool = False
) -> ReliabilityResult:
    """Guttman's six lower bounds of the reliability of a sum of items.

    Each is at most the reliability in the population; the largest is the best bound there. In a
    sample λ4 of the *best* split is chosen for being large, so below some hundred rows it is too
    high.

    Parameters
    ----------
    items : DataFrame or array (n, k)
    missing : {"complete", "pairwise"}
    standardised : bool
        Of standardised items, as psych's ``guttman``.

    Returns
    -------
    ReliabilityResult
        Terms ``lambda 1`` to ``lambda 6``; ``lambda 3`` is alpha. The halves of λ4 have ⌊k/2⌋ and
        the other items; up to 20 items every split is tried, beyond that a search may miss the
        best, and a message says so.

    Raises
    ------
    DataError
        As `cronbach_alpha`.

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika, 10(4).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(200, 1)) + rng.normal(size=(200, 6))
    >>> bounds = guttman_lambdas(answers)
    >>> bounds.value("lambda 2") >= bounds.value("lambda 3")
    True
    """
    one_of(standardised, (True, False), name="standardised")
    scale = read_scale(items, missing)
    moments = correlations(scale.covariance) if standardised else scale.covariance
    messages = list(scale.messages)
    if np.isnan(moments).any() or not moments.sum() > 0:
        found = dict.fromkeys((f"lambda {i}" for i in range(1, 7)), float("nan"))
        messages.append("The bounds are undefined: the sum of the items does not vary.")
        note = ""
    else:
        split, exact = best_split(moments)
        found = lambdas(moments, split)
        messages += _about_lambdas(found, exact)
        note = _note(scale.items.names, split, exact)
    return warned(
        ReliabilityResult(
            kind="lambdas",
            title="Guttman's lower bounds of reliability",
            terms=coefficient_rows([{"term": t, "estimate": e} for t, e in found.items()]),
            counts=scale.counts,
            n_dropped=scale.n_dropped,
            notes=(note,) if note else (),
            messages=tuple(messages),
        )
    )


def _note(names: tuple[str, ...], split: Floats, exact: bool) -> str:
    half = ", ".join(name for name, sign in zip(names, split, strict=True) if sign > 0)
    tried = "best of all splits" if exact else "best split found"
    return f"Lambda 4: {tried}, {half} against the rest."


def _about_lambdas(found: dict[str, float], exact: bool) -> list[str]:
    messages = []
    if not exact:
        messages.append(
            f"More than {MOST_EXACT} items: the best split was searched for by exchanging items, "
            "and may be missed; lambda 4 is then a little too low."
        )
    if np.isnan(found["lambda 6"]):
        messages.append("Lambda 6 is undefined: some items are determined by the others.")
    return messages
