"""minimise_variances on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats._base.errors import DataError
from alliance_stats.reliability.generalizability.newton import minimise_variances


def deviance(x: np.ndarray) -> complex:
    """n (log v + s/v) of two independent variances, v1 = x0 + x1 and v2 = x1."""
    one, two = x[0] + x[1], x[1]
    return 10 * (np.log(one) + 3.0 / one) + 20 * (np.log(two) + 2.0 / two)


def test_an_inner_minimum_and_its_covariance() -> None:
    found = minimise_variances(deviance, np.array([0.1, 0.1]), np.arange(2))
    assert found.converged
    np.testing.assert_allclose(found.variance, [1.0, 2.0], rtol=1e-6)
    # v1 and v2 have variances 2 v²/n
    expected = np.array([[2 * 9 / 10 + 2 * 4 / 20, -2 * 4 / 20], [-2 * 4 / 20, 2 * 4 / 20]])
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-5)


def test_a_minimum_on_the_boundary() -> None:
    def lower(x: np.ndarray) -> complex:
        one, two = x[0] + x[1], x[1]
        return 10 * (np.log(one) + 1.0 / one) + 20 * (np.log(two) + 2.0 / two)

    found = minimise_variances(lower, np.array([5.0, 1.0]), np.arange(2))
    assert found.converged
    assert found.variance[0] == 0.0
    np.testing.assert_allclose(found.variance[1], 5 / 3, rtol=1e-6)
    assert np.isnan(found.covariance[0]).all()


def test_what_is_held_stays() -> None:
    found = minimise_variances(deviance, np.array([0.0, 1.0]), np.array([1]))
    assert found.variance[0] == 0.0
    np.testing.assert_allclose(found.variance[1], 7 / 3, rtol=1e-6)


def test_far_starts_end_at_the_same_minimum() -> None:
    for start in ([100.0, 0.01], [0.0, 50.0], [1e-3, 1e-3]):
        found = minimise_variances(deviance, np.array(start), np.arange(2))
        np.testing.assert_allclose(found.variance, [1.0, 2.0], rtol=1e-6)


def test_a_deviance_without_a_minimum_is_refused() -> None:
    def endless(x: np.ndarray) -> complex:
        both = x[0] + x[1]
        return 3.0 * np.log(x[1]) + 1.0 / both + 2.0 * np.log(both)

    with pytest.raises(DataError, match="without any error"):
        minimise_variances(endless, np.array([0.3, 0.3]), np.arange(2))
