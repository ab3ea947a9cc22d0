"""Covariance matrices of random effects: parameters, their derivatives, quantities held."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.meta.multilevel.held import (
    Compound,
    Free,
    Ordered,
    hold_correlation,
    hold_sd,
    leave_out,
)
from alliance_stats.meta.multilevel.structures import KINDS, Kind, Structure

STEP = 1e-6


def check_derivatives(free: Free, theta: np.ndarray, rng: np.random.Generator) -> None:
    steps = STEP * np.eye(len(theta))
    slopes = [(free.natural(theta + s) - free.natural(theta - s)) / (2 * STEP) for s in steps]
    np.testing.assert_allclose(free.jacobian(theta), np.column_stack(slopes), atol=1e-7)
    gradient = rng.normal(size=len(free.natural(theta)))
    bends = [
        (free.jacobian(theta + s) - free.jacobian(theta - s)).T @ gradient / (2 * STEP)
        for s in steps
    ]
    np.testing.assert_allclose(free.curvature(theta, gradient), np.column_stack(bends), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [2, 3, 4])
def test_derivatives(kind: Kind, m: int, rng: np.random.Generator) -> None:
    structure = Structure(kind, m)
    check_derivatives(structure, rng.normal(size=structure.n_theta), rng)


def test_derivatives_of_other_parameters(rng: np.random.Generator) -> None:
    structure = Structure("UN", 3)
    check_derivatives(Ordered(structure, (2, 0, 1)), rng.normal(size=6), rng)
    check_derivatives(Compound(3), rng.normal(size=2), rng)


@pytest.mark.parametrize("kind", KINDS)
def test_every_structure_gives_positive_matrices(kind: Kind, rng: np.random.Generator) -> None:
    structure = Structure(kind, 3)
    for _ in range(20):
        matrix = structure.matrix(structure.natural(3 * rng.normal(size=structure.n_theta)))
        np.testing.assert_array_equal(matrix, matrix.T)
        assert np.linalg.eigvalsh(matrix)[0] > -1e-9 * np.trace(matrix)


@pytest.mark.parametrize("kind", KINDS)
def test_a_standard_deviation_is_held(kind: Kind, rng: np.random.Generator) -> None:
    structure = Structure(kind, 3)
    for level in range(3):
        held = hold_sd(structure, level, 0.7)
        matrix = structure.matrix(held.natural(rng.normal(size=held.n_theta)))
        np.testing.assert_allclose(matrix[level, level], 0.49, rtol=1e-12)


@pytest.mark.parametrize("kind", ["UN", "CS", "HCS"])
def test_a_correlation_is_held(kind: Kind, rng: np.random.Generator) -> None:
    structure = Structure(kind, 3)
    for r, s in ((1, 0), (2, 0), (2, 1)):
        held = hold_correlation(structure, r, s, -0.3)
        matrix = structure.matrix(held.natural(rng.normal(size=held.n_theta)))
        found = matrix[r, s] / np.sqrt(matrix[r, r] * matrix[s, s])
        np.testing.assert_allclose(found, -0.3, rtol=1e-10)  # with its sign
        check_derivatives(held, rng.normal(size=held.n_theta), rng)


def test_an_effect_left_out_leaves_the_others_free(rng: np.random.Generator) -> None:
    held = leave_out(Structure("UN", 3), 1)
    matrix = Structure("UN", 3).matrix(held.natural(rng.normal(size=held.n_theta)))
    assert held.n_theta == 3
    assert not matrix[1].any()
    assert np.linalg.matrix_rank(matrix) == 2


def test_compound_symmetry_reaches_its_whole_range() -> None:
    structure = Structure("CS", 3)
    independent = structure.matrix(structure.natural(np.array([1.0, 1.0])))
    np.testing.assert_allclose(independent, np.eye(3), atol=1e-15)
    lowest = structure.matrix(structure.natural(np.array([0.0, 1.0])))
    np.testing.assert_allclose(lowest[0, 1] / lowest[0, 0], -0.5)
