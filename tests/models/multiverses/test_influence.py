"""Division of the variance of estimates, against sums of squares and orders by hand."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from alliance_stats.models.multiverses.influence import influence_table


def test_full_factorial_gives_known_shares() -> None:
    """2 × 2 × 2 with effects 3, 2, 1 and one product: orthogonal contrasts of ±1."""
    codes = np.array(list(product((0, 1), repeat=3)))
    a, b, c = (2 * codes - 1).T
    estimate = 5 + 3 * a + 2 * b + 1 * c + 0.5 * a * b + 0.25 * a * b * c
    table = influence_table(estimate, codes, ["a", "b", "c"])
    whole = 9 + 4 + 1 + 0.25 + 0.0625
    shares = table.set_index(["choice", "with_choice"])["share"]
    assert shares["a", ""] == pytest.approx(9 / whole)
    assert shares["a", "b"] == pytest.approx(0.25 / whole)
    assert shares["(all others)", ""] == pytest.approx(0.0625 / whole)
    assert shares.sum() == pytest.approx(1.0)
    assert table["choice"].tolist()[:3] == ["a", "b", "c"]
    assert table["range"].tolist()[:3] == pytest.approx([6, 4, 2])


def test_unbalanced_gives_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(3)
    codes = np.array(list(product((0, 1, 2), (0, 1), (0, 1))))[:10]
    estimate = rng.normal(size=10)

    def r2(columns: tuple[int, ...]) -> float:
        x = [np.ones(10)]
        for k in columns:
            x += [(codes[:, k] == level).astype(float) for level in (1, 2)]
        table = np.column_stack(x)
        fitted = table @ np.linalg.lstsq(table, estimate, rcond=None)[0]
        return float(
            ((fitted - estimate.mean()) ** 2).sum() / ((estimate - estimate.mean()) ** 2).sum()
        )

    expected = np.zeros(3)
    for order in permutations(range(3)):
        for place, k in enumerate(order):
            expected[k] += (r2(order[: place + 1]) - r2(order[:place])) / 6
    table = influence_table(estimate, codes, ["a", "b", "c"]).set_index("choice")["share"]
    assert table[["a", "b", "c"]].to_numpy() == pytest.approx(expected)
    assert table["(all others)"] == pytest.approx(1 - r2((0, 1, 2)))


def test_equal_estimates_have_no_shares() -> None:
    codes = np.array(list(product((0, 1), repeat=2)))
    table = influence_table(np.full(4, 0.1), codes, ["a", "b"])
    assert table["share"].isna().all() and (table["range"] == 0).all()
