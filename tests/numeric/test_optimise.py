"""The optimiser on functions with known minima, with good, poor and misleading Hessians."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.numeric.optimise import minimise_smooth


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    value = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    gradient = np.array(
        [-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)]
    )
    return value, gradient, np.eye(2) * 10


def quadratic(hessian: np.ndarray, guess: np.ndarray) -> object:
    def expand(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return float(x @ hessian @ x) / 2, hessian @ x, guess

    return expand


def test_rosenbrock() -> None:
    found = minimise_smooth(rosenbrock, np.array([-1.2, 1.0]))
    assert found.converged
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)
    assert found.value == min(found.log)


def test_an_exact_hessian_needs_one_step(rng: np.random.Generator) -> None:
    a = rng.normal(size=(5, 5))
    hessian = a @ a.T + np.eye(5)
    found = minimise_smooth(quadratic(hessian, hessian), rng.normal(size=5))
    assert found.converged and len(found.log) == 2


def test_a_poor_guess_still_converges(rng: np.random.Generator) -> None:
    hessian = np.diag([1.0, 50.0, 2000.0])
    found = minimise_smooth(quadratic(hessian, np.eye(3) * 100), rng.normal(size=3))
    assert found.converged
    assert found.value < 1e-9


def test_undefined_values_are_stepped_back_from() -> None:
    def expand(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        if x[0] <= 0:
            return np.inf, np.zeros(1), np.eye(1)
        return float(x[0] - np.log(x[0])), 1 - 1 / x, np.eye(1) * 1e-3

    found = minimise_smooth(expand, np.array([5.0]))
    assert found.converged
    assert found.x[0] == pytest.approx(1.0, abs=1e-4)


def test_too_few_iterations_are_said() -> None:
    found = minimise_smooth(rosenbrock, np.array([-1.2, 1.0]), max_iterations=3)
    assert not found.converged
    assert found.message == "stopped after 3 iterations"
