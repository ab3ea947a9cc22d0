"""Adaptive Gauss–Hermite quadrature against numerical integration and finite differences."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from alliance_stats import UnsupportedError
from alliance_stats.lmm.factors import gradient_in_theta
from alliance_stats.lmm.glmm.design import GlmmDesign, build_glmm_design
from alliance_stats.lmm.glmm.families import family_of
from alliance_stats.lmm.glmm.laplace import Laplace
from alliance_stats.lmm.glmm.quadrature import Quadrature, QuadratureEvaluation, quadrature_of

MODELS = {
    "logit": ("yes ~ x + (1 | rater)", "binomial", "logit", {}),
    "cloglog slope": ("yes ~ x + (0 + x | rater)", "binomial", "cloglog", {}),
    "probit trials": ("successes ~ x + (1 | therapist)", "binomial", "probit", {"trials": "m"}),
    "poisson": ("count ~ x + (1 | rater)", "poisson", "log", {"offset": "log_weeks"}),
}
SLOPE, BETA = -0.9, np.array([0.2, 0.4])


@pytest.fixture(scope="module", params=MODELS, ids=str)
def design(request: pytest.FixtureRequest, small: pd.DataFrame) -> GlmmDesign:
    formula, family, link, names = MODELS[request.param]
    return build_glmm_design(formula, small, family_of(family, link), **names)


def at(criterion: Quadrature, point: np.ndarray) -> QuadratureEvaluation:
    return criterion.evaluate([point[:1, None]], point[1:])


def integrated(design: GlmmDesign) -> float:
    """−2 log-likelihood by numerical integration, group by group."""
    cells, response = design.cells, design.response
    z = cells.columns[cells.random[0]]
    fixed = response.offset + BETA @ design.fixed
    total = 0.0
    for first, n in zip(cells.starts, cells.lengths, strict=True):
        rows = slice(first, first + n)

        def density(u: float, rows: slice = rows, n: int = n) -> float:
            eta = fixed[rows] + z[rows] * SLOPE * u
            parts = response.family.evaluate(eta, response.y[rows], response.trials[rows])
            # scaled, so that the integral does not underflow
            return float(np.exp(parts.loglik.sum() - u * u / 2.0 + n)) / np.sqrt(2.0 * np.pi)

        value = quad(density, -9.0, 9.0, epsabs=0.0, epsrel=1e-11, limit=400, points=[-1, 0, 1])
        total += np.log(value[0]) - n
    return -2.0 * (total + response.constant)


def test_many_points_give_the_integral(design: GlmmDesign) -> None:
    point = np.concatenate([[SLOPE], BETA])
    exact = integrated(design)
    errors = [abs(at(quadrature_of(design, n), point).deviance - exact) for n in (2, 9, 25)]
    assert errors[2] < 2e-5
    assert errors[2] < errors[0]


def test_one_point_is_laplace(design: GlmmDesign, tol: SimpleNamespace) -> None:
    point = np.concatenate([[SLOPE], BETA])
    one = at(quadrature_of(design, 1), point)
    laplace = Laplace(design).evaluate([point[:1, None]], BETA)
    assert one.deviance == pytest.approx(laplace.deviance, rel=tol.criterion)
    np.testing.assert_allclose(one.in_beta, laplace.in_beta, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(one.in_sigma[0], laplace.in_sigma[0], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("n_points", [2, 7, 25])
def test_the_gradient_is_that_of_differences(design: GlmmDesign, n_points: int) -> None:
    criterion = quadrature_of(design, n_points)
    for slope in (SLOPE, 0.3):
        point = np.concatenate([[slope], BETA])
        found = at(criterion, point)
        gradient = np.concatenate([gradient_in_theta(found.in_sigma, found.factors), found.in_beta])
        for j in range(3):
            move = np.zeros(3)
            move[j] = 1e-5
            up, down = at(criterion, point + move), at(criterion, point - move)
            slopes = (up.deviance - down.deviance) / 2e-5
            assert gradient[j] == pytest.approx(slopes, abs=1e-6 * (1 + np.abs(gradient).max()))


def test_more_than_one_random_effect_is_refused(small: pd.DataFrame) -> None:
    for formula in ("yes ~ x + (1 + x | rater)", "yes ~ x + (1 | rater) + (1 | therapist)"):
        design = build_glmm_design(formula, small, family_of("binomial", None))
        with pytest.raises(UnsupportedError, match="exactly one random effect"):
            quadrature_of(design, 5)
