"""Sparse elimination against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.lmm.algebra.selected_inverse import sparse_cholesky, sparse_pattern


def random_graph(rng: np.random.Generator, size: int, links: int) -> tuple[np.ndarray, np.ndarray]:
    row, column = rng.integers(0, size, (2, links))
    apart = row != column
    row, column = row[apart], column[apart]
    return np.concatenate([row, column]), np.concatenate([column, row])


def dense_matrix(
    rng: np.random.Generator, size: int, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    matrix = np.zeros((size, size))
    below = row > column
    matrix[row[below], column[below]] = rng.normal(size=int(below.sum()))
    matrix += matrix.T
    np.fill_diagonal(matrix, np.abs(matrix).sum(axis=1) + rng.uniform(0.5, 2.0, size))
    return matrix


@pytest.mark.parametrize(("size", "links"), [(5, 4), (90, 0), (200, 150), (400, 500), (300, 3000)])
def test_equals_dense(size: int, links: int, rng: np.random.Generator) -> None:
    row, column = random_graph(rng, size, links)
    pattern = sparse_pattern(size, row, column)
    matrix = dense_matrix(rng, size, row, column)
    found = sparse_cholesky(pattern, matrix[pattern.row, pattern.column])
    assert found.logdet == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-12)
    right = rng.normal(size=(size, 3))
    np.testing.assert_allclose(found.solve(right), np.linalg.solve(matrix, right), rtol=1e-9)
    inverse = np.linalg.inv(matrix)[pattern.row, pattern.column]
    np.testing.assert_allclose(found.inverse(), inverse, rtol=1e-9, atol=1e-13)


def test_a_tree_leaves_almost_no_dense_end(rng: np.random.Generator) -> None:
    size = 2_000
    child = np.arange(1, size)
    parent = (child - 1) // 3
    pattern = sparse_pattern(size, np.concatenate([child, parent]), np.concatenate([parent, child]))
    assert len(pattern.stages) >= 3
    assert pattern.core[0] <= 64
    assert pattern.updates < 10_000


def test_positions_are_found(rng: np.random.Generator) -> None:
    row, column = random_graph(rng, 50, 60)
    pattern = sparse_pattern(50, row, column)
    at = pattern.position(row, column)
    np.testing.assert_array_equal(pattern.row[at], row)
    np.testing.assert_array_equal(pattern.column[at], column)


def test_an_indefinite_matrix_is_refused(rng: np.random.Generator) -> None:
    pattern = sparse_pattern(100, np.array([0, 1]), np.array([1, 0]))
    entries = np.where(pattern.row == pattern.column, 1.0, 2.0)
    with pytest.raises(np.linalg.LinAlgError):
        sparse_cholesky(pattern, entries)
    with pytest.raises(np.linalg.LinAlgError):
        sparse_cholesky(pattern, -entries)
