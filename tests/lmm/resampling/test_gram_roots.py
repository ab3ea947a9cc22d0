"""Symmetric roots: what they multiply to, ranks, and no dependence on eigenvectors."""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.resampling.gram_roots import gram_roots


def grams(rng: np.random.Generator) -> np.ndarray:
    """Of full rank, of rank two, and zero."""
    columns = rng.normal(size=(3, 20, 4))
    columns[1, :, 2:] = columns[1, :, :2] @ [[1.0, 2.0], [-1.0, 0.5]]
    columns[2] = 0.0
    return np.swapaxes(columns, 1, 2) @ columns


def test_roots_multiply_to_the_matrices(rng: np.random.Generator) -> None:
    given = grams(rng)
    found = gram_roots(given)
    np.testing.assert_allclose(found.root @ found.root, given, atol=1e-9)
    np.testing.assert_allclose(found.root @ found.inverse, found.inside, atol=1e-7)
    np.testing.assert_allclose(found.inside @ found.inside, found.inside, atol=1e-10)
    assert found.rank.tolist() == [4, 2, 0]


def test_the_order_of_columns_turns_nothing_else(rng: np.random.Generator) -> None:
    given, order = grams(rng), [2, 0, 3, 1]
    first, other = gram_roots(given), gram_roots(given[:, order][:, :, order])
    np.testing.assert_allclose(first.root[:, order][:, :, order], other.root, atol=1e-8)
    np.testing.assert_allclose(first.inside[:, order][:, :, order], other.inside, atol=1e-8)


def test_equal_eigenvalues_have_one_root() -> None:
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    found = gram_roots(turned @ np.diag([4.0, 4.0, 9.0]) @ turned.T)
    np.testing.assert_allclose(found.root, turned @ np.diag([2.0, 2.0, 3.0]) @ turned.T, atol=1e-12)
