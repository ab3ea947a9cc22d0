"""Dominance arithmetic against the mean over all orders of adding, and its invariances."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from alliance_stats.models.importance.dominance import (
    complete_dominance,
    conditional_dominance,
    conditional_weights,
    general_dominance,
    general_weights,
    subset_members,
)


def by_orders(r2: np.ndarray, k: int) -> np.ndarray:
    """Mean gain over all orders in which predictors can be added (Lindeman, Merenda & Gold)."""
    gains = np.zeros(k)
    orders = list(permutations(range(k)))
    for order in orders:
        subset = 0
        for i in order:
            gains[i] += r2[subset | 1 << i] - r2[subset]
            subset |= 1 << i
    return gains / len(orders)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_general_weights_are_means_over_orders(k: int, rng: np.random.Generator) -> None:
    r2 = rng.random(2**k)
    weights = general_weights(r2)
    assert weights == pytest.approx(by_orders(r2, k), rel=1e-12)
    assert weights.sum() == pytest.approx(r2[-1] - r2[0], rel=1e-12)


def test_draws_are_worked_out_like_single_sets(rng: np.random.Generator) -> None:
    r2 = rng.random((6, 16))
    for function in (
        conditional_weights, general_weights, complete_dominance, conditional_dominance,
        general_dominance,
    ):  # fmt: skip
        assert function(r2) == pytest.approx(np.array([function(one) for one in r2]))


def test_relabelling_predictors_relabels_the_weights(rng: np.random.Generator) -> None:
    k = 4
    r2, order = rng.random(2**k), rng.permutation(k)
    members = subset_members(k)
    turned = np.array([r2[sum(1 << int(order[i]) for i in range(k) if m[i])] for m in members])
    assert general_weights(turned) == pytest.approx(general_weights(r2)[order])
    expected = complete_dominance(r2)[np.ix_(order, order)]
    assert complete_dominance(turned) == pytest.approx(expected)


def test_complete_implies_conditional_implies_general(rng: np.random.Generator) -> None:
    r2 = rng.random((300, 16))
    complete, conditional, general = (
        f(r2) for f in (complete_dominance, conditional_dominance, general_dominance)
    )
    assert (conditional[complete == 1.0] == 1.0).all()
    assert (general[conditional == 1.0] == 1.0).all()
    assert (complete == 0.5).sum() > (conditional == 0.5).sum() > (general == 0.5).sum()


def test_equal_predictors_and_failed_draws() -> None:
    equal = np.array([0.0, 0.3, 0.3, 0.4])
    assert complete_dominance(equal)[0, 1] == 0.5
    assert general_dominance(equal)[1, 0] == 0.5
    failed = np.array([0.0, 0.3, np.nan, 0.4])
    assert np.isnan(complete_dominance(failed)).all()
    assert np.isnan(general_weights(failed)).all()
