"""Kendall's rank correlation against counting pairs and permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from alliance_stats.meta.bias.kendall import exact_p_value, rank_correlation


def score(x: tuple[int, ...] | np.ndarray) -> int:
    return sum(np.sign(x[j] - x[i]) for i in range(len(x)) for j in range(i + 1, len(x)))


@pytest.mark.parametrize("k", [2, 3, 5, 6])
def test_exact_p_counts_permutations(k: int) -> None:
    scores = np.array([score(order) for order in permutations(range(k))])
    pairs = k * (k - 1) // 2
    for discordant in range(pairs // 2 + 1):
        p = min(1.0, 2.0 * float((scores >= pairs - 2 * discordant).mean()))
        assert exact_p_value(discordant, k) == pytest.approx(p, rel=1e-12)


def test_exact_p_of_many() -> None:
    """The normal approximation with a correction for continuity is near."""
    k, discordant = 200, 9200
    z = (k * (k - 1) / 2 - 2 * discordant - 1) / np.sqrt(k * (k - 1) * (2 * k + 5) / 18)
    from scipy.special import ndtr

    assert exact_p_value(discordant, k) == pytest.approx(2 * ndtr(-z), rel=1e-2)


def test_ties_against_the_average_over_permutations(rng: np.random.Generator) -> None:
    """The variance with ties is that of the score over all orders."""
    x, y = np.array([1.0, 1, 2, 3, 3, 3]), np.array([1.0, 2, 2, 3, 4, 4])
    scores = []
    for order in permutations(range(6)):
        moved = y[list(order)]
        scores.append(
            sum(np.sign(x[j] - x[i]) * np.sign(moved[j] - moved[i])
                for i in range(6) for j in range(i + 1, 6))
        )  # fmt: skip
    found = rank_correlation(x, y)
    observed = sum(np.sign(x[j] - x[i]) * np.sign(y[j] - y[i])
                   for i in range(6) for j in range(i + 1, 6))  # fmt: skip
    assert not found.exact
    assert found.statistic == pytest.approx(observed / np.std(scores), rel=1e-12)


def test_a_constant_has_no_correlation() -> None:
    found = rank_correlation(np.ones(4), np.arange(4.0))
    assert np.isnan(found.tau)
    assert np.isnan(found.p_value)
