"""The Laplace deviance against dense algebra, its gradient against differences."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.factors import gradient_in_theta, n_theta, unpack
from alliance_stats.lmm.glmm.criterion import GlmmEvaluation
from alliance_stats.lmm.glmm.design import GlmmDesign, build_glmm_design
from alliance_stats.lmm.glmm.families import family_of
from alliance_stats.lmm.glmm.laplace import Laplace

MODELS = {
    "intercept": ("yes ~ x + (1 | rater)", "binomial", "logit", {}),
    "slope": ("yes ~ x + arm + (1 + x | rater)", "binomial", "logit", {}),
    "nested": ("yes ~ x + (1 | therapist/patient)", "binomial", "cloglog", {}),
    "nested slopes": (
        "successes ~ x + (1 + x | therapist/patient)",
        "binomial",
        "probit",
        {"trials": "m"},
    ),
    "crossed": (
        "count ~ x + (1 | rater) + (1 + x | therapist)",
        "poisson",
        "log",
        {"offset": "log_weeks"},
    ),
    "blocks": (
        "yes ~ x + (1 | rater) + (0 + x | rater) + (1 | therapist)",
        "binomial",
        "cloglog",
        {},
    ),
    "three factors": (
        "successes ~ x + (1 | therapist/patient) + (1 | rater)",
        "binomial",
        "logit",
        {"trials": "m"},
    ),
    "slope alone": ("yes ~ 1 + (0 + x | rater)", "binomial", "logit", {}),
}
Dense = Callable[[GlmmDesign, list[np.ndarray], np.ndarray], float]


@pytest.fixture(scope="module", params=MODELS, ids=str)
def criterion(request: pytest.FixtureRequest, small: pd.DataFrame) -> Laplace:
    formula, family, link, names = MODELS[request.param]
    return Laplace(build_glmm_design(formula, small, family_of(family, link), **names))


def points(criterion: Laplace) -> list[np.ndarray]:
    """Arbitrary θ and β, one of them on the boundary."""
    rng = np.random.default_rng(4)
    k, p = n_theta(criterion.sizes), len(criterion.design.names)
    found = [np.concatenate([rng.normal(0.4, 0.6, k), rng.normal(0, 0.4, p)]) for _ in range(2)]
    found.append(np.concatenate([np.zeros(k), found[0][k:]]))
    return found


def evaluate(criterion: Laplace, point: np.ndarray) -> GlmmEvaluation:
    k = n_theta(criterion.sizes)
    return criterion.evaluate(unpack(point[:k], criterion.sizes), point[k:])


def test_the_deviance_is_that_of_dense_algebra(
    criterion: Laplace, dense_laplace: Dense, tol: SimpleNamespace
) -> None:
    for point in points(criterion):
        found = evaluate(criterion, point)
        expected = dense_laplace(criterion.design, found.factors, found.beta)
        assert found.modes.converged
        assert found.deviance == pytest.approx(expected, rel=tol.criterion)


def test_the_gradient_is_that_of_differences(criterion: Laplace) -> None:
    for point in points(criterion):
        found = evaluate(criterion, point)
        gradient = np.concatenate([gradient_in_theta(found.in_sigma, found.factors), found.in_beta])
        for j in range(len(point)):
            move = np.zeros(len(point))
            move[j] = 1e-5
            up, down = evaluate(criterion, point + move), evaluate(criterion, point - move)
            slope = (up.deviance - down.deviance) / 2e-5
            assert gradient[j] == pytest.approx(slope, abs=1e-6 * (1.0 + np.abs(gradient).max()))


def test_the_gradient_in_sigma_holds_at_a_vanished_variance(small: pd.DataFrame) -> None:
    """At Λ = 0 the gradient in θ is zero, that in Σ is not."""
    design = build_glmm_design("yes ~ x + (1 | rater)", small, family_of("binomial", None))
    criterion, beta = Laplace(design), np.array([-0.2, 0.5])
    at_zero = criterion.evaluate([np.zeros((1, 1))], beta)
    small_step = 1e-6
    moved = criterion.evaluate([np.full((1, 1), np.sqrt(small_step))], beta)
    slope = (moved.deviance - at_zero.deviance) / small_step
    assert at_zero.in_sigma[0][0, 0] == pytest.approx(slope, rel=1e-3)


def test_a_start_changes_nothing_but_the_number_of_steps(criterion: Laplace) -> None:
    point, other = points(criterion)[:2]
    first = evaluate(criterion, point)
    k = n_theta(criterion.sizes)
    duals = evaluate(criterion, other).modes.duals
    again = criterion.evaluate(unpack(point[:k], criterion.sizes), point[k:], duals)
    assert again.deviance == pytest.approx(first.deviance, rel=1e-12)


def test_the_guess_for_beta_is_near_the_second_derivative(criterion: Laplace) -> None:
    found = evaluate(criterion, points(criterion)[0])
    guess = found.in_beta_twice
    np.testing.assert_allclose(guess, guess.T, atol=1e-8 * np.abs(guess).max())
    assert (np.linalg.eigvalsh(guess) > 0).all()
