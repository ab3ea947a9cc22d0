"""Two responses at nested levels: against dense covariances, and what does not matter."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.lmm.bivariate.fit import BivariateFit, expand_coordinates, fit_bivariate
from alliance_stats.lmm.bivariate.profile import profile_interval
from alliance_stats.lmm.information import twice_inverse

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def study(
    rng: np.random.Generator, *, outer: int = 15, groups: int = 90, spread: float = 0.6
) -> Data:
    """Regressors, responses, groups and groups of groups, in mixed order of rows."""
    of_group = np.arange(groups) % outer
    group = np.repeat(np.arange(groups), rng.integers(1, 7, groups))
    t = rng.normal(size=len(group))
    top = spread * rng.normal(size=(outer, 2)) @ [[1.0, 0.8], [0.0, 0.4]]
    own = rng.normal(size=(groups, 2)) @ [[1.0, -0.5], [0.0, 0.7]]
    noise = rng.normal(size=(len(group), 2)) @ [[1.0, 0.2], [0.0, 1.0]]
    y = top[of_group[group]] + own[group] + noise + t[:, None] * [0.1, -0.2] + [4.0, 10.0]
    order = rng.permutation(len(group))
    x = np.column_stack([np.ones(len(t)), t])
    return x[order], y[order], group[order], of_group[group][order]


def dense_loglik(
    covariances: list[np.ndarray], x: np.ndarray, y: np.ndarray, codes: list[np.ndarray]
) -> tuple[float, np.ndarray]:
    """Log-likelihood and coefficients from the covariance matrix of all responses."""
    n = len(x)
    v = np.kron(covariances[0], np.eye(n))
    for covariance, code in zip(covariances[1:], codes, strict=True):
        v += np.kron(covariance, code[:, None] == code)
    wide, flat = np.kron(np.eye(2), x), y.T.ravel()
    inverse = np.linalg.inv(v)
    b = np.linalg.solve(wide.T @ inverse @ wide, wide.T @ inverse @ flat)
    r = flat - wide @ b
    value = np.linalg.slogdet(v)[1] + r @ inverse @ r + 2 * n * np.log(2 * np.pi)
    return -0.5 * float(value), b


@pytest.fixture(params=[2, 3])
def fitted(request: pytest.FixtureRequest, rng: np.random.Generator) -> tuple[BivariateFit, Data]:
    data = study(rng)
    x, y, group, outer = data
    return fit_bivariate(x, y, group, outer if request.param == 3 else None), data


def test_likelihood_and_coefficients_against_dense(fitted: tuple[BivariateFit, Data]) -> None:
    fit, (x, y, group, outer) = fitted
    codes = [group, outer][: len(fit.covariances) - 1]
    value, b = dense_loglik(fit.covariances, x, y, codes)
    assert fit.converged
    assert fit.loglik == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(fit.coefficients.ravel(), b, rtol=1e-8)


def test_gradients(fitted: tuple[BivariateFit, Data], rng: np.random.Generator) -> None:
    fit, _ = fitted
    at = np.abs(rng.normal(size=len(fit.theta))) + 0.3
    for expand in (
        fit.criterion.expand,
        lambda point: expand_coordinates(fit.criterion, point),
    ):
        gradient = expand(at)[1]
        for j, value in enumerate(gradient):
            step = 1e-6 * np.eye(len(at))[j]
            difference = (expand(at + step)[0] - expand(at - step)[0]) / 2e-6
            assert value == pytest.approx(difference, rel=1e-5, abs=1e-4)


def test_it_is_a_maximum(fitted: tuple[BivariateFit, Data]) -> None:
    fit, _ = fitted
    gradient = expand_coordinates(fit.criterion, fit.coordinates)[1]
    assert np.abs(gradient).max() < 1e-3
    for j in range(len(fit.coordinates)):
        for sign in (0.01, -0.01):
            moved = fit.coordinates + sign * np.eye(len(fit.coordinates))[j]
            assert expand_coordinates(fit.criterion, moved)[0] > fit.evaluation.deviance


def test_standard_errors_against_differences_of_the_dense_value(rng: np.random.Generator) -> None:
    x, y, group, _ = study(rng, groups=40)
    fit = fit_bivariate(x, y, group)
    scaled = y / fit.scale

    def deviance(point: np.ndarray) -> float:
        factors = [np.array([[a, 0.0], [b * a, m]]) for a, b, m in point.reshape(-1, 3)]
        return -2 * dense_loglik([f @ f.T for f in factors], x, scaled, [group])[0]

    h, k = 1e-3, len(fit.coordinates)
    hessian = np.zeros((k, k))
    for i in range(k):
        for j in range(k):
            a, b = h * np.eye(k)[i], h * np.eye(k)[j]
            at = fit.coordinates
            corners = [deviance(at + a + b), deviance(at + a - b)]
            corners += [deviance(at - a + b), deviance(at - a - b)]
            hessian[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * h * h)
    expected = twice_inverse(hessian, flat=0.0)[1::3, 1::3] * fit.unit**2
    np.testing.assert_allclose(fit.slope_covariance, expected, rtol=1e-3, atol=1e-8)


def test_profile_ends_lie_at_the_bound(fitted: tuple[BivariateFit, Data]) -> None:
    from scipy.optimize import minimize

    fit, _ = fitted
    weights = np.zeros(len(fit.slopes))
    weights[1] = 1.0
    ends = profile_interval(fit, weights)
    assert ends.low < fit.slopes[1] < ends.high
    keep = np.setdiff1d(np.arange(len(fit.coordinates)), [4])
    for end in (ends.low, ends.high):

        def held(q: np.ndarray, at: float = end / fit.unit) -> tuple[float, np.ndarray]:
            point = np.insert(q, 4, at)
            value, slope, _ = expand_coordinates(fit.criterion, point)
            return value, slope[keep]

        found = minimize(held, fit.coordinates[keep], jac=True, tol=1e-10)
        assert found.fun - fit.evaluation.deviance == pytest.approx(3.841459, abs=1e-3)


def test_no_variance_of_x_between_groups_gives_no_ends(rng: np.random.Generator) -> None:
    group = np.repeat(np.arange(40), 4)
    noise = rng.normal(size=(160, 2))
    noise[:, 0] -= np.bincount(group, noise[:, 0])[group] / 4  # less between than by chance
    y = noise + np.column_stack([np.zeros(40), rng.normal(size=40)])[group]
    fit = fit_bivariate(np.ones((160, 1)), y, group)
    assert fit.singular and fit.converged
    assert np.isnan(fit.slopes[1]) and np.isfinite(fit.slopes[0])
    ends = profile_interval(fit, np.array([0.0, 1.0]))
    assert (ends.low, ends.high) == (-np.inf, np.inf) and not ends.bounded
    assert profile_interval(fit, np.array([1.0, 0.0])).bounded
    assert not profile_interval(fit, np.array([-1.0, 1.0])).bounded


def test_units_order_and_labels_do_not_matter(rng: np.random.Generator) -> None:
    x, y, group, outer = study(rng)
    one = fit_bivariate(x, y, group, outer)
    order = rng.permutation(len(x))
    names = rng.permutation(group.max() + 1)
    tops = rng.permutation(outer.max() + 1)
    other = fit_bivariate(
        x[order], y[order] * [1e3, 1e-3] + [50, 7], names[group[order]], tops[outer[order]]
    )
    np.testing.assert_allclose(other.slopes * 1e6, one.slopes, rtol=1e-4)
    np.testing.assert_allclose(other.slope_covariance * 1e12, one.slope_covariance, rtol=1e-3)
    assert other.loglik == pytest.approx(one.loglik, abs=1e-5)
