"""The refits of a bootstrap as arrays: data sets drawn, each fitted, what is kept of every fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.resampling.clusters import Clusters, clusters_of
from alliance_stats.lmm.resampling.crossed_responses import crossed_law_of, with_products
from alliance_stats.lmm.resampling.linked_copies import with_linked_sets
from alliance_stats.lmm.resampling.refits import Refit, refit_all
from alliance_stats.lmm.resampling.replicate import Replicate, with_counts, with_response
from alliance_stats.lmm.resampling.responses import law_of
from alliance_stats.numeric.resample import spawn_generators

Kind = Literal["parametric", "cluster"]
Fit = TypeVar("Fit", bound=FittedModel)
#: Gives further numbers of one refit, by name; or one number.
Statistic = Callable[[Fit], float | Mapping[str, float]]


@dataclass(eq=False)
class Draws(Generic[Fit]):
    """What is kept of n refits; rows of failed ones are NaN.

    Attributes
    ----------
    fit : FittedModel
    statistic : callable, optional
    counts : ndarray (n, C), optional
        How often every cluster was drawn, for the cluster bootstrap.
    theta, beta, sigma2 : ndarray (n, k), (n, p), (n,)
        In standardised columns, as in `Profile`.
    singular, failed : ndarray (n,) of bool
    more : dict
        What `statistic` gave, by the number of the refit.
    """

    fit: Fit
    statistic: Statistic[Fit] | None
    counts: np.ndarray | None
    theta: np.ndarray
    beta: np.ndarray
    sigma2: np.ndarray
    singular: np.ndarray
    failed: np.ndarray
    more: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """How the data sets were drawn."""
        return "parametric" if self.counts is None else "cluster"

    def keep(self, number: int, refit: Refit | None) -> None:
        """Keep a refit, unless it has no end."""
        if refit is None or not refit.minimum.converged:
            return
        self.failed[number] = False
        self.singular[number] = refit.minimum.singular
        self.theta[number] = refit.minimum.theta
        self.beta[number], self.sigma2[number] = refit.beta, refit.sigma2
        if self.statistic is not None:
            result = type(self.fit)(self.fit.formula, refit.criterion, refit.minimum)
            self.more[number] = named(self.statistic(result))


def draw_refits(
    fit: Fit,
    n: int,
    *,
    kind: Kind,
    rng: RandomSource,
    statistic: Statistic[Fit] | None = None,
) -> Draws[Fit]:
    """Draw n data sets and fit the model to each; the arguments are those of `bootstrap`."""
    criterion, counts = fit.criterion, None
    if kind == "cluster":
        clusters = clusters_of(criterion)
        counts = cluster_counts(clusters, n, rng)
        draw = cluster_draws(criterion, clusters, counts)
    else:
        draw = parametric_draws(fit, n, rng)
    found = _empty(fit, n, statistic, counts)
    weighted = counts is not None
    refit_all(criterion, fit.minimum.theta, draw, found.keep, n=n, weighted=weighted)
    return found


def parametric_draws(fit: FittedModel, n: int, rng: RandomSource) -> Callable[[int], Replicate]:
    """Data sets 0 … n − 1 with responses drawn from the fit."""
    generators = spawn_generators(rng, n)
    if not isinstance(fit.criterion.design.products, NestedProducts):
        crossed = crossed_law_of(fit.criterion, fit.profile)
        return lambda number: with_products(fit.criterion, crossed.draw(generators[number]))
    law = law_of(fit.criterion, fit.profile)
    return lambda number: with_response(fit.criterion, *law.draw(generators[number]))


def cluster_counts(clusters: Clusters, n: int, rng: RandomSource) -> np.ndarray:
    """How often (n, C) each cluster is drawn, with replacement."""
    drawn = [g.integers(0, clusters.n, clusters.n) for g in spawn_generators(rng, n)]
    return np.array([np.bincount(one, minlength=clusters.n) for one in drawn])


def cluster_draws(
    criterion: Criterion, clusters: Clusters, counts: np.ndarray
) -> Callable[[int], Replicate]:
    """Data sets 0 … n − 1 with clusters as often as drawn."""
    if isinstance(criterion.design.products, NestedProducts):
        return lambda number: with_counts(criterion, counts[number])
    return lambda number: with_linked_sets(criterion, clusters, counts[number])


def named(value: float | Mapping[str, float] | Any) -> dict[str, float]:
    """What a statistic returned, as numbers by name."""
    if isinstance(value, Mapping | pd.Series):
        return {str(name): float(number) for name, number in value.items()}
    try:
        return {"statistic": float(value)}
    except (TypeError, ValueError):
        raise ArgumentError(
            f"statistic returned a {type(value).__name__}. "
            "Return a number, or a mapping of names to numbers."
        ) from None


def _empty(
    fit: Fit, n: int, statistic: Statistic[Fit] | None, counts: np.ndarray | None
) -> Draws[Fit]:
    """Nothing kept yet."""
    k, p = fit.criterion.n_theta, len(fit.names)
    nothing = np.full((n, k), np.nan), np.full((n, p), np.nan), np.full(n, np.nan)
    none = np.zeros(n, dtype=bool)
    return Draws(fit, statistic, counts, *nothing, none, np.ones(n, dtype=bool))
