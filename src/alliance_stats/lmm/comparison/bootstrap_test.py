"""The parametric bootstrap of the likelihood-ratio test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.comparison.likelihood_ratio import (
    LikelihoodRatio,
    bootstrap_p,
    settled,
    statistic_of,
)
from alliance_stats.lmm.comparison.restricted import restricted
from alliance_stats.lmm.comparison.structure import Extension
from alliance_stats.lmm.comparison.within import within
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.resampling.crossed_responses import with_products
from alliance_stats.lmm.resampling.refits import Refit, refit_all
from alliance_stats.lmm.resampling.replicate import Replicate, nested_products, with_response
from alliance_stats.lmm.resampling.responses import ResponseLaw
from alliance_stats.numeric.resample import spawn_generators

#: A model, and what draws its data sets: both models see the same responses.
_Source = tuple[Criterion, Callable[[int], Replicate]]

#: A statistic so far below zero means that the larger model's search ended in a local minimum.
BELOW = -1e-5


def bootstrap_test(
    smaller: FittedModel,
    larger: FittedModel,
    added: Extension,
    *,
    n: int,
    rng: RandomSource,
) -> LikelihoodRatio:
    """Hold the statistic against those of responses drawn from the smaller model."""
    drawn = null_statistics(smaller, larger, n=n, rng=rng)
    found = drawn[~np.isnan(drawn)]
    if not len(found):
        raise DataError(
            f"all {counted(n, 'refit')} of the bootstrap failed. Use fewer random effects."
        )
    failed = n - len(found)
    statistic = statistic_of(smaller, larger)
    return LikelihoodRatio(
        statistic,
        added.n_fixed + added.n_covariance,
        bootstrap_p(statistic, found),
        f"parametric bootstrap, {counted(len(found), 'draw')}",
        f"{failed:,} of {counted(n, 'refit')} failed and were left out" if failed else "",
    )


def null_statistics(
    smaller: FittedModel, larger: FittedModel, *, n: int, rng: RandomSource
) -> np.ndarray:
    """Statistics (n,) of responses drawn from the smaller model; NaN where a refit failed.

    Both models are fitted to the same drawn cross-products, those of the larger model's columns;
    the smaller one's are combinations of them.
    """
    nested = isinstance(larger.criterion.design.products, NestedProducts)
    generators = spawn_generators(rng, n)
    both = (_nested if nested else _crossed)(smaller, larger, generators)
    small, large = np.full(n, np.nan), np.full(n, np.nan)
    for fit, (criterion, draw), deviances in zip(
        (smaller, larger), both, (small, large), strict=True
    ):
        refit_all(criterion, fit.minimum.theta, draw, _Deviances(deviances), n=n)
        deviances += _constant(criterion)
    draw = both[1][1]
    for number in np.flatnonzero(small - large < BELOW):
        again = minimise(draw(int(number)).criterion).deviance
        large[number] = again + _constant(larger.criterion)
    return np.array([settled(value) for value in small - large])


def _nested(
    smaller: FittedModel, larger: FittedModel, generators: Sequence[np.random.Generator]
) -> tuple[_Source, _Source]:
    """The data sets of both models, where no factors cross."""
    inside = restricted(smaller.criterion.design, larger.criterion)
    grams = nested_products(larger.criterion).grams[:-1, :-1]
    law = ResponseLaw(inside.criterion, smaller.profile, grams, inside.columns, inside.ancestors)

    def for_larger(number: int) -> Replicate:
        return with_response(larger.criterion, *law.draw(deepcopy(generators[number])))

    def for_smaller(number: int) -> Replicate:
        along, square = law.draw(deepcopy(generators[number]))
        return with_response(inside.criterion, inside.summed(along), square)

    return (inside.criterion, for_smaller), (larger.criterion, for_larger)


def _crossed(
    smaller: FittedModel, larger: FittedModel, generators: Sequence[np.random.Generator]
) -> tuple[_Source, _Source]:
    """The data sets of both models, where factors of the larger one cross."""
    inside = within(smaller.criterion.design, larger.criterion.design)
    law = inside.law(smaller.criterion, smaller.profile, larger.criterion)

    def for_larger(number: int) -> Replicate:
        return with_products(larger.criterion, law.draw(deepcopy(generators[number])))

    def for_smaller(number: int) -> Replicate:
        drawn = law.draw(deepcopy(generators[number]))
        return with_products(smaller.criterion, inside.products(drawn))

    return (smaller.criterion, for_smaller), (larger.criterion, for_larger)


class _Deviances:
    """Keeps the deviance of every refit that converged."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __call__(self, number: int, refit: Refit | None) -> None:
        if refit is not None and refit.minimum.converged:
            self.values[number] = refit.minimum.deviance


def _constant(criterion: Criterion) -> float:
    """What standardising the fixed columns took out of a REML deviance."""
    return 2.0 * criterion.design.log_scales if criterion.reml else 0.0
